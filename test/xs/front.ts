/**
 * A port that leads to one broker after the other: an image has its broker's port built in, the
 * test chooses who answers there. Listens in on each connection's handshake. Always holds: bytes
 * pass unchanged; an end on one side is an end, not a reset, on the other.
 */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { HandshakeTap } from "./handshake-tap";

/** A connection that came. */
export interface Visit {
	/** Where it was led. */
	readonly port: number;
	readonly tap: HandshakeTap;
	isOpen: boolean;
}

export class Front {
	readonly port: number;
	/** All connections so far. */
	readonly visits: Visit[] = [];
	private readonly server: Server;
	private readonly sockets = new Set<Socket>();
	private queue: number[] = [];
	private rest = 0;

	private constructor(server: Server, port: number) {
		this.server = server;
		this.port = port;
		server.on("connection", (socket) => this.take(socket));
	}

	static async start(): Promise<Front> {
		const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
		await once(server, "listening");
		const address = server.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		return new Front(server, address.port);
	}

	/** Leads the next connections to these ports, one each, and all that follow to the last. */
	lead(...ports: number[]): void {
		this.queue = ports.slice(0, -1);
		this.rest = ports[ports.length - 1] ?? 0;
	}

	/** Ends all connections. */
	drop(): void {
		for (const socket of this.sockets) socket.destroy();
	}

	async close(): Promise<void> {
		this.drop();
		this.server.close();
		await once(this.server, "close");
	}

	private take(socket: Socket): void {
		const port = this.queue.shift() ?? this.rest;
		const visit: Visit = { port, tap: new HandshakeTap(), isOpen: true };
		this.visits.push(visit);
		const broker = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
		this.pass(socket, broker, (bytes) => visit.tap.client.push(bytes));
		this.pass(broker, socket, (bytes) => visit.tap.server.push(bytes));
		socket.once("close", () => {
			visit.isOpen = false;
			broker.destroy();
		});
	}

	private pass(from: Socket, to: Socket, see: (bytes: Buffer) => void): void {
		this.sockets.add(from);
		from.on("data", (bytes) => {
			see(bytes);
			if (to.writable) to.write(bytes);
		});
		from.on("end", () => to.end());
		from.on("error", () => to.end());
		from.on("close", () => {
			this.sockets.delete(from);
			to.end();
		});
	}
}
