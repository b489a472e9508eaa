/**
 * The values of wishes to the world, as a script or an order gives them: read and checked. Always
 * holds: an error says whose value it is, what it is, and what would be right. Must not know pins.
 */

/** What cannot be done, in words for people. */
export class StageError extends Error {}

const LONGEST_MS = 3_600_000;
const MOST_TIMES = 10_000;

/** Undefined: neither. */
export function onOff(value: unknown): boolean | undefined {
	if (value === true || value === "on") return true;
	return value === false || value === "off" ? false : undefined;
}

/** Undefined: no number. */
export function numberOf(value: unknown): number | undefined {
	const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
	return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** How often, 1 to 10000. */
export function timesOf(name: string, text: string): number {
	const times = Number(text);
	if (!/^\d+$/.test(text) || times < 1 || times > MOST_TIMES) {
		throw new StageError(`${name}: how often: "${text}" must be 1 to ${MOST_TIMES}`);
	}
	return times;
}

/** `1s`, `1.5s`, `800ms` */
export function durationMs(name: string, text: string): number {
	const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
	const value = match === null ? 0 : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
	if (value < 1 || value > LONGEST_MS) {
		throw new StageError(`${name}: how long: "${text}" must be like 1s or 800ms, at most 3600s`);
	}
	return value;
}

/** A value in an error. */
export function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? "nothing";
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
