/**
 * What the link wants of a socket, and plain TCP (ECMA-419) in that shape. Always holds: the
 * callbacks come from the socket's own turn of the event loop, never from inside open or write.
 * TLS in the same shape is in tls-guard.ts.
 */

/** Bytes in, bytes out. */
export interface ByteSocket {
	/** Copies `count` bytes into the start of buffer; count is at most what was announced. */
	read(buffer: Uint8Array, count: number): number;
	/** Sends the first `count` bytes; returns how many more may be written now. */
	write(buffer: Uint8Array, count: number): number;
	close(): void;
}

/** The SDK's sockets give no reason for an end. */
export const LOST = "connection closed by the other end or lost";

/** Who is told what happens on a socket. */
export interface SocketTarget {
	/** TLS only: the TCP connection below stands, the handshake begins. */
	socketConnected(): void;
	socketReadable(count: number): void;
	socketWritable(count: number): void;
	socketError(reason: string): void;
}

/** The ECMA-419 TCP socket, as far as it is used. */
export interface TcpSocket {
	target?: unknown;
	read(buffer: Uint8Array): unknown;
	write(buffer: Uint8Array): unknown;
	close(): void;
}

export interface TcpOptions {
	address: string;
	port: number;
	nodelay?: boolean;
	target?: unknown;
	onReadable?(this: TcpSocket, count: number): void;
	onWritable?(this: TcpSocket, count: number): void;
	onError?(this: TcpSocket): void;
}

export type TcpConstructor = new (options: TcpOptions) => TcpSocket;

/** Opens plain TCP to an IPv4 address. Throws what the constructor throws. */
export function openTcp(
	TCP: TcpConstructor,
	address: string,
	port: number,
	target: SocketTarget,
): ByteSocket {
	return new PlainSocket(TCP, address, port, target);
}

class PlainSocket implements ByteSocket {
	private readonly tcp: TcpSocket;
	private readonly target: SocketTarget;

	constructor(TCP: TcpConstructor, address: string, port: number, target: SocketTarget) {
		this.target = target;
		this.tcp = new TCP({ address, port, nodelay: true, target, onReadable, onWritable, onError });
	}

	read(buffer: Uint8Array, count: number): number {
		// The SDK's read() throws when the view is longer than what is there.
		this.tcp.read(count === buffer.length ? buffer : buffer.subarray(0, count));
		return count;
	}

	write(buffer: Uint8Array, count: number): number {
		try {
			const left = this.tcp.write(buffer.subarray(0, count));
			return typeof left === "number" ? left : 0;
		} catch {
			// With data and FIN in one segment lwIP's socket is closed before onReadable comes.
			this.target.socketError(LOST);
			return 0;
		}
	}

	close(): void {
		this.tcp.close();
	}
}

function onReadable(this: TcpSocket, count: number): void {
	(this.target as SocketTarget).socketReadable(count);
}

function onWritable(this: TcpSocket, count: number): void {
	(this.target as SocketTarget).socketWritable(count);
}

function onError(this: TcpSocket): void {
	(this.target as SocketTarget).socketError(LOST);
}
