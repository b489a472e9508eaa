/**
 * What all commands below `fieldmote certs` share: where the store is, what time it is, and how the
 * words behind a command are read. Always holds: an unknown or repeated option is refused, with the
 * nearest one that exists. Must not know any command.
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nearest } from "../host-sim/nearest.mjs";
import { UsageError } from "../host-sim/options";
import type { Store } from "./store";

/** The project's folder: this file is in certs/ or, bundled, in dist/. */
export const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a command is given besides its words. */
export interface CommandContext {
	readonly store: Store;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** Prints a line to standard output. */
	say(line: string): void;
	/** Whether Ctrl-C was pressed: what takes long ends soon, and says where it was. */
	isInterrupted(): boolean;
}

/** One command below `fieldmote certs`. */
export interface Command {
	/** One line for the list of commands. */
	readonly what: string;
	/** The page of `--help`. */
	readonly help: string;
	/** Throws UsageError (exit code 2) or StoreError (1); may set the exit code itself. */
	run(words: readonly string[], context: CommandContext): Promise<void>;
}

/** Options of a command: a flag, one text, or several. */
export type OptionKinds = Readonly<Record<string, "flag" | "text" | "texts">>;

/** What stood behind a command. */
export interface Words {
	readonly names: readonly string[];
	has(option: string): boolean;
	/** The last value, undefined without one. */
	text(option: string): string | undefined;
	texts(option: string): readonly string[];
}

/** Reads the words behind a command; throws UsageError. */
export function readWords(words: readonly string[], kinds: OptionKinds): Words {
	const { tokens } = parseArgs({
		args: [...words],
		options: Object.fromEntries(
			Object.entries(kinds).map(([name, kind]) => {
				return [name, { type: kind === "flag" ? "boolean" : "string", multiple: true }] as const;
			}),
		),
		strict: false,
		allowPositionals: true,
		tokens: true,
	});
	const names: string[] = [];
	const values = new Map<string, string[]>();
	for (const token of tokens) {
		if (token.kind === "positional") names.push(token.value);
		if (token.kind !== "option") continue;
		const { name, rawName, value } = token;
		const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
		if (kind === undefined) {
			const right = nearest(name, Object.keys(kinds));
			throw new UsageError(
				`unknown option ${rawName}; ${right === "" ? "see --help" : `did you mean --${right}?`}`,
			);
		}
		if (kind === "flag" && value !== undefined) throw new UsageError(`--${name}: takes no value`);
		// `--key --force` would take --force for a value.
		if (kind !== "flag" && (!value || (!token.inlineValue && value.startsWith("--")))) {
			throw new UsageError(`--${name}: needs a value; see --help`);
		}
		const given = values.get(name) ?? [];
		if (kind === "text" && given.length > 0) throw new UsageError(`--${name}: given twice`);
		values.set(name, [...given, value ?? ""]);
	}
	return {
		names,
		has: (option) => values.has(option),
		text: (option) => values.get(option)?.at(-1),
		texts: (option) => values.get(option) ?? [],
	};
}

/** `30d`, `12h`, `2w` in milliseconds; throws UsageError. */
export function readDurationMs(option: string, text: string): number {
	const [, number, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
	if (number === undefined || unit === undefined) {
		throw new UsageError(`--${option} ${text}: a number and h, d or w, such as 30d`);
	}
	return Number(number) * { h: 3_600_000, d: 86_400_000, w: 604_800_000 }[unit as "h" | "d" | "w"];
}

/** `--days N`: 1 to 7300; throws UsageError. */
export function readDays(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const days = Number(text);
	if (!/^\d{1,4}$/.test(text) || days < 1 || days > 7300) {
		throw new UsageError(`--days ${text}: must be 1 to 7300`);
	}
	return days;
}
