/**
 * Stands in for `embedded:io/pwm` where the SDK has none: on Linux, in the SDK's own simulator.
 * Prints each duty: `pwm 5 is 512 of 1023`.
 */

interface Options {
	pin: number;
	hz?: number;
}

const FULL = 1023;
const used = new Set<number>();

export default class PWM {
	readonly hz: number;
	readonly resolution = 10;
	private readonly pin: number;
	private duty = 0;

	constructor({ pin, hz }: Options) {
		if (used.has(pin)) throw new RangeError("in use");
		used.add(pin);
		this.pin = pin;
		this.hz = hz ?? 1000;
		this.print();
	}

	write(duty: number): void {
		if (!(duty >= 0 && duty <= FULL)) throw new RangeError("invalid value");
		if (Math.trunc(duty) === this.duty) return;
		this.duty = Math.trunc(duty);
		this.print();
	}

	close(): void {
		used.delete(this.pin);
	}

	private print(): void {
		trace(`pwm ${this.pin} is ${this.duty} of ${FULL}\n`);
	}
}
