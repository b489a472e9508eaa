/**
 * A TLS connection in the shape of ByteSocket, on the platform's TLS client: ssl/client.ts on a
 * board, Node's in the simulator. Always holds: whatever goes wrong becomes socketError() with its
 * reason, never an abort; the target is told of the end once; socketWritable() comes only after
 * the broker was authenticated. Must not know what travels over the connection.
 */

import { parseIpv4 } from "./certificate-names";
import { Certificates } from "./certificates";
import type { TlsIdentity } from "./link-options";
import { type ByteSocket, LOST, type SocketTarget, type TcpConstructor } from "./socket";
import { alertText } from "./tls-alert";

/** A TLS client, as far as it is used. */
export interface TlsSocket {
	/** Fills the buffer with what is there; undefined when there is nothing. */
	read(buffer: Uint8Array): number | undefined;
	/** Returns how many more bytes may be written. */
	write(buffer: Uint8Array): number;
	close(): void;
}

export type TlsConstructor = new (guard: TlsGuard) => TlsSocket;

/** What a TLS client is told by its owner, and whom it tells. */
export interface TlsGuard {
	/** Class of the TCP connection. */
	readonly TCP: TcpConstructor;
	/** IPv4. */
	readonly address: string;
	readonly port: number;
	/** For the server name extension, unless it is an address. */
	readonly host: string;
	readonly hostIsAddress: boolean;
	readonly maximumRecordBytes: number | undefined;
	/** Until the handshake is over. */
	certificates: Certificates | undefined;
	/** Why it ended, for an end that comes without a reason. */
	reason: string;
	alertText(description: number): string;
	/** TCP stands. */
	handleConnected(): void;
	onReadable(count: number): void;
	onWritable(count: number): void;
	/** It has ended for `reason`. */
	onError(): void;
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
	readonly identity: TlsIdentity;
	/** The time, unix milliseconds. */
	readonly nowMs: number;
	/** Longest record taken; default 16,384 bytes. Brokers that ignore the request send those. */
	readonly maximumRecordBytes?: number;
	readonly target: SocketTarget;
}

/** Opens a connection. @throws Error when the client's key is none that can be signed with */
export const openTls = (options: OpenTlsOptions): ByteSocket => {
	return new GuardedTls(options);
};

class GuardedTls implements ByteSocket, TlsGuard {
	readonly TCP: TcpConstructor;
	readonly address: string;
	readonly port: number;
	readonly host: string;
	readonly maximumRecordBytes: number | undefined;
	certificates: Certificates | undefined;
	reason = LOST;
	private readonly target: SocketTarget;
	private readonly socket: TlsSocket;
	private ended = false;

	constructor(options: OpenTlsOptions) {
		this.TCP = options.TCP;
		this.address = options.address;
		this.port = options.port;
		this.host = options.host;
		this.maximumRecordBytes = options.maximumRecordBytes;
		this.target = options.target;
		this.certificates = new Certificates(options.identity, options.host, options.nowMs);
		this.socket = new options.TLSSocket(this);
	}

	get hostIsAddress(): boolean {
		return parseIpv4(this.host) >= 0;
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

	onReadable(count: number): void {
		if (!this.ended) this.target.socketReadable(count);
	}

	onWritable(count: number): void {
		if (!this.ended) this.target.socketWritable(count);
	}

	onError(): void {
		this.handleFailure(this.reason);
	}

	handleFailure(reason: string): void {
		if (this.ended) return;
		this.ended = true;
		this.target.socketError(reason);
	}
}
