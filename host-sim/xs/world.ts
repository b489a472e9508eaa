/**
 * What is around a node in the SDK's own simulator on Linux: levels of inputs, values of ADCs, one
 * temperature sensor on I2C. It follows a script that was given to mcconfig as `world="…"`: steps
 * with `;` between, each `<ms> <what> <number> <value>`: `1000 pin 4 low;1200 pin 4 high;
 * 2000 adc 0 512;3000 i2c 72 24.5;4000 i2c 72 gone;5000 i2c 72 back`. ADCs have 10 bits,
 * temperatures are in °C. Always holds: a step that cannot be read throws, with its text, before
 * anything happens.
 */

import config from "mc/config";
import Timer from "timer";

type Level = 0 | 1;
type Listener = (level: Level) => void;

interface Step {
	readonly atMs: number;
	readonly what: string;
	readonly number: number;
	readonly value: string;
}

const MIDDLE = 512;
const WARM = 21.5;
const levels = new Map<number, Level>();
const listeners = new Map<number, Listener>();
const voltages = new Map<number, number>();
const temperatures = new Map<number, number>();
const gone = new Set<number>();

const World = {
	/** Undefined: nothing is applied, the pull decides. */
	level: (pin: number): Level | undefined => levels.get(pin),
	/** 0 to 1023 */
	voltage: (adc: number): number => voltages.get(adc) ?? MIDDLE,
	/** °C, at that address. */
	temperature: (address: number): number => temperatures.get(address) ?? WARM,
	/** The sensor answers at 0x48, and where a script has given another a temperature. */
	answers: (address: number): boolean =>
		!gone.has(address) && (address === 0x48 || temperatures.has(address)),
	/** Undefined: nobody listens any more. */
	listen(pin: number, listener: Listener | undefined): void {
		if (listener === undefined) listeners.delete(pin);
		else listeners.set(pin, listener);
	},
};

function stepOf(text: string): Step {
	const [atMs, what, number, value, ...more] = text.trim().split(" ");
	const step = { atMs: Number(atMs), what, number: Number(number), value };
	const isRight =
		(what === "pin" && (value === "high" || value === "low")) ||
		(what === "adc" && Number(value) >= 0 && Number(value) <= 1023) ||
		(what === "i2c" && (value === "gone" || value === "back" || Number(value) > -256));
	if (more.length > 0 || !isRight || !(step.atMs >= 0) || !(step.number >= 0)) {
		throw new Error(`world: "${text}" must be <ms> pin|adc|i2c <number> <value>`);
	}
	return step;
}

function act({ what, number, value }: Step): void {
	if (what === "pin") {
		const level = value === "high" ? 1 : 0;
		levels.set(number, level);
		listeners.get(number)?.(level);
	} else if (what === "adc") voltages.set(number, Number(value));
	else if (value === "gone") gone.add(number);
	else if (value === "back") gone.delete(number);
	else temperatures.set(number, Number(value));
}

function play(steps: readonly Step[]): void {
	for (const step of steps) {
		if (step.atMs === 0) act(step);
		else Timer.set(() => act(step), step.atMs);
	}
}

const script = (config as { world?: string }).world ?? "";
play(script === "" ? [] : script.split(";").map(stepOf));

export default World;
