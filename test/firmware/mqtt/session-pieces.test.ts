/** Publications whose payload comes in pieces. Scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { held } from "./held";
import { Letters, lettersOf } from "./pieces";
import { publishOf, Rig, type RigOptions } from "./rig";

const Bytes = 5000;

function rigOf(options: RigOptions = {}): Rig {
	return new Rig({ arenaBytes: 64, transmitBytes: 64, ...options }).connect();
}

function publishLetters(rig: Rig, bytes = Bytes, qos = 1): number {
	return rig.session.publishPieces("a/b", bytes, qos, true, new Letters(), rig.now);
}

function payloadsOf(rig: Rig): string[] {
	return rig.received.map((packet) => {
		if (packet.cmd !== "publish") return packet.cmd;
		return `${packet.messageId}${packet.dup ? "+" : ""} ${packet.payload}`;
	});
}

test("a payload of 5,000 bytes leaves whole through buffers of 64, in pieces of any length", () => {
	for (const pieceBytes of [1, 7, 256, 65_536]) {
		const rig = rigOf({ pieceBytes });
		const token = publishLetters(rig);
		assert.ok(token > 0);
		assert.equal(rig.session.inFlight, 1);
		rig.pump();
		const packet = rig.take();
		assert.equal(packet.cmd, "publish");
		if (packet.cmd !== "publish") return;
		assert.equal(packet.topic, "a/b");
		assert.equal(packet.payload.toString(), lettersOf(Bytes));
		assert.deepEqual([packet.qos, packet.retain, packet.dup], [1, true, false]);
		assert.ok((rig.session.packets?.length ?? 0) <= 64);
		rig.send({ cmd: "puback", messageId: packet.messageId });
		const { event, token: done, qos } = rig.event();
		assert.deepEqual([event, done, qos], [Event.Published, token, 1]);
		assert.deepEqual(held(rig.session), []);
		assert.equal(rig.session.pieces, undefined, "the source is let go");
	}
});

test("what nobody publishes in pieces costs nothing", () => {
	const rig = rigOf();
	rig.session.publish("a", "x", 1, false, rig.now);
	rig.pump().send({ cmd: "puback", messageId: 1 });
	assert.equal(Object.hasOwn(rig.session, "pieces"), false);
});

test("it keeps its place in the order, and there is one at a time", () => {
	const rig = rigOf();
	rig.session.publish("a", "1", 1, false, rig.now);
	assert.ok(publishLetters(rig) > 0);
	assert.equal(publishLetters(rig), Code.Full);
	rig.session.publish("a", "3", 1, false, rig.now);
	rig.session.publish("a", "4", 0, false, rig.now);
	rig.session.subscribe([{ topic: "s", qos: 0 }], rig.now);
	rig.pump();
	const kinds = rig.received.map((packet) =>
		packet.cmd === "publish" ? `${packet.payload.toString().slice(0, 2)}` : packet.cmd,
	);
	assert.deepEqual(kinds, ["1", lettersOf(2), "3", "4", "subscribe"]);
	rig.send({ cmd: "puback", messageId: 2 });
	assert.ok(publishLetters(rig) > 0);
});

test("answers wait for the rest of it and no longer", () => {
	const rig = rigOf();
	publishLetters(rig);
	const buffer = new Uint8Array(100);
	assert.equal(rig.session.pollTransmit(buffer, 0, 100, rig.now), 100);
	rig.session.publish("a", "later", 1, false, rig.now);
	rig.pending = Buffer.from([0x32, 5, 0, 1, 0x74, 0, 9]);
	rig.session.handleBytes(rig.pending, 0, 7, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Message);
	rig.session.acknowledge(rig.session.message.handle, rig.now);
	const rest = new Uint8Array(6000);
	const count = rig.session.pollTransmit(rest, 0, 6000, rig.now);
	const behind = Bytes + 3 + 2 + 3 + 2 - 100;
	assert.deepEqual([...rest.subarray(behind, behind + 4)], [0x40, 2, 0, 9]);
	assert.equal(count, behind + 4 + 12);
});

test("cut at any byte it goes again from its beginning, with DUP and the same id", () => {
	const whole = 2 + 2 + 3 + 2 + 40;
	for (let sent = 0; sent <= whole; sent++) {
		const rig = rigOf();
		publishLetters(rig, 40);
		const buffer = new Uint8Array(100);
		if (sent > 0) assert.equal(rig.session.pollTransmit(buffer, 0, sent, rig.now), sent);
		rig.drop().connect(true);
		assert.deepEqual(payloadsOf(rig), [`1${sent > 0 ? "+" : ""} ${lettersOf(40)}`]);
		rig.send({ cmd: "puback", messageId: 1 });
		assert.equal(rig.event().event, Event.Published);
	}
});

test("a broker that lost the session, and another broker, get it as a new publication", () => {
	for (const broker of [0, 1]) {
		const rig = rigOf();
		const token = publishLetters(rig);
		rig.session.publish("a", "x", 1, false, rig.now);
		rig.session.pollTransmit(new Uint8Array(300), 0, 300, rig.now);
		rig.drop().connect(broker === 1, broker);
		assert.deepEqual(payloadsOf(rig), [`3 ${lettersOf(Bytes)}`, "2 x"]);
		rig.send({ cmd: "puback", messageId: 3 });
		assert.equal(rig.event().token, token);
	}
});

test("other packets may move its head while it leaves, and come and go behind it", () => {
	const rig = rigOf({ arenaBytes: 40, window: 6 });
	for (const text of ["1", "2"]) rig.session.publish("abcd", text, 1, false, rig.now);
	rig.pump();
	publishLetters(rig, 300);
	const first = new Uint8Array(8);
	assert.equal(rig.session.pollTransmit(first, 0, 8, rig.now), 8);
	// Their places in front are free now; the next one has room only when the head moves.
	rig.session.handleBytes(Buffer.from([0x40, 2, 0, 1]), 0, 4, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Published);
	assert.ok(rig.session.publish("abcd", "4".repeat(8), 1, false, rig.now) > 0);
	const rest = new Uint8Array(400);
	const count = rig.session.pollTransmit(rest, 0, 400, rig.now);
	const all = Buffer.concat([first, rest.subarray(0, count)]);
	const head = 1 + 2 + 2 + 3 + 2;
	assert.equal(all.subarray(head, head + 300).toString(), lettersOf(300));
	assert.equal(all.subarray(-8).toString(), "44444444");
});

test("a late PUBACK of the connection before ends it before it goes again", () => {
	const rig = rigOf();
	publishLetters(rig);
	rig.pump();
	rig.drop().open();
	rig.received = [];
	rig.session.handleBytes(Buffer.from([0x20, 2, 1, 0]), 0, 4, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Connected);
	rig.session.handleBytes(Buffer.from([0x40, 2, 0, 1]), 0, 4, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Published);
	assert.equal(rig.session.transmitBytes, 0);
	assert.ok(publishLetters(rig) > 0);
	rig.pump();
	assert.deepEqual(payloadsOf(rig), [`2 ${lettersOf(Bytes)}`]);
});

test("QoS 2: PUBREL goes in its place after PUBREC; a lost session starts anew", () => {
	const rig = rigOf();
	publishLetters(rig, 300, 2);
	rig.pump().send({ cmd: "pubrec", messageId: 1 });
	assert.equal(rig.summary(), "publish 1, pubrel 1");
	rig.drop().connect(true);
	assert.equal(rig.summary(), "pubrel 1");
	rig.drop().connect(false);
	assert.deepEqual(payloadsOf(rig), [`2 ${lettersOf(300)}`]);
	rig.send({ cmd: "pubrec", messageId: 2 }).send({ cmd: "pubcomp", messageId: 2 });
	assert.equal(rig.event().qos, 2);
	assert.equal(rig.session.pieces, undefined);
});

test("what cannot be is refused, and nothing has changed", () => {
	const rig = rigOf({ arenaBytes: 16, window: 1 });
	const { session, now } = rig;
	const source = new Letters();
	for (const qos of [0, 3, -1]) {
		assert.equal(session.publishPieces("a", 10, qos, false, source, now), Code.InvalidQos);
	}
	assert.equal(session.publishPieces("a/#", 10, 1, false, source, now), Code.InvalidTopic);
	assert.equal(session.publishPieces("a", 268_435_451, 1, false, source, now), Code.TooLong);
	assert.equal(session.publishPieces("a".repeat(20), 10, 1, false, source, now), Code.TooLong);
	assert.equal(session.inFlight, 0);
	session.publish("a", "", 1, false, now);
	assert.equal(session.publishPieces("a", 10, 1, false, source, now), Code.Full);
	assert.equal(source.begun, 0);
	assert.equal(session.publishPieces("a", 10, 1, false, source, now), Code.Full);
});

test("nothing at all is a payload as well", () => {
	const rig = rigOf();
	assert.ok(publishLetters(rig, 0) > 0);
	rig.pump();
	assert.deepEqual(payloadsOf(rig), ["1 "]);
});

test("a slow transport is no silence of the broker's, one that has stopped is", () => {
	const rig = rigOf({ responseTimeoutMs: 1000, keepAliveSeconds: 0 });
	rig.session.publish("a", "x", 1, false, rig.now);
	publishLetters(rig);
	const buffer = new Uint8Array(100);
	for (let count = 0; count < 40; count++) {
		rig.session.pollTransmit(buffer, 0, 100, rig.now);
		rig.now = (rig.now + 900) | 0;
		rig.session.handleTimeout(rig.now);
		assert.equal(rig.session.pollEvent(), Event.None);
	}
	rig.now = (rig.now + 101) | 0;
	rig.session.handleTimeout(rig.now);
	assert.equal(rig.session.pollEvent(), Event.Closed);
	assert.equal(rig.session.event.code, Code.AckTimeout);
});

test("half a CONNECT is nothing that an acknowledgement is due for", () => {
	const rig = rigOf({ responseTimeoutMs: 1000, connectTimeoutMs: 9000, keepAliveSeconds: 0 });
	publishLetters(rig, 10, 2);
	rig.pump().send({ cmd: "pubrec", messageId: 1 });
	rig.drop();
	rig.session.handleOpened(rig.now);
	rig.session.pollTransmit(new Uint8Array(5), 0, 5, rig.now);
	rig.session.handleTimeout((rig.now + 1001) | 0);
	assert.equal(rig.session.pollEvent(), Event.None);
});

test("a message comes in while it leaves", () => {
	const rig = rigOf({ pieceBytes: 50 });
	publishLetters(rig);
	rig.send(publishOf("in", 1, 5));
	assert.equal(rig.payloads(), "in");
	assert.equal(rig.summary(), "publish 1, puback 5");
});
