/**
 * What somebody beside a board can do to it: press its buttons, turn its inputs, change what its
 * sensors measure, break them. Things have the names of the entities that see them. Always holds:
 * a wish is checked whole before anything changes, and an error says what is wrong and what would
 * be right; what was set by hand does not wander. Must not know where wishes come from.
 */

import type { WorldClock } from "./clock";
import type { Level, Pins, PinUse } from "./pins";
import type { Failure, Reading, SimulatedSensor } from "./sensors";
import { durationMs, numberOf, onOff, StageError, shown, timesOf } from "./wishes";

export { StageError };

/** A pin that the world drives: pressed, closed or pulsed when it is at its active level. */
export interface InputThing {
	readonly kind: "button" | "binary" | "pulse";
	readonly name: string;
	readonly pin: number;
	readonly active: Level;
	/** Nothing inside the chip pulls it to rest, so something outside does. */
	readonly isPulledOutside?: boolean;
}

/** A voltage at an ADC. @see analogKey() of chips.ts for the key */
export interface AnalogThing {
	readonly kind: "analog";
	readonly name: string;
	readonly key: number;
}

export interface SensorThing {
	readonly kind: "sensor";
	readonly name: string;
	readonly sensor: SimulatedSensor;
	/** What a number alone is; missing: the driver's first reading. */
	readonly first?: string;
}

/** Something else that can be on or off, such as the network. */
export interface SwitchThing {
	readonly kind: "switch";
	readonly name: string;
	turn(on: boolean): void;
}

/** A pin of the board as such, by its label, for entities that the world does not know. */
export interface PinThing {
	readonly kind: "pin";
	readonly name: string;
	/** -1: no GPIO. */
	readonly pin: number;
	/** As of an AnalogThing; -1: no ADC. */
	readonly key: number;
}

export type Thing = InputThing | AnalogThing | SensorThing | SwitchThing;

/** Longer than any debouncing, shorter than any long press. */
export const PRESS_MS = 100;
/** Longer than the default of a long press. */
export const HOLD_MS = 1_500;
/** Half of a pulse. */
const PULSE_MS = 100;

/** Why the world cannot set the level of a pin. */
const TAKEN: Readonly<Record<Exclude<PinUse, "input">, string>> = {
	output: "the board drives it, it is an output",
	pwm: "the board drives it, it is a PWM output",
	bus: "a bus has it",
	analog: "an ADC has it, which takes 0 to 1",
};
const FAILURES: Readonly<Record<Failure, string>> = {
	"": "mended",
	silent: "broken, does not answer",
	empty: "broken, has nothing to tell",
};

const INPUT_WORDS = 'must be "on", "off", "press" or "hold 2s"';

export class Stage {
	readonly things: readonly Thing[];
	/** Names, and names with a reading, that have been set and wander no more. */
	readonly fixed = new Set<string>();
	private readonly pins: Pins;
	private readonly clock: WorldClock;
	/** Not among the things: a board has many, and few of them are of interest. */
	private readonly labels: readonly PinThing[];
	private readonly cancels = new Map<string, () => void>();
	/** Names of the inputs that are on. */
	private readonly active = new Set<string>();

	constructor(
		pins: Pins,
		clock: WorldClock,
		things: readonly Thing[],
		labels: readonly PinThing[] = [],
	) {
		this.pins = pins;
		this.clock = clock;
		this.things = things;
		this.labels = labels;
		for (const thing of things) {
			if ("pin" in thing) this.turn(thing, false);
		}
	}

	/**
	 * Checks a wish.
	 * @param value a number, truth, word or record of readings, as a script has it
	 * @returns what does it, and says so where no pin that is shown does
	 * @throws StageError
	 */
	plan(what: string, value: unknown): () => string {
		const thing = this.find(what);
		if (thing.kind === "pin") return this.planPin(thing, value);
		if (thing.kind === "analog") return this.planAnalog(thing, value);
		if (thing.kind === "sensor") return this.planSensor(thing, value);
		const on = onOff(value);
		if (thing.kind === "switch") {
			if (on === undefined) throw new StageError(`${what}: must be "on" or "off"`);
			return () => {
				thing.turn(on);
				return `${what}: ${on ? "on" : "off"}`;
			};
		}
		const act = on === undefined ? this.planInput(thing, value) : () => this.turnFor(thing, on);
		return () => {
			act();
			return "";
		};
	}

	find(what: string): Thing | PinThing {
		const thing = [...this.things, ...this.labels].find((one) => one.name === what);
		if (thing !== undefined) return thing;
		const names = this.things.map(({ name }) => name).join(", ");
		throw new StageError(`"${what}" is not here; there is ${names === "" ? "nothing" : names}`);
	}

	get pinNames(): readonly string[] {
		return this.labels.map(({ name }) => name);
	}

	/** Whether the world has an input on, the board's state apart. */
	isOn(what: string): boolean {
		return this.active.has(what);
	}

	/** Takes all timers away. */
	close(): void {
		for (const cancel of this.cancels.values()) cancel();
		this.cancels.clear();
	}

	private planInput(thing: InputThing, value: unknown): () => void {
		const [verb, amount, ...more] = typeof value === "string" ? value.trim().split(/\s+/) : [];
		if (more.length === 0 && verb === "press") {
			const times = timesOf(thing.name, amount ?? "1");
			return () => this.repeat(thing, times, PRESS_MS, PRESS_MS);
		}
		if (more.length === 0 && verb === "hold") {
			const holdMs = amount === undefined ? HOLD_MS : durationMs(thing.name, amount);
			return () => this.repeat(thing, 1, holdMs, PRESS_MS);
		}
		if (more.length === 0 && verb === "pulse") {
			const times = timesOf(thing.name, amount ?? "1");
			return () => this.repeat(thing, times, PULSE_MS, PULSE_MS);
		}
		throw new StageError(`${thing.name}: ${shown(value)} ${INPUT_WORDS}`);
	}

	private planPin({ name, pin, key }: PinThing, value: unknown): () => string {
		const isLevel = pin >= 0 && (value === "high" || value === "low" || value === "free");
		const use = this.pins.use(pin) ?? "input";
		const isFit = use === "input" || (use === "analog" && !isLevel);
		if (!isFit) throw new StageError(`${name}: cannot be set: ${TAKEN[use]}`);
		if (!isLevel && key >= 0) return this.planAnalog({ kind: "analog", name, key }, value);
		if (!isLevel) {
			throw new StageError(`${name}: ${shown(value)} must be "high", "low" or "free"`);
		}
		return () => {
			if (value === "free") this.pins.lift(pin);
			else this.pins.apply(pin, value === "high" ? 1 : 0);
			return `${name}: ${value}`;
		};
	}

	private planAnalog({ name, key }: AnalogThing, value: unknown): () => string {
		const part = numberOf(value);
		if (part === undefined || part < 0 || part > 1) {
			throw new StageError(`${name}: ${shown(value)} must be 0 to 1, a part of full scale`);
		}
		return () => {
			this.fixed.add(name);
			this.pins.applyVoltage(key, part);
			return `${name}: ${part} of full scale`;
		};
	}

	private planSensor(thing: SensorThing, value: unknown): () => string {
		const { name, sensor, first = sensor.readings[0] } = thing;
		if (value === "mend") return this.planFailure(thing, "");
		if (value === "break") return this.planFailure(thing, "silent");
		if (value === "break empty") return this.planFailure(thing, "empty");
		const readings = readingsOf(value, first);
		if (readings === undefined) {
			const example = `{"${first}": 1}, "break" or "mend"`;
			throw new StageError(`${name}: ${shown(value)} must be readings like ${example}`);
		}
		for (const [reading, one] of readings) {
			const before = sensor.reading(reading);
			if (before === undefined) {
				const known = sensor.readings.join(", ");
				throw new StageError(`${name}: "${reading}" is no reading; there is ${known}`);
			}
			if (typeof one !== typeof before || !Number.isFinite(Number(one))) {
				const right = typeof before === "number" ? "a number" : "true or false";
				throw new StageError(`${name}: ${reading}: ${shown(one)} must be ${right}`);
			}
		}
		return () => {
			for (const [reading, one] of readings) {
				this.fixed.add(`${name} ${sensor.nameOf(reading)}`);
				sensor.set(reading, one as Reading);
			}
			return `${name}: ${readings.map((one) => one.join(" ")).join(", ")}`;
		};
	}

	private planFailure({ name, sensor }: SensorThing, failure: Failure): () => string {
		return () => {
			sensor.failure = failure;
			return `${name}: ${FAILURES[failure]}`;
		};
	}

	/** By hand: what was going on with it ends. */
	private turnFor(thing: InputThing, on: boolean): void {
		this.cancels.get(thing.name)?.();
		this.cancels.delete(thing.name);
		this.turn(thing, on);
	}

	private turn({ name, pin, active, isPulledOutside }: InputThing, on: boolean): void {
		if (on) this.active.add(name);
		else this.active.delete(name);
		if (on) this.pins.apply(pin, active);
		else if (isPulledOutside) this.pins.apply(pin, active === 1 ? 0 : 1);
		else this.pins.lift(pin);
	}

	private repeat(thing: InputThing, times: number, onMs: number, offMs: number): void {
		const { name } = thing;
		this.turnFor(thing, true);
		const off = this.clock.setTimer(() => {
			this.turnFor(thing, false);
			if (times === 1) return;
			const again = () => this.repeat(thing, times - 1, onMs, offMs);
			this.cancels.set(name, this.clock.setTimer(again, offMs));
		}, onMs);
		this.cancels.set(name, off);
	}
}

/** A record as it is; a number is the first reading. */
function readingsOf(value: unknown, first: string): [string, unknown][] | undefined {
	const number = numberOf(value);
	if (number !== undefined) return [[first, number]];
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	const readings = Object.entries(value);
	return readings.length === 0 ? undefined : readings;
}
