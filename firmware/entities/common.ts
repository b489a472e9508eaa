/**
 * What all kinds of entities have in common in a site: names, topics, payloads. Pure. Always
 * holds: what check.ts calls for every entry is checked here, so that a kind only says which of
 * these keys it knows and checks its own. Must not know kinds.
 */

import { type Checker, type Json, utf8Bytes } from "../checker";

/** For every kind: `check.keys(options, path, OWN_KEYS, COMMON_KEYS)`. */
export const COMMON_KEYS = Object.freeze(["kind", "id", "name", "deviceClass", "icon", "topics"]);
/** For kinds that take commands, in place of COMMON_KEYS. */
export const COMMAND_KEYS = Object.freeze([
	"kind",
	"id",
	"name",
	"deviceClass",
	"icon",
	"topics",
	"payloads",
	"whileAway",
	"rate",
]);

const COMMANDS = "cmnd/";
const TOPIC_KEYS = Object.freeze(["state", "set"]);
/** With what stands for each where the site names none. */
const PAYLOADS = Object.freeze({ on: "ON", off: "OFF", toggle: "TOGGLE" });
const PAYLOAD_KEYS = Object.freeze(["on", "off", "toggle"]);
const RATE_KEYS = Object.freeze(["commands", "perMs"]);
const WHILE_AWAY = Object.freeze(["refuse", "execute"]);

const enum Const {
	NAME_LIMIT = 64,
	TOPIC_LIMIT = 128,
	PAYLOAD_LIMIT = 64,
	HOUR_MS = 3_600_000,
}

/** Values of the common keys; which of them a kind knows is its own business. */
export const checkCommon = (check: Checker, options: Json, path: string): void => {
	check.text(options, path, "name", "", Const.NAME_LIMIT);
	check.text(options, path, "deviceClass", "", Const.NAME_LIMIT);
	const icon = check.text(options, path, "icon", "mdi:", Const.NAME_LIMIT);
	// Home Assistant refuses the whole component otherwise.
	if (!icon.includes(":")) check.problem(`${path}.icon`, icon, 'must be "set:name", as mdi:lamp');
	check.word(options, path, "whileAway", WHILE_AWAY);
	const rate = check.object(options, "rate", path);
	check.keys(rate, `${path}.rate`, RATE_KEYS);
	check.integer(rate, `${path}.rate`, "commands", 20, 1, 1000);
	check.integer(rate, `${path}.rate`, "perMs", 10_000, 100, Const.HOUR_MS);
	checkPayloads(check, options, path);
};

const checkPayloads = (check: Checker, options: Json, path: string): void => {
	const payloads = check.object(options, "payloads", path);
	const at = `${path}.payloads`;
	check.keys(payloads, at, PAYLOAD_KEYS);
	for (const key of PAYLOAD_KEYS) {
		const text = check.text(payloads, at, key, "ON", Const.PAYLOAD_LIMIT);
		// What arrives is compared without the blanks around it.
		if (text === "" || text !== text.trim()) {
			check.problem(`${at}.${key}`, text, "must not be empty, nor begin or end with a blank");
		}
		for (const other of PAYLOAD_KEYS) {
			if (payloads[key] === undefined || other === key) continue;
			if (text === (payloads[other] ?? PAYLOADS[other as "on"])) {
				check.problem(`${at}.${key}`, text, `must not be the payload for ${other} as well`);
			}
		}
	}
};

/**
 * Checks `topics` and that nobody else has them.
 * @param own what all topics of the node begin with
 * @param used the topics of the entities before, to which these are added
 */
export const checkTopics = (
	check: Checker,
	options: Json,
	path: string,
	own: string,
	used: string[],
): void => {
	const at = `${path}.topics`;
	const topics = check.object(options, "topics", path);
	check.keys(topics, at, TOPIC_KEYS);
	for (const key of TOPIC_KEYS) {
		const topic = topics[key];
		if (topic === undefined) continue;
		const where = `${at}.${key}`;
		if (!isTopic(topic)) {
			const limit = Const.TOPIC_LIMIT;
			check.problem(
				where,
				topic,
				`must be 1 to ${limit} bytes of UTF-8 without + and #, no $ first`,
			);
		} else if (topic.startsWith(own)) {
			check.problem(where, topic, `must not begin with ${own}, as nodes' own topics do`);
		} else if (key === "state" && topic.startsWith(COMMANDS)) {
			check.problem(where, topic, "must not be below cmnd/, where Tasmota's commands are");
		} else if (used.includes(topic)) {
			check.problem(where, topic, "is another topic's name already; each has its own");
		} else used.push(topic);
	}
};

/** [MQTT-4.7.1-1], [MQTT-4.7.3-1], [MQTT-4.7.3-2], [MQTT-1.5.3-1]; $ is the broker's. */
const isTopic = (topic: unknown): topic is string => {
	if (typeof topic !== "string" || topic === "" || topic.startsWith("$")) return false;
	if (utf8Bytes(topic) > Const.TOPIC_LIMIT) return false;
	for (const character of topic) {
		const c = character.codePointAt(0) ?? 0;
		if (c < 32 || c === 35 || c === 43 || c === 127) return false;
		if (c >= 0xd800 && c <= 0xdfff) return false;
	}
	return true;
};

/** What people call an entity. */
export const nameOf = (options: Json): string => {
	return typeof options.name === "string" && options.name !== ""
		? options.name
		: (options.id as string);
};
