/**
 * What all commands below `fieldmote certs` share: where the store is, what time it is, and how the
 * words behind a command are read. Always holds: an unknown or repeated option is refused, with the
 * nearest one that exists. Must not know any command.
 */

import { parseArgs } from "node:util";
import { nearest } from "../host-sim/nearest.mjs";
import { UsageError } from "../host-sim/options";
import type { Store } from "./store";

/** What a command is given besides its words. */
export interface CommandContext {
	readonly store: Store;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** Prints a line to standard output. */
	say(line: string): void;
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
