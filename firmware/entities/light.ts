/**
 * A light: switched, dimmed or coloured. Always holds: `on`, `brightness` and `color` are what was
 * asked for last, and what is published; the pins follow in steps from what they show now, and end
 * at exactly that; OFF keeps brightness and colour for the next ON. Before the first command the
 * pins have the level of the restore mode. Must not know topics.
 */

import type { Json } from "../checker";
import { type Command, plainCommand } from "./command";
import { type DigitalOutput, Entity, type EntityIo, type PwmOutput } from "./entity";
import { keepsState, keptState, type Loss, startsOn } from "./restore";

const enum Const {
	BRIGHTNESS_MAX = 255,
	WHITE = 0xffffff,
	STEP_MS = 40,
	/** Of a channel at full brightness: four steps of level to one of brightness. */
	LEVEL_MAX = 1020,
	LEVEL_MASK = 0x3ff,
	HZ = 1000,
}

/** Bits of `armed`: which times count. */
const enum Armed {
	Step = 1,
	Off = 2,
	Loss = 4,
}

export class Light extends Entity {
	on: boolean;
	/** 1 to 255, kept while off. */
	brightness: number = Const.BRIGHTNESS_MAX;
	/** 0xRRGGBB, never black, kept while off. */
	color: number = Const.WHITE;
	/** The only channel, or blue. */
	private readonly output: PwmOutput | DigitalOutput;
	/** Levels that the pins have: 10 bits for each channel, red first. */
	private shown = 0;
	private armed = 0;
	// The rest takes memory only once it is used.
	declare private readonly green: PwmOutput;
	declare private readonly red: PwmOutput;
	declare private from: number;
	declare private startAt: number;
	declare private lengthMs: number;
	declare private stepAt: number;
	declare private offAt: number;
	declare private lossAt: number;

	constructor(options: Json, io: EntityIo, kept: string) {
		super(options);
		const pins = options.pins as Json | undefined;
		const hz = (options.hz as number | undefined) ?? Const.HZ;
		this.on = startsOn(options.restore, this.recall(kept));
		if (!this.isDimmable) {
			const level = this.on ? 1 : 0;
			this.shown = this.target;
			this.output = io.output(options.pin as string, options.activeLow === true, level);
			return;
		}
		if (pins === undefined) this.output = io.pwm(options.pin as string, hz);
		else {
			this.output = io.pwm(pins.blue as string, hz);
			this.green = io.pwm(pins.green as string, hz);
			this.red = io.pwm(pins.red as string, hz);
		}
		this.shown = this.target;
		this.write();
	}

	override get takesCommands(): boolean {
		return true;
	}

	/** As Home Assistant's MQTT light has it (schema json). */
	override get state(): string {
		const state = `{"state":"${this.word}"`;
		if (!this.isDimmable) return `${state}}`;
		const dimmed = `${state},"brightness":${this.brightness},"color_mode":`;
		if (!this.isColored) return `${dimmed}"brightness"}`;
		const { color } = this;
		const rgb = `"r":${color >> 16},"g":${(color >> 8) & 255},"b":${color & 255}`;
		return `${dimmed}"rgb","color":{${rgb}}}`;
	}

	override get word(): string {
		return this.on ? "ON" : "OFF";
	}

	override get kept(): string {
		const state = keptState(this.options.restore, this.on, (this.armed & Armed.Off) !== 0);
		if (state === "" || !this.isDimmable) return state;
		return `${state},${this.brightness},${this.color}`;
	}

	override apply(command: Command, now: number): string {
		const { brightness, color, forMs } = command;
		if (brightness >= 0 && !this.isDimmable) {
			return "a light that is not dimmable takes state, transition, for, id and expires";
		}
		if (color >= 0 && !this.isColored) {
			const what = this.isDimmable ? "brightness, " : "";
			return `a light without colours takes state, ${what}transition, for, id and expires`;
		}
		const before = this.state;
		const wantsOn = command.state === "TOGGLE" ? !this.on : command.state === "ON";
		// Nothing to be seen is off, and no brightness to come back to.
		this.on = wantsOn && brightness !== 0 && color !== 0;
		if (brightness > 0) this.brightness = brightness;
		if (color > 0) this.color = color;
		if (this.on && forMs > 0) {
			this.offAt = (now + forMs) | 0;
			this.armed |= Armed.Off;
		} else this.armed &= ~Armed.Off;
		this.begin(command.transitionMs, now);
		if (this.state !== before) this.stateDue = true;
		return "";
	}

	override handleContact(online: boolean, now: number): void {
		const loss = this.options.onLossOfContact as Loss | undefined;
		this.armed &= ~Armed.Loss;
		if (online || (loss?.state ?? "keep") === "keep") return;
		this.armed |= Armed.Loss;
		this.lossAt = (now + (loss?.afterMs ?? 0)) | 0;
	}

	override handleTimeout(now: number): void {
		if (this.isDue(Armed.Step, this.stepAt, now)) this.step(now);
		if (this.isDue(Armed.Off, this.offAt, now)) this.apply(plainCommand("OFF"), now);
		if (!this.isDue(Armed.Loss, this.lossAt, now)) return;
		this.armed &= ~Armed.Loss;
		const wantsOn = (this.options.onLossOfContact as Loss).state === "on";
		if (wantsOn !== this.on) this.apply(plainCommand(wantsOn ? "ON" : "OFF"), now);
	}

	override pollTimeout(now: number): number {
		const stepMs = this.waitMs(Armed.Step, this.stepAt, now);
		const offMs = this.waitMs(Armed.Off, this.offAt, now);
		const lossMs = this.waitMs(Armed.Loss, this.lossAt, now);
		// As unsigned numbers -1 is the largest.
		return Math.min(stepMs >>> 0, offMs >>> 0, lossMs >>> 0) | 0;
	}

	private get isDimmable(): boolean {
		return this.options.dimmable !== false;
	}

	private get isColored(): boolean {
		return this.options.pins !== undefined;
	}

	/** Levels that are asked for. */
	private get target(): number {
		const { brightness, color } = this;
		if (!this.on) return 0;
		if (!this.isColored) return brightness * 4;
		const red = levelOf(color >> 16, brightness) << 20;
		return red | (levelOf((color >> 8) & 255, brightness) << 10) | levelOf(color & 255, brightness);
	}

	/**
	 * Takes brightness and colour out of what was kept.
	 * @returns what was kept, "" where it is none of ours
	 */
	private recall(kept: string): string {
		if (!this.isDimmable || !keepsState(this.options.restore)) return kept;
		const parts = kept.split(",");
		const brightness = Number(parts[1]);
		const color = Number(parts[2]);
		if (!isWhole(brightness, Const.BRIGHTNESS_MAX) || !isWhole(color, Const.WHITE)) return "";
		this.brightness = brightness;
		this.color = color;
		return kept;
	}

	/** Goes to the target, from what is shown now. */
	private begin(transitionMs: number, now: number): void {
		const lengthMs =
			transitionMs < 0 ? ((this.options.transitionMs as number | undefined) ?? 0) : transitionMs;
		this.armed &= ~Armed.Step;
		if (lengthMs === 0 || !this.isDimmable || this.shown === this.target) {
			this.show(this.target);
			return;
		}
		this.from = this.shown;
		this.startAt = now;
		this.lengthMs = lengthMs;
		this.stepAt = (now + Math.min(Const.STEP_MS, lengthMs)) | 0;
		this.armed |= Armed.Step;
	}

	private step(now: number): void {
		const leftMs = (this.startAt + this.lengthMs - now) | 0;
		if (leftMs <= 0) {
			this.armed &= ~Armed.Step;
			this.show(this.target);
			return;
		}
		this.show(mix(this.from, this.target, 1 - leftMs / this.lengthMs));
		this.stepAt = (now + Math.min(Const.STEP_MS, leftMs)) | 0;
	}

	private show(levels: number): void {
		if (levels === this.shown) return;
		this.shown = levels;
		this.write();
	}

	private write(): void {
		const { shown } = this;
		const level = shown & Const.LEVEL_MASK;
		if (!this.isDimmable) {
			this.output.write(level === 0 ? 0 : 1);
			return;
		}
		const green = (shown >> 10) & Const.LEVEL_MASK;
		const red = shown >> 20;
		const strongest = Math.max(red, green, level);
		this.dim(this.output as PwmOutput, level, strongest);
		if (!this.isColored) return;
		this.dim(this.green, green, strongest);
		this.dim(this.red, red, strongest);
	}

	/** The eye sees a power of what a lamp emits; that power is `gamma`. */
	private dim(output: PwmOutput, level: number, strongest: number): void {
		const gamma = (this.options.gamma as number | undefined) ?? 2.2;
		const most = 2 ** output.resolution - 1;
		let duty = Math.round((level / Const.LEVEL_MAX) ** gamma * most);
		// What is on is seen; weaker channels may be dark, or a dim orange would be yellow.
		if (duty === 0 && level > 0 && level === strongest) duty = 1;
		output.write(this.options.activeLow === true ? most - duty : duty);
	}

	private isDue(bit: number, at: number, now: number): boolean {
		return (this.armed & bit) !== 0 && ((now - at) | 0) >= 0;
	}

	private waitMs(bit: number, at: number, now: number): number {
		return (this.armed & bit) === 0 ? -1 : Math.max(0, (at - now) | 0);
	}
}

const isWhole = (value: number, most: number): boolean => {
	return Number.isInteger(value) && value > 0 && value <= most;
};

/** Level of a channel; rounded up, so that what is on is not dark. */
const levelOf = (channel: number, brightness: number): number => {
	return Math.ceil((channel * brightness * 4) / Const.BRIGHTNESS_MAX);
};

/** Levels between two, channel by channel. */
const mix = (from: number, to: number, part: number): number => {
	let levels = 0;
	for (let shift = 20; shift >= 0; shift -= 10) {
		const start = (from >> shift) & Const.LEVEL_MASK;
		const end = (to >> shift) & Const.LEVEL_MASK;
		levels = (levels << 10) | Math.round(start + (end - start) * part);
	}
	return levels;
};
