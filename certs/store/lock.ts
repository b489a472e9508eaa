/**
 * One program at a time writes into a store: the others wait, and say so. Always holds: the lock
 * of a program that is gone, also by SIGKILL or a power cut, is in nobody's way; of many that find
 * such a lock one removes it, and none removes one that is held. Must not know what is written.
 */

import { randomUUID } from "node:crypto";
import {
	existsSync,
	linkSync,
	readdirSync,
	readFileSync,
	rmdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolders } from "./folders";
import type { Store } from "./store";

const LOCK = ".lock";
const POLL_MS = 50;
/** Who has to wait longer is told why. */
const QUIET_MS = 1000;
/**
 * What a program that was killed leaves behind: files that had not got their name yet, and locks
 * for removing a lock, which mean nothing while another one is held.
 */
const DEBRIS = /^\.([0-9a-f-]{36}\.new|lock-[0-9a-f-]{36})$/;

/** What a lock file says of its holder. */
interface Holder {
	/** Of this one lock. */
	readonly token: string;
	readonly pid: number;
	readonly host: string;
	/** When the process began, as the kernel counts; "" where it does not say. */
	readonly start: string;
}

export interface LockOptions {
	/** Says why nothing happens; default: standard error. */
	readonly say?: (line: string) => void;
	/** Whether waiting is to end, with StopWaiting. */
	readonly isInterrupted?: () => boolean;
}

/** Ctrl-C came before the lock was there; nothing was begun. */
export class StopWaiting extends Error {}

/** Does work that writes into a store while no other program does. */
export async function withLock<T>(
	store: Store,
	work: () => Promise<T>,
	{ say = sayLine, isInterrupted = () => false }: LockOptions = {},
): Promise<T> {
	const release = await acquire(store, { say, isInterrupted });
	try {
		return await work();
	} finally {
		release();
	}
}

function sayLine(line: string): void {
	process.stderr.write(`${line}\n`);
}

async function acquire(store: Store, options: Required<LockOptions>): Promise<() => void> {
	const { directory } = store;
	const path = join(directory, LOCK);
	const made = makeFolders(directory);
	const startMs = performance.now();
	let isSaid = false;
	let token: string | undefined;
	for (;;) {
		try {
			token = take(directory, LOCK);
		} catch (error) {
			// Where no lock can be written nothing else can: who only looks may go on.
			if (!isReadOnly(error)) throw error;
			return () => undefined;
		}
		if (token !== undefined) break;
		if (options.isInterrupted()) throw new StopWaiting("stopped while waiting");
		if (!isSaid && performance.now() - startMs > QUIET_MS) {
			isSaid = true;
			options.say(waitingLine(store, path));
		}
		await sleep(POLL_MS);
	}
	const release = () => {
		process.off("exit", release);
		if (read(path)?.token === token) rmSync(path, { force: true });
		if (made) removeEmpty(directory);
	};
	process.on("exit", release);
	for (const name of readdirSync(directory)) {
		if (DEBRIS.test(name)) rmSync(join(directory, name), { force: true });
	}
	return release;
}

function waitingLine(store: Store, path: string): string {
	const holder = read(path);
	const what = `another program works on ${store.shown(store.directory)}`;
	if (holder?.host === hostname()) return `${what} (process ${holder.pid}); waiting`;
	const who = holder === undefined ? "" : ` (process ${holder.pid} of ${holder.host})`;
	return `${what}${who}; waiting; if it is gone, remove ${store.shown(path)}`;
}

/**
 * Takes a lock if it is free, or if its holder is gone. To remove the lock of one that is gone
 * takes a lock of its own, named after the one to be removed, so that of all who saw it only one
 * does, and only while it is still that one.
 * @returns its token; undefined: somebody has it
 */
function take(directory: string, name: string): string | undefined {
	const path = join(directory, name);
	const holder = read(path);
	if (holder === undefined) return create(directory, path);
	if (isAlive(holder)) return undefined;
	const guard = `${LOCK}-${holder.token}`;
	if (take(directory, guard) === undefined) return undefined;
	try {
		if (read(path)?.token === holder.token) rmSync(path, { force: true });
	} finally {
		rmSync(join(directory, guard), { force: true });
	}
	return create(directory, path);
}

/** The file is there with all that is in it, or not at all. */
function create(directory: string, path: string): string | undefined {
	// One that nobody can read is nobody's to remove.
	if (existsSync(path)) return undefined;
	const token = randomUUID();
	const temporary = join(directory, `.${randomUUID()}.new`);
	const holder: Holder = { token, pid: process.pid, host: hostname(), start: startOf(process.pid) };
	try {
		writeFileSync(temporary, `${JSON.stringify(holder)}\n`, { flag: "wx", mode: 0o644 });
		linkSync(temporary, path);
		return token;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// Somebody was quicker, cleared up, or removed the folder that it had made.
		if (code === "ENOENT") makeFolders(directory);
		else if (code !== "EEXIST") throw error;
		return undefined;
	} finally {
		rmSync(temporary, { force: true });
	}
}

function read(path: string): Holder | undefined {
	try {
		const holder = JSON.parse(readFileSync(path, "utf8"));
		return typeof holder?.token === "string" ? holder : undefined;
	} catch (error) {
		if (error instanceof SyntaxError || isNotThere(error)) return undefined;
		throw error;
	}
}

function isAlive({ pid, host, start }: Holder): boolean {
	// Nobody here can tell what runs elsewhere.
	if (host !== hostname()) return true;
	try {
		process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
	// The number may be another program's by now, after a restart of the machine above all.
	const now = startOf(pid);
	return start === "" || now === "" || now === start;
}

/** proc(5): field 22 of /proc/PID/stat; the second may hold blanks and brackets. */
function startOf(pid: number): string {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, "utf8");
		return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
	} catch {
		return "";
	}
}

function removeEmpty(directory: string): void {
	try {
		rmdirSync(directory);
	} catch {
		// Something is in it, or somebody else has removed it.
	}
}

function isNotThere(error: unknown): boolean {
	return (error as NodeJS.ErrnoException).code === "ENOENT";
}

function isReadOnly(error: unknown): boolean {
	return ["EROFS", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
}
