/**
 * What the link wants of a socket: the ECMA-419 TCP socket as it is, without an object around it.
 * Always holds: the callbacks come from the socket's own turn of the event loop, never from inside
 * open. TLS in the same shape is in tls-guard.ts.
 */

/** Bytes in, bytes out. */
export interface ByteSocket {
	/** Copies `count` bytes into buffer, which has just their length; returns how many. */
	read(buffer: Uint8Array, count: number): number;
	/** Sends all of buffer, `count` bytes; returns how many more may be written now. */
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
	/** Fills the buffer; throws when it is longer than what is there. */
	read(buffer: Uint8Array, count?: number): unknown;
	/** Sends all of it, or throws; returns how many more may be written, or nothing after an end. */
	write(buffer: Uint8Array, count?: number): unknown;
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
export const openTcp = (
	TCP: TcpConstructor,
	address: string,
	port: number,
	target: SocketTarget,
): TcpSocket => {
	return new TCP({ address, port, nodelay: true, target, onReadable, onWritable, onError });
};

/** Reads into buffer, which has just `count` bytes; returns how many came. */
export const readInto = (
	socket: ByteSocket | TcpSocket,
	buffer: Uint8Array,
	count: number,
): number => {
	const got = socket.read(buffer, count);
	return typeof got === "number" ? got : count;
};

/** Sends all of buffer, `count` bytes; returns how many more may be written, -1 when it is lost. */
export const writeAll = (
	socket: ByteSocket | TcpSocket,
	buffer: Uint8Array,
	count: number,
): number => {
	try {
		const left = socket.write(buffer, count);
		// The SDK's sockets give nothing when they have ended, and on Linux do not say so otherwise.
		return typeof left === "number" ? left : -1;
	} catch {
		// With data and FIN in one segment lwIP's socket is closed before onReadable comes.
		return -1;
	}
};

function onReadable(this: TcpSocket, count: number): void {
	(this.target as SocketTarget).socketReadable(count);
}

function onWritable(this: TcpSocket, count: number): void {
	(this.target as SocketTarget).socketWritable(count);
}

function onError(this: TcpSocket): void {
	(this.target as SocketTarget).socketError(LOST);
}
