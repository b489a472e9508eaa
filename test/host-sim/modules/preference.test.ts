/** The stand-in for `preference`: kinds, copies, and the limits of the boards. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../../host-sim/modules/preference";
import type { PreferenceValue } from "../../../host-sim/world/board";

interface PreferenceModule {
	default: {
		get(domain: string, key: string): unknown;
		set(domain: string, key: string, value: unknown): void;
		delete(domain: string, key: string): void;
		keys(domain: string): string[];
	};
}

const preferences = new Map<string, Map<string, PreferenceValue>>();
let changes = 0;
const { default: Preference } = create({
	preferences,
	preferencesChanged: () => void changes++,
}) as PreferenceModule;

test("keeps text, whole numbers, flags and bytes", () => {
	const bytes = new Uint8Array([1, 2, 3]);
	Preference.set("a", "text", "grüß dich");
	Preference.set("a", "number", -2147483648);
	Preference.set("a", "flag", false);
	Preference.set("a", "bytes", bytes.buffer);
	bytes[0] = 9;
	assert.equal(Preference.get("a", "text"), "grüß dich");
	assert.equal(Preference.get("a", "number"), -2147483648);
	assert.equal(Preference.get("a", "flag"), false);
	assert.deepEqual(new Uint8Array(Preference.get("a", "bytes") as ArrayBuffer)[0], 1, "a copy");
	assert.deepEqual(Preference.keys("a"), ["text", "number", "flag", "bytes"]);
	Preference.delete("a", "text");
	assert.equal(Preference.get("a", "text"), undefined);
	assert.equal(Preference.get("b", "number"), undefined);
	assert.deepEqual(Preference.keys("b"), []);
	assert.equal(changes, 5, "each change is told, and nothing else");
	Preference.delete("a", "text");
	assert.equal(changes, 5);
});

test("refuses what a board cannot keep, and keeps the old value", () => {
	Preference.set("a", "x", 1);
	for (const value of ["x".repeat(63), "ü".repeat(32), new ArrayBuffer(64)]) {
		assert.throws(() => Preference.set("a", "x", value), /can't save prefs/);
	}
	for (const value of [1.5, 2 ** 31]) {
		assert.throws(() => Preference.set("a", "x", value), /float unsupported/);
	}
	for (const value of [undefined, null, {}, new Uint8Array(1)]) {
		assert.throws(() => Preference.set("a", "x", value), /unsupported type/);
	}
	assert.throws(() => Preference.set("a", "sixteen-letters-", 1), /too long/);
	assert.equal(Preference.get("a", "x"), 1);
	Preference.set("a", "x", "y".repeat(62));
});
