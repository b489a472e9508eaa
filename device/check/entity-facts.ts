/**
 * What an entity of a site will be, for people: its pins, its topics, what it does at boot and
 * when nobody reaches it. Pure. Always holds: the entity was checked; defaults are the firmware's.
 */

import type { Json } from "../../firmware/checker";
import { KINDS } from "../../firmware/entities/kinds";
import type { PinUse } from "../../firmware/pins";
import { findPin } from "./pin-warnings";
import { useOf } from "./uses";

export interface PinFact {
	readonly label: string;
	/** -1: none. */
	readonly gpio: number;
	/** Channel of the converter; -1: none. */
	readonly adc: number;
	/** Part of the entity: red, data, …; empty for its only pin. */
	readonly part: string;
	readonly use: PinUse;
}

export interface TopicFact {
	readonly what: "set" | "state" | "problem";
	readonly topic: string;
}

/** What topics are made of. */
export interface TopicParts {
	/** First levels of the node's topics, with a slash at the end. */
	readonly begin: string;
	/** Of what all nodes listen to; empty: this one does not. */
	readonly broadcast: string;
	/** Of Tasmota's dialect; empty: its own. */
	readonly tasmota: string;
	/** POWER or POWER<x>: the entity's name there. */
	readonly power: string;
}

export interface EntityFact {
	readonly id: string;
	readonly kind: string;
	readonly name: string;
	readonly pins: readonly PinFact[];
	readonly topics: readonly TopicFact[];
	/** Empty for what switches nothing. */
	readonly atBoot: string;
	readonly withoutContact: string;
	/** What else it does by itself. */
	readonly notes: readonly string[];
}

export function entityFact(options: Json, board: Json, parts: TopicParts): EntityFact {
	const { id, kind, name } = options as { id: string; kind: string; name?: string };
	const switches = kind === "relay" || kind === "light";
	return {
		id,
		kind,
		name: name || id,
		pins: pinFacts(options, board),
		topics: topicsOf(options, parts),
		atBoot: switches ? ((options.restore as string | undefined) ?? "off") : "",
		withoutContact: switches ? lossOf(options) : "",
		notes: notesOf(options),
	};
}

/** The pins that it takes; of an own kind what is a label of the board. */
export function pinFacts(options: Json, board: Json): PinFact[] {
	const facts = allPinFacts(options, board);
	if (KINDS.includes(options.kind as string)) return facts;
	return facts.filter(({ label }) => findPin(board, label) !== undefined);
}

function allPinFacts(options: Json, board: Json): PinFact[] {
	const { pin, pins, kind, bus } = options;
	const use = useOf(options);
	const fact = (label: unknown, part: string): PinFact => {
		const text = String(label);
		const { gpio = -1, adc = -1 } = findPin(board, text) ?? {};
		return { label: text, gpio, adc, part, use };
	};
	const several = typeof pins === "object" && pins !== null ? Object.entries(pins) : [];
	const named = several.map(([part, label]) => fact(label, part));
	if (typeof pin === "string") named.unshift(fact(pin, ""));
	if (named.length > 0) return named;
	if (kind !== "sensor") return [];
	const buses = (board.buses ?? {}) as Record<string, { data?: string; clock?: string }>;
	const { data, clock } = buses[(bus as string | undefined) ?? "i2c"] ?? {};
	return data === undefined ? [] : [fact(data, "data"), fact(clock, "clock")];
}

/** Whether there is a topic to set it; an own kind may have one. */
export function takesCommands(options: Json): boolean {
	const { kind } = options;
	return kind === "relay" || kind === "light" || !KINDS.includes(kind as string);
}

/** As firmware/profiles/dialect.ts and tasmota.ts have them. */
function topicsOf(options: Json, parts: TopicParts): TopicFact[] {
	const { begin, broadcast, tasmota, power } = parts;
	const { id, kind } = options as { id: string; kind: string };
	const own = (options.topics ?? {}) as { set?: string; state?: string };
	const topics: TopicFact[] = [];
	const add = (what: TopicFact["what"], topic: string) => topics.push({ what, topic });
	const isTaker = takesCommands(options);
	if (isTaker) {
		if (own.set !== undefined) add("set", own.set);
		add("set", `${begin}${id}/set`);
		if (broadcast !== "") add("set", `${broadcast}${id}/set`);
		if (tasmota !== "") add("set", `cmnd/${tasmota}/${power}`);
	}
	if (tasmota === "") add("state", own.state ?? `${begin}${id}/state`);
	else add("state", isTaker ? `stat/${tasmota}/${power}` : `tele/${tasmota}/SENSOR`);
	if (kind === "sensor") add("problem", `${begin}${id}/problem`);
	return topics;
}

function lossOf(options: Json): string {
	const loss = (options.onLossOfContact ?? {}) as { state?: string; afterMs?: number };
	if (loss.state === undefined || loss.state === "keep") return "as it is";
	return `${loss.state} ${loss.afterMs ? `after ${duration(loss.afterMs)}` : "at once"}`;
}

function notesOf(options: Json): string[] {
	const notes: string[] = [];
	const ms = (key: string, text: string) => {
		const value = options[key];
		if (typeof value === "number") notes.push(`${text} ${duration(value)}`);
	};
	ms("minimumOnMs", "on for at least");
	ms("minimumOffMs", "off for at least");
	ms("offAfterMs", "off by itself after");
	ms("pulseMs", "a pulse of");
	if (options.interlock !== undefined) notes.push(`one of "${options.interlock}" at a time`);
	if (options.controls !== undefined) notes.push(`drives ${options.controls}`);
	if (options.driver !== undefined) notes.push(String(options.driver));
	return notes;
}

/** 1500: "1500 ms"; 60000: "60 s"; 7200000: "2 h". */
export function duration(ms: number): string {
	if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
	if (ms % 60_000 === 0 && ms > 60_000) return `${ms / 60_000} min`;
	return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
