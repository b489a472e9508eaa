/** Tables and bytes exist only while they hold something, and are no larger than they have to be. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { Code, Event } from "../../../firmware/mqtt/codes";
import { held, heldBytes } from "./held";
import { publishOf, Rig } from "./rig";

test("a session that was never opened holds nothing, and then just its publications", () => {
	const { session, now } = new Rig({ window: 8, arenaBytes: 4096, receiveBytes: 4096 });
	assert.deepEqual(held(session), []);
	assert.ok(session.numbers.byteLength <= 300, `${session.numbers.byteLength} bytes`);
	assert.ok(session.publish("t", "x".repeat(93), 1, false, now) > 0);
	assert.deepEqual(held(session), ["outgoing", "packets"]);
	assert.equal(session.packets?.length, 100, "just the packet");
	assert.equal(session.publish("t", "", 0, false, now), Code.NotConnected);
	assert.deepEqual(held(session), ["outgoing", "packets"]);
});

test("CONNECT is made when the transport opens, and is gone when it has left", () => {
	const { session, now } = new Rig();
	session.handleOpened(now);
	assert.deepEqual(held(session), ["queue"]);
	session.pollTransmit(new Uint8Array(100), 0, 100, now);
	assert.deepEqual(held(session), []);
});

test("connected and with nothing in flight, nothing is held", () => {
	const rig = new Rig({ pieceBytes: 3 }).connect();
	const { session, now } = rig;
	assert.deepEqual(held(session), []);
	session.subscribe([{ topic: "t", qos: 2 }], now);
	assert.deepEqual(held(session), ["queue", "requests"]);
	rig.pump();
	assert.deepEqual(held(session), ["requests"]);
	rig.send({ cmd: "suback", messageId: 1, granted: [2] });
	assert.deepEqual(held(session), []);
	for (const qos of [0, 1, 2] as const) session.publish("t", "out", qos, false, now);
	rig.pump();
	assert.deepEqual(held(session), ["outgoing", "packets"]);
	rig.send({ cmd: "puback", messageId: 2 });
	rig.send({ cmd: "pubrec", messageId: 3 }).send({ cmd: "pubcomp", messageId: 3 });
	assert.deepEqual(held(session), []);
	rig
		.send(publishOf("in", 0))
		.send(publishOf("in", 1, 7))
		.send(publishOf("in", 2, 8));
	assert.deepEqual(held(session), []);
	rig.send({ cmd: "pubrel", messageId: 8 });
	rig.send(publishOf("x".repeat(600), 1, 9));
	rig.advance(60_000).send({ cmd: "pingresp" });
	assert.deepEqual(held(session), []);
	assert.equal(session.inFlight + session.pendingIncoming, 0);
	assert.equal(session.skipped, 1);
});

test("a message's bytes are held until the next poll, a cut packet's until the rest is here", () => {
	const rig = new Rig().connect();
	const { session, now } = rig;
	const bytes = generate(publishOf("y".repeat(200), 0));
	assert.equal(session.handleBytes(bytes, 0, 100, now), 100);
	assert.deepEqual(held(session), ["source"]);
	assert.equal(heldBytes(session), bytes.length - 3, "just the body");
	assert.equal(session.pollEvent(), Event.None);
	assert.deepEqual(held(session), ["source"]);
	session.handleBytes(bytes, 100, bytes.length, now);
	assert.equal(session.pollEvent(), Event.Message);
	assert.equal(session.messageText()?.length, 200);
	assert.equal(session.pollEvent(), Event.None);
	assert.deepEqual(held(session), []);
	assert.equal(session.messageTopic(), "");
});

test("when the connection is lost, what was its is let go, in pieces or not", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	const { session, now } = rig;
	session.publish("t", "again", 1, false, now);
	rig.pump();
	rig.send(publishOf("held", 1, 5));
	session.publish("t", "never", 0, false, now);
	session.subscribe([{ topic: "t", qos: 0 }], now);
	session.handleBytes(new Uint8Array([0x30, 100, 0, 1]), 0, 4, now);
	assert.deepEqual(held(session), [
		"incoming",
		"outgoing",
		"packets",
		"queue",
		"requests",
		"source",
	]);
	session.handleClosed(now);
	assert.deepEqual(held(session), ["incoming", "outgoing", "packets", "requests"]);
	assert.equal(session.pollEvent(), Event.Subscribed);
	assert.deepEqual(held(session), ["incoming", "outgoing", "packets"]);
});

test("tables and bytes grow by need, and not over what was configured", () => {
	const rig = new Rig({ window: 5, arenaBytes: 500, transmitBytes: 200 }).connect();
	const { session, now } = rig;
	let accepted = 0;
	while (session.publish("t", "z".repeat(60), 1, false, now) > 0) accepted += 1;
	assert.equal(accepted, 5);
	while (session.publish("t", "z".repeat(20), 0, false, now) > 0);
	assert.ok((session.packets?.length ?? 0) <= 500);
	assert.ok((session.queue?.length ?? 0) <= 200);
	assert.ok((session.outgoing?.length ?? 0) <= 13 + 5 * 10);
});
