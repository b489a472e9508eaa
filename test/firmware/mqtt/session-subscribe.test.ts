/** SUBSCRIBE and UNSUBSCRIBE. Against a scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { bytesOf } from "./answers";
import { Rig } from "./rig";

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
