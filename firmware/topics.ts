/**
 * The only place that builds or parses a topic: `<base>/<node>/<rest>`. Pure.
 * Always holds: what comes out is a valid topic name without wildcards, because base and node
 * were checked by config.ts (ids are `a-z0-9-`, base may have several levels).
 */

/** The topics of one node, built once at boot so that publishing builds no strings. */
export interface NodeTopics {
	/** `<base>/<node>/` */
	readonly prefix: string;
	/** Retained, the will; and its two payloads. */
	readonly availability: string;
	readonly online: string;
	readonly offline: string;
	/** NTP timestamps. */
	readonly time: string;
	/** Health of the node. */
	readonly diag: string;
	/** What became of a command. */
	readonly result: string;
}

/**
 * @param base one or more levels, without a slash at either end
 * @param node the node's id
 * @param tasmota topic of Tasmota's dialect, where the node speaks it; "" for its own
 */
export const nodeTopics = (base: string, node: string, tasmota = ""): NodeTopics => {
	const prefix = `${base}/${node}/`;
	const own = tasmota === "";
	return {
		prefix,
		availability: own ? `${prefix}availability` : `tele/${tasmota}/LWT`,
		online: own ? "online" : "Online",
		offline: own ? "offline" : "Offline",
		time: `${prefix}time`,
		diag: `${prefix}diag`,
		result: `${prefix}result`,
	};
};

/** Where all nodes of a base take a command to the entity of that name: this and `<id>/set`. */
export const broadcastPrefix = (base: string): string => `${base}/all/`;

/** Where a node sends itself a nonce, to tell what was sent before it connected. */
export const syncTopic = (topics: NodeTopics): string => `${topics.prefix}sync`;

/** Where a node takes changes of its configuration, retained. */
export const configTopic = (topics: NodeTopics): string => `${topics.prefix}config`;

/** Where an entity says its state, retained, or (`problem`) that it fails. */
export const leafTopic = (topics: NodeTopics, entity: string, leaf: string): string => {
	return `${topics.prefix}${entity}/${leaf}`;
};

/** Where an entity takes commands; "+" for all. */
export const setTopic = (topics: NodeTopics, entity: string): string => {
	return `${topics.prefix}${entity}/set`;
};

/** The entity in `<start><entity>/set`; "" for any other topic. */
export const entityOf = (topic: string, start: string): string => {
	return topic.startsWith(start) && topic.endsWith("/set") ? topic.slice(start.length, -4) : "";
};

/** An id is `a-z0-9-`, 1 to 32 characters; it may stand as one topic level. */
export const isId = (text: string): boolean => {
	if (text.length < 1 || text.length > 32) return false;
	for (let i = 0; i < text.length; i++) {
		const c = text.charCodeAt(i);
		const letter = c >= 97 && c <= 122;
		const digit = c >= 48 && c <= 57;
		if (!letter && !digit && c !== 45) return false;
	}
	return true;
};

/** A base is one or more levels of `A-Za-z0-9_-`, at most 64 characters in all. */
export const isBase = (text: string): boolean => {
	if (text.length < 1 || text.length > 64) return false;
	for (const level of text.split("/")) {
		if (level.length === 0) return false;
		for (let i = 0; i < level.length; i++) if (!isLevelCharacter(level.charCodeAt(i))) return false;
	}
	return true;
};

const isLevelCharacter = (c: number): boolean => {
	return (
		(c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 45
	);
};
