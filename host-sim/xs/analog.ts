/**
 * Stands in for `embedded:io/analog` where the SDK has none: on Linux, in the SDK's own simulator.
 * Ten bits, from world.ts.
 */

import World from "./world";

const used = new Set<number>();

export default class Analog {
	readonly resolution = 10;
	private readonly pin: number;

	constructor({ pin }: { pin: number }) {
		if (used.has(pin)) throw new Error("in use");
		used.add(pin);
		this.pin = pin;
	}

	read(): number {
		return World.voltage(this.pin);
	}

	close(): void {
		used.delete(this.pin);
	}
}
