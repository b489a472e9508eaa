/**
 * A relay: on or off, for how long at least and at most, and at most one of a group. Always holds:
 * `on` is what was last written to the output; before the first command the level is the one of the
 * restore mode, from the moment on which the pin is an output; minimum times count from power-on
 * too, so that a power cut does not start a compressor twice. Must not know topics or payloads.
 */

import type { Checker, Json } from "../checker";
import { type PinPlan, PinUse } from "../pins";
import type { Command } from "./command";
import { COMMAND_KEYS } from "./common";
import { type DigitalOutput, Entity, type EntityIo } from "./entity";
import { checkRestore, keptState, type Loss, startsOn } from "./restore";

const KEYS = Object.freeze([
	"pin",
	"activeLow",
	"restore",
	"minimumOnMs",
	"minimumOffMs",
	"offAfterMs",
	"pulseMs",
	"interlock",
	"interlockDelayMs",
	"onLossOfContact",
]);
const TIME_KEYS = Object.freeze([
	"minimumOnMs",
	"minimumOffMs",
	"offAfterMs",
	"pulseMs",
	"interlockDelayMs",
]);

const enum Const {
	WEEK_MS = 604_800_000,
	GROUP_LIMIT = 32,
	RETRY_MS = 1_000,
}

const enum Armed {
	Off = 1,
	On = 2,
	Loss = 4,
	/** The first moment is over. */
	Started = 8,
	/** The end is that of a command's `for`. */
	For = 16,
}

export class Relay extends Entity {
	on: boolean;
	private readonly output: DigitalOutput;
	/** When the level changed last, at first when the node started. */
	private changedAt = 0;
	/** Bits of Armed: which of the times below count, and Started. */
	private armed = 0;
	private offAt = 0;
	private onAt = 0;
	private lossAt = 0;

	constructor(options: Json, io: EntityIo, kept: string) {
		super(options);
		const { pin, activeLow } = options;
		const on = startsOn(options.restore, kept);
		// A load that must rest first stays off: handleContact() sees to it.
		this.on = on && options.minimumOffMs === undefined;
		if (on !== this.on) this.armed = Armed.On;
		this.output = io.output(pin as string, activeLow === true, this.on ? 1 : 0);
	}

	override get takesCommands(): boolean {
		return true;
	}

	override get state(): string {
		return this.on ? "ON" : "OFF";
	}

	/** ON where it waits for its turn, else "". */
	override get pending(): string {
		return (this.armed & Armed.On) === 0 ? "" : "ON";
	}

	override get kept(): string {
		return keptState(this.options.restore, this.isOnOrWaits, (this.armed & Armed.For) !== 0);
	}

	override apply(command: Command, now: number): string {
		if (command.brightness >= 0 || command.color >= 0 || command.transitionMs >= 0) {
			return "a relay takes state, for, id and expires";
		}
		const wantsOn = command.state === "TOGGLE" ? !this.isOnOrWaits : command.state === "ON";
		if (!wantsOn) {
			const waitMs = this.on ? this.waitMs(now) : 0;
			if (waitMs > 0) return `must stay on for ${waitMs} ms more (minimumOnMs)`;
			this.write(false, now);
			return "";
		}
		if (!this.on) {
			const waitMs = this.waitMs(now);
			if (waitMs > 0) return `must stay off for ${waitMs} ms more (minimumOffMs)`;
			const problem = this.switchOn(now);
			if (problem !== "") return problem;
		} else if (this.options.pulseMs !== undefined && command.forMs < 0) return "";
		this.limit(command.forMs, now);
		return "";
	}

	override handleContact(online: boolean, now: number): void {
		if (online) {
			this.armed &= ~Armed.Loss;
			return;
		}
		if ((this.armed & Armed.Started) === 0) this.start(now);
		const loss = this.options.onLossOfContact as Loss | undefined;
		if ((loss?.state ?? "keep") === "keep") return;
		this.armed |= Armed.Loss;
		this.lossAt = (now + (loss?.afterMs ?? 0)) | 0;
	}

	override handleTimeout(now: number): void {
		if (this.isDue(Armed.On, this.onAt, now)) {
			this.armed &= ~Armed.On;
			// What has an end already was switched on by a command.
			const isFree = (this.armed & Armed.Off) === 0;
			if (this.switchOn(now) === "" && this.on && isFree) this.limit(-1, now);
		}
		if (this.isDue(Armed.Off, this.offAt, now)) this.write(false, now);
		if (!this.isDue(Armed.Loss, this.lossAt, now)) return;
		const wantsOn = (this.options.onLossOfContact as Loss).state === "on";
		const waitMs = wantsOn === this.on ? 0 : this.waitMs(now);
		this.lossAt = (now + Math.max(waitMs, Const.RETRY_MS)) | 0;
		if (waitMs > 0) return;
		if (wantsOn && !this.on) {
			// Another of its group may have to stay on for a while.
			if (this.switchOn(now) !== "") return;
			this.limit(-1, now);
		} else if (!wantsOn) this.write(false, now);
		this.armed &= ~Armed.Loss;
	}

	override pollTimeout(now: number): number {
		const offMs = (this.armed & Armed.Off) === 0 ? -1 : Math.max(0, (this.offAt - now) | 0);
		const onMs = (this.armed & Armed.On) === 0 ? -1 : Math.max(0, (this.onAt - now) | 0);
		const lossMs = (this.armed & Armed.Loss) === 0 ? -1 : Math.max(0, (this.lossAt - now) | 0);
		// As unsigned numbers -1 is the largest.
		const least = Math.min(offMs >>> 0, onMs >>> 0, lossMs >>> 0);
		return least | 0;
	}

	private get isOnOrWaits(): boolean {
		return this.on || (this.armed & Armed.On) !== 0;
	}

	/** The first moment: what was switched on by its restore mode is limited as by a command. */
	private start(now: number): void {
		this.armed |= Armed.Started;
		this.changedAt = now;
		if ((this.armed & Armed.On) !== 0) {
			this.onAt = (now + (this.options.minimumOffMs as number)) | 0;
		} else if (this.on) {
			// Another of its group may have been restored before it.
			if (this.partnerOn() !== undefined) this.write(false, now);
			else this.limit(-1, now);
		}
	}

	/** What is left of the minimum time in the present state. */
	private waitMs(now: number): number {
		const { minimumOnMs, minimumOffMs } = this.options;
		const minimumMs = ((this.on ? minimumOnMs : minimumOffMs) as number | undefined) ?? 0;
		// Unsigned: a state may last longer than the sign allows, 24.9 days.
		return Math.max(0, minimumMs - ((now - this.changedAt) >>> 0));
	}

	/** Switches on, at once or when the interlock allows it. */
	private switchOn(now: number): string {
		const { interlock } = this.options;
		let waitMs = 0;
		if (interlock !== undefined) {
			const partner = this.partnerOn();
			const problem = partner?.release(now) ?? "";
			if (problem !== "") return problem;
			waitMs = this.interlockMs(now);
		}
		if (waitMs === 0) this.write(true, now);
		else {
			this.armed |= Armed.On;
			this.onAt = (now + waitMs) | 0;
		}
		return "";
	}

	/** Makes way for another of its group; "" or why it cannot. */
	private release(now: number): string {
		const waitMs = this.on ? this.waitMs(now) : 0;
		if (waitMs > 0) return `${this.id} must stay on for ${waitMs} ms more (interlock)`;
		this.write(false, now);
		return "";
	}

	/** Another of the group that is on or waits to be. */
	private partnerOn(): Relay | undefined {
		for (const other of this.owner.entities) {
			if (this.isPartner(other) && other.isOnOrWaits) return other;
		}
		return undefined;
	}

	private isPartner(other: Entity): other is Relay {
		const { interlock } = this.options;
		if (interlock === undefined || other === this) return false;
		return other.options.interlock === interlock && other instanceof Relay;
	}

	/** What is left of the pause after another of the group went off: the longer one of both. */
	private interlockMs(now: number): number {
		let waitMs = 0;
		for (const other of this.owner.entities) {
			if (!this.isPartner(other)) continue;
			const delayMs = Math.max(pauseOf(this.options), pauseOf(other.options));
			waitMs = Math.max(waitMs, delayMs - ((now - other.changedAt) >>> 0));
		}
		return waitMs;
	}

	/** Arms the end of being on: `for`, a pulse, or the automatic off. */
	private limit(forMs: number, now: number): void {
		const { pulseMs, offAfterMs } = this.options;
		const lengthMs = forMs > 0 ? forMs : ((pulseMs ?? offAfterMs) as number | undefined);
		this.armed &= ~(Armed.Off | Armed.For);
		if (lengthMs === undefined) return;
		const minimumMs = (this.options.minimumOnMs as number | undefined) ?? 0;
		const delayMs = (this.armed & Armed.On) === 0 ? 0 : (this.onAt - now) | 0;
		this.armed |= forMs > 0 ? Armed.Off | Armed.For : Armed.Off;
		this.offAt = (now + delayMs + Math.max(lengthMs, minimumMs)) | 0;
	}

	private write(on: boolean, now: number): void {
		if (!on) this.armed &= ~(Armed.Off | Armed.On | Armed.For);
		if (on === this.on) return;
		this.output.write(on ? 1 : 0);
		this.on = on;
		this.changedAt = now;
		this.stateDue = true;
	}

	private isDue(bit: number, at: number, now: number): boolean {
		return (this.armed & bit) !== 0 && ((now - at) | 0) >= 0;
	}
}

const pauseOf = (options: Json): number => (options.interlockDelayMs as number | undefined) ?? 0;

/** Checks what a relay's entry has of its own. */
export const checkRelay = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, KEYS, COMMAND_KEYS);
	check.flag(options, path, "activeLow");
	checkRestore(check, options, path);
	for (const key of TIME_KEYS) check.integer(options, path, key, 0, 1, Const.WEEK_MS);
	check.text(options, path, "interlock", "", Const.GROUP_LIMIT);
	const { pin, pulseMs, restore, offAfterMs } = options;
	const problem =
		typeof pin === "string"
			? pins.take(pin, PinUse.Output, options.id as string)
			: "must be a label of the board";
	if (problem !== "") check.problem(`${path}.pin`, pin, problem);
	if (pulseMs !== undefined && restore !== undefined && restore !== "off") {
		check.problem(`${path}.restore`, restore, "must be off where pulseMs is given");
	}
	if (pulseMs !== undefined && offAfterMs !== undefined) {
		check.problem(`${path}.offAfterMs`, offAfterMs, "must not be given beside pulseMs");
	}
};
