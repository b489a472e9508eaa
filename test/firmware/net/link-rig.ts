/**
 * The link on a simulated board, with real sockets, against brokers that a test plays on loopback.
 * Everything ends with the test file.
 */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { after } from "node:test";
import type { LinkOptions, LinkOwner } from "../../../firmware/net/link-options";
import type { Engine } from "../../../host-sim/client/environment";
import { powerOn } from "../../../host-sim/loader";
import { buildProgram, makeBoard } from "../../support/board";

type Session = InstanceType<Engine["Session"]>;

const program = buildProgram("host-sim/client/engine.ts");
export const ends: (() => void)[] = [];
after(() => {
	for (const end of ends) end();
});

export interface Rig {
	readonly session: Session;
	readonly downs: string[];
	readonly events: number[];
	readonly lines: string[];
	readonly engine: Engine;
	readonly link: InstanceType<Engine["Link"]>;
	onEvent: (event: number) => void;
	/** Resolves when the link has gone down this many times. */
	down(count?: number): Promise<void>;
	up(): Promise<void>;
	until(condition: () => boolean): Promise<void>;
}

export async function makeRig(
	port: number,
	options: Partial<LinkOptions> & { addresses?: readonly string[]; receiveBytes?: number } = {},
): Promise<Rig> {
	const { board, lines, crashes } = makeBoard();
	const engine = powerOn(board, await program) as Engine;
	ends.push(() => board.powerOff());
	const session = new engine.Session({
		clientId: "rig",
		cleanSession: true,
		keepAliveSeconds: 0,
		incomingWindow: 2,
		connectTimeoutMs: 300,
		receiveBytes: options.receiveBytes ?? 512,
	});
	const downs: string[] = [];
	const events: number[] = [];
	const waiting: (() => void)[] = [];
	const wake = (): void => {
		for (const resolve of waiting.splice(0)) resolve();
	};
	const owner: LinkOwner = {
		handleLinkEvent: (event) => {
			events.push(event);
			rig.onEvent(event);
			wake();
		},
		handleLinkDown: (step, reason) => {
			downs.push(`${step}: ${reason}`);
			wake();
		},
		certificateTimeMs: () => Date.now(),
	};
	const resolver = {
		cancel: () => undefined,
		resolve: (host: string, target: object, done: (reason: string, found: string[]) => void) => {
			const addresses = [...(options.addresses ?? [host])];
			const reason = addresses.length === 0 ? "no such name" : "";
			board.setTimer(() => done.call(target, reason, addresses), 0);
		},
	};
	const link = new engine.Link({
		session,
		host: "127.0.0.1",
		port,
		tls: undefined,
		TCP: engine.TCP,
		TLSSocket: engine.TLSSocket,
		resolver: resolver as unknown as LinkOptions["resolver"],
		owner,
		stepTimeoutMs: 300,
		...options,
	});
	async function until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			if (crashes.length > 0) throw crashes[0];
			await new Promise<void>((resolve) => {
				waiting.push(resolve);
				setTimeout(resolve, 100);
			});
		}
	}
	const rig: Rig = {
		session,
		downs,
		events,
		lines,
		engine,
		link,
		onEvent: () => undefined,
		down: (count = 1) => until(() => downs.length >= count),
		until,
		up: () => until(() => events.includes(engine.Event.Connected)),
	};
	return rig;
}

export async function listen(
	onSocket: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
	const server = createServer((socket) => {
		socket.on("error", () => undefined);
		onSocket(socket);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	ends.push(() => server.close());
	return { server, port: (server.address() as { port: number }).port };
}

/** Accepts every client and then calls back with its socket. */
export function accepting(then: (socket: Socket) => void): (socket: Socket) => void {
	return (socket) => {
		ends.push(() => socket.destroy());
		socket.once("data", () => {
			socket.write(Buffer.from([0x20, 2, 0, 0]));
			then(socket);
		});
	};
}
