/** Messages coming in: what is told, order of answers, repeats. Scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { rounds } from "../../support/rounds";
import { toHex } from "./hex";
import { publishOf, Rig } from "./rig";

test("topic, payload, QoS, RETAIN and DUP are told", () => {
	for (const pieceBytes of [1, 5, 1000]) {
		const rig = new Rig({ pieceBytes }).connect();
		rig.send(publishOf("grün", 2, 9, { topic: "a/ß", dup: true, retain: true }));
		const seen = rig.event();
		assert.deepEqual(
			[seen.topic, seen.payload, seen.qos, seen.dup, seen.retain, seen.packetId],
			["a/ß", "grün", 2, true, true, 9],
		);
		rig.send(publishOf("", 0));
		const plain = rig.event();
		assert.deepEqual(
			[plain.payload, plain.qos, plain.dup, plain.retain, plain.packetId, plain.handle],
			["", 0, false, false, 0, 0],
		);
	}
});

test("a payload that is no text is told apart", () => {
	const rig = new Rig().connect();
	rig.send(new Uint8Array([0x30, 5, 0, 1, 0x61, 0xff, 0xfe]));
	assert.equal(rig.event().payload, "?");
});

test("nothing is taken while an event waits", () => {
	const rig = new Rig().connect();
	const bytes = Buffer.from([0xd0, 0, 0x30, 3, 0, 1, 0x61, 0xd0, 0]);
	assert.equal(rig.session.handleBytes(bytes, 0, 9, rig.now), 7);
	assert.equal(rig.session.handleBytes(bytes, 7, 9, rig.now), 0);
	assert.equal(rig.session.message.buffer, bytes);
	assert.equal(rig.session.pollEvent(), Event.Message);
	assert.equal(rig.session.handleBytes(bytes, 7, 9, rig.now), 2);
});

test("answers leave when the application says so, in the order of arrival", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig
		.send(publishOf("a", 1, 1))
		.send(publishOf("b", 2, 2))
		.send(publishOf("c", 1, 3));
	const handles = rig.seen.map((seen) => seen.handle);
	assert.equal(rig.payloads(), "a b c");
	assert.equal(rig.session.acknowledge(handles[2] as number, rig.now), 0);
	assert.equal(rig.session.acknowledge(handles[1] as number, rig.now), 0);
	rig.pump();
	assert.equal(rig.summary(), "");
	assert.equal(rig.session.acknowledge(handles[0] as number, rig.now), 0);
	rig.pump();
	assert.equal(rig.summary(), "puback 1, pubrec 2, puback 3");
	assert.equal(rig.session.acknowledge(handles[0] as number, rig.now), Code.UnknownHandle);
	assert.equal(rig.session.pendingIncoming, 0);
});

test("an old handle does not acknowledge the next message in its place", () => {
	const rig = new Rig({ incomingWindow: 1 }).connect();
	const handles = new Set<number>();
	rig.autoAcknowledge = false;
	for (let count = 0; count < rounds(70_000); count++) {
		rig.send(publishOf("x", 1, 1));
		const { handle } = rig.event();
		assert.ok(handle > 0 && handle <= 0x7fffffff);
		if (count < 32_768) assert.ok(!handles.has(handle));
		for (const old of count < 5 ? handles : []) {
			assert.equal(rig.session.acknowledge(old, rig.now), Code.UnknownHandle);
		}
		handles.add(handle);
		assert.equal(rig.session.acknowledge(handle, rig.now), 0);
		rig.given = [];
		rig.received = [];
	}
});

test("a repeat of a pending id is not delivered, and answered once", () => {
	for (const qos of [1, 2] as const) {
		const rig = new Rig({ autoAcknowledge: false }).connect();
		rig.send(publishOf("x", qos, 7));
		rig.send(publishOf("x", qos, 7, { dup: true })).send(publishOf("x", qos, 7));
		assert.equal(rig.session.repeated, 2);
		const { handle } = rig.event();
		assert.equal(rig.seen.length, 0);
		rig.session.acknowledge(handle, rig.now);
		rig.pump();
		assert.equal(rig.summary(), qos === 1 ? "puback 7" : "pubrec 7");
	}
});

test("after PUBACK an id is a new message, with DUP too", () => {
	const rig = new Rig().connect();
	rig.send(publishOf("1", 1, 7)).send(publishOf("2", 1, 7, { dup: true }));
	assert.equal(rig.payloads(), "1 2");
	assert.equal(rig.summary(), "puback 7, puback 7");
});

test("after PUBREC a repeat gets PUBREC and is not delivered, until PUBREL", () => {
	const rig = new Rig().connect();
	rig.send(publishOf("x", 2, 7)).send(publishOf("x", 2, 7, { dup: true }));
	assert.equal(rig.summary(), "pubrec 7, pubrec 7");
	rig.drop().connect(true);
	rig.send(publishOf("x", 2, 7));
	assert.equal(rig.summary(), "pubrec 7");
	assert.equal(rig.payloads(), "x");
	rig.send({ cmd: "pubrel", messageId: 7 });
	assert.equal(rig.summary(), "pubcomp 7");
	rig.send({ cmd: "pubrel", messageId: 7 });
	assert.equal(rig.summary(), "pubcomp 7");
	rig.send(publishOf("new", 2, 7));
	assert.equal(rig.payloads(), "new");
});

test("repeats are answered in their turn as well", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 2, 1));
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump();
	rig.drop().connect(true);
	rig.summary();
	rig.send(publishOf("b", 2, 2)).send(publishOf("a", 2, 1, { dup: true }));
	assert.equal(rig.summary(), "");
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "pubrec 2, pubrec 1");
	assert.equal(rig.seen.length, 0);
});

test("PUBREL overtakes the answer to a repeat", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 2, 1));
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump().drop().connect(true);
	rig.summary();
	rig.send(publishOf("b", 2, 2)).send(publishOf("a", 2, 1, { dup: true }));
	rig.send({ cmd: "pubrel", messageId: 1 });
	assert.equal(rig.summary(), "pubcomp 1");
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "pubrec 2");
	assert.equal(rig.session.pendingIncoming, 0);
});

test("PUBREL while the answer to a repeat is half out: the next answer is not forgotten", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 2, 1));
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump().drop().connect(true);
	const repeat = generate(publishOf("a", 2, 1, { dup: true }));
	rig.session.handleBytes(repeat, 0, repeat.length, rig.now);
	assert.equal(rig.session.pollTransmit(new Uint8Array(2), 0, 2, rig.now), 2);
	const next = Buffer.concat([Buffer.from([0x62, 2, 0, 1]), generate(publishOf("b", 2, 2))]);
	rig.session.handleBytes(next, 0, next.length, rig.now);
	assert.equal(rig.session.pollEvent(), Event.Message);
	rig.session.acknowledge(rig.session.message.handle, rig.now);
	const rest = new Uint8Array(20);
	const count = rig.session.pollTransmit(rest, 0, 20, rig.now);
	assert.equal(toHex(rest, 0, count), "0001" + "50020002" + "70020001");
});

test("PUBREL for an unknown id gets PUBCOMP", () => {
	const rig = new Rig({ pieceBytes: 1 }).connect();
	rig.send({ cmd: "pubrel", messageId: 99 });
	assert.equal(rig.summary(), "pubcomp 99");
});
