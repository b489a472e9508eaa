/**
 * A contact that bounces: a level counts once no edge came for debounceMs, and it is read then, not
 * when an edge is told, because several edges may be told as one. Always holds: `level` changes in
 * settle() only; `changedAt` is the first edge after which the contact was not quiet. Must not know
 * entities; time is an argument, int32 milliseconds that wrap.
 */

import type { Checker, Json } from "../checker";
import { type PinPlan, PinUse } from "../pins";
import type { DigitalInput, EntityIo, PinTarget } from "./entity";
import { takePin } from "./take-pin";

const PULLS = Object.freeze(["up", "down", "none"]);

const enum Const {
	DEBOUNCE_LIMIT_MS = 10_000,
}

export class Debounce {
	/** What counts: 1 active, 0 not. */
	level: 0 | 1;
	changedAt = 0;
	/** Edges came, and it was not looked at since. */
	isUnstable = false;
	readonly input: DigitalInput;
	private edgeAt = 0;

	/** @param activeLowDefault where the entry does not say */
	constructor(options: Json, io: EntityIo, activeLowDefault: boolean, target: PinTarget) {
		const activeLow = (options.activeLow ?? activeLowDefault) as boolean;
		const pull = options.pull === "down" ? 2 : options.pull === "none" ? 0 : 1;
		this.input = io.input(options.pin as string, activeLow, pull, target);
		this.level = this.input.read();
	}

	handleEdge(now: number): void {
		if (!this.isUnstable) this.changedAt = now;
		this.isUnstable = true;
		this.edgeAt = now;
	}

	/** Whether another level counts from now on. */
	settle(debounceMs: number, now: number): boolean {
		if (this.pollTimeout(debounceMs, now) !== 0) return false;
		this.isUnstable = false;
		return this.replace(this.input.read());
	}

	/**
	 * To be called at an edge, before handleEdge(), by what must not miss a level because a timer
	 * was late: the level before this edge was stable long enough.
	 */
	settleBefore(debounceMs: number, now: number): boolean {
		if (this.pollTimeout(debounceMs, now) !== 0) return false;
		this.isUnstable = false;
		return this.replace(this.input.read() === 1 ? 0 : 1);
	}

	/** Milliseconds until settle() is due, or -1. */
	pollTimeout(debounceMs: number, now: number): number {
		return this.isUnstable ? Math.max(0, (this.edgeAt + debounceMs - now) | 0) : -1;
	}

	private replace(level: 0 | 1): boolean {
		const changed = level !== this.level;
		this.level = level;
		return changed;
	}
}

/** Checks what all kinds with a contact have: `pin`, `activeLow`, `pull`, `debounceMs`. */
export const checkContact = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	takePin(check, options, path, "pin", pins, PinUse.Input, options.id);
	check.flag(options, path, "activeLow");
	const pull = check.word(options, path, "pull", PULLS);
	const { pin } = options;
	const problem = typeof pin === "string" ? pins.checkPull(pin, pull) : "";
	if (problem !== "") check.problem(`${path}.pull`, pull, problem);
	check.integer(options, path, "debounceMs", 0, 0, Const.DEBOUNCE_LIMIT_MS);
};

/** Keys that checkContact() knows. */
export const CONTACT_KEYS = Object.freeze(["pin", "activeLow", "pull", "debounceMs"]);
