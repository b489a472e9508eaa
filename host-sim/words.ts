/**
 * The words behind a command, for all programs that the launcher starts: options, their values,
 * and names. Always holds: an unknown or repeated option, or one without its value, is refused
 * with the option's name and the nearest one that exists. Must not know any program.
 */

import { parseArgs } from "node:util";
import { nearest } from "./nearest.mjs";

/** Longer messages are not shown whole. */
const SHOWN_LIMIT = 300;

/** What a user got wrong on the command line or in a file named there: exit code 2. */
export class UsageError extends Error {
	constructor(message: string) {
		// What came from the command line may be long, and may hold escape sequences.
		const shown = message.length > SHOWN_LIMIT ? `${message.slice(0, SHOWN_LIMIT)}…` : message;
		super(shown.replace(/\p{Cc}/gu, "·"));
	}
}

/** A host and a port. */
export interface Endpoint {
	readonly host: string;
	readonly port: number;
}

/** Options of a program: a flag, one text, or several. One called "help" is also -h. */
export type OptionKinds = Readonly<Record<string, "flag" | "text" | "texts">>;

/** What stood behind a command. */
export interface Words {
	/** What is no option, in its order. */
	readonly names: readonly string[];
	has(option: string): boolean;
	/** Undefined where it was not given. */
	text(option: string): string | undefined;
	texts(option: string): readonly string[];
}

/** Reads the words behind a command; throws UsageError. */
export function readWords(words: readonly string[], kinds: OptionKinds): Words {
	const { tokens } = parseArgs({
		args: [...words],
		options: Object.fromEntries(
			Object.entries(kinds).map(([name, kind]) => {
				const type = kind === "flag" ? ("boolean" as const) : ("string" as const);
				return [name, name === "help" ? { type, short: "h" } : { type, multiple: true }];
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
			const hint = right === "" ? "see --help" : `did you mean --${right}?`;
			throw new UsageError(`unknown option ${rawName}; ${hint}`);
		}
		if (kind === "flag" && value !== undefined) throw new UsageError(`--${name}: takes no value`);
		// `--cert --key k` would take --key for the name of a file.
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
		text: (option) => values.get(option)?.[0],
		texts: (option) => values.get(option) ?? [],
	};
}
