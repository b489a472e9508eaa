/** Publications going out. Against a scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { Place } from "../../../firmware/mqtt/record";
import { rounds } from "../../support/rounds";
import { type Answer, bytesOf } from "./answers";
import { Rig } from "./rig";

test("QoS 1 is done with PUBACK", () => {
	const rig = new Rig().connect();
	const token = rig.session.publish("a/b", "x", 1, true, rig.now);
	rig.pump();
	assert.equal(rig.session.inFlight, 1);
	const packet = rig.take();
	assert.ok(packet.cmd === "publish" && packet.retain && packet.qos === 1 && !packet.dup);
	assert.equal(packet.payload.toString(), "x");
	rig.send({ cmd: "puback", messageId: packet.messageId });
	const { event, token: done, qos } = rig.event();
	assert.deepEqual([event, done, qos], [Event.Published, token, 1]);
	assert.equal(rig.session.inFlight, 0);
});

test("QoS 2 is done with PUBCOMP", () => {
	const rig = new Rig({ pieceBytes: 1 }).connect();
	const token = rig.session.publish("a/b", "x", 2, false, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "publish 1");
	rig.send({ cmd: "pubrec", messageId: 1 });
	assert.equal(rig.summary(), "pubrel 1");
	assert.equal(rig.seen.length, 0);
	rig.send({ cmd: "pubcomp", messageId: 1 });
	const { event, token: done, qos } = rig.event();
	assert.deepEqual([event, done, qos], [Event.Published, token, 2]);
});

test("the window and the arena are bounds, and Published makes room", () => {
	const rig = new Rig({ window: 2, arenaBytes: 64 }).connect();
	const publish = (text: string): number => rig.session.publish("a", text, 1, false, rig.now);
	assert.ok(publish("1") > 0);
	assert.ok(publish("2") > 0);
	assert.equal(publish("3"), Code.Full);
	rig.pump().send({ cmd: "puback", messageId: 2 });
	assert.ok(publish("x".repeat(40)) > 0);
	rig.pump().send({ cmd: "puback", messageId: 1 }).send({ cmd: "puback", messageId: 3 });
	assert.ok(publish("x".repeat(57)) > 0);
	assert.equal(publish("x"), Code.Full);
	assert.equal(publish("x".repeat(58)), Code.TooLong);
	assert.equal(rig.session.publish("a", "x", 0, false, rig.now) > 0, true);
});

test("misuse is refused before anything is sent", () => {
	const rig = new Rig({ transmitBytes: 64 }).connect();
	const { session, now } = rig;
	assert.equal(session.publish("", "x", 1, false, now), Code.InvalidTopic);
	assert.equal(session.publish("a/+", "x", 0, false, now), Code.InvalidTopic);
	assert.equal(session.publish("a/#", "x", 2, false, now), Code.InvalidTopic);
	assert.equal(session.publish("a\0", "x", 2, false, now), Code.InvalidTopic);
	assert.equal(session.publish("\ud800", "x", 2, false, now), Code.InvalidText);
	assert.equal(session.publish("a", "\udfff", 2, false, now), Code.InvalidText);
	assert.equal(session.publish("a".repeat(65_536), "x", 0, false, now), Code.TooLong);
	assert.equal(session.publish("a", "x", 3, false, now), Code.InvalidQos);
	assert.equal(session.publish("a", "x", -1, false, now), Code.InvalidQos);
	assert.equal(session.publish("a", "x".repeat(100), 0, false, now), Code.TooLong);
	assert.equal(session.subscribe([], now), Code.NoFilters);
	assert.equal(session.subscribe([{ topic: "a#", qos: 0 }], now), Code.InvalidFilter);
	assert.equal(session.subscribe([{ topic: "a", qos: 3 }], now), Code.InvalidQos);
	assert.equal(session.subscribe([{ topic: "a".repeat(100), qos: 0 }], now), Code.TooLong);
	assert.equal(session.unsubscribe([], now), Code.NoFilters);
	assert.equal(session.unsubscribe(["a", "+b"], now), Code.InvalidFilter);
	assert.equal(session.acknowledge(0, now), Code.UnknownHandle);
	assert.equal(session.acknowledge(-5, now), Code.UnknownHandle);
	assert.equal(session.acknowledge(77, now), Code.UnknownHandle);
	rig.pump();
	assert.equal(rig.summary(), "");
	assert.equal(session.inFlight, 0);
	rig.drop();
	assert.equal(session.publish("a", "x", 0, false, now), Code.NotConnected);
	assert.equal(session.subscribe([{ topic: "a", qos: 0 }], now), Code.NotConnected);
	assert.equal(session.unsubscribe(["a"], now), Code.NotConnected);
	assert.ok(session.publish("a", "x", 1, false, now) > 0);
});

test("ids are never 0 and never one in use, over the wrap; requests share them", () => {
	const rig = new Rig({ window: 4, firstPacketId: 65_534, requestWindow: 4 }).connect();
	const publish = (): number => rig.session.publish("a", "x", 1, false, rig.now);
	publish();
	rig.session.subscribe([{ topic: "a", qos: 0 }], rig.now);
	publish();
	rig.pump();
	assert.equal(rig.summary(), "publish 65534, subscribe 65535, publish 1");
	// Go round with two ids, so that the counter meets those in use.
	for (let count = 0; count < rounds(65_600); count++) {
		publish();
		rig.pump();
		const { messageId } = rig.take();
		assert.ok(messageId !== undefined && messageId !== 0);
		assert.ok(![65_534, 65_535, 1].includes(messageId), String(messageId));
		rig.send({ cmd: "puback", messageId });
		rig.seen = [];
		rig.given = [];
		rig.advance(0);
	}
	rig.session.unsubscribe(["a"], rig.now);
	rig.pump();
	const { messageId } = rig.take();
	assert.ok(messageId !== undefined && ![65_534, 65_535, 1].includes(messageId));
});

test("acknowledgements that fit nothing sent close the connection", () => {
	const wrong: [number, Answer][] = [
		[1, "pubrec"],
		[1, "pubcomp"],
		[2, "pubcomp"],
		[3, "puback"],
		[3, "pubrec"],
		[3, "unsuback"],
		[1, "suback"],
		[9, "suback"],
		[9, "unsuback"],
	];
	for (const [messageId, cmd] of wrong) {
		const rig = new Rig().connect();
		rig.session.publish("a", "x", 1, false, rig.now);
		rig.session.publish("a", "x", 2, false, rig.now);
		rig.session.subscribe([{ topic: "a", qos: 0 }], rig.now);
		rig.pump();
		rig.send(bytesOf(cmd, messageId));
		assert.equal(rig.event().code, Code.UnexpectedAck, `${cmd} ${messageId}`);
	}
	const rig = new Rig().connect();
	rig.session.publish("a", "x", 1, false, rig.now);
	rig.session.handleBytes(new Uint8Array([0x40, 2, 0, 1]), 0, 4, rig.now);
	rig.pump();
	assert.equal(rig.event().code, Code.UnexpectedAck, "PUBACK for what was not sent");
});

test("acknowledgements for unknown ids are ignored, but PUBREC gets its PUBREL", () => {
	const rig = new Rig().connect();
	rig.send({ cmd: "puback", messageId: 9 }).send({ cmd: "pubcomp", messageId: 9 });
	assert.equal(rig.summary(), "");
	rig.send({ cmd: "pubrec", messageId: 9 });
	assert.equal(rig.summary(), "pubrel 9");
	assert.equal(rig.session.strays, 3);
	assert.equal(rig.seen.length, 0);
});

test("a repeated PUBREC gets another PUBREL", () => {
	const rig = new Rig().connect();
	rig.session.publish("a", "x", 2, false, rig.now);
	rig.pump().send({ cmd: "pubrec", messageId: 1 }).send({ cmd: "pubrec", messageId: 1 });
	assert.equal(rig.summary(), "publish 1, pubrel 1, pubrel 1");
	rig.send({ cmd: "pubcomp", messageId: 1 });
	assert.equal(rig.event().event, Event.Published);
});

test("a broker that answers QoS 2 with PUBACK is understood", () => {
	const rig = new Rig().connect();
	rig.session.publish("a", "x", 2, false, rig.now);
	rig.pump().send({ cmd: "puback", messageId: 1 });
	assert.equal(rig.event().qos, 1);
	assert.equal(rig.session.inFlight, 0);
});

test("what was asked first leaves first, whatever it is", () => {
	const rig = new Rig().open();
	rig.summary();
	const { session } = rig;
	session.publish("a", "0", 0, false, rig.now);
	session.subscribe([{ topic: "a", qos: 0 }], rig.now);
	session.publish("a", "1", 1, false, rig.now);
	session.publish("a", "0", 0, false, rig.now);
	session.publish("a", "2", 2, false, rig.now);
	session.unsubscribe(["b"], rig.now);
	rig.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
	const order = "publish, subscribe 1, publish 2, publish, publish 3, unsubscribe 4";
	assert.equal(rig.summary(), order);
});

test("tokens stay over 0 and keep the order over their wrap", () => {
	const rig = new Rig().connect();
	const { session, now } = rig;
	session.numbers[Place.LastToken] = 0x7ffffffd;
	const tokens = [
		session.publish("a", "0", 0, false, now),
		session.publish("a", "1", 1, false, now),
		session.publish("a", "0", 0, false, now),
		session.publish("a", "1", 1, false, now),
	];
	assert.deepEqual(tokens, [0x7ffffffe, 0x7fffffff, 1, 2]);
	rig.pump();
	assert.equal(rig.summary(), "publish, publish 1, publish, publish 2");
});
