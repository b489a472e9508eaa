/**
 * What a payload asks of an entity. Pure: text in, a record out. Always holds: either `state` is
 * ON, OFF or TOGGLE or `problem` says what was expected. Must not know whether the command may be
 * carried out: that depends on how it came (see refusal()) and on the entity.
 */

import type { Json } from "../checker";

export interface Command {
	/** ON, OFF or TOGGLE. ON where only brightness or colour is given. */
	readonly state: string;
	/** 0 to 255, -1: not given. */
	readonly brightness: number;
	/** 0xRRGGBB, -1: not given. */
	readonly color: number;
	/** -1: not given. */
	readonly transitionMs: number;
	/** ON for so long, then OFF; -1: not given. */
	readonly forMs: number;
	/** Identity given by the sender, "" for none; at most 64 characters. */
	readonly id: string;
	/** Unix time from which on it must not be carried out; 0: never expires. */
	readonly expiresMs: number;
	/** "" or what is wrong with the payload. */
	readonly problem: string;
}

const EXPECTED = 'expected ON, OFF, TOGGLE or {"state": one of these}';
const KEYS = "brightness, color, transition, for, id, expires";
const CHANNELS = Object.freeze(["r", "g", "b"]);

const enum Const {
	/** Characters of an `id`; longer ones would fill the history and the result. */
	ID_LIMIT = 64,
	/** Seconds of `transition`, of `for`. */
	TRANSITION_LIMIT = 3_600,
	FOR_LIMIT = 604_800,
}

/** ON, OFF or TOGGLE and nothing else. */
export const plainCommand = (state: string): Command => command(state, "", "");

/**
 * Parses a payload; never throws.
 * @param words texts that stand for `on`, `off` and `toggle`, beside the common ones
 */
export const parseCommand = (text: string, words?: Json): Command => {
	const trimmed = text.trim();
	const word = wordOf(trimmed, words);
	if (word !== "") return plainCommand(word);
	if (!trimmed.startsWith("{")) return command("", "", expected(words));
	if (depthOf(trimmed) > 2) return command("", "", `nested JSON, ${EXPECTED}`);
	return parseJson(trimmed, words);
};

const expected = (words: Json | undefined): string => {
	if (words === undefined) return EXPECTED;
	return `expected ${words.on}, ${words.off} or {"state": one of these}`;
};

const wordOf = (text: string, words: Json | undefined): string => {
	if (words !== undefined) {
		if (text === words.on) return "ON";
		if (text === words.off) return "OFF";
		if (text === words.toggle) return "TOGGLE";
	}
	return text === "ON" || text === "OFF" || text === "TOGGLE" ? text : "";
};

/**
 * How deep objects and arrays lie in each other, arrays as 3. XS parses JSON recursively, and a C
 * stack that is used up is no exception but the end.
 */
const depthOf = (text: string): number => {
	let inString = false;
	let depth = 0;
	let deepest = 0;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (inString && c === "\\") i++;
		else if (c === '"') inString = !inString;
		else if (inString) continue;
		else if (c === "[") return 3;
		else if (c === "{") deepest = Math.max(deepest, ++depth);
		else if (c === "}") depth--;
	}
	return deepest;
};

const parseJson = (text: string, words: Json | undefined): Command => {
	let record: Json;
	try {
		record = JSON.parse(text) as Json;
	} catch {
		return command("", "", `invalid JSON, ${EXPECTED}`);
	}
	const id = record.id ?? "";
	if (typeof id !== "string" || id.length > Const.ID_LIMIT) {
		return command("", "", `id must be text of at most ${Const.ID_LIMIT} characters`);
	}
	let { state } = record;
	let brightness = -1;
	let color = -1;
	let transition = -1;
	let seconds = -1;
	let expiresMs = 0;
	let problem = "";
	for (const key in record) {
		const value = record[key];
		if (key === "state" || key === "id") continue;
		if (key === "brightness") {
			brightness = integer(value, 255);
			if (brightness < 0) problem = "brightness must be a whole number from 0 to 255";
		} else if (key === "color") {
			color = colorOf(value);
			if (color < 0) problem = 'color must be {"r", "g", "b"}, each from 0 to 255';
		} else if (key === "transition") {
			transition = duration(value, Const.TRANSITION_LIMIT);
			if (transition < 0) problem = `transition must be seconds, 0 to ${Const.TRANSITION_LIMIT}`;
		} else if (key === "for") {
			seconds = duration(value, Const.FOR_LIMIT);
			if (seconds <= 0) problem = `for must be seconds, above 0 and at most ${Const.FOR_LIMIT}`;
		} else if (key === "expires") {
			expiresMs = integer(value, Number.MAX_SAFE_INTEGER);
			if (expiresMs <= 0) problem = "expires must be unix time in milliseconds";
		} else problem = `unknown key in JSON, beside state: ${KEYS}`;
		if (problem !== "") return command("", id, problem);
	}
	if (state === undefined && (brightness >= 0 || color >= 0)) state = "ON";
	const word = typeof state === "string" ? wordOf(state, words) : "";
	if (word === "") return command("", id, expected(words));
	if (seconds > 0 && word === "OFF") return command("", id, "for goes with ON or TOGGLE");
	const transitionMs = transition < 0 ? -1 : Math.round(transition * 1000);
	const forMs = seconds < 0 ? -1 : Math.max(1, Math.round(seconds * 1000));
	return { state: word, brightness, color, transitionMs, forMs, id, expiresMs, problem: "" };
};

/** A whole number from 0 to `limit`, or -1. */
const integer = (value: unknown, limit: number): number => {
	return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limit
		? (value as number)
		: -1;
};

const duration = (value: unknown, limit: number): number => {
	return typeof value === "number" && value >= 0 && value <= limit ? value : -1;
};

/** 0xRRGGBB of {"r", "g", "b"}, or -1. */
const colorOf = (value: unknown): number => {
	if (typeof value !== "object" || value === null) return -1;
	const channels = value as Json;
	for (const key in channels) if (!CHANNELS.includes(key)) return -1;
	const red = integer(channels.r, 255);
	const green = integer(channels.g, 255);
	const blue = integer(channels.b, 255);
	return Math.min(red, green, blue) < 0 ? -1 : (red << 16) | (green << 8) | blue;
};

const command = (state: string, id: string, problem: string): Command => {
	return {
		state,
		brightness: -1,
		color: -1,
		transitionMs: -1,
		forMs: -1,
		id,
		expiresMs: 0,
		problem,
	};
};

/** How a command reached the node. */
export interface Arrival {
	readonly qos: number;
	readonly retain: boolean;
	readonly dup: boolean;
	/**
	 * The broker kept the session over a reboot, or while the node was at another broker, but the
	 * node did not: a repeat of what was done before cannot be told from a first delivery, by packet
	 * id or, after a reboot, by `id`.
	 */
	readonly inherited: boolean;
	/** From before the connect: it waited at the broker, nobody knows how long. */
	readonly stale: boolean;
	/** Unix time in milliseconds, 0 while no server has set the clock. */
	readonly unixMs: number;
}

/**
 * Why a well-formed command must not be carried out; "" when it may.
 * DUP alone does not mean seen: the first delivery may have been lost [MQTT-3.3.1-3]. ON and OFF
 * do no harm twice; TOGGLE, `for` and pulses do, so they need an identity: an `id`, or the packet
 * id of QoS 2.
 * @param options of the entity
 */
export const refusal = (command: Command, arrival: Arrival, options: Json): string => {
	const { expiresMs, state } = command;
	const isLasting = state !== "TOGGLE" && command.forMs < 0;
	if (arrival.retain) {
		if (options.restore !== "retained") return "retained commands do not switch";
		// It comes anew after each restart.
		if (!isLasting) return "a retained command must be ON or OFF, without for";
	}
	if (expiresMs > 0) {
		if (arrival.unixMs === 0) return "expires is given, and the clock is not set";
		if (arrival.unixMs >= expiresMs) return `expired ${arrival.unixMs - expiresMs} ms ago`;
	} else if (arrival.stale && !arrival.retain && options.whileAway !== "execute") {
		return "sent while the node was away: give expires, or whileAway in the site";
	}
	const isHarmless = isLasting && (state === "OFF" || options.pulseMs === undefined);
	if (isHarmless || !arrival.dup) return "";
	const what = state === "TOGGLE" ? state : "a pulse";
	if (arrival.inherited) {
		return `${what} was sent again: it may have been done before the reboot or at another broker`;
	}
	if (command.id !== "" || arrival.qos === 2) return "";
	return `${what} was sent again and may have been done: give an id`;
};
