/**
 * What is sampled at an interval and reported when it changed enough. Always holds: a report has
 * the values of a sample that was just taken; reports are minimumMs apart at least and, where there
 * is a delta and samples come that often, maximumMs at most; after a sample that failed the next
 * good one is reported. Must not know pins or drivers.
 */

import type { Checker, Json } from "../checker";
import { Entity } from "./entity";

const enum Const {
	INTERVAL_MS = 10_000,
	INTERVAL_LEAST_MS = 100,
	MAXIMUM_MS = 300_000,
	DAY_MS = 86_400_000,
	DELTA_LIMIT = 1e9,
	DECIMALS_LIMIT = 9,
	UNIT_LIMIT = 24,
}

/** @template Sample a number, or a record of values */
export abstract class SampledEntity<Sample> extends Entity {
	/** What was reported last; null: it is not needed; undefined: nothing since boot or failure. */
	private reported: Sample | null | undefined;
	private reportedAt = 0;
	private sampledAt = 0;
	private hasBegun = false;

	/** Undefined: it failed. */
	protected abstract sample(now: number): Sample | undefined;
	/** Whether one differs from the other by at least a delta. */
	protected abstract isChanged(sample: Sample, reported: Sample): boolean;
	/** JSON without the braces. */
	protected abstract membersOf(sample: Sample): string;

	override handleTimeout(now: number): void {
		if (this.waitMs(now) > 0) return;
		const { intervalMs } = this;
		// In step, unless it is late by a whole interval.
		let at = (this.sampledAt + intervalMs) | 0;
		if (!this.hasBegun || ((now - at) | 0) >= intervalMs) at = now;
		this.hasBegun = true;
		this.sampledAt = at;
		const sample = this.sample(now);
		if (sample === undefined) this.reported = undefined;
		else if (this.isWorthIt(sample, at)) {
			this.reported = this.hasDelta ? sample : null;
			this.reportedAt = at;
			this.owner.report(this, "state", this.membersOf(sample), true);
		}
	}

	override pollTimeout(now: number): number {
		return this.waitMs(now);
	}

	/** The next sample is reported, changed or not. */
	override forgetPublished(): void {
		this.reported = undefined;
	}

	/** The only place that reads it: it may change while the node runs. */
	protected get intervalMs(): number {
		return (this.options.intervalMs as number | undefined) ?? Const.INTERVAL_MS;
	}

	/** Whether a change decides. */
	protected get hasDelta(): boolean {
		return this.options.delta !== undefined;
	}

	private waitMs(now: number): number {
		return this.hasBegun ? Math.max(0, (this.sampledAt + this.intervalMs - now) | 0) : 0;
	}

	private isWorthIt(sample: Sample, at: number): boolean {
		const { reported } = this;
		if (reported === undefined) return true;
		const { maximumMs, minimumMs } = this.options;
		const sinceMs = (at - this.reportedAt) | 0;
		if (sinceMs < ((minimumMs as number | undefined) ?? 0)) return false;
		if (reported === null) return true;
		// The next sample would be too late.
		const limitMs = (maximumMs as number | undefined) ?? Const.MAXIMUM_MS;
		return sinceMs + this.intervalMs > limitMs || this.isChanged(sample, reported);
	}
}

export const rounded = (value: number, decimals: number): number => {
	const scale = 10 ** decimals;
	return Math.round(value * scale) / scale;
};

/** Whether rounded values differ by at least that; binary fractions must not decide. */
export const differs = (a: number, b: number, delta: number): boolean => {
	return rounded(Math.abs(a - b), Const.DECIMALS_LIMIT) >= delta;
};

/** Keys that checkReporting() knows. */
export const REPORTING_KEYS = Object.freeze(["intervalMs", "delta", "minimumMs", "maximumMs"]);
/** Keys that checkValue() knows. */
export const VALUE_KEYS = Object.freeze(["unit", "stateClass", "decimals"]);
/** https://developers.home-assistant.io/docs/core/entity/sensor#available-state-classes */
const STATE_CLASSES = Object.freeze([
	"measurement",
	"measurement_angle",
	"total",
	"total_increasing",
]);

/** Checks when there are samples and reports. */
export const checkReporting = (check: Checker, options: Json, path: string): void => {
	const least = Const.INTERVAL_LEAST_MS;
	const most = Const.DAY_MS;
	const interval = check.integer(options, path, "intervalMs", Const.INTERVAL_MS, least, most);
	checkDelta(check, options, path);
	const minimum = check.integer(options, path, "minimumMs", 0, 0, most);
	const maximum = check.integer(options, path, "maximumMs", Const.MAXIMUM_MS, least, most);
	if (options.maximumMs !== undefined && maximum < interval) {
		check.problem(`${path}.maximumMs`, maximum, `must not be less than intervalMs (${interval})`);
	}
	if (minimum > maximum) {
		check.problem(`${path}.minimumMs`, minimum, `must not be more than maximumMs (${maximum})`);
	}
};

/** Checks `delta` of an entry or of a reading. */
export const checkDelta = (check: Checker, options: Json, path: string): void => {
	if (check.number(options, path, "delta", 1, 0, Const.DELTA_LIMIT) > 0) return;
	check.problem(`${path}.delta`, 0, "must be above 0; leave it out to report every sample");
};

/** Checks what a value has beside its name. */
export const checkValue = (check: Checker, options: Json, path: string): void => {
	check.text(options, path, "unit", "", Const.UNIT_LIMIT);
	check.word(options, path, "stateClass", STATE_CLASSES);
	check.integer(options, path, "decimals", 0, 0, Const.DECIMALS_LIMIT);
};
