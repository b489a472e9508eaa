/**
 * The pins of a board, as somebody with a voltmeter sees them. Always holds: a pin has at most
 * one user (a bus shares its pins among its devices); listeners hear of a level or a duty only
 * when the pin really changes; what the world applies stays applied while the board is off.
 */

import { type Chip, HOST_CHIP } from "./chips";

export type Level = 0 | 1;

/** What a pin is to the firmware. */
export type PinUse = "output" | "input" | "pwm" | "analog" | "bus";

interface Pin {
	readonly use: PinUse;
	/** What is measured, not what activeLow makes of it. */
	level: Level;
	/** Part of the time at which a PWM output is high, 0 to 1. */
	duty: number;
	readonly hz: number;
	/** An input's level while nothing is applied. */
	readonly rest: Level;
	/** Told when the world changes an input. */
	readonly onLevel?: (level: Level) => void;
}

export type PinListener = (pin: number, level: Level, kind: "start" | "change") => void;

/** @param duty 0 to 1 */
export type PwmListener = (
	pin: number,
	duty: number,
	hz: number,
	kind: "start" | "change" | "end",
) => void;

/** Full scale of what the world applies to an ADC. */
const MIDDLE = 0.5;

export class Pins {
	readonly chip: Chip;
	private readonly used = new Map<number, Pin>();
	/** What the world applies to inputs. */
	private readonly applied = new Map<number, Level>();
	private readonly voltages = new Map<number, number>();
	private readonly listeners: PinListener[] = [];
	private readonly inputListeners: ((pin: number, level: Level) => void)[] = [];
	private readonly pwmListeners: PwmListener[] = [];
	private readonly refusalListeners: ((pin: number) => void)[] = [];

	constructor(chip: Chip = HOST_CHIP) {
		this.chip = chip;
	}

	/** Told of outputs: once when a pin becomes one, then at each change. */
	listen(listener: PinListener): void {
		this.listeners.push(listener);
	}

	/** Told of inputs that the world has changed, before the firmware is. */
	listenInputs(listener: (pin: number, level: Level) => void): void {
		this.inputListeners.push(listener);
	}

	/** Told of PWM outputs, as listen(). */
	listenPwm(listener: PwmListener): void {
		this.pwmListeners.push(listener);
	}

	/** Told of pins that the firmware wanted and could not have. */
	listenRefusals(listener: (pin: number) => void): void {
		this.refusalListeners.push(listener);
	}

	/** For what is about to claim a pin: whether it cannot; then whoever listens is told. */
	isRefused(pin: number): boolean {
		if (this.isFree(pin)) return false;
		for (const listener of this.refusalListeners) listener(pin);
		return true;
	}

	/** Whether the chip has the pin and nobody uses it. */
	isFree(pin: number): boolean {
		return this.chip.isPin(pin) && !this.used.has(pin);
	}

	/** Makes a pin an output; it has its level from the first moment. */
	claimOutput(pin: number, level: Level): void {
		this.claim(pin, { use: "output", level });
		for (const listener of this.listeners) listener(pin, level, "start");
	}

	/** Makes a pin an input; `rest` is its level while nothing is applied to it. */
	claimInput(pin: number, rest: Level, onLevel?: (level: Level) => void): void {
		this.claim(pin, { use: "input", level: this.applied.get(pin) ?? rest, rest, onLevel });
	}

	/** Makes a pin a PWM output, low until setDuty(). */
	claimPwm(pin: number, hz: number): void {
		this.claim(pin, { use: "pwm", hz });
		for (const listener of this.pwmListeners) listener(pin, 0, hz, "start");
	}

	/** Takes a pin for an ADC or a bus. */
	claimFor(pin: number, use: "analog" | "bus"): void {
		this.claim(pin, { use });
	}

	release(pin: number): void {
		const state = this.used.get(pin);
		this.used.delete(pin);
		if (state?.use === "pwm") this.tellPwm(pin, { ...state, duty: 0 }, "end");
	}

	releaseAll(): void {
		for (const pin of [...this.used.keys()]) this.release(pin);
	}

	/** From the firmware. */
	write(pin: number, level: Level): void {
		const state = this.used.get(pin);
		if (state === undefined || state.level === level) return;
		state.level = level;
		for (const listener of this.listeners) listener(pin, level, "change");
	}

	/** From the firmware. @param duty 0 to 1 */
	setDuty(pin: number, duty: number): void {
		const state = this.used.get(pin);
		if (state?.use !== "pwm" || state.duty === duty) return;
		state.duty = duty;
		this.tellPwm(pin, state, "change");
	}

	/** From the world: a button, a wire. */
	apply(pin: number, level: Level): void {
		this.applied.set(pin, level);
		this.settle(pin, level);
	}

	/** From the world: nothing is at the input any more; its pull decides. */
	lift(pin: number): void {
		this.applied.delete(pin);
		this.settle(pin, this.used.get(pin)?.rest ?? 0);
	}

	/** From the world: a voltage. @param part of the ADC's full scale, 0 to 1 */
	applyVoltage(pin: number, part: number): void {
		this.voltages.set(pin, Math.min(1, Math.max(0, part)));
	}

	/** What an ADC sees, 0 to 1. */
	voltage(pin: number): number {
		return this.voltages.get(pin) ?? MIDDLE;
	}

	/** Undefined: nobody uses the pin, it floats. */
	level(pin: number): Level | undefined {
		return this.used.get(pin)?.level;
	}

	/** Undefined: it is no PWM output. 0 to 1. */
	duty(pin: number): number | undefined {
		const state = this.used.get(pin);
		return state?.use === "pwm" ? state.duty : undefined;
	}

	use(pin: number): PinUse | undefined {
		return this.used.get(pin)?.use;
	}

	isOutput(pin: number): boolean {
		return this.use(pin) === "output";
	}

	private settle(pin: number, level: Level): void {
		const state = this.used.get(pin);
		if (state?.use !== "input" || state.level === level) return;
		state.level = level;
		for (const listener of this.inputListeners) listener(pin, level);
		state.onLevel?.(level);
	}

	private tellPwm(pin: number, { duty, hz }: Pin, kind: "change" | "end"): void {
		for (const listener of this.pwmListeners) listener(pin, duty, hz, kind);
	}

	private claim(pin: number, state: Partial<Pin> & Pick<Pin, "use">): void {
		if (!this.isFree(pin)) throw new Error(`pin ${pin} is in use`);
		this.used.set(pin, { level: 0, duty: 0, hz: 0, rest: 0, ...state });
	}
}
