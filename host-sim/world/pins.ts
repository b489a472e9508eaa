/**
 * The pins of a board, as somebody with a voltmeter sees them. Always holds: a pin has at most
 * one user; listeners hear of a level only when the pin really changes.
 */

export type Level = 0 | 1;

/** What a pin does; `level` is what is measured, not what activeLow makes of it. */
export interface Pin {
	readonly output: boolean;
	level: Level;
	/** Told when the world changes an input. */
	readonly onLevel?: (level: Level) => void;
}

export type PinListener = (pin: number, level: Level, kind: "start" | "change") => void;

export class Pins {
	private readonly used = new Map<number, Pin>();
	/** What the world applies to inputs. */
	private readonly applied = new Map<number, Level>();
	private readonly listeners: PinListener[] = [];

	/** Told of outputs: once when a pin becomes one, then at each change. */
	listen(listener: PinListener): void {
		this.listeners.push(listener);
	}

	isFree(pin: number): boolean {
		return !this.used.has(pin);
	}

	/** Makes a pin an output; it has its level from the first moment. */
	claimOutput(pin: number, level: Level): void {
		this.claim(pin, { output: true, level });
		for (const listener of this.listeners) listener(pin, level, "start");
	}

	/** Makes a pin an input; `rest` is its level while nothing is applied to it. */
	claimInput(pin: number, rest: Level, onLevel?: (level: Level) => void): void {
		this.claim(pin, { output: false, level: this.applied.get(pin) ?? rest, onLevel });
	}

	release(pin: number): void {
		this.used.delete(pin);
	}

	releaseAll(): void {
		this.used.clear();
	}

	/** From the firmware. */
	write(pin: number, level: Level): void {
		const state = this.used.get(pin);
		if (state === undefined || state.level === level) return;
		state.level = level;
		for (const listener of this.listeners) listener(pin, level, "change");
	}

	/** From the world: a button, a wire. */
	apply(pin: number, level: Level): void {
		this.applied.set(pin, level);
		const state = this.used.get(pin);
		if (state === undefined || state.output || state.level === level) return;
		state.level = level;
		state.onLevel?.(level);
	}

	/** Undefined: nobody uses the pin, it floats. */
	level(pin: number): Level | undefined {
		return this.used.get(pin)?.level;
	}

	isOutput(pin: number): boolean {
		return this.used.get(pin)?.output === true;
	}

	private claim(pin: number, state: Pin): void {
		if (this.used.has(pin)) throw new Error(`pin ${pin} is in use`);
		this.used.set(pin, state);
	}
}
