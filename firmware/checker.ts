/**
 * Reads values out of JSON that a person wrote and collects what is wrong with them. Pure.
 * Always holds: each getter returns something usable even after a problem, and no problem shows
 * a password. Must not know which keys a site or a board has.
 */

const enum Const {
	/** Characters of a value that a problem shows. */
	SHOWN_LIMIT = 64,
	/** What upper and lower case differ in: ASCII. */
	CASE = 32,
	/** Longer than what a word and another that it ends with may differ by. */
	WORD_LIMIT = 1024,
}

/** A record of unknown values, as JSON gives it. */
export type Json = Readonly<Record<string, unknown>>;

/** Collects problems; each getter returns something usable even after one. */
export class Checker {
	readonly problems: string[] = [];
	private readonly file: string;
	private readonly secrets: Json | undefined;

	/** @param secrets what `{"secret": name}` stands for; undefined: no such references */
	constructor(file: string, secrets?: Json) {
		this.file = file;
		this.secrets = secrets;
	}

	/** @param shown the value as it may be shown; undefined, or no plain value: not at all */
	problem(path: string, shown: unknown, allowed: string): void {
		let value = "";
		if (typeof shown === "string") value = ` "${shown.slice(0, Const.SHOWN_LIMIT)}"`;
		else if (typeof shown === "number" || typeof shown === "boolean") value = ` ${shown}`;
		this.problems.push(`${this.file}: ${path}:${value} ${allowed}`);
	}

	/** Makes the problems of another file its own. */
	adopt(other: Checker): void {
		for (const problem of other.problems) this.problems.push(problem);
	}

	/** @param common more keys that are known */
	keys(object: Json, path: string, known: readonly string[], common: readonly string[] = []): void {
		for (const key in object) {
			if (known.includes(key) || common.includes(key)) continue;
			const all = known.concat(common);
			const right = nearest(key, all, (key.length + 1) / 2);
			const hint = right === "" ? `; there are ${all.join(", ")}` : `, did you mean "${right}"?`;
			this.problem(join(path, key), undefined, `unknown key${hint}`);
		}
	}

	object(parent: Json, key: string, path = ""): Json {
		const value = parent[key];
		if (value === undefined) return {};
		if (isObject(value)) return value;
		this.problem(join(path, key), undefined, "must be an object");
		return {};
	}

	text(parent: Json, path: string, key: string, fallback: string, limit: number): string {
		const value = parent[key];
		if (value === undefined) return fallback;
		const fits = typeof value === "string" && value.length <= limit;
		if (fits && isText(value)) return value;
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

	/** A number that may have decimals. */
	number(
		parent: Json,
		path: string,
		key: string,
		fallback: number,
		min: number,
		max: number,
	): number {
		const value = parent[key];
		if (value === undefined) return fallback;
		if (typeof value === "number" && value >= min && value <= max) return value;
		this.problem(join(path, key), value, `must be a number from ${min} to ${max}`);
		return fallback;
	}

	flag(parent: Json, path: string, key: string, fallback = false): boolean {
		const value = parent[key];
		if (value === undefined) return fallback;
		if (typeof value === "boolean") return value;
		this.problem(join(path, key), value, "must be true or false");
		return fallback;
	}

	/** One of several words; missing: the first. */
	word(parent: Json, path: string, key: string, words: readonly string[]): string {
		const value = parent[key];
		if (value === undefined) return words[0];
		if (typeof value === "string" && words.includes(value)) return value;
		this.problem(join(path, key), value, `must be one of ${words.join(", ")}`);
		return words[0];
	}

	/** Text, or `{"secret": name}` for a text of secrets.json, which is never shown. */
	secret(parent: Json, path: string, key: string, limit: number): string {
		const value = parent[key];
		if (this.secrets === undefined || !isObject(value)) {
			return this.text(parent, path, key, "", limit);
		}
		const name = value.secret;
		const at = join(path, key);
		if (typeof name !== "string") {
			this.problem(at, undefined, 'must be text or {"secret": a name in secrets.json}');
			return "";
		}
		const found = this.secrets[name];
		if (typeof found === "string" && found.length <= limit && isText(found)) return found;
		const what =
			found === undefined ? "is not in" : `must be text of at most ${limit} characters in`;
		this.problem(at, undefined, `"${name}" ${what} secrets.json`);
		return "";
	}
}

/** Whether it is a record, no list. */
export const isObject = (value: unknown): value is Json => {
	return typeof value === "object" && value !== null && !Array.isArray(value);
};

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

/** [MQTT-1.5.3-1], [MQTT-1.5.3-2]: no lone surrogates and no NUL; nor in anything else here. */
export const isText = (text: string): boolean => {
	for (const character of text) {
		const point = character.codePointAt(0) ?? 0;
		if (point === 0 || (point >= 0xd800 && point <= 0xdfff)) return false;
	}
	return true;
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

/**
 * The known word with the fewest edits to `word`, or one that it ends with.
 * @param most how many edits there may be
 * @returns "" when none is so near
 */
export const nearest = (word: string, known: readonly string[], most: number): string => {
	let best = "";
	let least = Math.floor(most) + 1;
	for (const candidate of known) {
		// IO4 for 4: of several such the longest.
		const distance = word.endsWith(candidate)
			? (word.length - candidate.length) / Const.WORD_LIMIT
			: editDistance(word, candidate);
		if (distance < least) {
			least = distance;
			best = candidate;
		}
	}
	return best;
};

/** Levenshtein distance with one row; letters of either case are the same. */
const editDistance = (a: string, b: string): number => {
	const row: number[] = [];
	for (let j = 0; j <= b.length; j++) row.push(j);
	for (let i = 1; i <= a.length; i++) {
		let diagonal = row[0];
		row[0] = i;
		for (let j = 1; j <= b.length; j++) {
			const above = row[j];
			const difference = a.charCodeAt(i - 1) ^ b.charCodeAt(j - 1);
			const change = difference === 0 || difference === Const.CASE ? 0 : 1;
			row[j] = Math.min(above + 1, row[j - 1] + 1, diagonal + change);
			diagonal = above;
		}
	}
	return row[b.length];
};
