/**
 * What Home Assistant is told of each thing that a node has: components of a device discovery
 * message as text, made from the entities' options when asked for. Pure. Always holds: valid JSON;
 * a component's key is its platform and its entity, so that an entity of another kind under the
 * same id is another component; templates yield "" for what a message does not have. Must not know
 * when or how the text is sent. Keys are the documentation's abbreviations: docs/home-assistant.md.
 */

import type { Json } from "../checker";
import { nameOf } from "../entities/common";
import type { Entity } from "../entities/entity";
import type { NodeTopics } from "../topics";
import { PLAIN_MEMBERS } from "./profile";

/** Where entities are, in the words of the node's dialect. */
export interface EntityPlaces {
	setTopic(entity: Entity): string;
	/** @param leaf "state" */
	stateTopic(entity: Entity, leaf: string): string;
	/**
	 * Where in the JSON on the state topic the entity's own members are, as an expression of Jinja:
	 * PLAIN_MEMBERS, or a part of it that is a dictionary also where the JSON is not about the entity
	 * (`value_json.get('climate',{})`). With a part, what takes commands says ON and OFF, whatever
	 * its payloads, and a light says no JSON.
	 */
	membersAt(entity: Entity): string;
}

/** What a node says of itself. */
export interface NodeCard {
	readonly node: string;
	/** The board's title. */
	readonly model: string;
	readonly version: string;
	readonly topics: NodeTopics;
	readonly places: EntityPlaces;
	readonly entities: readonly Entity[];
}

const enum Const {
	/** Characters of listed(), so that it fits into preferences. */
	LIST_LIMIT = 400,
	/** Reports that fail to come until a value counts as gone, and seconds at least. */
	EXPIRE_REPORTS = 3,
	EXPIRE_SECONDS = 60,
	/** As in entities/reporting.ts. */
	INTERVAL_MS = 10_000,
	MAXIMUM_MS = 300_000,
}

/** Platforms, each by its first letter in keys but for sensor, which is n. */
const PLATFORMS: Readonly<Record<string, string>> = Object.freeze({
	s: "switch",
	l: "light",
	e: "event",
	b: "binary_sensor",
	n: "sensor",
});

/** Keys of all components of entities, with blanks between: what has to be remembered. */
export const listed = (entities: readonly Entity[]): string => {
	let list = "";
	for (const entity of entities) {
		const count = componentCount(entity);
		for (let which = 0; which < count; which++) {
			const key = keyOf(entity, which);
			if (list.length + key.length < Const.LIST_LIMIT) list += list === "" ? key : ` ${key}`;
		}
	}
	return list;
};

/** Which keys of a list are not in another. */
export const missing = (list: string, present: string): string => {
	const all = ` ${present} `;
	let gone = "";
	for (const key of list.split(" ")) {
		if (key !== "" && !all.includes(` ${key} `)) gone += gone === "" ? key : ` ${key}`;
	}
	return gone;
};

/** Up to the first component. */
export const headOf = (card: NodeCard): string => {
	const { availability, online, offline } = card.topics;
	const node = JSON.stringify(card.node);
	const version = member("sw", card.version);
	let text = `{"dev":{"ids":${node},"name":${node},"mf":"fieldmote"${member("mdl", card.model)}`;
	text += `${version}},"o":{"name":"fieldmote"${version}}${member("avty_t", availability)}`;
	// Home Assistant's own words need not be said.
	if (online !== "online") text += member("pl_avail", online) + member("pl_not_avail", offline);
	return `${text},"cmps":{`;
};

export const uptimeOf = (card: NodeCard): string => {
	return `${diagnosticOf(card, "uptime", "Uptime", "duration", "s", "uptime_s")}}`;
};

export const receptionOf = (card: NodeCard): string => {
	const text = diagnosticOf(card, "rssi", "Signal", "signal_strength", "dBm", "rssi");
	return `,${text},"stat_cla":"measurement"}`;
};

/** All but its end. */
const diagnosticOf = (
	card: NodeCard,
	what: string,
	name: string,
	deviceClass: string,
	unit: string,
	figure: string,
): string => {
	const id = `diag_${what}`;
	const text = `"n_${id}":{"p":"sensor","uniq_id":"${card.node}_${id}","name":"${name}"`;
	const value = `${templateOf(PLAIN_MEMBERS, figure)},"dev_cla":"${deviceClass}"`;
	const unitOf = `,"unit_of_meas":"${unit}","ent_cat":"diagnostic"`;
	return `${text}${member("stat_t", card.topics.diag)}${value}${unitOf}`;
};

/** An empty one is how a component is taken away; its platform has to be there. */
export const removalOf = (removed: string): string => {
	let text = "";
	for (const key of removed.split(" ")) {
		// Only what is not one of the letters may have an underscore in it.
		const letter = key.charAt(1) === "_" ? key.charAt(0) : "";
		text += `,"${key}":{"p":"${PLATFORMS[letter] ?? key.slice(0, key.lastIndexOf("_"))}"}`;
	}
	return text;
};

/** How the keys of an entity's components begin; "" for what Home Assistant is not told. */
const platformOf = (entity: Entity): string => {
	switch (entity.options.kind) {
		case "relay":
			return "s";
		case "light":
			return "l";
		case "button":
			return "e";
		case "binary":
			return "b";
		case "analog":
		case "pulse":
		case "sensor":
			return "n";
		default:
			return entity.discovery.split('"')[3] ?? "";
	}
};

export const componentCount = (entity: Entity): number => {
	if (entity.options.kind !== "sensor") return platformOf(entity) === "" ? 0 : 1;
	let count = 0;
	for (const _ in readingsOf(entity)) count++;
	return count;
};

const readingsOf = (entity: Entity): Json => (entity.options.readings ?? {}) as Json;

/** Name of the reading of that number, "" where the entity is one component. */
const readingOf = (entity: Entity, which: number): string => {
	let left = which;
	if (entity.options.kind === "sensor") {
		for (const key in readingsOf(entity)) if (left-- === 0) return key;
	}
	return "";
};

/** Entity and reading, as in `unique_id`. */
const nameIn = (entity: Entity, which: number): string => {
	const reading = readingOf(entity, which);
	return reading === "" ? entity.id : `${entity.id}_${reading}`;
};

const keyOf = (entity: Entity, which: number): string => {
	return `${platformOf(entity)}_${nameIn(entity, which)}`;
};

/** `,"key":value`, or "" for nothing. */
const member = (key: string, value: unknown): string => {
	return value === undefined || value === "" ? "" : `,"${key}":${JSON.stringify(value)}`;
};

/** @param which of the entity's components, from 0 */
export const componentOf = (card: NodeCard, entity: Entity, which: number): string => {
	const { options } = entity;
	const { places } = card;
	const letter = platformOf(entity);
	const platform = PLATFORMS[letter];
	const what = platform === undefined ? entity.discovery : `"p":"${platform}"`;
	const id = nameIn(entity, which);
	let text = `,"${letter}_${id}":{${what},"uniq_id":"${card.node}_${id}"`;
	if (entity.takesCommands) text += `${member("cmd_t", places.setTopic(entity))},"qos":1`;
	text += member("stat_t", places.stateTopic(entity, "state")) + member("ic", options.icon);
	const at = places.membersAt(entity);
	const reading = readingOf(entity, which);
	return `${text}${reading === "" ? membersOf(entity, at) : readingMembers(entity, at, reading)}}`;
};

/** What differs from kind to kind. */
const membersOf = (entity: Entity, at: string): string => {
	const { options } = entity;
	const text = member("name", nameOf(options)) + member("dev_cla", options.deviceClass);
	switch (options.kind) {
		case "relay": {
			const payloads = options.payloads as Json | undefined;
			if (payloads === undefined || at !== PLAIN_MEMBERS) return text;
			return text + member("pl_on", payloads.on) + member("pl_off", payloads.off);
		}
		case "light":
			return at === PLAIN_MEMBERS ? text + lightMembers(options) : text;
		case "button":
			return text + eventMembers(options, at);
		case "binary":
			return text + templateOf(at, "state");
		case "analog":
			return text + valueMembers(options, options, at, "value", "measurement", 2);
		case "pulse":
			return text + valueMembers(options, options, at, "value", "total_increasing", undefined);
		default:
			return text;
	}
};

/** Schema json. Flashing is not among our commands. */
const lightMembers = (options: Json): string => {
	const dims = options.dimmable !== false;
	const mode = !dims ? "onoff" : options.pins === undefined ? "brightness" : "rgb";
	return `,"schema":"json","brightness":${dims},"sup_clrm":["${mode}"],"trns":${dims},"flsh":false`;
};

/** What happened is an event's type; a message without one is none. */
const eventMembers = (options: Json, at: string): string => {
	const double = options.doubleMs === 0 ? "" : ',"double"';
	const long = options.longMs === 0 ? "" : ',"long"';
	const template = `{%set e=${at}.get('event')%}{%if e%}{"event_type":"{{e}}"}{%endif%}`;
	return `,"event_types":["single"${double}${long}]${member("val_tpl", template)}`;
};

const readingMembers = (entity: Entity, at: string, key: string): string => {
	const reading = readingsOf(entity)[key] as Json;
	const own = nameOf(entity.options);
	const name = reading.name ?? (componentCount(entity) === 1 ? own : `${own} ${key}`);
	const stateClass = reading.unit === undefined ? undefined : "measurement";
	const text = member("name", name) + member("dev_cla", reading.deviceClass);
	return text + valueMembers(entity.options, reading, at, key, stateClass, undefined);
};

/**
 * @param options of the entity
 * @param own of the value: unit, stateClass, decimals
 */
const valueMembers = (
	options: Json,
	own: Json,
	at: string,
	key: string,
	stateClass: string | undefined,
	decimals: number | undefined,
): string => {
	const text = `${templateOf(at, key)},"exp_aft":${expireSeconds(options)}`;
	const unit = member("unit_of_meas", own.unit);
	const precision = member("sug_dsp_prc", own.decimals ?? decimals);
	return text + unit + member("stat_cla", own.stateClass ?? stateClass) + precision;
};

/** With get(), because a member may be called as a method of Python's dictionaries, or missing. */
const templateOf = (at: string, key: string): string => {
	return `,"val_tpl":"{{${at}.get('${key}','')}}"`;
};

/** A sensor that fails reports nothing: after so long Home Assistant shows it as unavailable. */
const expireSeconds = (options: Json): number => {
	let hasDelta = options.delta !== undefined;
	const readings = (options.readings ?? {}) as Json;
	for (const key in readings) if ((readings[key] as Json).delta !== undefined) hasDelta = true;
	const intervalMs = (options.intervalMs ?? Const.INTERVAL_MS) as number;
	const minimumMs = (options.minimumMs ?? 0) as number;
	// A change decides, but for so long at most.
	const maximumMs = (hasDelta ? (options.maximumMs ?? Const.MAXIMUM_MS) : 0) as number;
	const longestMs = Math.max(intervalMs, minimumMs, maximumMs);
	return Math.max(Const.EXPIRE_SECONDS, Math.ceil((longestMs * Const.EXPIRE_REPORTS) / 1000));
};
