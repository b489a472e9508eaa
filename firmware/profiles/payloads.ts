/**
 * The JSON that a node publishes, as text. Pure. Always holds: valid JSON, with the keys of
 * docs/protocol.md in their order. Written by hand because a template costs XS one string, a
 * record and JSON.stringify many slots.
 */

import { utf8Bytes } from "../checker";
import { Heap, Machine } from "../platform/figures";
import type { NodeFacts } from "./profile";

/**
 * What the session may hold for the transport: a diag has to fit, with SUBSCRIBE after a connect
 * or a moment later without.
 */
export const TRANSMIT_BYTES = 512;

const enum Const {
	/** What the session adds to topic and payload: token, fixed header, lengths of both. */
	PUBLISH_BYTES = 9,
	/** Bytes of `last_crash` and `last_error` as JSON: the rest is on the console. */
	CRASH_LIMIT = 64,
	ERROR_LIMIT = 98,
	/** `,"last_crash":,"last_error":}` */
	TEXTS_BYTES = 30,
}

/** A report on its way out: with its time, null where there is no clock still. */
export const stamped = (facts: NodeFacts, payload: string, now: number): string => {
	const at = payload.indexOf(UNTIMED);
	if (at < 0) return payload;
	const ticks = Number(payload.slice(at + UNTIMED.length, -1));
	const isSet = facts.clockState() !== "";
	const time = isSet ? timeMembers(facts, now, (now - ticks) | 0) : '"time":null,"unix_ms":null';
	return `${payload.slice(0, at)}${time}}`;
};

/** `<base>/<node>/time`. Numbers: milliseconds but for uptime_s and stratum. */
export const timePayload = (facts: NodeFacts, sequence: number, now: number): string => {
	const time = `"seq":${sequence},${timeMembers(facts, now)}`;
	const errorMs = facts.errorBoundMs(now);
	// No bound is known for a clock that no server has set, and JSON has no infinity.
	const error = Number.isFinite(errorMs) ? tenths(errorMs) : "null";
	const clock = `"clock":"${facts.clockState()}","offset_ms":${tenths(facts.offsetMs())}`;
	const server = `"server":${JSON.stringify(facts.timeServer())},"stratum":${facts.stratum()}`;
	const uptime = `"uptime_s":${facts.uptimeSeconds(now)}`;
	return `{${time},${clock},"error_ms":${error},${server},${uptime}}`;
};

/**
 * `<base>/<node>/diag`. Figures that the platform does not tell are missing. The texts come last,
 * cut to what there is room for.
 * @param topic that it goes to
 */
export const diagPayload = (
	facts: NodeFacts,
	topic: string,
	queue: number,
	dropped: number,
	now: number,
): string => {
	const { boots, chip, session } = facts;
	let text = `{"uptime_s":${facts.uptimeSeconds(now)},"boots":${boots.starts}`;
	text += `,"crashes":${boots.crashes},"safe_mode":${boots.safeMode}`;
	text += figure("heap", chip.heapFigure(Heap.Free));
	text += figure("heap_min", chip.heapFigure(Heap.Least));
	text += figure("heap_block", chip.heapFigure(Heap.Block));
	text += figure("xs_slots", chip.machineFigure(Machine.Slots));
	text += figure("xs_chunks", chip.machineFigure(Machine.Chunks));
	text += figure("xs_stack", chip.machineFigure(Machine.Stack));
	text += figure("xs_room", chip.machineFigure(Machine.Room));
	text += figure("rssi", facts.rssi());
	text += `,"reconnects":${facts.reconnects},"queue":${queue},"dropped":${dropped}`;
	text += `,"skipped":${session.skipped},"drift_ppm":${tenths(facts.driftPpm())}`;
	text += `,"clock":"${facts.clockState() === "set" ? "set" : "unset"}"`;
	if (boots.reset !== "") text += `,"reset":${JSON.stringify(boots.reset)}`;
	let room = TRANSMIT_BYTES - Const.PUBLISH_BYTES - topic.length - text.length - Const.TEXTS_BYTES;
	let crash = "";
	if (boots.lastCrash !== "") {
		// An error that comes again is worth more than a crash that is over.
		const least = Math.min(Const.ERROR_LIMIT, room / 2);
		crash = fitted(boots.lastCrash, Math.min(Const.CRASH_LIMIT, Math.floor(room - least)));
		room -= utf8Bytes(crash);
		crash = `,"last_crash":${crash}`;
	}
	return `${text}${crash},"last_error":${fitted(facts.error, Math.min(Const.ERROR_LIMIT, room))}}`;
};

const figure = (key: string, value: number | undefined): string => {
	return value === undefined ? "" : `,"${key}":${value}`;
};

/** A text as JSON of at most so many bytes, cut where it is too long. */
const fitted = (text: string, limit: number): string => {
	let cut = text.slice(0, limit);
	for (;;) {
		const json = JSON.stringify(cut);
		const excess = utf8Bytes(json) - limit;
		if (excess <= 0 || cut === "") return json;
		// A character may take six bytes: never more than need be is cut.
		cut = cut.slice(0, -Math.ceil(excess / 6));
	}
};

/** How a command ended, in the history: what it led to, or one of these and why not. */
const enum Outcome {
	Refused = "!",
	Interrupted = "?",
}

export const refusedOutcome = (reason: string): string => Outcome.Refused + reason;
/** A reboot fell between storing the command and doing it. */
export const INTERRUPTED = `${Outcome.Interrupted}interrupted by a restart: it may have been done`;

/**
 * `<base>/<node>/result` for a command.
 * @param outcome the state that the entity has now, with a blank and the one that it will have when
 *   its turn comes; or refusedOutcome() or INTERRUPTED
 */
export const resultPayload = (entity: string, id: string, outcome: string): string => {
	const idPart = id === "" ? "" : `,"id":${JSON.stringify(id)}`;
	const head = `{"entity":${JSON.stringify(entity)}${idPart}`;
	const first = outcome[0];
	if (first !== Outcome.Refused && first !== Outcome.Interrupted) {
		const [state, pending] = outcome.split(" ");
		const later = pending === undefined ? "" : `,"pending":"${pending}"`;
		return `${head},"done":true,"state":"${state}"${later}}`;
	}
	const interrupted = first === Outcome.Interrupted ? ',"interrupted":true' : "";
	return `${head},"done":false${interrupted},"reason":${JSON.stringify(outcome.slice(1))}}`;
};

/** Stands before the ticks of a report that was made without a clock. */
const UNTIMED = '"time":@';

/**
 * When it was that a report is about: `"time":…,"unix_ms":…`. Without a clock: its ticks, which
 * stamped() makes a time of; last in the report.
 */
export const timeMembers = (facts: NodeFacts, now: number, ageMs = 0): string => {
	if (facts.clockState() === "") return `${UNTIMED}${(now - ageMs) | 0}`;
	const unixMs = facts.unixMs(now) - ageMs;
	return `"time":"${new Date(unixMs).toISOString()}","unix_ms":${unixMs}`;
};

/** `<base>/<node>/result` for a message that was too large to be looked at. */
export const skippedPayload = (reason: string): string => {
	return `{"done":false,"reason":${JSON.stringify(reason)}}`;
};

/** One decimal: more would claim what SNTP does not measure. */
const tenths = (value: number): number => {
	return Math.round(value * 10) / 10;
};
