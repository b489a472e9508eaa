/**
 * The network that boards are on. Here: the machine's own, with real sockets. Always holds: what
 * was closed but has bytes to deliver still gets a moment to do so, and close() waits for it.
 * Must not know boards or firmware.
 */

import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { getServers } from "node:dns";
import { isIPv4, connect as netConnect } from "node:net";
import type { Duplex } from "node:stream";

/** A TCP connection in the making: emits "connect", then what every Duplex does. */
export interface Connection extends Duplex {
	setNoDelay?(on?: boolean): unknown;
	readonly connecting?: boolean;
}

export interface Network {
	/** @param address IPv4 */
	connect(address: string, port: number): Connection;
	/** An IPv4 datagram socket, not bound yet. */
	udp(): UdpSocket;
	/** IPv4 addresses, best first. */
	readonly nameServers: readonly string[];
	/** Bytes that a TCP socket takes before the other side has them. */
	readonly sendBytes: number;
	/** Bytes that a TCP socket keeps before the firmware reads them. */
	readonly receiveBytes: number;
}

/** lwIP's usual sizes on an ESP8266: two and four segments of 1,460 bytes. */
const SEND_BYTES = 2 * 1460;
const RECEIVE_BYTES = 4 * 1460;
/** How long a closed connection may take to deliver what was written before. */
const LINGER_MS = 1_000;

export class LiveNetwork implements Network {
	readonly nameServers: readonly string[];
	readonly sendBytes: number;
	readonly receiveBytes: number;
	private readonly open = new Set<Duplex>();

	constructor(options: { sendBytes?: number; receiveBytes?: number } = {}) {
		this.nameServers = getServers().filter(isIPv4);
		this.sendBytes = options.sendBytes ?? SEND_BYTES;
		this.receiveBytes = options.receiveBytes ?? RECEIVE_BYTES;
	}

	connect(address: string, port: number): Connection {
		const socket = netConnect({ host: address, port, family: 4, allowHalfOpen: true });
		this.open.add(socket);
		socket.once("close", () => this.open.delete(socket));
		return socket;
	}

	udp(): UdpSocket {
		return createSocket("udp4");
	}

	/** Waits until every connection has ended, for a second at most; then ends what is left. */
	async close(): Promise<void> {
		const closed = [...this.open].map((socket) => {
			return new Promise<void>((resolve) => socket.once("close", () => resolve()));
		});
		const timer = setTimeout(() => {
			for (const socket of this.open) socket.destroy();
		}, LINGER_MS);
		await Promise.all(closed);
		clearTimeout(timer);
	}
}

/**
 * Ends a connection as tcp_close() of lwIP does: what was written still goes out, what comes in
 * is thrown away, and nobody waits for the other side for long.
 */
export function hangUp(connection: Connection): void {
	connection.on("error", () => undefined);
	if (connection.connecting || connection.readableEnded) {
		if (connection.connecting) connection.destroy();
		else connection.end(() => connection.destroy());
	} else if (!connection.destroyed) {
		connection.removeAllListeners("readable");
		connection.on("data", () => undefined);
		connection.once("end", () => connection.destroy());
		connection.end();
	}
	if (connection.destroyed) return;
	const timer = setTimeout(() => connection.destroy(), LINGER_MS);
	connection.once("close", () => clearTimeout(timer));
}
