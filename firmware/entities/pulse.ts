/**
 * Counts pulses: a meter for energy, water, gas, wind. Always holds: the count never goes back but
 * by what was counted after the last `kept` before a power cut; a pulse counts when its active
 * level was stable for debounceMs, or at its edge where that is 0. Must not know topics.
 */

import type { Checker, Json } from "../checker";
import type { PinPlan } from "../pins";
import { COMMON_KEYS } from "./common";
import { CONTACT_KEYS, checkContact, Debounce } from "./debounce";
import type { EntityIo, PinTarget } from "./entity";
import {
	checkReporting,
	checkValue,
	differs,
	REPORTING_KEYS,
	rounded,
	SampledEntity,
	VALUE_KEYS,
} from "./reporting";

const KEYS = Object.freeze(["perUnit"]);

const enum Const {
	DEBOUNCE_MS = 10,
	DECIMALS = 3,
	PER_UNIT_LEAST = 0.001,
	PER_UNIT_LIMIT = 1e9,
}

export class Pulse extends SampledEntity<number> implements PinTarget {
	private readonly contact: Debounce;
	private count: number;

	constructor(options: Json, io: EntityIo, kept: string) {
		super(options);
		const count = Number(kept);
		this.count = Number.isSafeInteger(count) && count > 0 ? count : 0;
		this.contact = new Debounce(options, io, false, this);
	}

	override get kept(): string {
		return this.count === 0 ? "" : `${this.count}`;
	}

	handlePin(): void {
		const { contact, debounceMs } = this;
		if (debounceMs === 0) {
			const level = contact.input.read();
			// A level as before: edges were told as one, and a whole pulse was between them.
			if (level === 1 || contact.level === 0) this.count++;
			contact.level = level;
			return;
		}
		const now = this.owner.now();
		if (contact.settleBefore(debounceMs, now)) this.count += contact.level;
		contact.handleEdge(now);
		this.owner.handleEntityChanged();
	}

	override handleTimeout(now: number): void {
		if (this.contact.settle(this.debounceMs, now)) this.count += this.contact.level;
		super.handleTimeout(now);
	}

	override pollTimeout(now: number): number {
		const sampleMs = super.pollTimeout(now);
		const edgeMs = this.contact.pollTimeout(this.debounceMs, now);
		return edgeMs < 0 ? sampleMs : Math.min(sampleMs, edgeMs);
	}

	protected override sample(): number {
		return this.count;
	}

	protected override isChanged(count: number, reported: number): boolean {
		return differs(this.unitsOf(count), this.unitsOf(reported), this.options.delta as number);
	}

	protected override membersOf(count: number): string {
		return `"count":${count},"value":${this.unitsOf(count)}`;
	}

	private get debounceMs(): number {
		return (this.options.debounceMs as number | undefined) ?? Const.DEBOUNCE_MS;
	}

	private unitsOf(count: number): number {
		const { decimals, perUnit } = this.options;
		const units = count / ((perUnit as number | undefined) ?? 1);
		return rounded(units, (decimals as number | undefined) ?? Const.DECIMALS);
	}
}

/** Checks what a pulse counter's entry has of its own. */
export const checkPulse = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, KEYS.concat(CONTACT_KEYS, VALUE_KEYS, REPORTING_KEYS), COMMON_KEYS);
	checkContact(check, options, path, pins);
	check.number(options, path, "perUnit", 1, Const.PER_UNIT_LEAST, Const.PER_UNIT_LIMIT);
	checkValue(check, options, path);
	checkReporting(check, options, path);
};
