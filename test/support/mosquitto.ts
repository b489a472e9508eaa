/**
 * A real Mosquitto on loopback for a test: own configuration, free port, ended by its id. Where
 * Mosquitto is missing, `whyNoMosquitto` says so; with CI=true that is a failure.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";

/** Full path of a program, looked for in PATH and where Debian keeps servers. */
export function findProgram(name: string): string | undefined {
	const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
	return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A reason to skip for `{ skip }` of a test, or false. Never skips with CI=true. */
export function skipWithout(...programs: string[]): string | false {
	const missing = programs.filter((name) => findProgram(name) === undefined);
	if (missing.length === 0 || process.env.CI === "true") return false;
	return `${missing.join(", ")} not installed`;
}

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}

export interface Mosquitto {
	readonly port: number;
	/** What it has logged so far. */
	log(): string;
	/** Ends it and starts it again on the same port, with what it saved. */
	restart(): Promise<void>;
	/** SIGTERM by default, which lets it save; resolves when it has ended. */
	stop(signal?: NodeJS.Signals): Promise<void>;
	start(): Promise<void>;
	/** Ends it and removes its folder. */
	discard(): Promise<void>;
}

/**
 * Starts Mosquitto.
 * @param lines more lines of mosquitto.conf, for the one listener
 * @param global lines before the listener
 * @param givenPort default: a free one
 */
export async function startMosquitto(
	lines: readonly string[] = ["allow_anonymous true"],
	global: readonly string[] = [],
	givenPort?: number,
): Promise<Mosquitto> {
	const program = findProgram("mosquitto");
	if (program === undefined) throw new Error("mosquitto is not installed");
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-mosquitto-"));
	const port = givenPort ?? (await freePort());
	const configuration = join(folder, "mosquitto.conf");
	writeFileSync(
		configuration,
		[
			`user ${userInfo().username}`,
			"persistence true",
			`persistence_location ${folder}/`,
			"log_type all",
			"max_queued_messages 100000",
			...global,
			`listener ${port} 127.0.0.1`,
			...lines,
			"",
		].join("\n"),
	);
	let child: ChildProcess | undefined;
	let text = "";

	async function start(): Promise<void> {
		const started = spawn(program as string, ["-c", configuration], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		child = started;
		const collect = (data: Buffer): void => {
			text += data.toString();
		};
		started.stdout.on("data", collect);
		started.stderr.on("data", collect);
		for (let tries = 0; tries < 200; tries++) {
			if (started.exitCode !== null) break;
			if (await answers(port)) return;
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		throw new Error(`mosquitto did not start:\n${text}`);
	}

	async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		const running = child;
		child = undefined;
		if (running === undefined || running.exitCode !== null) return;
		running.kill(signal);
		await once(running, "exit");
	}

	await start();
	return {
		port,
		log: () => text,
		start,
		stop,
		restart: async () => {
			await stop();
			await start();
		},
		discard: async () => {
			await stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function answers(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
