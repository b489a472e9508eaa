/**
 * Reads values out of JSON that a person wrote and collects what is wrong with them. Pure.
 * Always holds: each getter returns something usable even after a problem, and no problem shows
 * a password. Must not know which keys a site or a board has.
 */

/** A record of unknown values, as JSON gives it. */
export type Json = Readonly<Record<string, unknown>>;

/** Collects problems; each getter returns something usable even after one. */
export class Checker {
	readonly problems: string[] = [];
	private readonly file: string;

	constructor(file: string) {
		this.file = file;
	}

	/** @param shown the value as it may be shown; undefined, or no plain value: not at all */
	problem(path: string, shown: unknown, allowed: string): void {
		let value = "";
		if (typeof shown === "string") value = ` "${shown}"`;
		else if (typeof shown === "number" || typeof shown === "boolean") value = ` ${shown}`;
		this.problems.push(`${this.file}: ${path}:${value} ${allowed}`);
	}

	keys(object: Json, path: string, known: readonly string[]): void {
		for (const key in object) {
			if (known.includes(key)) continue;
			const at = path === "" ? key : `${path}.${key}`;
			this.problem(at, undefined, `unknown key, did you mean "${nearest(key, known)}"?`);
		}
	}

	object(parent: Json, key: string): Json {
		const value = parent[key];
		if (value === undefined) return {};
		if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
		this.problem(key, undefined, "must be an object");
		return {};
	}

	text(parent: Json, path: string, key: string, fallback: string, limit: number): string {
		const value = parent[key];
		if (value === undefined) return fallback;
		const fits = typeof value === "string" && value.length <= limit;
		// [MQTT-1.5.3-2]: no NUL in text; nor in anything else that is text here.
		if (fits && !value.includes("\0")) return value;
		const shown = key === "password" ? undefined : value;
		this.problem(join(path, key), shown, `must be text of at most ${limit} characters, no NUL`);
		return fallback;
	}

	integer(
		parent: Json,
		path: string,
		key: string,
		fallback: number,
		min: number,
		max: number,
	): number {
		const value = parent[key];
		if (value === undefined) return fallback;
		if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
			return value;
		}
		this.problem(join(path, key), value, `must be a whole number from ${min} to ${max}`);
		return fallback;
	}

	flag(parent: Json, path: string, key: string): boolean {
		const value = parent[key];
		if (value === undefined || value === false) return false;
		if (value === true) return true;
		this.problem(join(path, key), value, "must be true or false");
		return false;
	}
}

const join = (path: string, key: string): string => {
	return path === "" ? key : `${path}.${key}`;
};

/** A server, by DNS name or IPv4 address. */
export interface Place {
	readonly host: string;
	readonly port: number;
}

/** Splits `host` or `host:port`; undefined when it is neither. */
export const splitAddress = (text: string, defaultPort: number): Place | undefined => {
	const colon = text.indexOf(":");
	const host = colon < 0 ? text : text.slice(0, colon);
	if (host.length < 1 || host.length > 253) return undefined;
	for (let i = 0; i < host.length; i++) {
		const c = host.charCodeAt(i);
		if (c <= 32 || c === 47 || c === 64 || c >= 127) return undefined;
	}
	if (colon < 0) return { host, port: defaultPort };
	const digits = text.slice(colon + 1);
	const port = Number(digits);
	if (digits === "" || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
	return { host, port };
};

/** Bytes of a text in UTF-8, the same on every engine. */
export const utf8Bytes = (text: string): number => {
	let bytes = 0;
	for (const character of text) {
		const point = character.codePointAt(0) ?? 0;
		bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	}
	return bytes;
};

/** The known word with the fewest edits to `word`. */
export const nearest = (word: string, known: readonly string[]): string => {
	let best = known[0];
	let least = 1000;
	for (const candidate of known) {
		const distance = editDistance(word, candidate);
		if (distance < least) {
			least = distance;
			best = candidate;
		}
	}
	return best;
};

/** Levenshtein distance with one row. */
const editDistance = (a: string, b: string): number => {
	const row: number[] = [];
	for (let j = 0; j <= b.length; j++) row.push(j);
	for (let i = 1; i <= a.length; i++) {
		let diagonal = row[0];
		row[0] = i;
		for (let j = 1; j <= b.length; j++) {
			const above = row[j];
			const change = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
			row[j] = Math.min(above + 1, row[j - 1] + 1, diagonal + change);
			diagonal = above;
		}
	}
	return row[b.length];
};
