/**
 * A world for tests of firmware on simulated boards whose time is moved by hand: a clock, and
 * datagram sockets in memory. Nothing waits; a day takes a moment.
 */

import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { SimulatedBoard } from "../../host-sim/world/board";
import type { WorldClock } from "../../host-sim/world/clock";
import type { Connection, Network } from "../../host-sim/world/network";
import { buildProgram } from "./board";

export class VirtualClock implements WorldClock {
	private now = 0;
	private timers: { at: number; order: number; callback: () => void }[] = [];
	private order = 0;

	nowMs(): number {
		return this.now;
	}

	setTimer(callback: () => void, delayMs: number): () => void {
		const timer = { at: this.now + Math.max(0, delayMs), order: this.order++, callback };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((other) => other !== timer);
		};
	}

	get pending(): number {
		return this.timers.length;
	}

	/** Moves time on; what is due happens in order, with all that follows from it at once. */
	async advance(byMs: number): Promise<void> {
		const until = this.now + byMs;
		for (;;) {
			await settle();
			this.timers.sort((a, b) => a.at - b.at || a.order - b.order);
			const next = this.timers[0];
			if (next === undefined || next.at > until) break;
			this.timers.shift();
			this.now = Math.max(this.now, next.at);
			next.callback();
		}
		this.now = until;
	}
}

/** Lets everything run that is under way without a timer, and what follows from that. */
async function settle(): Promise<void> {
	for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** What a service does with a datagram; `reply` may be called later, or never. */
export type Service = (
	bytes: Uint8Array,
	reply: (bytes: Uint8Array, from?: { address: string; port: number }) => void,
	from: { address: string; port: number },
) => void;

/** Datagrams only, to services by "address:port". */
export class MemoryNetwork implements Network {
	readonly nameServers: readonly string[] = [];
	readonly sendBytes = 0;
	readonly receiveBytes = 0;
	readonly services = new Map<string, Service>();
	/** Local ports used so far, in order. */
	readonly ports: number[] = [];
	open = 0;

	connect(): Connection {
		throw new Error("no TCP in this network");
	}

	udp(): Socket {
		return new MemoryDatagrams(this) as unknown as Socket;
	}
}

class MemoryDatagrams extends EventEmitter {
	private readonly network: MemoryNetwork;
	private port = 0;
	private isOpen = true;

	constructor(network: MemoryNetwork) {
		super();
		this.network = network;
		network.open++;
	}

	bind(port: number): void {
		this.port = port;
		this.network.ports.push(port);
		process.nextTick(() => this.emit("listening"));
	}

	send(bytes: Uint8Array, port: number, address: string, done: () => void): void {
		const service = this.network.services.get(`${address}:${port}`);
		const reply = (answer: Uint8Array, from = { address, port }) => {
			if (this.isOpen) this.emit("message", Buffer.from(answer), from);
		};
		process.nextTick(done);
		service?.(bytes, reply, { address: "192.168.4.2", port: this.port });
	}

	close(): void {
		if (!this.isOpen) throw new Error("Not running");
		this.isOpen = false;
		this.network.open--;
	}
}

type NetProgram = typeof import("./net-program");

let program: Promise<Program> | undefined;

export interface NetBoard {
	readonly clock: VirtualClock;
	readonly network: MemoryNetwork;
	readonly air: AccessPoint;
	readonly board: SimulatedBoard;
	/** The firmware's network parts, in the board's realm. */
	readonly net: NetProgram;
	/** What the board has printed. */
	readonly lines: string[];
	readonly crashes: unknown[];
	/** Enters the firmware. */
	run(callback: () => void): void;
}

/** Owner of a Wi-Fi station for tests that only need the network. */
export const NOBODY = { handleWifiUp(): void {}, handleWifiDown(): void {} };

/** A board that is on, with the network parts of the firmware, 30 s before its ticks wrap. */
export async function makeNetBoard(
	options: { air?: AccessPoint; network?: Network; random?: () => number } = {},
): Promise<NetBoard> {
	program ??= buildProgram("test/support/net-program.ts");
	const clock = new VirtualClock();
	const network = options.network ?? new MemoryNetwork();
	const air = options.air ?? new AccessPoint({ networks: [{ ssid: "home" }] });
	const lines: string[] = [];
	const crashes: unknown[] = [];
	const board = new SimulatedBoard({
		name: "virtual",
		clock,
		network,
		accessPoint: air,
		boardFile: {},
		site: {},
		random: options.random,
		firstTicks: 0x7fffffff - 30_000,
		onTrace: (line) => lines.push(line),
		onCrash: (error) => crashes.push(error),
	});
	const net = powerOn(board, await program) as NetProgram;
	return {
		clock,
		network: network as MemoryNetwork,
		air,
		board,
		net,
		lines,
		crashes,
		run: (callback) => board.run(callback),
	};
}
