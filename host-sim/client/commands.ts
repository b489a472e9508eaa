/**
 * The commands of `fieldmote client`: one JSON object a line, checked. Always holds: what comes
 * out is either a command whose fields have the right types or a text that says what is wrong and
 * what would be right. Must not know what is done with it.
 */

export interface WillCommand {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly qos: number;
	readonly retain: boolean;
}

export interface TlsCommand {
	/** Files, PEM or DER. */
	readonly ca: string;
	readonly cert?: string;
	readonly key?: string;
	readonly name?: string;
}

export interface ConnectCommand {
	readonly op: "connect";
	readonly host: string;
	readonly port: number;
	readonly id: string;
	readonly clean: boolean;
	readonly keepalive: number;
	readonly user?: string;
	readonly pass?: string;
	readonly will?: WillCommand;
	/** 0: do not reconnect. */
	readonly reconnectMs: number;
	readonly connectTimeoutMs: number;
	readonly window: number;
	readonly tls?: TlsCommand;
}

/** Given back as it came in `done`. */
export type Tag = string | number | undefined;

export interface PublishCommand {
	readonly op: "publish";
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly qos: number;
	readonly retain: boolean;
	readonly tag: Tag;
}

export interface SubscribeCommand {
	readonly op: "subscribe";
	readonly subs: readonly { readonly topic: string; readonly qos: number }[];
	readonly tag: Tag;
}

export interface UnsubscribeCommand {
	readonly op: "unsubscribe";
	readonly topics: readonly string[];
	readonly tag: Tag;
}

export interface PlainCommand {
	readonly op: "disconnect" | "abort" | "exit";
}

export type Command =
	| ConnectCommand
	| PublishCommand
	| SubscribeCommand
	| UnsubscribeCommand
	| PlainCommand;

type Json = Readonly<Record<string, unknown>>;

const OPS = "connect, publish, subscribe, unsubscribe, disconnect, abort, exit";

/** Parses one line. Throws Error with a message for the person who wrote it. */
export function parseLine(line: string): Command {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		// Not shown: there may be a password in it.
		throw new Error(`not JSON, a line of ${line.length} characters`);
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new Error('expected an object such as {"op":"publish","topic":"a","payload":"b"}');
	}
	const json = value as Json;
	switch (json.op) {
		case "connect":
			return connectCommand(json);
		case "publish":
			known(json, ["op", "topic", "payload", "payloadB64", "qos", "retain", "tag"]);
			return {
				op: "publish",
				topic: text(json, "topic"),
				payload: payload(json),
				qos: integer(json, "qos", 0, 0, 2),
				retain: flag(json, "retain", false),
				tag: tag(json),
			};
		case "subscribe":
			known(json, ["op", "subs", "tag"]);
			return { op: "subscribe", subs: subscriptions(json), tag: tag(json) };
		case "unsubscribe":
			known(json, ["op", "topics", "tag"]);
			return { op: "unsubscribe", topics: topics(json), tag: tag(json) };
		case "disconnect":
		case "abort":
		case "exit":
			known(json, ["op"]);
			return { op: json.op };
		default:
			throw new Error(`op ${JSON.stringify(json.op)}: expected one of ${OPS}`);
	}
}

const CONNECT_KEYS = [
	...["op", "host", "port", "id", "clean", "keepalive", "user", "pass", "will", "reconnectMs"],
	...["connectTimeoutMs", "window", "tls", "ver"],
];

function connectCommand(json: Json): ConnectCommand {
	known(json, CONNECT_KEYS);
	integer(json, "ver", 4, 4, 4);
	const tls = json.tls === undefined || json.tls === null ? undefined : tlsCommand(json);
	return {
		op: "connect",
		host: host(json),
		port: integer(json, "port", tls === undefined ? 1883 : 8883, 1, 65_535),
		id: text(json, "id", ""),
		clean: flag(json, "clean", true),
		keepalive: integer(json, "keepalive", 60, 0, 65_535),
		user: optionalText(json, "user"),
		pass: optionalText(json, "pass"),
		will: json.will === undefined || json.will === null ? undefined : willCommand(json),
		reconnectMs: integer(json, "reconnectMs", 0, 0, 3_600_000),
		connectTimeoutMs: integer(json, "connectTimeoutMs", 3000, 1, 3_600_000),
		window: integer(json, "window", 20, 1, 65_000),
		tls,
	};
}

function willCommand(json: Json): WillCommand {
	const will = inner(json, "will", ["topic", "payload", "payloadB64", "qos", "retain"]);
	return {
		topic: text(will, "topic"),
		payload: payload(will),
		qos: integer(will, "qos", 0, 0, 2),
		retain: flag(will, "retain", false),
	};
}

function tlsCommand(json: Json): TlsCommand {
	const tls = inner(json, "tls", ["ca", "cert", "key", "name"]);
	const command = {
		ca: text(tls, "ca"),
		cert: optionalText(tls, "cert"),
		key: optionalText(tls, "key"),
		name: optionalText(tls, "name"),
	};
	if ((command.cert === undefined) !== (command.key === undefined)) {
		throw new Error("tls: cert and key belong together");
	}
	return command;
}

function inner(json: Json, key: string, keys: readonly string[]): Json {
	const value = json[key];
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new Error(`${key}: expected an object with ${keys.join(", ")}`);
	}
	known(value as Json, keys);
	return value as Json;
}

function known(json: Json, keys: readonly string[]): void {
	for (const key in json) {
		if (!keys.includes(key)) throw new Error(`${key}: unknown, expected ${keys.join(", ")}`);
	}
}

function text(json: Json, key: string, fallback?: string): string {
	const value = json[key] ?? fallback;
	if (typeof value !== "string") throw new Error(`${key}: expected text`);
	if (/\p{Surrogate}/u.test(value)) throw new Error(`${key}: expected well-formed Unicode`);
	return value;
}

function host(json: Json): string {
	const value = text(json, "host", "127.0.0.1");
	if (value === "") throw new Error("host: expected a name or an IPv4 address");
	return value;
}

function optionalText(json: Json, key: string): string | undefined {
	return json[key] === undefined || json[key] === null ? undefined : text(json, key);
}

function flag(json: Json, key: string, fallback: boolean): boolean {
	const value = json[key] ?? fallback;
	if (typeof value !== "boolean") throw new Error(`${key}: expected true or false`);
	return value;
}

function integer(json: Json, key: string, fallback: number, min: number, max: number): number {
	const value = json[key] ?? fallback;
	if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
		return value;
	}
	throw new Error(`${key}: expected a whole number from ${min} to ${max}`);
}

function tag(json: Json): Tag {
	const value = json.tag;
	if (value === undefined || typeof value === "string" || typeof value === "number") return value;
	throw new Error("tag: expected text or a number");
}

/** `payload` (text) or `payloadB64` (bytes); none: empty. */
function payload(json: Json): Uint8Array {
	const encoded = optionalText(json, "payloadB64");
	if (encoded === undefined) return Buffer.from(text(json, "payload", ""), "utf8");
	if (json.payload !== undefined) throw new Error("payload and payloadB64: give one of them");
	if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded))
		throw new Error("payloadB64: expected base64");
	return Buffer.from(encoded, "base64");
}

function subscriptions(json: Json): { topic: string; qos: number }[] {
	if (!Array.isArray(json.subs) || json.subs.length === 0) {
		throw new Error('subs: expected a list of {"topic","qos"}');
	}
	return json.subs.map((entry: unknown) => {
		if (typeof entry !== "object" || entry === null) {
			throw new Error('subs: expected a list of {"topic","qos"}');
		}
		const one = entry as Json;
		known(one, ["topic", "qos"]);
		return { topic: text(one, "topic"), qos: integer(one, "qos", 0, 0, 2) };
	});
}

function topics(json: Json): string[] {
	const list = json.topics;
	if (Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === "string")) {
		return list as string[];
	}
	throw new Error("topics: expected a list of topic filters");
}
