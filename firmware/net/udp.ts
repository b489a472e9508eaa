/**
 * The ECMA-419 UDP socket in the shape that DNS and SNTP use, and how they open one. Always
 * holds: the source port is chosen at random where the platform lets us, because a guessable
 * port is half of what an off-path forger needs (RFC 5452 section 9.2).
 */

/** Bytes of one datagram, and who sent it. */
export interface Datagram extends ArrayBuffer {
	readonly address: string;
	readonly port: number;
}

export interface UdpSocket<T = unknown> {
	readonly target: T;
	/** The oldest datagram that came, undefined when there is none. */
	read(): Datagram | undefined;
	/** Throws when the address is none, or nothing can be sent. */
	write(bytes: Uint8Array, address: string, port: number): void;
	close(): void;
}

export interface UdpOptions<T> {
	/** Local port; missing: the platform's choice. */
	port?: number;
	target: T;
	/** `count` datagrams wait; after close() none may be read. */
	onReadable(this: UdpSocket<T>, count: number): void;
}

export type UdpConstructor = new <T>(options: UdpOptions<T>) => UdpSocket<T>;

const enum Const {
	/** IANA's dynamic ports (RFC 6335 section 6). */
	FIRST_DYNAMIC_PORT = 49152,
	DYNAMIC_PORTS = 16384,
}

/** Opens a socket on a random port, or on the platform's choice when that one is taken. */
export const openUdp = <T>(
	UDP: UdpConstructor,
	target: T,
	onReadable: (this: UdpSocket<T>, count: number) => void,
	random: () => number,
): UdpSocket<T> => {
	try {
		const port = Const.FIRST_DYNAMIC_PORT + Math.floor(random() * Const.DYNAMIC_PORTS);
		return new UDP({ port, target, onReadable });
	} catch {
		return new UDP({ target, onReadable });
	}
};
