import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../../firmware/mqtt/codes";
import {
	payloadBytes,
	textBytes,
	topicFilterBytes,
	topicNameBytes,
} from "../../../firmware/mqtt/validate";
import { utf8Bytes } from "../../../firmware/mqtt/wire";
import vectors from "../../vectors/mqtt.json" with { type: "json" };

test("topic names", () => {
	for (const name of vectors.topicNames.valid) {
		assert.equal(topicNameBytes(name), utf8Bytes(name), name);
	}
	for (const name of vectors.topicNames.invalid) {
		assert.ok(topicNameBytes(name) < 0, JSON.stringify(name));
	}
	assert.equal(topicNameBytes("a".repeat(65_535)), 65_535);
	assert.equal(topicNameBytes("a".repeat(65_536)), Code.TooLong);
	assert.equal(topicNameBytes(`${"€".repeat(21_845)}`), 65_535);
	assert.equal(topicNameBytes(`${"€".repeat(21_845)}a`), Code.TooLong);
});

test("topic filters", () => {
	for (const filter of vectors.topicFilters.valid) {
		assert.equal(topicFilterBytes(filter), utf8Bytes(filter), filter);
	}
	for (const filter of vectors.topicFilters.invalid) {
		assert.ok(topicFilterBytes(filter) < 0, JSON.stringify(filter));
	}
	assert.equal(topicFilterBytes("a".repeat(65_536)), Code.TooLong);
});

test("what is too long is not walked: it is said before what else is wrong with it", () => {
	const long = "#\0".repeat(32_768);
	assert.equal(topicNameBytes(long), Code.TooLong);
	assert.equal(topicFilterBytes(long), Code.TooLong);
	assert.equal(textBytes(long), Code.TooLong);
});

test("other texts may be empty, payloads may hold NUL", () => {
	assert.equal(textBytes(""), 0);
	assert.equal(textBytes("ü#+"), 4);
	assert.equal(textBytes("a\0"), Code.InvalidText);
	assert.equal(textBytes("\ud800"), Code.InvalidText);
	assert.equal(payloadBytes("a\0ü"), 4);
	assert.equal(payloadBytes("\ud800"), Code.InvalidText);
	assert.equal(payloadBytes(new Uint8Array(5)), 5);
});
