/**
 * Builds a program of this folder for XS on 32-bit Linux, runs it and gives the lines that it
 * prints. Always holds: nothing is left of a build. Must not know what is measured.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build32, type Program, whyNo32 } from "../../footprint/build32";
import { Machine } from "../../footprint/machine";

const root = join(import.meta.dirname, "../../..");

export interface ProgramOptions {
	/** Of a file in this folder, without its ending. */
	readonly name: string;
	/** What the manifest has besides; paths of the repository begin with `./`. */
	readonly manifest: Readonly<Record<string, unknown>>;
	/** name=value for mc/config. */
	readonly values?: readonly string[];
}

/** Whether programs can be built here; says why not. */
export function canMeasure(): boolean {
	const why = whyNo32();
	if (why !== false) process.stderr.write(`  left out: ${why}\n`);
	return why === false;
}

/** Builds a program. Throws with the build's words. */
export async function buildProgram(options: ProgramOptions): Promise<Program> {
	const parent = mkdtempSync(join(tmpdir(), "fieldmote-bench-"));
	const folder = join(parent, options.name);
	mkdirSync(folder);
	try {
		const manifest = withPaths({
			...options.manifest,
			modules: {
				...(options.manifest.modules as object),
				main: `./test/bench/xs/${options.name}`,
			},
		});
		writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
		return await build32(folder, options.values ?? [], false);
	} finally {
		rmSync(parent, { recursive: true, force: true });
	}
}

/** The lines up to the one that is `end`, from a machine with a block of this size. */
export async function runProgram(
	program: Program,
	blockBytes: number,
	limitMs: number,
): Promise<readonly string[]> {
	const machine = new Machine(program, blockBytes);
	try {
		await machine.waitFor(/^end$/, limitMs);
		return machine.lines;
	} finally {
		await machine.stop();
	}
}

function withPaths(value: unknown): unknown {
	if (typeof value === "string") return value.startsWith("./") ? join(root, value) : value;
	if (Array.isArray(value)) return value.map(withPaths);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withPaths(one)]));
}
