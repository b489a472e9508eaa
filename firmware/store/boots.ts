/**
 * How a node's lives began and ended, over reboots: starts, crashes, the last crash in words, and
 * whether crashes follow each other so quickly that only the least should run (safe mode). Always
 * holds: a power-on, a reset by hand or a restart that was asked for is no crash; a life that was
 * up for STABLE_SECONDS ends the row of crashes. Flash: one write per start, one when a life has
 * become stable, one or two more after a crash or a restart that was asked for. Must not know the
 * chip: what it says of the reset comes as arguments.
 */

import type { PreferenceModule } from "./settings";

const enum Const {
	/** As platform/figures.ts's Reset. */
	CLEAN = 1,
	SOFTWARE = 2,
	CRASH = 3,
	/** Crashes in a row, each of a life shorter than STABLE_SECONDS, before safe mode. */
	CRASH_LIMIT = 3,
	STABLE_SECONDS = 600,
	/** Safe mode lasts as long, and twice as long after each further crash, up to 64 times. */
	SAFE_SECONDS = 600,
	DOUBLINGS = 6,
	/** An ESP8266 keeps 63 bytes, with the NUL. */
	VALUE_LIMIT = 62,
}

const DOMAIN = "fieldmote";
/** "starts crashes row last crash": the row is -1 once this life is stable. */
const BOOTS = "boots";
/** How this life ends, where it can say so: "!" and a crash, ">" and why it restarts. */
const END = "end";
/** XS's words, and what is kept of them: a constant, because nothing can be made any more. */
const MEMORY_FULL = "memory full";
const MEMORY_FULL_END = "!memory full";
/** Why it restarts then: a crash soon after leads back to safe mode at once. */
export const SAFE_MODE_OVER = "safe mode is over";

export class Boots {
	/** Starts, this one included. */
	readonly starts: number;
	readonly crashes: number;
	/** "" when there was none. */
	readonly lastCrash: string;
	/** How this life began: "power-on", "crash", "restart: why"; "" when nobody knows. */
	readonly reset: string;
	readonly safeMode: boolean;
	private readonly preference: PreferenceModule;
	private row: number;

	/**
	 * Reads what was kept and counts this start.
	 * @param kind of the reset, as the chip tells it
	 * @param name of the reset, "" when there is none
	 */
	constructor(preference: PreferenceModule, kind: number, name: string) {
		this.preference = preference;
		const end = read(preference, END);
		const kept = read(preference, BOOTS).split(" ");
		const starts = count(kept[0]);
		// Who was never started did not crash: the chip's word is of another program.
		const silent = starts > 0 && (kind === Const.CRASH || (kind === Const.SOFTWARE && end === ""));
		const crashed = end.startsWith("!") || silent;
		const asked = !crashed && end.startsWith(">") ? end.slice(1) : "";
		let row = Math.max(-1, Number(kept[2]) || 0);
		if (crashed) row++;
		if (kind === Const.CLEAN || !(crashed || asked === SAFE_MODE_OVER)) row = 0;
		let lastCrash = kept.slice(3).join(" ");
		if (end.startsWith("!")) lastCrash = end.slice(1);
		else if (crashed) lastCrash = kind === Const.CRASH ? name : "aborted, no text: stack overflow?";
		this.starts = starts + 1;
		this.crashes = count(kept[1]) + (crashed ? 1 : 0);
		this.lastCrash = lastCrash;
		this.reset = crashed ? "crash" : asked === "" ? name : `restart: ${asked}`;
		this.safeMode = crashed && row >= Const.CRASH_LIMIT;
		this.row = row;
		this.write();
		if (end !== "") store(preference, END, "");
	}

	/** Crashes in a row, each of a short life. */
	get crashesInRow(): number {
		return Math.max(0, this.row);
	}

	/**
	 * To be called now and then.
	 * @returns whether the node should restart with SAFE_MODE_OVER
	 */
	handleUptime(seconds: number): boolean {
		if (this.safeMode) {
			const doublings = Math.min(this.row - Const.CRASH_LIMIT, Const.DOUBLINGS);
			return seconds >= Const.SAFE_SECONDS * 2 ** doublings;
		}
		if (this.row >= 0 && seconds >= Const.STABLE_SECONDS) {
			this.row = -1;
			this.write();
		}
		return false;
	}

	/** Before a restart: the next life reports why. */
	keepRestart(why: string): void {
		store(this.preference, END, `>${why}`);
	}

	/** From XS, which is about to give up. */
	keepAbort(why: string, exception: unknown): void {
		if (why === MEMORY_FULL) this.preference.set(DOMAIN, END, MEMORY_FULL_END);
		else if (exception === undefined) store(this.preference, END, `!${why}`);
		else store(this.preference, END, `!${printable(String(exception))}`);
	}

	private write(): void {
		const { starts, crashes, row, lastCrash } = this;
		store(this.preference, BOOTS, `${starts} ${crashes} ${row} ${lastCrash}`);
	}
}

const count = (text: string | undefined): number => {
	const value = Number(text);
	return Number.isSafeInteger(value) && value > 0 ? value : 0;
};

/** ASCII only: a value is limited in bytes. */
const printable = (text: string): string => {
	let clean = "";
	for (const character of text.slice(0, Const.VALUE_LIMIT)) {
		clean += character >= " " && character <= "~" ? character : "?";
	}
	return clean;
};

const read = (preference: PreferenceModule, key: string): string => {
	try {
		return String(preference.get(DOMAIN, key) ?? "");
	} catch {
		return "";
	}
};

const store = (preference: PreferenceModule, key: string, value: string): void => {
	try {
		preference.set(DOMAIN, key, value.slice(0, Const.VALUE_LIMIT));
	} catch {
		// Full or worn: the node goes on without.
	}
};
