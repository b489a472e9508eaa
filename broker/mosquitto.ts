/**
 * Mosquitto as a child process: found, started, watched, ended. Always holds: it is ended by its
 * process id only; an end that nobody asked for is an error with Mosquitto's own words.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** Where servers are that are not in a user's PATH. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];
/** Reading certificates takes it a moment. */
const START_MS = 20_000;
/** It saves its state within this, or is killed. */
const END_MS = 10_000;
const ASK_AGAIN_MS = 300;

/** What a user can mend: exit code 1, one line. */
export class BrokerError extends Error {}

/** Full path of a program, or a BrokerError that says how to install it. */
export function findProgram(name: string, path = process.env.PATH ?? ""): string {
	const folders = [...path.split(delimiter), ...MORE_FOLDERS];
	const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
	if (found !== undefined) return found;
	throw new BrokerError(`${name} is not installed: sudo apt-get install mosquitto`);
}

/** Whether a port can be listened on. */
export function isPortFree(port: number, address: string): Promise<boolean> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "EADDRINUSE") resolve(false);
			else reject(new BrokerError(`port ${port} on ${address}: ${reasonOf(error)}`));
		});
		server.listen({ port, host: address }, () => server.close(() => resolve(true)));
	});
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
	if (code === "EADDRNOTAVAIL") return "this machine has no such address; ip -4 addr shows those";
	if (code === "EACCES") return "ports below 1024 are for root; --port takes another";
	return message;
}

export interface RunningBroker {
	readonly pid: number;
	/** SIGTERM; resolves when it has saved and ended. */
	stop(): Promise<void>;
	/** SIGHUP: it reads its configuration again. */
	reload(): void;
	/** Resolves with "" when it was ended by stop(), otherwise with why it ended. */
	readonly ended: Promise<string>;
}

/**
 * Starts it; resolves when it listens.
 * @param configuration path of the main configuration; its log has to go to stderr
 * @param onLine each line of its log
 */
export async function startBroker(
	program: string,
	configuration: string,
	onLine: (line: string) => void,
): Promise<RunningBroker> {
	const child = spawn(program, ["-c", configuration], {
		cwd: dirname(configuration),
		stdio: ["ignore", "pipe", "pipe"],
	});
	let error = "";
	let isRunning = false;
	let handleRunning = () => {};
	const running = new Promise<void>((resolve) => {
		handleRunning = resolve;
	});
	const take = (line: string) => {
		// At the start the first says what, those behind it that it gives up; later it is the last.
		if (/error/i.test(line) && (isRunning || error === "")) {
			error = line.replace(/^[\d:]+: (Error: )?/, "");
		}
		if (/: mosquitto version \S+ running$/.test(line)) {
			isRunning = true;
			handleRunning();
		}
		onLine(line);
	};
	for (const stream of [child.stdout, child.stderr]) {
		createInterface({ input: stream }).on("line", take);
	}
	let isAsked = false;
	const ended = new Promise<string>((resolve) => {
		child.once("error", (error) => resolve(`mosquitto: ${error.message}`));
		child.once("close", (code, signal) => {
			const why = error === "" ? `exit code ${code ?? signal}` : error;
			// The terminal sends Ctrl-C to it too, and it may be faster than we are.
			resolve(isAsked || code === 0 ? "" : `mosquitto ended: ${why}`);
		});
	});
	const stop = async () => {
		isAsked = true;
		await endChild(child, ended);
	};
	const timer = setTimeout(() => child.kill("SIGTERM"), START_MS);
	try {
		await Promise.race([running, ended.then(fail)]);
	} finally {
		clearTimeout(timer);
	}
	return { pid: child.pid as number, stop, reload: () => child.kill("SIGHUP"), ended };
}

function fail(why: string): never {
	throw new BrokerError(why === "" ? "mosquitto was ended" : why);
}

async function endChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
	const ask = () => {
		if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
	};
	ask();
	// Mosquitto 2.0.11 forgets a SIGTERM that comes just when it says that it runs.
	const asking = setInterval(ask, ASK_AGAIN_MS);
	const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
	await ended;
	clearInterval(asking);
	clearTimeout(timer);
}
