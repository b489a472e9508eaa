import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../../firmware/mqtt/codes";
import {
	checkTopicBytes,
	copyBytes,
	isUtf8,
	readUint16,
	readUtf8,
	utf8Bytes,
	varintBytes,
	writeUint16,
	writeUtf8,
	writeVarint,
} from "../../../firmware/mqtt/wire";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { fromHex, toHex } from "./hex";

test("remaining length is written as in table 2.4", () => {
	for (const { value, hex } of vectors.remainingLength) {
		const target = new Uint8Array(6).fill(0xee);
		const end = writeVarint(target, 1, value);
		assert.equal(toHex(target, 1, end), hex, String(value));
		assert.equal(varintBytes(value), hex.length / 2);
		assert.equal(target[end], 0xee);
	}
});

test("16-bit integers are big-endian", () => {
	const target = new Uint8Array(4);
	assert.equal(writeUint16(target, 1, 0x1234), 3);
	assert.equal(toHex(target), "00123400");
	assert.equal(readUint16(target, 1), 0x1234);
	writeUint16(target, 0, 65_535);
	assert.equal(readUint16(target, 0), 65_535);
});

test("UTF-8 of each length goes out and comes back", () => {
	const cases: [string, string][] = [
		["", ""],
		["aZ~\u007f", "615a7e7f"],
		["\u0080\u07ff", "c280dfbf"],
		["\u0800\ud7ff\ue000\uffff", "e0a080ed9fbfee8080efbfbf"],
		["\u{10000}\u{10ffff}", "f0908080f48fbfbf"],
		["a😀b", "61f09f988062"],
		["\ufeffx", "efbbbf78"],
	];
	for (const [text, hex] of cases) {
		assert.equal(utf8Bytes(text), hex.length / 2, hex);
		const target = new Uint8Array(32);
		const end = writeUtf8(target, 3, text);
		assert.equal(toHex(target, 3, end), hex);
		assert.equal(readUtf8(target, 3, end), text);
		assert.equal(isUtf8(target, 3, end), true);
	}
});

test("a surrogate alone cannot be written", () => {
	for (const text of ["\ud800", "a\udfff", "\ud83dx", "\ude00\ud83d"]) {
		assert.equal(utf8Bytes(text), -1);
	}
});

test("ill-formed UTF-8 is told from well-formed", () => {
	for (const { hex, code } of vectors.malformed) {
		if (code !== "TopicUtf8") continue;
		const bytes = fromHex(hex);
		assert.equal(isUtf8(bytes, 4, bytes.length), false, hex);
		assert.equal(checkTopicBytes(bytes, 4, bytes.length), Code.TopicUtf8, hex);
	}
	assert.equal(isUtf8(new Uint8Array([0]), 0, 1), true);
});

test("a sequence that the end of the topic cuts is ill-formed, whatever follows", () => {
	const bytes = fromHex("f09f9880");
	for (let end = 1; end < 4; end++) assert.equal(checkTopicBytes(bytes, 0, end), Code.TopicUtf8);
	assert.equal(checkTopicBytes(bytes, 0, 4), Code.None);
});

test("bytes are copied, short and long", () => {
	for (const length of [0, 1, 95, 96, 97, 300]) {
		const source = new Uint8Array(length + 4).map((_, index) => index & 0xff);
		const target = new Uint8Array(length + 8).fill(0xee);
		assert.equal(copyBytes(target, 5, source, 2, 2 + length), 5 + length);
		assert.deepEqual(target.slice(5, 5 + length), source.slice(2, 2 + length));
		assert.equal(target[4], 0xee);
		assert.equal(target[5 + length], 0xee);
	}
});
