/**
 * Orders to the simulated world in words, one per line: `press button`, `hold button 1s`,
 * `set soil 0.42`, `break climate`, `contact off`. And keys for those who have no words. Must not
 * know where lines come from.
 */

import { type InputThing, type Stage, StageError, type Thing } from "../world/stage";

const VERBS = ["press", "hold", "pulse", "break", "mend"];

export const ORDERS = [
	"press NAME [times]",
	"hold NAME [2s]",
	"pulse NAME [times]",
	"NAME on, NAME off",
	"set NAME VALUE, set NAME READING VALUE",
	"set PIN high, set PIN low, set PIN free, set PIN 0.4",
	"break NAME, break NAME empty, mend NAME",
];

/** Checks an order; what does it, and says what was done. Throws StageError. */
export function planOrder(stage: Stage, line: string): () => string {
	const [first, what, ...rest] = line.trim().split(/\s+/);
	const isTurned = rest.length === 0 && (what === "on" || what === "off");
	if (isTurned) return stage.plan(first, what);
	if (VERBS.includes(first) && what !== undefined) {
		return stage.plan(what, [first, ...rest].join(" "));
	}
	if (first === "set" && rest.length === 1) return stage.plan(what, givenValue(rest[0]));
	if (first === "set" && rest.length === 2)
		return stage.plan(what, { [rest[0]]: givenValue(rest[1]) });
	throw new StageError(`"${line.trim().slice(0, 80)}" is no order; ${ORDERS.join("; ")}`);
}

function givenValue(text: string): unknown {
	if (text === "true" || text === "false") return text === "true";
	const number = Number(text);
	return Number.isFinite(number) ? number : text;
}

/** A key for each input: the first letter of its name that is free, else another one. */
export function keysOf(things: readonly Thing[]): ReadonlyMap<string, InputThing> {
	const keys = new Map<string, InputThing>();
	for (const thing of things) {
		if (!("pin" in thing)) continue;
		const letters = `${thing.name}abcdefghijklmnopqrstuvwxyz0123456789`;
		const key = [...letters].find((one) => /[a-z]/.test(one) && !keys.has(one));
		if (key !== undefined) keys.set(key, thing);
	}
	return keys;
}

/** The order that a key stands for; a capital is the longer one. "" for none. */
export function orderOfKey(
	keys: ReadonlyMap<string, InputThing>,
	key: string,
	isOn: boolean,
): string {
	const thing = keys.get(key.toLowerCase());
	if (thing === undefined) return "";
	const isLong = key !== key.toLowerCase();
	if (thing.kind === "binary") return `${thing.name} ${isOn ? "off" : "on"}`;
	if (thing.kind === "pulse") return `pulse ${thing.name} ${isLong ? 10 : 1}`;
	return `${isLong ? "hold" : "press"} ${thing.name}`;
}

/** What the keys do, a line each. */
export function keyLines(keys: ReadonlyMap<string, InputThing>): string[] {
	return [...keys].map(([key, { kind, name }]) => {
		const long = key.toUpperCase();
		if (kind === "binary") return `${key}  turns ${name} on and off`;
		if (kind === "pulse") return `${key}  pulses ${name}, ${long} ten times`;
		return `${key}  presses ${name}, ${long} for long`;
	});
}
