/**
 * Values that wander by themselves, as real ones do. Always holds: one seed gives one walk, each
 * thing its own, whatever else there is; a value stays in its range; what was set by hand or by a
 * script stays. Must not know entities.
 */

import type { WorldClock } from "./clock";
import type { Pins } from "./pins";
import type { SimulatedSensor } from "./sensors";
import type { Stage } from "./stage";

const STEP_MS = 1_000;

interface Range {
	readonly lowest: number;
	readonly highest: number;
	/** At most, in a second. */
	readonly step: number;
}

const ANALOG: Range = { lowest: 0.05, highest: 0.95, step: 0.01 };
/** By the reading's last name; others stay near where they began. */
const RANGES: Readonly<Record<string, Range>> = {
	temperature: { lowest: 15, highest: 30, step: 0.1 },
	humidity: { lowest: 25, highest: 75, step: 0.5 },
	pressure: { lowest: 98_000, highest: 103_500, step: 15 },
	illuminance: { lowest: 0, highest: 1_000, step: 10 },
};
/** Settings and events, no measurements. */
const STILL = ["alert", "max", "near", "current"];

interface Walker {
	readonly name: string;
	step(): void;
}

export class Walk {
	private readonly walkers: readonly Walker[];
	private readonly stage: Stage;
	private cancel: () => void = () => undefined;

	constructor(stage: Stage, pins: Pins, seed: number) {
		this.stage = stage;
		this.walkers = stage.things.flatMap((thing): Walker[] => {
			if (thing.kind === "analog") {
				const random = seeded(seed, thing.name);
				const { name, key } = thing;
				const step = () => pins.applyVoltage(key, next(pins.voltage(key), ANALOG, random));
				return [{ name, step }];
			}
			if (thing.kind === "sensor") return readingWalkers(thing.name, thing.sensor, seed);
			return [];
		});
	}

	start(clock: WorldClock): void {
		this.cancel = clock.setTimer(() => {
			for (const { name, step } of this.walkers) if (!this.stage.fixed.has(name)) step();
			this.start(clock);
		}, STEP_MS);
	}

	stop(): void {
		this.cancel();
	}
}

function readingWalkers(name: string, sensor: SimulatedSensor, seed: number): Walker[] {
	return sensor.readings.flatMap((reading): Walker[] => {
		const first = sensor.reading(reading);
		const last = reading.slice(reading.lastIndexOf("_") + 1);
		if (typeof first !== "number" || STILL.includes(last)) return [];
		const range = rangeOf(last, first);
		const random = seeded(seed, `${name} ${reading}`);
		const step = () => sensor.set(reading, next(Number(sensor.reading(reading)), range, random));
		return [{ name: `${name} ${reading}`, step }];
	});
}

function rangeOf(last: string, first: number): Range {
	const known = Object.hasOwn(RANGES, last) ? RANGES[last] : undefined;
	if (known !== undefined && first >= known.lowest && first <= known.highest) return known;
	const width = Math.abs(first) * 0.2 || 0.1;
	return { lowest: first - width, highest: first + width, step: width / 20 };
}

function next(value: number, { lowest, highest, step }: Range, random: () => number): number {
	const moved = value + (random() * 2 - 1) * step;
	// It turns back at the edge.
	if (moved < lowest) return Math.min(highest, 2 * lowest - moved);
	return moved > highest ? Math.max(lowest, 2 * highest - moved) : moved;
}

/** 0 inclusive to 1 exclusive (mulberry32), a stream for each name. */
function seeded(seed: number, name: string): () => number {
	let state = seed | 0;
	for (const letter of name) state = (Math.imul(state, 31) + (letter.codePointAt(0) ?? 0)) | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}
