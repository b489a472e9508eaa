/**
 * A contact or a detector: ON or OFF, reported when it changes. Always holds: one report after the
 * boot, then one for each change that stayed for debounceMs, with the time of its first edge. Must
 * not know topics.
 */

import type { Checker, Json } from "../checker";
import type { PinPlan } from "../pins";
import { COMMON_KEYS } from "./common";
import { CONTACT_KEYS, checkContact, Debounce } from "./debounce";
import { Entity, type EntityIo, type PinTarget } from "./entity";

const enum Const {
	DEBOUNCE_MS = 50,
}

export class Binary extends Entity implements PinTarget {
	private readonly contact: Debounce;
	private isTold = false;

	constructor(options: Json, io: EntityIo, _kept: string) {
		super(options);
		this.contact = new Debounce(options, io, false, this);
	}

	handlePin(): void {
		this.contact.handleEdge(this.owner.now());
		this.owner.handleEntityChanged();
	}

	override forgetPublished(): void {
		this.isTold = false;
	}

	override handleTimeout(now: number): void {
		const { contact } = this;
		const isNew = contact.settle(this.debounceMs, now);
		if (this.isTold && !isNew) return;
		this.isTold = true;
		const ageMs = isNew ? (now - contact.changedAt) | 0 : 0;
		const state = contact.level === 1 ? "ON" : "OFF";
		this.owner.report(this, "state", `"state":"${state}"`, true, ageMs);
	}

	override pollTimeout(now: number): number {
		return this.isTold ? this.contact.pollTimeout(this.debounceMs, now) : 0;
	}

	private get debounceMs(): number {
		return (this.options.debounceMs as number | undefined) ?? Const.DEBOUNCE_MS;
	}
}

/** Checks what a binary sensor's entry has of its own. */
export const checkBinary = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, CONTACT_KEYS, COMMON_KEYS);
	checkContact(check, options, path, pins);
};
