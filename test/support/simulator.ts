/**
 * The simulator as a user starts it: a process of its own, its lines, its end.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after } from "node:test";
import { ensureBuilt, root } from "../../host-sim/build.mjs";

const BIN = join(root, "host-sim", "bin.mjs");
const PATIENCE_MS = 15_000;

/** For a test that starts processes: a hang is a failure, not a wait. */
export const LIMIT_MS = 30_000;

const children = new Set<ChildProcess>();
// What a failed test has left running would keep the test's process from ending.
after(() => {
	for (const child of children) child.kill("SIGKILL");
});

export interface Running {
	readonly pid: number;
	/** Everything printed so far. */
	out(): string;
	err(): string;
	/** Waits for text that matches; fails when the process ends without. */
	until(pattern: RegExp, patienceMs?: number): Promise<RegExpMatchArray>;
	kill(signal: NodeJS.Signals): void;
	/** Waits for the end; the exit code, or the signal that ended it. */
	ended(): Promise<number | NodeJS.Signals>;
}

/** Starts `fieldmote <words>`; the first start of all builds. */
export async function startSimulator(...words: string[]): Promise<Running> {
	await ensureBuilt();
	return watch(spawn(process.execPath, [BIN, ...words], { stdio: ["ignore", "pipe", "pipe"] }));
}

/** A process that reads. */
export interface Driven extends Running {
	/** Writes to its stdin. */
	type(text: string): void;
}

/** Starts `fieldmote <words>` with a pipe to its stdin. */
export async function driveSimulator(...words: string[]): Promise<Driven> {
	await ensureBuilt();
	return drive(spawn(process.execPath, [BIN, ...words], { stdio: "pipe" }));
}

/** Starts `fieldmote <words>` at a terminal of its own, by util-linux's script(1). */
export async function sitAtSimulator(...words: string[]): Promise<Driven> {
	await ensureBuilt();
	const line = [process.execPath, BIN, ...words].map((word) => `'${word}'`).join(" ");
	// The shell stays behind, so that what is left of the terminal's modes can be seen.
	const after = "; echo code $?; stty -a | tr ';' '\\n' | grep -o -- '-\\?icanon'";
	const command = ["-q", "-f", "-e", "-c", line + after, "/dev/null"];
	return drive(spawn("script", command, { stdio: "pipe" }));
}

function drive(child: ChildProcess): Driven {
	const running = watch(child);
	// It may have ended by itself.
	child.stdin?.on("error", () => undefined);
	return { ...running, type: (text) => child.stdin?.write(text) };
}

/** Runs a line in a shell, as if pasted. */
export function paste(line: string): Running {
	return watch(spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "pipe"] }));
}

function watch(child: ChildProcess): Running {
	children.add(child);
	let out = "";
	let err = "";
	let end: number | NodeJS.Signals | undefined;
	const listeners = new Set<() => void>();
	const changed = () => {
		for (const listener of [...listeners]) listener();
	};
	child.stdout?.on("data", (data: Buffer) => {
		out += data.toString();
		changed();
	});
	child.stderr?.on("data", (data: Buffer) => {
		err += data.toString();
		changed();
	});
	const closed = once(child, "close").then(([code, signal]) => {
		children.delete(child);
		end = (code ?? signal) as number | NodeJS.Signals;
		changed();
		return end;
	});
	return {
		pid: child.pid as number,
		out: () => out,
		err: () => err,
		kill: (signal) => child.kill(signal),
		ended: () => closed,
		until: (pattern, patienceMs = PATIENCE_MS) =>
			new Promise((resolve, reject) => {
				const finish = (late: boolean) => {
					const found = out.match(pattern);
					if (found === null && end === undefined && !late) return;
					clearTimeout(timer);
					listeners.delete(look);
					if (found !== null) resolve(found);
					else
						reject(new Error(`no ${pattern}, ${late ? "late" : `ended: ${end}`}:\n${out}${err}`));
				};
				const look = () => finish(false);
				const timer = setTimeout(() => finish(true), patienceMs);
				listeners.add(look);
				look();
			}),
	};
}
