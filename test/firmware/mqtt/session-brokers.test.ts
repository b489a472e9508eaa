/** Several brokers, each with a session of its own. Scripted brokers; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { publishOf, Rig } from "./rig";

const A = 0;
const B = 1;

test("what is in flight towards one broker goes to another as new, whatever that has kept", () => {
	for (const sessionPresent of [false, true]) {
		const rig = new Rig({ window: 5 }).connect(false, A);
		const topics = ["sent1", "sent2", "released"];
		for (const [i, topic] of topics.entries()) {
			rig.session.publish(topic, "x", i === 0 ? 1 : 2, false, rig.now);
		}
		rig.pump();
		rig.send({ cmd: "pubrec", messageId: 3 });
		assert.equal(rig.summary(), "publish 1, publish 2, publish 3, pubrel 3");
		rig.drop();
		rig.session.publish("waiting", "x", 1, false, rig.now);
		rig.connect(sessionPresent, B);
		assert.equal(rig.summary(), "publish 5, publish 6, publish 7, publish 4");
		rig.send({ cmd: "puback", messageId: 5 }).send({ cmd: "pubrec", messageId: 6 });
		rig.send({ cmd: "pubcomp", messageId: 6 }).send({ cmd: "puback", messageId: 4 });
		assert.equal(rig.seen.filter(({ event }) => event === Event.Published).length, 3);
		assert.equal(rig.session.inFlight, 1);
	}
});

test("a broker that did not accept us changes nothing", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect(false, A);
	rig.session.publish("up", "x", 2, false, rig.now);
	rig.pump();
	rig.send(publishOf("held", 1, 7)).send(publishOf("once", 2, 8));
	const [held, once] = rig.seen.map((seen) => seen.handle) as [number, number];
	rig.session.acknowledge(once, rig.now);
	rig.drop().open(B).drop().open(B);
	rig.send(new Uint8Array([0x20, 2, 0, 5]));
	rig.drop();
	rig.seen = [];
	rig.connect(true, A);
	assert.equal(rig.summary(), "publish 1+");
	assert.equal(rig.session.inherited, false);
	rig.send(publishOf("held", 1, 7, { dup: true })).send(publishOf("once", 2, 8, { dup: true }));
	assert.equal(rig.payloads(), "");
	assert.equal(rig.session.acknowledge(held, rig.now), 0);
	rig.pump();
	assert.equal(rig.summary(), "puback 7, pubrec 8");
});

test("an id that was received from one broker is another message's from the next", () => {
	const rig = new Rig().connect(false, A);
	rig.send(publishOf("a", 2, 9));
	assert.equal(rig.summary(), "pubrec 9");
	assert.equal(rig.payloads(), "a");
	rig.drop().connect(true, B);
	rig.send(publishOf("b", 2, 9));
	assert.equal(rig.payloads(), "b");
	assert.equal(rig.summary(), "pubrec 9");
	assert.equal(rig.session.repeated, 0);
});

test("a message that is held is not acknowledged to another broker", () => {
	for (const qos of [1, 2] as const) {
		const rig = new Rig({ autoAcknowledge: false }).connect(false, A);
		rig.send(publishOf("a", qos, 9));
		const { handle } = rig.event();
		rig.drop().connect(true, B);
		rig.send(publishOf("b", qos, 9));
		assert.equal(rig.session.acknowledge(handle, rig.now), Code.UnknownHandle);
		rig.pump();
		assert.equal(rig.summary(), "");
		assert.equal(rig.session.acknowledge(rig.event().handle, rig.now), 0);
		rig.drop().connect(true, A);
		// It was never acknowledged, so it comes again, and is new to us.
		rig.send(publishOf("a", qos, 9, { dup: true }));
		assert.equal(rig.payloads(), "a");
		assert.equal(rig.session.inherited, true);
	}
});

test("inherited is a session that the broker remembers and we do not", () => {
	const rig = new Rig();
	assert.equal(rig.session.inherited, false);
	const steps: [boolean, number, boolean][] = [
		[true, A, true],
		[true, A, true],
		[false, A, false],
		[true, A, false],
		[false, B, false],
		[true, A, true],
		[true, A, true],
		[true, B, true],
		[false, B, false],
		[true, B, false],
	];
	for (const [sessionPresent, broker, expected] of steps) {
		rig.connect(sessionPresent, broker).drop();
		assert.equal(rig.session.inherited, expected);
	}
});
