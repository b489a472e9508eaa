/** Our codec and npm mqtt-packet, as an independent peer, on random packets. Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { generate, type Packet, parser } from "mqtt-packet";
import { Code } from "../../../firmware/mqtt/codes";
import { encodeConnect, type SessionOptions } from "../../../firmware/mqtt/connect";
import { encodePublish } from "../../../firmware/mqtt/encode";
import { readUtf8 } from "../../../firmware/mqtt/wire";
import { rounds } from "../../support/rounds";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { Decoder } from "./decoder";
import { toHex } from "./hex";
import { Random } from "./random";

function parseOne(bytes: Uint8Array): Packet {
	const packets: Packet[] = [];
	const reader = parser({ protocolVersion: 4 });
	reader.on("packet", (packet) => packets.push(packet));
	reader.on("error", (error) => assert.fail(error));
	reader.parse(Buffer.from(bytes));
	assert.equal(packets.length, 1);
	return packets[0] as Packet;
}

const letters = ["a", "/", "ß", "€", "😀", "\u{10ffff}", " ", "$", "\u0001", "\ufeff"];

function textOf(random: Random, most: number): string {
	let text = letters[random.below(letters.length)] as string;
	for (let count = random.below(most); count > 0; count--) {
		text += letters[random.below(letters.length)];
	}
	return text;
}

test("what we encode mqtt-packet reads, and what it encodes we read", () => {
	const random = new Random(11);
	const target = new Uint8Array(2000);
	const decoder = new Decoder(2000);
	for (let round = 0; round < rounds(3000); round++) {
		const qos = random.below(3) as 0 | 1 | 2;
		const topic = textOf(random, round % 60);
		const payload = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
		const retain = random.once(2);
		const messageId = 1 + random.below(65_535);
		const end = encodePublish(target, 0, 2000, topic, payload, qos, retain, messageId);
		const read = parseOne(target.slice(0, end));
		assert.ok(read.cmd === "publish");
		assert.equal(read.topic, topic);
		assert.equal(toHex(read.payload as Buffer), toHex(payload));
		assert.deepEqual([read.qos, read.retain, read.dup], [qos, retain, false]);
		if (qos > 0) assert.equal(read.messageId, messageId);
		const written = generate({
			cmd: "publish",
			topic,
			payload,
			qos,
			retain,
			dup: false,
			messageId,
		});
		assert.equal(toHex(target, 0, end), toHex(written));
		assert.equal(decoder.decode(written, 0, written.length, false), written.length);
		assert.equal(decoder.code, Code.None);
		const { packet } = decoder;
		assert.equal(readUtf8(packet.buffer, packet.topicStart, packet.topicEnd), topic);
		assert.equal(toHex(packet.buffer, packet.payloadStart, packet.payloadEnd), toHex(payload));
	}
});

test("a text payload is written as its bytes", () => {
	const random = new Random(12);
	const [one, other] = [new Uint8Array(2000), new Uint8Array(2000)];
	for (let round = 0; round < 500; round++) {
		const text = textOf(random, 200);
		const end = encodePublish(one, 0, 2000, "t", text, 1, false, 9);
		assert.equal(encodePublish(other, 0, 2000, "t", Buffer.from(text), 1, false, 9), end);
		assert.equal(toHex(one, 0, end), toHex(other, 0, end));
	}
});

test("CONNECT says to mqtt-packet what we were told", () => {
	const target = new Uint8Array(1000);
	for (const { options } of vectors.connect) {
		const settings = options as SessionOptions;
		const end = encodeConnect(target, 0, 1000, settings);
		const read = parseOne(target.slice(0, end));
		assert.ok(read.cmd === "connect");
		assert.equal(read.protocolId, "MQTT");
		assert.equal(read.protocolVersion, 4);
		assert.equal(read.clientId, settings.clientId);
		assert.equal(read.clean, settings.cleanSession);
		assert.equal(read.keepalive, settings.keepAliveSeconds);
		assert.equal(read.username, settings.username);
		assert.equal(read.password?.toString(), settings.password);
		assert.equal(read.will?.topic, settings.will?.topic);
		assert.equal(read.will?.payload.toString(), settings.will?.payload);
		assert.equal(read.will?.qos, settings.will?.qos);
		assert.equal(read.will?.retain, settings.will?.retain);
	}
});

test("the vectors are what mqtt-packet says too", () => {
	for (const { topic, payload, qos, retain, id, hex } of vectors.publish) {
		const packet = { cmd: "publish", topic, payload, retain, dup: false } as const;
		const bytes = generate({ ...packet, qos: qos as 0 | 1 | 2, messageId: id || undefined });
		assert.equal(toHex(bytes), hex);
	}
});
