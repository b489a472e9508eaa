/** Publications over lost connections and lost sessions. Scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, State } from "../../../firmware/mqtt/codes";
import { publishOf, Rig } from "./rig";

test("everything unacknowledged goes again, in order, with DUP; PUBREL for what was received", () => {
	const rig = new Rig({ window: 6 }).connect();
	for (const qos of [1, 2, 2, 1, 2]) rig.session.publish("a", "x", qos, false, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "publish 1, publish 2, publish 3, publish 4, publish 5");
	rig.send({ cmd: "pubrec", messageId: 3 }).send({ cmd: "puback", messageId: 4 });
	assert.equal(rig.summary(), "pubrel 3");
	for (let round = 0; round < 3; round++) {
		rig.drop().connect(true);
		assert.equal(rig.summary(), "publish 1+, publish 2+, pubrel 3, publish 5+");
	}
	rig.session.publish("a", "new", 1, false, rig.now);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "publish 1+, publish 2+, pubrel 3, publish 5+, publish 6");
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
