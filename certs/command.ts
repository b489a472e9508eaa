/**
 * What all commands below `fieldmote certs` share: where the store is, what time it is, how days
 * and durations are read. Must not know any command.
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../host-sim/words";
import type { Store } from "./store/store";

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
	/** Writes nothing into the store: does not wait for those who do. */
	readonly isReader?: boolean;
	/** Throws UsageError (exit code 2) or StoreError (1); may set the exit code itself. */
	run(words: readonly string[], context: CommandContext): Promise<void>;
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
