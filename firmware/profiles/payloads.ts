/**
 * The JSON that a node publishes, as text. Pure. Always holds: valid JSON, with the keys of
 * docs/protocol.md in their order. Written by hand because a template costs XS one string, a
 * record and JSON.stringify many slots.
 */

import type { NodeFacts } from "./profile";

/** Characters of `last_error`: the rest is on the console. */
const ERROR_LIMIT = 96;

/** `<base>/<node>/time`. Numbers: milliseconds but for uptime_s and stratum. */
export function timePayload(facts: NodeFacts, sequence: number, now: number): string {
	const unixMs = facts.unixMs(now);
	const iso = new Date(unixMs).toISOString();
	const time = `"seq":${sequence},"time":"${iso}","unix_ms":${unixMs}`;
	const errorMs = facts.errorBoundMs(now);
	// No bound is known for a clock that no server has set, and JSON has no infinity.
	const error = Number.isFinite(errorMs) ? tenths(errorMs) : "null";
	const clock = `"clock":"${facts.clockState()}","offset_ms":${tenths(facts.offsetMs())}`;
	const server = `"server":${JSON.stringify(facts.timeServer())},"stratum":${facts.stratum()}`;
	const uptime = `"uptime_s":${facts.uptimeSeconds(now)}`;
	return `{${time},${clock},"error_ms":${error},${server},${uptime}}`;
}

/** `<base>/<node>/diag`. `rssi` and `heap` are missing where the platform does not tell. */
export function diagPayload(facts: NodeFacts, queue: number, dropped: number, now: number): string {
	const session = facts.session;
	const heap = facts.freeBytes();
	const rssi = facts.rssi();
	const platform =
		(heap === undefined ? "" : `"heap":${heap},`) + (rssi === undefined ? "" : `"rssi":${rssi},`);
	const counts = `"reconnects":${facts.reconnects},"queue":${queue},"dropped":${dropped}`;
	const state = `"skipped":${session.skipped},"drift_ppm":${tenths(facts.driftPpm())}`;
	const clock = `"clock":"${facts.clockState() === "set" ? "set" : "unset"}"`;
	const error = `"last_error":${JSON.stringify(facts.error.slice(0, ERROR_LIMIT))}`;
	return `{${platform}${counts},${state},${clock},${error},"uptime_s":${facts.uptimeSeconds(now)}}`;
}

/** `<base>/<node>/result` for a command that was carried out. */
export function donePayload(entity: string, id: string, state: string): string {
	return `{"entity":"${entity}"${idPart(id)},"done":true,"state":"${state}"}`;
}

/** `<base>/<node>/result` for a command that was not. */
export function refusedPayload(entity: string, id: string, reason: string): string {
	return `{"entity":"${entity}"${idPart(id)},"done":false,"reason":${JSON.stringify(reason)}}`;
}

/** `<base>/<node>/result` for a message that was too large to be looked at. */
export function skippedPayload(reason: string): string {
	return `{"done":false,"reason":${JSON.stringify(reason)}}`;
}

function idPart(id: string): string {
	return id === "" ? "" : `,"id":${JSON.stringify(id)}`;
}

/** One decimal: more would claim what SNTP does not measure. */
function tenths(value: number): number {
	return Math.round(value * 10) / 10;
}
