/**
 * What a payload on `<entity>/set` asks for. Pure: text in, a record out. Always holds: either
 * `state` is one of the three words or `problem` says what was expected. Must not know whether
 * the command may be executed; that depends on how it came (see refusal()).
 */

/** ON, OFF or TOGGLE. */
export interface Command {
	readonly state: string;
	/** Identity given by the sender, "" for none; at most 64 characters. */
	readonly id: string;
	/** "" or what is wrong with the payload. */
	readonly problem: string;
}

const EXPECTED = 'expected ON, OFF, TOGGLE or {"state": one of these, "id": text}';

const enum Const {
	/** Characters of an `id`; longer ones would fill the history and the result. */
	ID_LIMIT = 64,
}

/** Parses a payload; never throws. */
export const parseCommand = (text: string): Command => {
	const trimmed = text.trim();
	if (!trimmed.startsWith("{")) return checked(trimmed, "");
	if (isNested(trimmed)) return { state: "", id: "", problem: `nested JSON, ${EXPECTED}` };
	return parseJson(trimmed);
};

/**
 * Whether an array or a second object is in it, outside of strings. XS parses JSON recursively,
 * and a C stack that is used up is no exception but the end.
 */
const isNested = (text: string): boolean => {
	let inString = false;
	for (let i = 1; i < text.length; i++) {
		const c = text[i];
		if (inString && c === "\\") i++;
		else if (c === '"') inString = !inString;
		else if (!inString && (c === "{" || c === "[")) return true;
	}
	return false;
};

const parseJson = (text: string): Command => {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		return { state: "", id: "", problem: `invalid JSON, ${EXPECTED}` };
	}
	const record = parsed as Readonly<Record<string, unknown>>;
	const id = record.id ?? "";
	if (typeof id !== "string" || id.length > Const.ID_LIMIT) {
		return {
			state: "",
			id: "",
			problem: `id must be text of at most ${Const.ID_LIMIT} characters`,
		};
	}
	for (const key in record) {
		if (key !== "state" && key !== "id") {
			return { state: "", id, problem: `unknown key in JSON, ${EXPECTED}` };
		}
	}
	if (typeof record.state !== "string") return { state: "", id, problem: EXPECTED };
	return checked(record.state, id);
};

const checked = (state: string, id: string): Command => {
	if (state === "ON" || state === "OFF" || state === "TOGGLE") return { state, id, problem: "" };
	return { state: "", id, problem: EXPECTED };
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
}

/**
 * Why a well-formed command must not be executed; "" when it may.
 * DUP alone does not mean seen: the first delivery may have been lost [MQTT-3.3.1-3]. ON and OFF
 * do no harm twice; TOGGLE does, so it needs an identity: an `id`, or the packet id of QoS 2.
 */
export const refusal = (command: Command, arrival: Arrival): string => {
	if (arrival.retain) return "retained commands do not switch";
	if (command.state !== "TOGGLE" || !arrival.dup) return "";
	if (arrival.inherited) {
		return "TOGGLE was sent again: it may have been done before the reboot or at another broker";
	}
	if (command.id !== "" || arrival.qos === 2) return "";
	return "TOGGLE was sent again and may have been done: give an id";
};
