/**
 * `fieldmote client`: one JSON command a line on stdin, one JSON event a line on stdout, and
 * nothing else there. The firmware's engine, link and TLS rules do the work, on a simulated board
 * whose clock is the machine's. Must not know what the commands mean: client/driver.ts does.
 */

import { lookup } from "node:dns";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Resolver, TlsIdentity } from "../firmware/net/link-options";
import { parseLine, type TlsCommand } from "./client/commands";
import { ClientDriver } from "./client/driver";
import type { Engine } from "./client/environment";
import { readCredentials } from "./key-files";
import { powerOn, readProgram } from "./loader";
import { SimulatedBoard } from "./world/board";
import { liveClock } from "./world/clock";
import { LiveNetwork } from "./world/network";

/** A desktop has memory: what a socket takes at once. */
const SOCKET_BYTES = 1024 * 1024;
const LINK_BYTES = 64 * 1024;

const HELP = `usage: fieldmote client

Reads one JSON object a line, prints one JSON object a line. docs/client.md has all of them.

  {"op":"connect","host":"127.0.0.1","port":1883,"id":"x","clean":true}
  {"op":"subscribe","subs":[{"topic":"a/#","qos":2}],"tag":1}
  {"op":"publish","topic":"a/b","payload":"hello","qos":2,"tag":2}
  {"op":"exit"}
`;

/** Runs until stdin ends or {"op":"exit"}. */
export async function main(args: readonly string[]): Promise<void> {
	if (args.length > 0) {
		const help = args[0] === "--help" || args[0] === "-h";
		if (help) process.stdout.write(HELP);
		else process.stderr.write(`fieldmote client: unknown option ${args[0]}; see --help\n`);
		process.exitCode = help ? 0 : 2;
		return;
	}
	// Whoever reads us has gone, as in `fieldmote client | head`.
	process.stdout.on("error", () => process.exit(0));
	const { driver, end } = start();
	const input = createInterface({ input: process.stdin });
	for await (const line of input) {
		if (line.trim() === "") continue;
		try {
			const command = parseLine(line);
			if (command.op === "exit") break;
			driver.run(command);
		} catch (error) {
			emit({ ev: "error", msg: (error as Error).message });
		}
	}
	process.stdin.destroy();
	await driver.finish();
	await end();
}

function emit(event: object): void {
	process.stdout.write(`${JSON.stringify(event)}\n`);
}

function start(): { driver: ClientDriver; end: () => Promise<void> } {
	const network = new LiveNetwork({ sendBytes: SOCKET_BYTES, receiveBytes: SOCKET_BYTES });
	const board = new SimulatedBoard({
		name: "client",
		clock: liveClock,
		network,
		accessPoint: undefined as never,
		boardFile: {},
		site: {},
		// The firmware's console lines are for people; stdout is for events alone.
		onTrace: () => undefined,
		onCrash: (error) => {
			emit({ ev: "error", msg: `crashed: ${(error as Error).message}` });
			process.exitCode = 1;
			process.stdin.destroy();
		},
	});
	const engine = powerOn(
		board,
		readProgram(dirname(fileURLToPath(import.meta.url)), "link"),
	) as Engine;
	board.setUnixMs(Date.now());
	const driver = new ClientDriver({
		engine,
		emit,
		loadTls: ({ tls }) => (tls === undefined ? undefined : identityOf(tls)),
		makeLink: (command, session, tls, owner) =>
			new engine.Link({
				session,
				host: command.host,
				port: command.port,
				tls,
				TCP: engine.TCP,
				TLSSocket: engine.TLSSocket,
				resolver: machineResolver(board),
				owner,
				stepTimeoutMs: command.connectTimeoutMs,
				readBytes: LINK_BYTES,
				writeBytes: LINK_BYTES,
			}),
		ticks: () => board.ticks(),
		unixMs: () => Date.now(),
		setTimer: (callback, delayMs) => board.setTimer(callback, delayMs),
	});
	const end = async () => {
		driver.close();
		board.powerOff();
		await network.close();
	};
	return { driver, end };
}

/** Names as this machine resolves them: there is no Wi-Fi that would name a server. */
function machineResolver(board: SimulatedBoard): Resolver {
	return {
		resolve: (host, target, done) => {
			lookup(host, { all: true, family: 4 }, (error, found) => {
				const reason = error === null ? "" : "no such name";
				const addresses = found?.map(({ address }) => address) ?? [];
				board.run(() => done.call(target, reason, addresses));
			});
		},
		// A link that was closed takes no answer.
		cancel: () => undefined,
	};
}

/** The files of a connect command, as the link takes them. Throws with what is wrong. */
function identityOf(tls: TlsCommand): TlsIdentity {
	try {
		const files = { ca: [tls.ca], cert: tls.cert, key: tls.key };
		const { authorities, certificate, key } = readCredentials(files);
		return {
			authorities: authorities.map(copied),
			certificate: certificate && copied(certificate),
			key: key && copied(key),
			name: tls.name,
		};
	} catch (error) {
		// The simulator's options are called --ca, --cert, --key; here they are keys of tls.
		throw new Error((error as Error).message.replace(/^--/, "tls."));
	}
}

function copied(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
