/** Publications and subscriptions going out. Against a scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { generate, type Packet } from "mqtt-packet";
import { Code, Event, State } from "../../../firmware/mqtt/codes";
import { publishOf, Rig } from "./rig";

type Answer = "puback" | "pubrec" | "pubcomp" | "suback" | "unsuback";

/** An answer of the broker; SUBACK grants one filter. */
function bytesOf(cmd: Answer, messageId: number): Uint8Array {
	if (cmd === "suback") return generate({ cmd, messageId, granted: [0] });
	// The typings of mqtt-packet ask for fields of MQTT 5 in UNSUBACK.
	return generate({ cmd, messageId, granted: [] } as Packet);
}

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

test("the queue of requests is a bound", () => {
	const rig = new Rig({ transmitBytes: 64 }).connect();
	let accepted = 0;
	while (rig.session.publish("a", "12345", 0, false, rig.now) > 0) accepted += 1;
	assert.equal(accepted, 4);
	assert.equal(rig.session.publish("a", "12345", 0, false, rig.now), Code.Full);
	rig.pump();
	assert.equal(rig.summary(), "publish, publish, publish, publish");
	assert.ok(rig.session.publish("a", "12345", 0, false, rig.now) > 0);
});

test("everything unacknowledged goes again, in order, with DUP; PUBREL for what was received", () => {
	const rig = new Rig({ window: 6 }).connect();
	for (const qos of [1, 2, 2, 1, 2]) rig.session.publish("a", "x", qos, false, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "publish 1, publish 2, publish 3, publish 4, publish 5");
	rig.send({ cmd: "pubrec", messageId: 3 }).send({ cmd: "puback", messageId: 4 });
	assert.equal(rig.summary(), "pubrel 3");
	for (let round = 0; round < 3; round++) {
		rig.drop().connect(true);
		assert.equal(rig.summary(), "pubrel 3, publish 1+, publish 2+, publish 5+");
	}
	rig.session.publish("a", "new", 1, false, rig.now);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "pubrel 3, publish 1+, publish 2+, publish 5+, publish 6");
	rig.send({ cmd: "pubcomp", messageId: 3 });
	assert.equal(rig.seen.at(-1)?.event, Event.Published);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "publish 1+, publish 2+, publish 5+, publish 6+");
});

test("PUBRELs go in the order of the PUBRECs, also again", () => {
	const rig = new Rig().connect();
	for (let count = 0; count < 3; count++) rig.session.publish("a", "x", 2, false, rig.now);
	rig.pump();
	for (const messageId of [3, 1, 2]) rig.send({ cmd: "pubrec", messageId });
	assert.equal(rig.summary(), "publish 1, publish 2, publish 3, pubrel 3, pubrel 1, pubrel 2");
	rig.drop().connect(true);
	assert.equal(rig.summary(), "pubrel 3, pubrel 1, pubrel 2");
	rig.send({ cmd: "pubcomp", messageId: 1 });
	rig.drop().connect(true);
	assert.equal(rig.summary(), "pubrel 3, pubrel 2");
});

test("when the session is gone, what is not done goes again as new, under a new id", () => {
	for (const cleanSession of [false, true]) {
		const rig = new Rig({ window: 6, cleanSession }).connect();
		const tokens = [1, 2, 2].map((qos) =>
			rig.session.publish("a/b", `m${qos}`, qos, false, rig.now),
		);
		rig.pump().send({ cmd: "pubrec", messageId: 3 });
		tokens.push(rig.session.publish("a/b", "late", 1, false, rig.now));
		rig.summary();
		rig.drop().connect(false);
		const ids = rig.received.map((packet) => packet.messageId ?? 0);
		assert.equal(new Set(ids).size, 4);
		for (const id of [1, 2, 3]) assert.ok(!ids.slice(0, 3).includes(id));
		const again = rig.received.map((packet) =>
			packet.cmd === "publish" ? `${packet.payload} ${packet.qos} ${packet.dup}` : packet.cmd,
		);
		const expected = ["m1 1 false", "m2 2 false", "m2 2 false", "late 1 false"];
		assert.deepEqual(again, expected);
		for (const id of ids) {
			if (ids.indexOf(id) % 3 === 0) rig.send({ cmd: "puback", messageId: id });
			else {
				rig.send({ cmd: "pubrec", messageId: id });
				rig.send({ cmd: "pubcomp", messageId: id });
			}
		}
		assert.deepEqual(
			rig.seen.map((seen) => seen.token),
			tokens,
		);
		assert.equal(rig.session.inFlight, 0);
	}
});

test("what never left has no DUP; what left in part has, and goes whole", () => {
	const rig = new Rig().connect();
	rig.session.publish("a", "first", 1, false, rig.now);
	rig.session.publish("a", "second", 1, false, rig.now);
	const buffer = new Uint8Array(4);
	assert.equal(rig.session.pollTransmit(buffer, 0, 4, rig.now), 4);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "publish 1+, publish 2");
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
	for (let count = 0; count < 65_600; count++) {
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

test("late answers of the connection before end what waits to go again", () => {
	const rig = new Rig().connect();
	for (const qos of [1, 2, 1]) rig.session.publish("a", "x", qos, false, rig.now);
	rig.pump();
	rig.drop().open();
	rig.summary();
	const connack = [0x20, 2, 1, 0];
	const late = [0x40, 2, 0, 1, 0x50, 2, 0, 2, 0x40, 2, 0, 3];
	rig.pending = Buffer.from([...connack, ...late]);
	for (let count = 0; count < 5; count++) {
		const taken = rig.session.handleBytes(rig.pending, 0, rig.pending.length, rig.now);
		rig.pending = rig.pending.subarray(taken);
		rig.session.pollEvent();
	}
	assert.equal(rig.pending.length, 0);
	rig.pump();
	assert.equal(rig.summary(), "pubrel 2");
	assert.equal(rig.session.inFlight, 1);
});

test("an answer for what is half out is ignored: the whole will be answered", () => {
	const rig = new Rig().connect();
	rig.session.publish("a", "x", 1, false, rig.now);
	rig.pump();
	rig.drop().open();
	rig.session.handleBytes(Buffer.from([0x20, 2, 1, 0]), 0, 4, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Connected);
	const buffer = new Uint8Array(3);
	rig.session.pollTransmit(buffer, 0, 3, rig.now);
	rig.session.handleBytes(Buffer.from([0x40, 2, 0, 1]), 0, 4, rig.now);
	assert.equal(rig.session.pollEvent(), Event.None);
	assert.equal(rig.session.inFlight, 1);
	assert.equal(rig.session.pollTransmit(new Uint8Array(99), 0, 99, rig.now), 5);
	rig.send({ cmd: "puback", messageId: 1 });
	assert.equal(rig.event().event, Event.Published);
});

test("SUBSCRIBE with several filters, granted and refused", () => {
	const rig = new Rig({ pieceBytes: 1 }).connect();
	const filters = [
		{ topic: "a", qos: 0 },
		{ topic: "b/+", qos: 1 },
		{ topic: "#", qos: 2 },
	];
	const token = rig.session.subscribe(filters, rig.now);
	const other = rig.session.unsubscribe(["a", "ü"], rig.now);
	rig.pump();
	const packet = rig.take();
	assert.ok(packet.cmd === "subscribe");
	assert.deepEqual(
		packet.subscriptions.map(({ topic, qos }) => ({ topic, qos })),
		filters,
	);
	const second = rig.take();
	assert.ok(second.cmd === "unsubscribe");
	assert.deepEqual(second.unsubscriptions, ["a", "ü"]);
	rig.send(bytesOf("unsuback", second.messageId ?? 0));
	assert.deepEqual([rig.seen[0]?.event, rig.event().token], [Event.Unsubscribed, other]);
	rig.send({ cmd: "suback", messageId: packet.messageId, granted: [0, 128, 1] });
	const subscribed = rig.event();
	assert.deepEqual([subscribed.event, subscribed.token], [Event.Subscribed, token]);
	assert.deepEqual(subscribed.granted, [0, 128, 1]);
	assert.equal(subscribed.code, Code.None);
});

test("SUBACK with a wrong count closes the connection", () => {
	for (const granted of [[0], [0, 0, 0]]) {
		const rig = new Rig().connect();
		rig.session.subscribe(
			[
				{ topic: "a", qos: 0 },
				{ topic: "b", qos: 0 },
			],
			rig.now,
		);
		rig.pump().send({ cmd: "suback", messageId: 1, granted });
		assert.equal(rig.event().code, Code.SubackCount);
	}
});

test("requests that die with the connection are told, and not sent again", () => {
	const rig = new Rig().connect();
	const tokens = [
		rig.session.subscribe([{ topic: "a", qos: 0 }], rig.now),
		rig.session.unsubscribe(["a"], rig.now),
	];
	rig.pump();
	rig.drop();
	assert.deepEqual(
		rig.seen.map(({ event, code, token }) => [event, code, token]),
		[
			[Event.Subscribed, Code.ConnectionLost, tokens[0]],
			[Event.Unsubscribed, Code.ConnectionLost, tokens[1]],
		],
	);
	rig.seen = [];
	rig.summary();
	rig.connect(true);
	assert.equal(rig.summary(), "");
});

test("requests are bounded, and the bound is told", () => {
	const rig = new Rig({ requestWindow: 1 }).connect();
	assert.ok(rig.session.unsubscribe(["a"], rig.now) > 0);
	assert.equal(rig.session.unsubscribe(["a"], rig.now), Code.Full);
	rig.pump().send(bytesOf("unsuback", 1));
	assert.ok(rig.session.unsubscribe(["a"], rig.now) > 0);
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

test("a resend waits for nothing but CONNACK", () => {
	const rig = new Rig({ incomingWindow: 1, autoAcknowledge: false }).connect();
	rig.session.publish("a", "x", 1, false, rig.now);
	rig
		.pump()
		.send(publishOf("held", 1, 5))
		.send(publishOf("blocked", 1, 6));
	assert.equal(rig.session.stalled, true);
	rig.drop();
	rig.summary();
	rig.open();
	rig.summary();
	rig.send({ cmd: "connack", returnCode: 0, sessionPresent: true });
	assert.equal(rig.summary(), "publish 1+");
	assert.equal(rig.session.state, State.Up);
});
