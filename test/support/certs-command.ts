/** `fieldmote certs` as a user types it, each test with a store of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { after, type TestContext } from "node:test";
import { Store } from "../../certs/store/store";
import { root } from "../../host-sim/build.mjs";

export interface Answer {
	/** Exit code. */
	readonly status: number;
	readonly out: string;
	readonly err: string;
}

export interface StoreBench {
	readonly store: Store;
	/** Runs a command on this store. */
	run(...words: string[]): Promise<Answer>;
	/** The same; throws unless its exit code is 0. */
	done(...words: string[]): Promise<string>;
	/** All files by path, in hexadecimal. */
	contents(): Record<string, string>;
}

interface Program {
	readonly child: ChildProcess;
	readonly lines: Interface;
	readonly ended: Promise<unknown[]>;
}

let program: Program | undefined;
after(() => {
	program?.child.stdin?.end();
});

/** One at a time. */
async function runProgram(words: readonly string[]): Promise<Answer> {
	if (program === undefined) {
		const path = join(root, "test/support/certs-program.mjs");
		const child = spawn(process.execPath, [path], { stdio: ["pipe", "pipe", "inherit"] });
		const lines = createInterface({ input: child.stdout });
		program = { child, lines, ended: once(child, "exit") };
	}
	const { child, lines, ended } = program;
	const answer = Promise.race([once(lines, "line"), ended]);
	child.stdin?.write(`${JSON.stringify(words)}\n`);
	const [line] = await answer;
	if (typeof line !== "string") throw new Error(`certs ${words.join(" ")}: ended with ${line}`);
	return JSON.parse(line);
}

export function makeStoreBench(context: Pick<TestContext, "after">): StoreBench {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-certs-"));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	const run = (...words: string[]) => runProgram([...words, "--directory", folder]);
	return {
		store: new Store(folder),
		run,
		done: async (...words) => {
			const { status, out, err } = await run(...words);
			if (status !== 0) throw new Error(`certs ${words.join(" ")}: ${status}\n${out}${err}`);
			return out;
		},
		contents: () => {
			const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
			const files = names.filter((name) => statSync(join(folder, name)).isFile());
			return Object.fromEntries(
				files.map((name) => [name, readFileSync(join(folder, name), "hex")]),
			);
		},
	};
}
