/**
 * Intervals and names from the retained topic `config`, for sites that allow it: JSON in, entries
 * of entities with these in place of the site's out. Always holds: a text is taken as a whole or
 * not at all, by the site's own rules; what was taken is kept over a reboot, and checked again
 * after it, because the firmware may be another; without a text the site's values hold. Must not
 * know topics, sessions or entities.
 */

import { Checker, isObject, type Json, utf8Bytes } from "../checker";
import { checkReporting, REPORTING_KEYS } from "../entities/reporting";

/** Keeps one text over a reboot. */
export interface ConfigStore {
	/** "" when there is none. */
	read(): string;
	/** @returns whether it is kept; false: the one before may be gone */
	write(text: string): boolean;
}

const KEYS = Object.freeze(["time", "diag", "entities"]);
const INTERVAL_KEYS = Object.freeze(["intervalMs"]);
const NAME_KEYS = Object.freeze(["name"]);
const NOTHING = Object.freeze([]);
/** Kinds that take no samples at an interval. */
const UNSAMPLED = Object.freeze(["relay", "light", "button", "binary"]);

const enum Const {
	LIMIT_BYTES = 480,
	/** `{"entities":{"climate":{…}}}` */
	DEPTH = 3,
	NAME_LIMIT = 64,
	/** Characters of a reason: the result has to fit into the engine's buffer. */
	REASON_LIMIT = 160,
	DAY_MS = 86_400_000,
	EVERY_MS = 10_000,
}

export class RemoteConfig {
	/** Of the time's reports; 0: the site's. */
	timeMs = 0;
	/** Of the diag; 0: the site's. */
	diagMs = 0;
	/** The site's entries, or records that inherit from them what was not changed. */
	entities: readonly Json[];
	/** Why what was kept was not taken at boot; "" when it was, or nothing was kept. */
	problem: string;
	private readonly site: readonly Json[];
	private readonly store: ConfigStore;
	/** What holds. */
	private text = "";
	/** What came and was not looked at yet; only the newest counts. */
	private waiting: string | undefined;
	private earliestAt: number | undefined;

	/** @param site entries of the entities, checked */
	constructor(site: readonly Json[], store: ConfigStore) {
		this.site = site;
		this.entities = site;
		this.store = store;
		const kept = store.read();
		this.problem = kept === "" ? "" : this.take(kept);
	}

	/** A message of the topic: looked at by handleTimeout(), where there is more stack. */
	receive(text: string): void {
		this.waiting = text;
	}

	/** Milliseconds until handleTimeout() is due, or -1: flash wears, so one in EVERY_MS. */
	pollTimeout(now: number): number {
		if (this.waiting === undefined) return -1;
		return this.earliestAt === undefined ? 0 : Math.max(0, (this.earliestAt - now) | 0);
	}

	/** @returns as handleText(), "" when nothing is due */
	handleTimeout(now: number): string {
		const { waiting } = this;
		if (this.pollTimeout(now) !== 0) {
			// The ticks wrap: what is over is forgotten in time.
			if (waiting === undefined && this.isOver(now)) this.earliestAt = undefined;
			return "";
		}
		this.waiting = undefined;
		const result = this.handleText(waiting ?? "");
		if (result !== "") this.earliestAt = (now + Const.EVERY_MS) | 0;
		return result;
	}

	private isOver(now: number): boolean {
		return this.earliestAt !== undefined && ((now - this.earliestAt) | 0) >= 0;
	}

	/**
	 * Takes a message of the topic; an empty one takes everything back.
	 * @returns payload for the topic `result`; "" when that text holds already
	 */
	handleText(text: string): string {
		if (text === this.text && this.problem === "") return "";
		this.problem = "";
		const reason = this.refusal(text);
		if (reason === "") return '{"config":true,"done":true}';
		const shown = JSON.stringify(reason.slice(0, Const.REASON_LIMIT));
		return `{"config":true,"done":false,"reason":${shown}}`;
	}

	/** The entry that holds for an entity. */
	optionsOf(id: string): Json | undefined {
		return entryOf(this.entities, id);
	}

	private refusal(text: string): string {
		const { text: before } = this;
		const reason = text === "" ? this.forget() : this.take(text);
		if (reason !== "") return reason;
		if (this.store.write(text)) return "";
		if (before === "") this.forget();
		else this.take(before);
		this.store.write(before);
		return "there is no room to keep it over a reboot";
	}

	private forget(): string {
		this.timeMs = 0;
		this.diagMs = 0;
		this.entities = this.site;
		this.text = "";
		return "";
	}

	/** Puts it in force; "" or what is wrong, and then nothing has changed. */
	private take(text: string): string {
		if (utf8Bytes(text) > Const.LIMIT_BYTES) return `must be at most ${Const.LIMIT_BYTES} bytes`;
		if (isTooDeep(text)) return "must be records in records, three deep at most, without lists";
		let given: unknown;
		try {
			given = JSON.parse(text);
		} catch {
			return "is no JSON";
		}
		if (!isObject(given)) return "must be an object";
		const check = new Checker("config");
		check.keys(given, "", KEYS);
		const timeMs = interval(check, given, "time");
		const diagMs = interval(check, given, "diag");
		const entities = merged(check, this.site, check.object(given, "entities"));
		if (check.problems.length > 0) return check.problems[0];
		this.timeMs = timeMs;
		this.diagMs = diagMs;
		this.entities = entities;
		this.text = text;
		return "";
	}
}

/**
 * XS parses JSON recursively, and a C stack that is used up is no exception but the end: looked at
 * before.
 */
const isTooDeep = (text: string): boolean => {
	let depth = 0;
	let inString = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (inString && c === "\\") i++;
		else if (c === '"') inString = !inString;
		else if (inString) continue;
		else if (c === "[") return true;
		else if (c === "{" && ++depth > Const.DEPTH) return true;
		else if (c === "}") depth--;
	}
	return false;
};

/** 0: not given. */
const interval = (check: Checker, given: Json, key: string): number => {
	const record = check.object(given, key);
	check.keys(record, key, INTERVAL_KEYS);
	return check.integer(record, key, "intervalMs", 0, 1000, Const.DAY_MS);
};

const entryOf = (entities: readonly Json[], id: string): Json | undefined => {
	for (const entry of entities) if (entry.id === id) return entry;
	return undefined;
};

/** The site's entries with what was given for some of them. */
const merged = (check: Checker, site: readonly Json[], given: Json): readonly Json[] => {
	for (const id in given) {
		if (entryOf(site, id) !== undefined) continue;
		check.problem(`entities.${id}`, undefined, "there is no such entity");
	}
	const entries: Json[] = [];
	for (const entry of site) {
		const id = entry.id as string;
		entries.push(Object.hasOwn(given, id) ? changed(check, entry, given, id) : entry);
	}
	return entries;
};

const changed = (check: Checker, entry: Json, given: Json, id: string): Json => {
	const path = `entities.${id}`;
	const change = check.object(given, id, "entities");
	const isSampled = !UNSAMPLED.includes(entry.kind as string);
	check.keys(change, path, NAME_KEYS, isSampled ? REPORTING_KEYS : NOTHING);
	check.text(change, path, "name", "", Const.NAME_LIMIT);
	// The site's entry is in flash: nothing of it is copied.
	const result = Object.create(entry) as Json;
	for (const key in change) Object.defineProperty(result, key, { value: change[key] });
	// Minimum, maximum and interval have to fit each other, whoever said them.
	if (isSampled) checkReporting(check, result, path);
	return result;
};
