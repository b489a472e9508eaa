/**
 * What a simulated board keeps over power cuts (the SDK's preferences), in a file, so that it keeps
 * it from one run to the next. Always holds: the file is written whole or not at all, for its owner
 * only; a file that is not one of these is refused and stays as it is. Must not know what is kept.
 */

import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../words";
import type { Preferences, PreferenceValue } from "../world/board";

/** `{"flash": 1, "preferences": {domain: {key: value}}}`, bytes as `{"base64": "…"}` */
const FORMAT = 1;
/** Far more than any board has. */
const LIMIT_BYTES = 4 << 20;

export class FlashFile {
	/** The board's own; changed() tells of its changes. */
	readonly preferences: Preferences;
	private readonly path: string;
	private readonly onProblem: (text: string) => void;

	/**
	 * Reads the file; none is an empty flash.
	 * @param onProblem called when it cannot be written, with the reason
	 * @throws UsageError
	 */
	constructor(file: string, onProblem: (text: string) => void) {
		this.path = resolve(file);
		this.onProblem = onProblem;
		this.preferences = read(file, this.path);
	}

	/** To be called after each change: what a board has stored is stored when that returns. */
	changed(): void {
		const temporary = `${this.path}.${process.pid}.new`;
		try {
			writeFileSync(temporary, textOf(this.preferences), { mode: 0o600 });
			renameSync(temporary, this.path);
		} catch (error) {
			this.onProblem(`${this.path}: not written: ${(error as Error).message}`);
		}
	}
}

function read(file: string, path: string): Preferences {
	let text: string;
	try {
		const status = statSync(path);
		if (!status.isFile()) throw new UsageError(`--flash ${file}: is no file`);
		if (status.size > LIMIT_BYTES) throw new UsageError(`--flash ${file}: is too large`);
		text = readFileSync(path, "utf8");
	} catch (error) {
		if (error instanceof UsageError) throw error;
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" && isFolder(dirname(path))) return new Map();
		const reason = code === "ENOENT" || code === "ENOTDIR" ? "its folder is not there" : code;
		throw new UsageError(`--flash ${file}: ${reason}`);
	}
	const found = preferencesOf(text);
	if (found !== undefined) return found;
	const right = "give a new name, or remove it";
	throw new UsageError(`--flash ${file}: is not what a simulator has kept; ${right}`);
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Undefined: it is something else. */
function preferencesOf(text: string): Preferences | undefined {
	let file: unknown;
	try {
		file = JSON.parse(text);
	} catch {
		return undefined;
	}
	const { flash, preferences } = (file ?? {}) as Record<string, unknown>;
	if (flash !== FORMAT || !isRecord(preferences)) return undefined;
	const found: Preferences = new Map();
	for (const [domain, entries] of Object.entries(preferences)) {
		if (!isRecord(entries)) return undefined;
		const values = new Map<string, PreferenceValue>();
		for (const [key, stored] of Object.entries(entries)) {
			const value = storedValue(stored);
			if (value === undefined) return undefined;
			values.set(key, value);
		}
		found.set(domain, values);
	}
	return found;
}

function storedValue(stored: unknown): PreferenceValue | undefined {
	if (typeof stored === "string" || typeof stored === "boolean") return stored;
	if (typeof stored === "number") return (stored | 0) === stored ? stored : undefined;
	if (!isRecord(stored) || typeof stored.base64 !== "string") return undefined;
	return new Uint8Array(Buffer.from(stored.base64, "base64")).buffer;
}

function textOf(preferences: Preferences): string {
	const domains = [...preferences].map(([domain, values]) => {
		const entries = [...values].map(([key, value]) => {
			const isBytes = typeof value === "object";
			return [key, isBytes ? { base64: Buffer.from(value).toString("base64") } : value];
		});
		return [domain, Object.fromEntries(entries)];
	});
	const file = { flash: FORMAT, preferences: Object.fromEntries(domains) };
	return `${JSON.stringify(file, undefined, "\t")}\n`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
