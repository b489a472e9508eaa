/**
 * A push button: single, double and long presses, reported and, where `controls` names an entity,
 * carried out here, with or without a network. Always holds: never more events than presses; a
 * button that is held at power-on (on many boards it is the pin that selects the boot mode) says
 * nothing until it was released; after a long or a double press nothing comes until the release.
 * Must not know topics.
 */

import type { Checker, Json } from "../checker";
import type { PinPlan } from "../pins";
import { plainCommand } from "./command";
import { COMMON_KEYS } from "./common";
import { CONTACT_KEYS, checkContact, Debounce } from "./debounce";
import { Entity, type EntityIo, type PinTarget } from "./entity";

const KEYS = Object.freeze(["longMs", "doubleMs", "controls", "actions"]);
const EVENTS = Object.freeze(["single", "double", "long"]);
const ACTIONS = Object.freeze(["ON", "OFF", "TOGGLE"]);

const enum Const {
	DEBOUNCE_MS = 30,
	LONG_MS = 800,
	DOUBLE_MS = 350,
	LIMIT_MS = 60_000,
	DOUBLE_LIMIT_MS = 5_000,
}

const enum Phase {
	/** Not pressed, or pressed and told already, or since before the boot. */
	Idle = 0,
	/** Held, may become a long press. */
	Down = 1,
	/** Released, may become a double press. */
	Up = 2,
}

export class Button extends Entity implements PinTarget {
	private readonly contact: Debounce;
	private phase: number = Phase.Idle;
	/** When the phase began. */
	private since = 0;

	constructor(options: Json, io: EntityIo, _kept: string) {
		super(options);
		this.contact = new Debounce(options, io, true, this);
	}

	handlePin(): void {
		this.contact.handleEdge(this.owner.now());
		this.owner.handleEntityChanged();
	}

	override handleTimeout(now: number): void {
		const { contact } = this;
		if (contact.settle(this.debounceMs, now)) {
			if (contact.level === 1) this.press(contact.changedAt, now);
			else this.release(contact.changedAt, now);
		}
		if (this.pollTimeout(now) !== 0) return;
		const event = this.phase === Phase.Down ? "long" : "single";
		this.phase = Phase.Idle;
		this.fire(event, now);
	}

	override pollTimeout(now: number): number {
		const { contact, phase } = this;
		// Whether it is still held, or pressed again, is only known once it is quiet.
		if (contact.isUnstable) return contact.pollTimeout(this.debounceMs, now);
		let limitMs = -1;
		if (phase === Phase.Up) limitMs = this.doubleMs;
		else if (phase === Phase.Down && this.longMs > 0) limitMs = this.longMs;
		return limitMs < 0 ? -1 : Math.max(0, (this.since + limitMs - now) | 0);
	}

	private get debounceMs(): number {
		return (this.options.debounceMs as number | undefined) ?? Const.DEBOUNCE_MS;
	}

	private get longMs(): number {
		return (this.options.longMs as number | undefined) ?? Const.LONG_MS;
	}

	private get doubleMs(): number {
		return (this.options.doubleMs as number | undefined) ?? Const.DOUBLE_MS;
	}

	private press(at: number, now: number): void {
		const wasUp = this.phase === Phase.Up;
		if (wasUp && ((at - this.since) | 0) < this.doubleMs) {
			this.phase = Phase.Idle;
			this.fire("double", now);
			return;
		}
		this.phase = Phase.Down;
		this.since = at;
		// The timer was late.
		if (wasUp) this.fire("single", now);
	}

	private release(at: number, now: number): void {
		const heldMs = (at - this.since) | 0;
		const wasDown = this.phase === Phase.Down;
		const isLong = this.longMs > 0 && heldMs >= this.longMs;
		this.phase = Phase.Idle;
		if (!wasDown) return;
		if (isLong) this.fire("long", now);
		else if (this.doubleMs === 0) this.fire("single", now);
		else {
			this.phase = Phase.Up;
			this.since = at;
		}
	}

	private fire(event: string, now: number): void {
		const refused = this.drive(event, now);
		const more = refused === "" ? "" : `,"refused":${JSON.stringify(refused)}`;
		this.owner.report(this, "state", `"event":"${event}"${more}`, false);
	}

	/** Carries out what the press stands for; "" or why the entity refuses. */
	private drive(event: string, now: number): string {
		const { actions, controls } = this.options;
		if (controls === undefined) return "";
		let action = event === "single" ? "TOGGLE" : undefined;
		if (actions !== undefined) action = (actions as Json)[event] as string | undefined;
		if (action === undefined) return "";
		const entity = this.owner.find(controls as string);
		if (entity === undefined) return `there is no ${controls}`;
		// Only ever in handleTimeout(), after which states are published.
		return entity.apply(plainCommand(action), now);
	}
}

/** Checks what a button's entry has of its own; that `controls` exists is checked by check.ts. */
export const checkButton = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, KEYS.concat(CONTACT_KEYS), COMMON_KEYS);
	checkContact(check, options, path, pins);
	check.integer(options, path, "longMs", Const.LONG_MS, 0, Const.LIMIT_MS);
	check.integer(options, path, "doubleMs", Const.DOUBLE_MS, 0, Const.DOUBLE_LIMIT_MS);
	const actions = check.object(options, "actions", path);
	check.keys(actions, `${path}.actions`, EVENTS);
	for (const event of EVENTS) check.word(actions, `${path}.actions`, event, ACTIONS);
	if (options.controls !== undefined) check.text(options, path, "controls", "", 32);
	else if (options.actions !== undefined) {
		check.problem(`${path}.actions`, undefined, "needs controls, the id of what they act on");
	}
	if (options.doubleMs === 0 && actions.double !== undefined) {
		check.problem(`${path}.actions.double`, actions.double, "never happens where doubleMs is 0");
	}
	if (options.longMs === 0 && actions.long !== undefined) {
		check.problem(`${path}.actions.long`, actions.long, "never happens where longMs is 0");
	}
};
