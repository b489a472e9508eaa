import assert from "node:assert/strict";
import { test } from "node:test";
import { Relay } from "../../../firmware/entities/relay";

test("the output is written when the level changes, and only then", () => {
	const written: number[] = [];
	const relay = new Relay("relay", { write: (value) => void written.push(value) });
	assert.deepEqual(written, []);
	assert.equal(relay.apply("OFF"), false);
	assert.equal(relay.apply("ON"), true);
	assert.equal(relay.apply("ON"), false);
	assert.equal(relay.apply("TOGGLE"), true);
	assert.equal(relay.apply("TOGGLE"), true);
	assert.equal(relay.on, true);
	assert.deepEqual(written, [1, 0, 1]);
});
