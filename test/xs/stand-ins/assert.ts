/**
 * `node:assert/strict` on XS, as much as the unit tests use. Compares as Node's does: prototypes,
 * own enumerable properties, NaN is NaN, 0 is not -0; throws on kinds of objects it does not know.
 */

class AssertionError extends Error {
	override readonly name = "AssertionError";
}

type Message = string | Error | undefined;

function failWith(message: Message, text: () => string): never {
	if (message instanceof Error) throw message;
	throw new AssertionError(message === undefined ? text() : `${message}: ${text()}`);
}

/** A value for people, of bounded length. */
function show(value: unknown): string {
	if (typeof value === "bigint") return `${value}n`;
	if (typeof value === "number" || typeof value === "symbol") return String(value);
	if (value instanceof RegExp || value instanceof Error) return String(value);
	// Copies: JSON.stringify of what is preloaded throws.
	const text = JSON.stringify(value, (_, inner: unknown) => {
		if (ArrayBuffer.isView(inner)) return Array.from(inner as Uint8Array);
		if (Array.isArray(inner)) return [...inner];
		if (inner === undefined) return "undefined";
		return typeof inner === "object" && inner !== null ? { ...inner } : inner;
	});
	return text !== undefined && text.length > 1000 ? `${text.slice(0, 1000)}…` : String(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

function isDeepEqual(left: unknown, right: unknown): boolean {
	if (Object.is(left, right)) return true;
	if (!isObject(left) || !isObject(right)) return false;
	if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
	if (left instanceof Date) return left.getTime() === (right as object as Date).getTime();
	for (const kind of [Map, Set, WeakMap, Promise, ArrayBuffer, DataView, RegExp]) {
		if (left instanceof kind) throw new Error(`deepEqual does not know ${kind.name} here`);
	}
	if (left instanceof Error && left.message !== right.message) return false;
	if (Array.isArray(left) && left.length !== right.length) return false;
	const keys = Object.keys(left);
	if (keys.length !== Object.keys(right).length) return false;
	return keys.every((key) => Object.hasOwn(right, key) && isDeepEqual(left[key], right[key]));
}

export function ok(value: unknown, message?: Message): void {
	if (!value) failWith(message, () => `${show(value)} is not truthy`);
}

export function equal(actual: unknown, expected: unknown, message?: Message): void {
	if (Object.is(actual, expected)) return;
	failWith(message, () => `${show(actual)} is not ${show(expected)}`);
}

export function notEqual(actual: unknown, expected: unknown, message?: Message): void {
	if (Object.is(actual, expected)) failWith(message, () => `is ${show(actual)}`);
}

export function deepEqual(actual: unknown, expected: unknown, message?: Message): void {
	if (isDeepEqual(actual, expected)) return;
	failWith(message, () => `${show(actual)} is not ${show(expected)}`);
}

export function match(text: string, pattern: RegExp, message?: Message): void {
	if (!pattern.test(text)) failWith(message, () => `${show(text)} does not match ${pattern}`);
}

export function doesNotMatch(text: string, pattern: RegExp, message?: Message): void {
	if (pattern.test(text)) failWith(message, () => `${show(text)} matches ${pattern}`);
}

export function fail(message: Message = "failed"): never {
	throw message instanceof Error ? message : new AssertionError(message);
}

/** @param expected what the error's text matches, its class, or a function that says yes to it */
export function throws(run: () => unknown, expected?: unknown, message?: Message): void {
	try {
		run();
	} catch (error) {
		if (expected === undefined || isExpected(error, expected)) return;
		throw error;
	}
	failWith(message, () => "nothing was thrown");
}

function isExpected(error: unknown, expected: unknown): boolean {
	if (expected instanceof RegExp) return expected.test(String(error));
	if (typeof expected !== "function") throw new Error("throws() does not know that expectation");
	if (expected.prototype instanceof Error || expected === Error) return error instanceof expected;
	return expected(error) === true;
}

const assert = { ok, equal, notEqual, deepEqual, match, doesNotMatch, fail, throws };
export default assert;
