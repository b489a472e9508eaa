import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, PacketType } from "../../../firmware/mqtt/codes";
import { readUtf8 } from "../../../firmware/mqtt/wire";
import { CODES } from "../../support/codes";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { Decoder } from "./decoder";
import { fromHex, toHex } from "./hex";

/** Feeds pieces with the given lengths (the last is repeated); returns what came out, as text. */
function feed(decoder: Decoder, bytes: Uint8Array, lengths: readonly number[]): string[] {
	const seen: string[] = [];
	let at = 0;
	for (let index = 0; at < bytes.length; index++) {
		const length = lengths[Math.min(index, lengths.length - 1)] as number;
		const end = Math.min(at + length, bytes.length);
		// Behind the piece lies something else, which must not be looked at.
		const piece = new Uint8Array(end + 3).fill(0xff);
		piece.set(bytes.subarray(0, end));
		while (at < end) {
			const taken = decoder.decode(piece, at, end, false);
			assert.ok(taken > 0 && at + taken <= end);
			at += taken;
			if (decoder.code !== Code.None) return [...seen, `code ${decoder.code}`];
			if (decoder.complete) seen.push(describe(decoder));
		}
	}
	return seen;
}

function describe(decoder: Decoder): string {
	const { packet } = decoder;
	const { type, packetId, buffer } = packet;
	switch (type) {
		case PacketType.Publish: {
			const flags = `q${packet.qos} r${packet.retain} d${packet.dup} #${packetId}`;
			if (packet.skipped) return `skipped ${packet.bytes} ${flags}`;
			const topic = readUtf8(buffer, packet.topicStart, packet.topicEnd);
			return `publish ${topic} ${toHex(buffer, packet.payloadStart, packet.payloadEnd)} ${flags}`;
		}
		case PacketType.Connack:
			return `connack ${packet.sessionPresent} ${packet.returnCode}`;
		case PacketType.Suback:
			return `suback #${packetId} ${toHex(buffer, packet.payloadStart, packet.payloadEnd)}`;
		case PacketType.Pingresp:
			return "pingresp";
		default:
			return `${type} #${packetId}`;
	}
}

const whole = [1_000_000];
const bytewise = [1];

test("each packet is read, whole and in any two pieces and byte by byte", () => {
	for (const { hex, packet } of vectors.incoming) {
		const bytes = fromHex(hex);
		const decoder = new Decoder(512);
		const expected = feed(decoder, bytes, whole);
		assert.equal(expected.length, 1, hex);
		assert.equal(decoder.packet.type, packet.type);
		if (packet.packetId !== undefined) assert.equal(decoder.packet.packetId, packet.packetId);
		if (packet.topic !== undefined) {
			const { buffer, topicStart, topicEnd, payloadStart, payloadEnd, qos } = decoder.packet;
			assert.equal(readUtf8(buffer, topicStart, topicEnd), packet.topic);
			assert.equal(readUtf8(buffer, payloadStart, payloadEnd), packet.text);
			assert.deepEqual(
				[qos, decoder.packet.retain, decoder.packet.dup],
				[packet.qos, packet.retain, packet.dup],
			);
		}
		if (packet.granted !== undefined) {
			const { buffer, payloadStart, payloadEnd } = decoder.packet;
			assert.deepEqual([...buffer.slice(payloadStart, payloadEnd)], packet.granted);
		}
		if (packet.returnCode !== undefined) {
			assert.equal(decoder.packet.returnCode, packet.returnCode);
			assert.equal(decoder.packet.sessionPresent, packet.sessionPresent);
		}
		assert.deepEqual(feed(new Decoder(512), bytes, bytewise), expected, hex);
		for (let split = 1; split < bytes.length; split++) {
			assert.deepEqual(feed(new Decoder(512), bytes, [split, 1000]), expected, `${hex} ${split}`);
		}
	}
});

test("many packets in one buffer, in pieces of every length", () => {
	const all = vectors.incoming.map((vector) => vector.hex).join("");
	const bytes = fromHex(all + all);
	const expected = feed(new Decoder(512), bytes, whole);
	assert.equal(expected.length, 2 * vectors.incoming.length);
	for (let length = 1; length < 200; length++) {
		assert.deepEqual(feed(new Decoder(512), bytes, [length]), expected, String(length));
	}
});

test("a whole packet is read where it lies", () => {
	const bytes = fromHex("3014000b526f6f6d312f4c696768745475726e204f6e");
	const decoder = new Decoder(512);
	decoder.decode(bytes, 0, bytes.length, false);
	assert.equal(decoder.packet.buffer, bytes);
	assert.equal(decoder.packet.topicStart, 4);
	const long = new Uint8Array(20_000).fill(0x61);
	long.set([0x30, 0x9c, 0x9c, 0x01, 0, 1]);
	const large = new Decoder(20_000);
	assert.equal(large.decode(long, 0, long.length, false), long.length);
	assert.equal(large.packet.buffer, long);
	assert.equal(large.packet.payloadEnd, long.length);
});

test("malformed bytes give a named code, whole and byte by byte, after good packets too", () => {
	for (const { hex, code } of vectors.malformed) {
		const expected = CODES[code];
		assert.ok(expected !== undefined && expected < 0, code);
		const bytes = fromHex(hex);
		for (const lengths of [whole, bytewise, [2, 1000], [3, 1000]]) {
			const seen = feed(new Decoder(64), bytes, lengths);
			assert.deepEqual(seen, [`code ${expected}`], `${hex} ${code}`);
		}
		const behind = feed(new Decoder(64), fromHex(`d00040020001${hex}`), whole);
		assert.deepEqual(behind, ["pingresp", "4 #1", `code ${expected}`]);
	}
});

/** A PUBLISH with a payload of zeros. */
function publishOf(
	flags: number,
	topicBytes: number,
	packetId: number,
	payload: number,
): Uint8Array {
	const length = 2 + topicBytes + (flags & 6 ? 2 : 0) + payload;
	const header = [0x30 | flags];
	let rest = length;
	do {
		header.push((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
		rest >>= 7;
	} while (rest > 0);
	const bytes = new Uint8Array(header.length + length);
	bytes.set(header);
	let at = header.length;
	bytes.set([topicBytes >> 8, topicBytes & 0xff], at);
	bytes.fill(0x74, at + 2, at + 2 + topicBytes);
	at += 2 + topicBytes;
	if (flags & 6) bytes.set([packetId >> 8, packetId & 0xff], at);
	return bytes;
}

test("a PUBLISH over the maximum is skipped, with its id, however it is split", () => {
	const cases: [number, number, number, number][] = [
		[0x00, 1, 0, 61],
		[0x02, 1, 0x1234, 59],
		[0x0d, 3, 0xffff, 200],
		[0x02, 300, 7, 0],
		[0x04, 300, 0x0700, 1],
		[0x00, 300, 0, 0],
		[0x02, 5, 9, 20_000],
	];
	for (const [flags, topicBytes, packetId, payload] of cases) {
		const bytes = publishOf(flags, topicBytes, packetId, payload);
		assert.ok(bytes.length > 64);
		const qos = (flags >> 1) & 3;
		const expected = [
			`skipped ${bytes.length} q${qos} r${(flags & 1) === 1} d${(flags & 8) === 8} #${packetId}`,
			"pingresp",
		];
		const stream = new Uint8Array(bytes.length + 2);
		stream.set(bytes);
		stream.set([0xd0, 0], bytes.length);
		for (const lengths of [whole, bytewise, [2, 3], [7], [64], [bytes.length - 1, 1]]) {
			assert.deepEqual(feed(new Decoder(64), stream, lengths), expected);
		}
	}
});

test("exactly the maximum is taken whole", () => {
	const bytes = publishOf(2, 1, 5, 57);
	assert.equal(bytes.length, 64);
	for (const lengths of [whole, bytewise]) {
		assert.match(feed(new Decoder(64), bytes, lengths)[0] as string, /^publish/);
		assert.match(feed(new Decoder(63), bytes, lengths)[0] as string, /^skipped 64/);
	}
});

test("a skipped PUBLISH is checked where it is looked at", () => {
	const zero = publishOf(2, 3, 0, 100);
	const cut = publishOf(2, 3, 1, 100);
	cut.set([0xff, 0xff], 2);
	const empty = publishOf(2, 0, 1, 100);
	for (const lengths of [whole, bytewise]) {
		assert.deepEqual(feed(new Decoder(64), zero, lengths), [`code ${Code.PacketIdZero}`]);
		assert.deepEqual(feed(new Decoder(64), cut, lengths), [`code ${Code.WrongLength}`]);
		assert.deepEqual(feed(new Decoder(64), empty, lengths), [`code ${Code.TopicEmpty}`]);
	}
});

test("held back: a PUBLISH with QoS > 0 leaves at least its last byte with the caller", () => {
	for (const bytes of [publishOf(2, 1, 5, 10), publishOf(4, 1, 5, 200), publishOf(2, 90, 5, 0)]) {
		for (let split = 0; split < bytes.length; split++) {
			const decoder = new Decoder(64);
			let at = split === 0 ? 0 : decoder.decode(bytes, 0, split, true);
			at += decoder.decode(bytes, at, bytes.length, true);
			assert.equal(decoder.held, true);
			assert.equal(decoder.complete, false);
			assert.ok(at < bytes.length);
			assert.equal(decoder.decode(bytes, at, bytes.length, true), 0);
			assert.equal(decoder.decode(bytes, at, bytes.length, false), bytes.length - at);
			assert.equal(decoder.complete, true);
			assert.equal(decoder.packet.packetId, 5);
		}
	}
	const decoder = new Decoder(64);
	const free = publishOf(0, 1, 0, 10);
	assert.equal(decoder.decode(free, 0, free.length, true), free.length);
	assert.equal(decoder.complete, true);
	assert.equal(decoder.decode(fromHex("62020001"), 0, 4, true), 4);
	assert.equal(decoder.complete, true);
});
