/**
 * A voltage at an analog input, averaged and calibrated. Always holds: between two points of the
 * calibration the value is linear, below the first and above the last it is theirs, because a
 * curve that was measured says nothing beyond its ends. Must not know topics.
 */

import type { Checker, Json } from "../checker";
import { type PinPlan, PinUse } from "../pins";
import { COMMON_KEYS } from "./common";
import type { AnalogInput, EntityIo } from "./entity";
import {
	checkReporting,
	checkValue,
	differs,
	REPORTING_KEYS,
	rounded,
	SampledEntity,
	VALUE_KEYS,
} from "./reporting";
import { takePin } from "./take-pin";

const KEYS = Object.freeze(["pin", "calibration", "samples"]);

const enum Const {
	SAMPLES = 8,
	SAMPLES_LIMIT = 64,
	DECIMALS = 2,
	POINTS_LIMIT = 8,
	VALUE_LIMIT = 1e9,
}

/** Raw value of 0 to 1, and what it stands for. */
type Point = readonly [number, number];

export class Analog extends SampledEntity<number> {
	private readonly input: AnalogInput;

	constructor(options: Json, io: EntityIo, _kept: string) {
		super(options);
		this.input = io.analog(options.pin as string);
	}

	protected override sample(): number {
		const { calibration, decimals, samples } = this.options;
		const { input } = this;
		const count = (samples as number | undefined) ?? Const.SAMPLES;
		let sum = 0;
		for (let i = 0; i < count; i++) sum += input.read();
		const raw = sum / count / (2 ** input.resolution - 1);
		const points = calibration as readonly Point[] | undefined;
		const value = points === undefined ? raw : calibrated(raw, points);
		return rounded(value, (decimals as number | undefined) ?? Const.DECIMALS);
	}

	protected override isChanged(sample: number, reported: number): boolean {
		return differs(sample, reported, this.options.delta as number);
	}

	protected override membersOf(sample: number): string {
		return `"value":${sample}`;
	}
}

const calibrated = (raw: number, points: readonly Point[]): number => {
	let before = points[0];
	if (raw <= before[0]) return before[1];
	for (const point of points) {
		if (raw < point[0]) {
			const part = (raw - before[0]) / (point[0] - before[0]);
			return before[1] + part * (point[1] - before[1]);
		}
		before = point;
	}
	return before[1];
};

/** Checks what an analog sensor's entry has of its own. */
export const checkAnalog = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, KEYS.concat(VALUE_KEYS, REPORTING_KEYS), COMMON_KEYS);
	takePin(check, options, path, "pin", pins, PinUse.Analog, options.id);
	check.integer(options, path, "samples", Const.SAMPLES, 1, Const.SAMPLES_LIMIT);
	checkValue(check, options, path);
	checkReporting(check, options, path);
	if (options.calibration !== undefined) checkPoints(check, options.calibration, path);
};

const checkPoints = (check: Checker, points: unknown, path: string): void => {
	const at = `${path}.calibration`;
	if (!Array.isArray(points) || points.length < 2 || points.length > Const.POINTS_LIMIT) {
		check.problem(
			at,
			undefined,
			`must be a list of 2 to ${Const.POINTS_LIMIT} points [raw, value]`,
		);
		return;
	}
	let last = -1;
	for (let i = 0; i < points.length; i++) {
		const point: unknown = points[i];
		if (!isPoint(point)) {
			check.problem(`${at}[${i}]`, undefined, "must be [raw, value], raw from 0 to 1");
			return;
		}
		if (point[0] <= last) {
			check.problem(`${at}[${i}]`, undefined, `raw must be more than ${last}, the point before`);
			return;
		}
		last = point[0];
	}
};

const isPoint = (point: unknown): point is Point => {
	if (!Array.isArray(point) || point.length !== 2) return false;
	const raw: unknown = point[0];
	const value: unknown = point[1];
	if (typeof raw !== "number" || typeof value !== "number") return false;
	return raw >= 0 && raw <= 1 && Math.abs(value) <= Const.VALUE_LIMIT;
};
