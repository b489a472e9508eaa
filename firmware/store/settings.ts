/**
 * The few numbers that a node keeps in the SDK's preferences: the end of the reserved sequence
 * numbers and the last time that a server confirmed. They are hints, not promises: an ESP8266
 * erases the old value before it writes the new one, so a power cut may lose it. Always holds: a
 * value that cannot be read counts as missing; a failed write is survived.
 */

import type { SequenceStore } from "./sequence";

/** The SDK's `preference`, as far as it is used. Names up to 15, values up to 63 bytes. */
export interface PreferenceModule {
	get(domain: string, key: string): unknown;
	set(domain: string, key: string, value: string): void;
}

const DOMAIN = "fieldmote";
const SEQUENCE = "sequence";
const TIME = "time";

const enum Const {
	/** Flash wears: the time is stored once in six hours. */
	TIME_EVERY_MS = 6 * 3_600_000,
	/** Nobody has confirmed a time after that. */
	YEAR_2100_MS = 4_102_444_800_000,
}

export class Settings implements SequenceStore {
	private readonly preference: PreferenceModule;
	private storedTimeMs = 0;

	constructor(preference: PreferenceModule) {
		this.preference = preference;
	}

	read(): number | undefined {
		return this.number(SEQUENCE);
	}

	write(end: number): void {
		this.store(SEQUENCE, end);
	}

	/** Unix milliseconds, 0 when there is none. */
	lastGoodTimeMs(): number {
		const unixMs = this.number(TIME) ?? 0;
		return unixMs < Const.YEAR_2100_MS ? unixMs : 0;
	}

	/** Stores it unless the last one stored is recent. */
	rememberTime(unixMs: number): void {
		if (Math.abs(unixMs - this.storedTimeMs) < Const.TIME_EVERY_MS) return;
		this.storedTimeMs = unixMs;
		this.store(TIME, Math.floor(unixMs));
	}

	/** Stored as text: preferences know int32 only. */
	private number(key: string): number | undefined {
		try {
			const value = Number(this.preference.get(DOMAIN, key) ?? Number.NaN);
			return Number.isSafeInteger(value) && value > 0 ? value : undefined;
		} catch {
			return undefined;
		}
	}

	private store(key: string, value: number): void {
		try {
			this.preference.set(DOMAIN, key, String(value));
		} catch {
			// Full or worn: the node goes on without.
		}
	}
}
