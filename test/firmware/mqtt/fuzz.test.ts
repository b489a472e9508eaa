import assert from "node:assert/strict";
import { test } from "node:test";
import { rounds } from "../../support/rounds";
import { fuzz } from "./fuzz";
import { Random } from "./random";

test("random and broken bytes never throw, and are told", () => {
	let failures = 0;
	for (let seed = 1; seed <= rounds(100); seed++) failures += fuzz(new Random(seed), 300);
	assert.ok(failures > rounds(1000), String(failures));
});
