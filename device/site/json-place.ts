/**
 * Where and why a text is no JSON: JavaScript's own parser does not always tell the place, and
 * quotes the file, which may hold passwords. Pure. Always holds: what is said of a text is a line,
 * a column, and words of this file or the name of a key.
 */

/** Counted from 1. */
export interface JsonProblem {
	readonly line: number;
	readonly column: number;
	readonly reason: string;
}

const DEPTH_LIMIT = 64;
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const TEXT = /"([^"\\\p{Cc}]|[\u007f-\u009f]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const WORD = /true|false|null/y;
const BLANK = /[ \t\r\n]*/y;

class Wrong extends Error {}

/** The first problem of a text that should be JSON; undefined: it is, with no key given twice. */
export function findJsonProblem(text: string): JsonProblem | undefined {
	const scanner = new Scanner(text);
	try {
		scanner.document();
		return undefined;
	} catch (error) {
		if (!(error instanceof Wrong)) throw error;
		const before = text.slice(0, scanner.at).split("\n");
		const column = (before.at(-1) as string).length + 1;
		return { line: before.length, column, reason: error.message };
	}
}

class Scanner {
	at = 0;
	private readonly text: string;

	constructor(text: string) {
		this.text = text;
	}

	document(): void {
		this.value(0);
		if (this.next() !== "") throw new Wrong("something follows after the end");
	}

	private value(depth: number): void {
		const c = this.next();
		if (depth > DEPTH_LIMIT) throw new Wrong("too deeply nested");
		if (c === "{") this.object(depth);
		else if (c === "[") this.list(depth);
		else if (c === '"') this.string();
		else if (this.take(NUMBER) === "" && this.take(WORD) === "") this.noValue(c);
	}

	private object(depth: number): void {
		const known = new Set<string>();
		this.at++;
		if (this.next() === "}") {
			this.at++;
			return;
		}
		for (;;) {
			const start = this.at;
			if (this.next() !== '"') this.noKey();
			const key = JSON.parse(this.string()) as string;
			if (known.has(key)) {
				this.at = start;
				this.next();
				throw new Wrong(`the key "${key}" stands here a second time`);
			}
			known.add(key);
			if (this.next() !== ":") throw new Wrong('expected ":" after the key');
			this.at++;
			this.value(depth + 1);
			if (!this.goesOn("}")) return;
		}
	}

	private list(depth: number): void {
		this.at++;
		if (this.next() === "]") {
			this.at++;
			return;
		}
		do this.value(depth + 1);
		while (this.goesOn("]"));
	}

	/** Steps over a comma, or over the end of a list or an object. */
	private goesOn(end: string): boolean {
		const c = this.next();
		if (c !== "," && c !== end) {
			throw new Wrong(c === "" ? endsEarly(end) : `expected "," or "${end}"`);
		}
		const comma = this.at;
		this.at++;
		if (c === end) return false;
		if (this.next() === end) {
			this.at = comma;
			throw new Wrong(`JSON has no "," before "${end}"`);
		}
		return true;
	}

	private string(): string {
		const taken = this.take(TEXT);
		if (taken === "") throw new Wrong("a text that does not end in its line, or a wrong \\ in it");
		return taken;
	}

	private noValue(c: string): never {
		if (c === "") throw new Wrong("the file ends too early");
		if (c === "'") throw new Wrong("texts stand in double quotes");
		throw new Wrong("expected a value");
	}

	private noKey(): never {
		const c = this.next();
		if (c === "") throw new Wrong(endsEarly("}"));
		throw new Wrong("expected a key in double quotes");
	}

	/** Steps over blanks; "" at the end. */
	private next(): string {
		this.take(BLANK);
		const c = this.text[this.at] ?? "";
		if (c === "/") throw new Wrong("JSON has no comments");
		return c;
	}

	private take(pattern: RegExp): string {
		pattern.lastIndex = this.at;
		const found = pattern.exec(this.text)?.[0] ?? "";
		this.at += found.length;
		return found;
	}
}

function endsEarly(end: string): string {
	return `the file ends too early: a "${end}" is missing`;
}
