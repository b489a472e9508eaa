/**
 * A TLS connection in the shape of ByteSocket, on the SDK's TLSSocket. Always holds: an exception
 * out of the SDK's handshake becomes socketError() with its reason, never an abort; the target is
 * told of the end once; socketWritable() comes only after the broker was authenticated. Must not
 * know what travels over the connection.
 */

import { parseIpv4 } from "./certificate-names";
import { Certificates } from "./certificates";
import {
	type ByteSocket,
	LOST,
	type SocketTarget,
	type TcpConstructor,
	type TcpSocket,
} from "./socket";
import { alertText } from "./tls-alert";

/** What TLS records the broker is asked for: an ESP8266 cannot take 16 KB (RFC 6066 section 4). */
const FRAGMENT_BYTES = 1024;

/** The SDK's TLSSocket, as far as it is used (examples/io/tcp/tlssocket). */
export interface TlsSocket {
	/** Fills the buffer with what is there; undefined when there is nothing. */
	read(buffer: Uint8Array): number | undefined;
	/** Returns how many more bytes may be written. */
	write(buffer: Uint8Array): number;
	close(): void;
}

export interface TlsSocketOptions {
	address: string;
	port: number;
	nodelay: boolean;
	/** Class of the TCP connection; it is given all of these options. */
	TCP: { io: new (options: GuardedTcpOptions) => object };
	guard: TlsGuard;
	secure: {
		guard: TlsGuard;
		/** For the server name extension. */
		serverName: string;
		tls_max_fragment_length: number;
		maximumRecordBytes?: number;
	};
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(): void;
}

export type TlsConstructor = new (options: TlsSocketOptions) => TlsSocket;

/** What the session (ssl/session.ts) and the TCP connection see of the owner. */
export interface TlsGuard {
	/** Until the handshake is over. */
	certificates: Certificates | undefined;
	/** Why it ended, for an end that comes without a reason. */
	reason: string;
	readonly hostIsAddress: boolean;
	readonly TCP: TcpConstructor;
	alertText(description: number): string;
	/** TCP stands. */
	handleConnected(): void;
	handleFailure(reason: string): void;
}

export interface OpenTlsOptions {
	readonly TLSSocket: TlsConstructor;
	readonly TCP: TcpConstructor;
	/** IPv4. */
	readonly address: string;
	readonly port: number;
	/** DNS name or IPv4 address that the broker's certificate must be for. */
	readonly host: string;
	/** Certificates, DER; the key PKCS#8, RSA. */
	readonly identity: {
		readonly authorities: readonly ArrayBuffer[];
		readonly certificate?: ArrayBuffer;
		readonly key?: ArrayBuffer;
	};
	/** The time, unix milliseconds. */
	readonly nowMs: number;
	/** Longest record taken; default 16,384 bytes. Brokers that ignore the request send those. */
	readonly maximumRecordBytes?: number;
	readonly target: SocketTarget;
}

/** Opens a connection. @throws Error when the client's key is none that the SDK can sign with */
export function openTls(options: OpenTlsOptions): ByteSocket {
	return new GuardedTls(options);
}

class GuardedTls implements ByteSocket, TlsGuard {
	readonly TCP: TcpConstructor;
	readonly hostIsAddress: boolean;
	certificates: Certificates | undefined;
	reason = LOST;
	private readonly target: SocketTarget;
	private readonly socket: TlsSocket;
	private ended = false;

	constructor(options: OpenTlsOptions) {
		const { address, port, host, identity, nowMs, maximumRecordBytes } = options;
		const { authorities, certificate, key } = identity;
		this.TCP = options.TCP;
		this.target = options.target;
		this.hostIsAddress = parseIpv4(host) >= 0;
		this.certificates = new Certificates({ authorities, name: host, nowMs, certificate, key });
		this.socket = new options.TLSSocket({
			address,
			port,
			nodelay: true,
			TCP: GUARDED,
			guard: this,
			secure: {
				guard: this,
				serverName: host,
				tls_max_fragment_length: FRAGMENT_BYTES,
				maximumRecordBytes,
			},
			// TLSSocket has no target: it calls these on an object of its own.
			onReadable: (count) => this.ended || this.target.socketReadable(count),
			onWritable: (count) => this.ended || this.target.socketWritable(count),
			onError: () => this.handleFailure(this.reason),
		});
	}

	read(buffer: Uint8Array, count: number): number {
		return this.socket.read(count === buffer.length ? buffer : buffer.subarray(0, count)) ?? 0;
	}

	write(buffer: Uint8Array, count: number): number {
		try {
			return this.socket.write(buffer.subarray(0, count));
		} catch (error) {
			this.handleFailure((error as Error).message);
			return 0;
		}
	}

	close(): void {
		this.ended = true;
		this.certificates = undefined;
		this.socket.close();
	}

	alertText(description: number): string {
		return alertText(description);
	}

	handleConnected(): void {
		if (!this.ended) this.target.socketConnected();
	}

	handleFailure(reason: string): void {
		if (this.ended) return;
		this.ended = true;
		this.target.socketError(reason);
	}
}

interface GuardedTcpOptions {
	address: string;
	port: number;
	nodelay: boolean;
	guard: TlsGuard;
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(): void;
}

/**
 * The TCP connection below TLSSocket. TLSSocket works in these callbacks, and what it throws
 * there would end the whole program.
 */
class GuardedTcp {
	/** TLSSocket's own count. */
	readable = 0;
	writable = 0;
	connected = false;
	readonly options: GuardedTcpOptions;
	private readonly tcp: TcpSocket;

	constructor(options: GuardedTcpOptions) {
		this.options = options;
		const { address, port, nodelay, guard } = options;
		const callbacks = { onReadable, onWritable, onError };
		this.tcp = new guard.TCP({ address, port, nodelay, target: this, ...callbacks });
	}

	read(buffer: Uint8Array): unknown {
		return this.tcp.read(buffer);
	}

	write(buffer: Uint8Array): unknown {
		return this.tcp.write(buffer);
	}

	close(): void {
		this.tcp.close();
	}
}

const GUARDED = Object.freeze({ io: GuardedTcp });

function onReadable(this: TcpSocket, count: number): void {
	const { options } = this.target as GuardedTcp;
	try {
		options.onReadable(count);
	} catch (error) {
		options.guard.handleFailure((error as Error).message);
	}
}

function onWritable(this: TcpSocket, count: number): void {
	const tcp = this.target as GuardedTcp;
	const { options } = tcp;
	if (!tcp.connected) {
		tcp.connected = true;
		options.guard.handleConnected();
	}
	try {
		options.onWritable(count);
	} catch (error) {
		options.guard.handleFailure((error as Error).message);
	}
}

function onError(this: TcpSocket): void {
	(this.target as GuardedTcp).options.onError();
}
