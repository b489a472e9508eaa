import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../../firmware/mqtt/codes";
import { connectBytes, encodeConnect, type SessionOptions } from "../../../firmware/mqtt/connect";
import {
	encodePublish,
	markRepeated,
	packetBytes,
	renumberPublish,
	writeAck,
	writeEmpty,
	writeSubscribe,
	writeUnsubscribe,
} from "../../../firmware/mqtt/encode";
import { utf8Bytes } from "../../../firmware/mqtt/wire";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { toHex } from "./hex";

const target = new Uint8Array(1024);

function filterBytes(filters: readonly string[]): number {
	return filters.reduce((sum, filter) => sum + utf8Bytes(filter), 0);
}

test("PUBLISH", () => {
	for (const { topic, payload, qos, retain, id, hex } of vectors.publish) {
		const end = encodePublish(target, 5, 1024, topic, payload, qos, retain, id);
		assert.equal(toHex(target, 5, end), hex);
		const bytes = new Uint8Array(hex.length / 2);
		assert.equal(encodePublish(bytes, 0, bytes.length, topic, payload, qos, retain, id), end - 5);
		const short = encodePublish(bytes, 0, bytes.length - 1, topic, payload, qos, retain, id);
		assert.equal(short, Code.TooLong);
	}
});

test("PUBLISH of bytes", () => {
	const payload = new Uint8Array([0, 255, 128]);
	const end = encodePublish(target, 0, 1024, "a", payload, 1, true, 0x0102);
	assert.equal(toHex(target, 0, end), "330800016101020" + "0ff80");
});

test("PUBLISH that must not be sent writes nothing", () => {
	target.fill(0xee);
	assert.equal(encodePublish(target, 0, 1024, "", "x", 0, false, 0), Code.InvalidTopic);
	assert.equal(encodePublish(target, 0, 1024, "a/+", "x", 0, false, 0), Code.InvalidTopic);
	assert.equal(encodePublish(target, 0, 1024, "a", "\ud800", 0, false, 0), Code.InvalidText);
	for (const qos of [3, -1, 1.5, Number.NaN]) {
		assert.equal(encodePublish(target, 0, 1024, "a", "x", qos, false, 1), Code.InvalidQos);
	}
	assert.equal(target[0], 0xee);
	assert.equal(packetBytes(268_435_456), Code.TooLong);
	assert.equal(packetBytes(268_435_455), 268_435_460);
});

test("CONNECT", () => {
	for (const { options, hex } of vectors.connect) {
		const settings = options as SessionOptions;
		assert.equal(connectBytes(settings), hex.length / 2);
		const end = encodeConnect(target, 3, 1024, settings);
		assert.equal(toHex(target, 3, end), hex);
		assert.equal(encodeConnect(target, 0, hex.length / 2 - 1, settings), Code.TooLong);
	}
});

test("SUBSCRIBE and UNSUBSCRIBE", () => {
	for (const { id, filters, hex } of vectors.subscribe) {
		const bytes = filterBytes(filters.map((filter) => filter.topic));
		const end = writeSubscribe(target, 2, filters, bytes, id);
		assert.equal(toHex(target, 2, end), hex);
	}
	for (const { id, topics, hex } of vectors.unsubscribe) {
		const end = writeUnsubscribe(target, 2, topics, filterBytes(topics), id);
		assert.equal(toHex(target, 2, end), hex);
	}
});

test("acknowledgements, PINGREQ and DISCONNECT", () => {
	for (const { type, id, hex } of vectors.ack) {
		assert.equal(writeAck(target, 1, type, id), 5);
		assert.equal(toHex(target, 1, 5), hex);
	}
	for (const { type, hex } of vectors.empty) {
		assert.equal(writeEmpty(target, 1, type), 3);
		assert.equal(toHex(target, 1, 3), hex);
	}
});

test("a PUBLISH is marked as repeated, and made new under another id", () => {
	for (const { topic, payload, qos, retain, id, hex } of vectors.publish) {
		if (qos === 0) continue;
		const end = encodePublish(target, 4, 1024, topic, payload, qos, retain, id);
		markRepeated(target, 4);
		const first = (Number.parseInt(hex.slice(0, 2), 16) | 8).toString(16);
		assert.equal(toHex(target, 4, end), first + hex.slice(2));
		renumberPublish(target, 4, id ^ 0x1111);
		encodePublish(target, 512, 1024, topic, payload, qos, retain, id ^ 0x1111);
		assert.equal(toHex(target, 4, end), toHex(target, 512, 508 + end));
	}
});
