/** Connecting, refusals, keep-alive, disconnecting. Against a scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, codeName, Event, State } from "../../../firmware/mqtt/codes";
import { CODES } from "../../support/codes";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { fromHex } from "./hex";
import { publishOf, Rig } from "./rig";

test("CONNECT goes first and alone", () => {
	const rig = new Rig({ pieceBytes: 1 });
	assert.equal(rig.session.state, State.Closed);
	assert.ok(rig.session.publish("a", "1", 1, false, rig.now) > 0);
	rig.open();
	assert.ok(rig.session.publish("a", "2", 0, false, rig.now) > 0);
	assert.ok(rig.session.subscribe([{ topic: "a", qos: 1 }], rig.now) > 0);
	rig.pump();
	assert.equal(rig.session.state, State.Opening);
	assert.equal(rig.summary(), "connect");
	rig.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
	assert.equal(rig.event().event, Event.Connected);
	assert.equal(rig.session.state, State.Up);
	assert.equal(rig.summary(), "publish 1, publish, subscribe 2");
});

test("each return code is told, by name", () => {
	for (const returnCode of [1, 2, 3, 4, 5, 6, 255]) {
		const rig = new Rig().open();
		rig.send(new Uint8Array([0x20, 2, 0, returnCode]));
		const refused = rig.event();
		assert.equal(refused.event, Event.Refused);
		assert.equal(refused.code, returnCode);
		assert.ok(codeName(refused.code).length > 5);
		const closed = rig.event();
		assert.equal(closed.event, Event.Closed);
		assert.equal(closed.code, Code.Refused);
		assert.equal(rig.session.state, State.Closed);
		assert.equal(rig.session.wantsTransmit, false);
	}
	assert.equal(codeName(4), "bad user name or password");
});

test("codes have names of their own", () => {
	const names = Object.values(CODES).map((code) => codeName(code));
	assert.equal(new Set(names).size, names.length);
	for (const name of names) assert.doesNotMatch(name, /unknown code/);
});

test("session present on a clean session is a protocol error", () => {
	const rig = new Rig({ cleanSession: true }).open();
	rig.send({ cmd: "connack", returnCode: 0, sessionPresent: true });
	assert.equal(rig.event().code, Code.SessionPresent);
});

test("session present is told on a persistent session", () => {
	for (const sessionPresent of [true, false]) {
		const rig = new Rig().open();
		rig.send({ cmd: "connack", returnCode: 0, sessionPresent });
		assert.equal(rig.event().sessionPresent, sessionPresent);
	}
});

test("anything before CONNACK and a second CONNACK close the connection", () => {
	for (const { hex } of vectors.incoming) {
		const connack = hex.startsWith("20");
		const rig = connack ? new Rig().connect() : new Rig().open();
		rig.send(fromHex(hex));
		const closed = rig.event();
		assert.equal(closed.event, Event.Closed);
		assert.equal(closed.code, connack ? Code.SecondConnack : Code.BeforeConnack);
	}
});

test("malformed input closes the connection by name; the rest is taken and ignored", () => {
	for (const { hex, code } of vectors.malformed) {
		const rig = new Rig({ receiveBytes: 64 }).connect();
		rig.send(Buffer.concat([fromHex(hex), Buffer.alloc(100, 0x30)]));
		const closed = rig.event();
		assert.equal(closed.event, Event.Closed);
		assert.equal(closed.code, CODES[code], `${hex} ${code}`);
		assert.equal(rig.pending.length, 0);
		assert.equal(rig.seen.length, 0);
		assert.equal(rig.session.pollTimeout(rig.now), -1);
		const more = new Uint8Array(77);
		assert.equal(rig.session.handleBytes(more, 7, 77, rig.now), 70);
		rig.drop().connect();
		assert.equal(rig.session.state, State.Up);
	}
});

test("no CONNACK in time", () => {
	const rig = new Rig({ connectTimeoutMs: 3000 }).open();
	assert.equal(rig.session.pollTimeout(rig.now), 3000);
	rig.advance(2999);
	assert.equal(rig.seen.length, 0);
	rig.advance(1);
	assert.equal(rig.event().code, Code.ConnectTimeout);
});

test("PINGREQ goes out when nothing else did, before the keep-alive ends", () => {
	const rig = new Rig({ keepAliveSeconds: 10 }).connect();
	rig.advance(5000);
	rig.session.publish("a", "x", 0, false, rig.now);
	rig.pump();
	rig.advance(5000);
	assert.equal(rig.summary(), "publish");
	rig.advance(5000);
	assert.equal(rig.summary(), "pingreq");
	rig.send({ cmd: "pingresp" });
	rig.advance(10_000);
	assert.equal(rig.summary(), "pingreq");
});

test("pings go on for days over the rollover, and never later than the keep-alive", () => {
	const rig = new Rig({ keepAliveSeconds: 65_535 }).connect();
	for (let round = 0; round < 100; round++) {
		const before = rig.now;
		rig.advance(rig.session.pollTimeout(rig.now));
		assert.equal(rig.summary(), "pingreq");
		assert.ok(((rig.now - before) | 0) <= 65_535_000);
		rig.send({ cmd: "pingresp" });
	}
	assert.equal(rig.seen.length, 0);
});

test("what comes in does not put off PINGREQ", () => {
	const rig = new Rig({ keepAliveSeconds: 10 }).connect();
	for (let second = 0; second < 10; second++) rig.advance(1000).send(publishOf("x", 0));
	assert.equal(rig.summary(), "pingreq");
});

test("a peer that does not answer PINGREQ is dead", () => {
	const rig = new Rig({ keepAliveSeconds: 10, responseTimeoutMs: 4000 }).connect();
	rig.advance(8750);
	assert.equal(rig.summary(), "pingreq");
	rig.advance(3999);
	assert.equal(rig.seen.length, 0);
	rig.advance(1);
	assert.equal(rig.event().code, Code.PingTimeout);
});

test("other packets give a late PINGRESP time, but not for ever", () => {
	const rig = new Rig({ keepAliveSeconds: 10, responseTimeoutMs: 4000 }).connect();
	rig.advance(8750);
	let seconds = 0;
	while (rig.session.state === State.Up) {
		rig.advance(1000);
		if (rig.session.state === State.Up) rig.send(publishOf("x", 0));
		seconds += 1;
		assert.ok(seconds < 20);
	}
	assert.ok(seconds > 10);
	assert.equal(rig.seen.at(-1)?.code, Code.PingTimeout);
});

test("silence proves nothing while we do not read", () => {
	const rig = new Rig({
		keepAliveSeconds: 10,
		responseTimeoutMs: 4000,
		incomingWindow: 1,
		autoAcknowledge: false,
	}).connect();
	rig.session.publish("a", "x", 1, false, rig.now);
	rig.pump();
	rig.send(publishOf("1", 1, 1)).send(publishOf("2", 1, 2));
	assert.equal(rig.session.stalled, true);
	rig.send({ cmd: "puback", messageId: 1 }).send({ cmd: "pingresp" });
	rig.advance(60_000);
	assert.equal(rig.session.state, State.Up);
	assert.equal(rig.session.acknowledge(rig.event().handle, rig.now), 0);
	rig.pump();
	assert.equal(rig.session.stalled, false);
	assert.equal(rig.pending.length, 0);
	assert.equal(rig.payloads(), "2");
});

test("an acknowledgement that never comes ends the connection, also without keep-alive", () => {
	const rig = new Rig({ keepAliveSeconds: 0, responseTimeoutMs: 4000 }).connect();
	rig.advance(100_000);
	assert.equal(rig.summary(), "");
	rig.session.publish("a", "1", 1, false, rig.now);
	rig.pump().advance(3000);
	rig.session.publish("a", "2", 2, false, rig.now);
	rig.pump().advance(500);
	rig.send({ cmd: "puback", messageId: 1 });
	rig.advance(3999);
	assert.equal(rig.session.state, State.Up);
	rig.advance(1);
	assert.equal(rig.seen.at(-1)?.code, Code.AckTimeout);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "publish 2+");
	rig.send({ cmd: "pubrec", messageId: 2 }).send({ cmd: "pubcomp", messageId: 2 });
	rig.advance(100_000);
	assert.equal(rig.session.state, State.Up);
});

test("DISCONNECT goes out behind everything else, and then nothing", () => {
	const rig = new Rig({ pieceBytes: 3 }).connect();
	rig.session.publish("a", "1", 1, false, rig.now);
	rig.session.publish("a", "0", 0, false, rig.now);
	rig.session.disconnect(rig.now);
	assert.equal(rig.session.state, State.Closing);
	assert.equal(rig.session.publish("a", "late", 0, false, rig.now), Code.NotConnected);
	rig.pump();
	assert.equal(rig.summary(), "publish 1, publish, disconnect");
	const closed = rig.event();
	assert.equal(closed.event, Event.Closed);
	assert.equal(closed.code, Code.None);
	assert.ok(rig.session.publish("a", "next time", 1, false, rig.now) > 0);
	assert.equal(rig.session.wantsTransmit, false);
	rig.drop().connect(true);
	assert.equal(rig.summary(), "publish 1+, publish 2");
});

test("DISCONNECT before CONNACK goes out at once", () => {
	const rig = new Rig().open();
	rig.session.disconnect(rig.now);
	rig.pump();
	assert.equal(rig.summary(), "connect, disconnect");
	assert.equal(rig.event().code, Code.None);
});

test("a transport that takes nothing does not hold up the end", () => {
	const rig = new Rig({ responseTimeoutMs: 4000 }).connect();
	rig.session.disconnect(rig.now);
	assert.equal(rig.session.pollTimeout(rig.now), 4000);
	rig.now = (rig.now + 4000) | 0;
	rig.session.handleTimeout(rig.now);
	rig.pump();
	assert.equal(rig.summary(), "");
	assert.equal(rig.event().code, Code.None);
});

test("a transport that is reopened without a word starts anew", () => {
	const rig = new Rig().connect();
	rig.session.publish("a", "1", 1, false, rig.now);
	rig.pump();
	rig.connect(true);
	assert.equal(rig.summary(), "publish 1+");
	assert.equal(rig.seen.length, 0);
});

test("a failure of an old connection does not close the next", () => {
	const rig = new Rig().connect();
	rig.session.handleBytes(new Uint8Array([0xf0]), 0, 1, rig.now);
	rig.session.handleClosed(rig.now);
	rig.connect(true);
	rig.advance(1);
	assert.equal(rig.seen.length, 0);
	assert.equal(rig.session.state, State.Up);
});

test("a connection that is gone before anybody looked was never up", () => {
	const rig = new Rig().open();
	rig.session.handleBytes(new Uint8Array([0x20, 2, 0, 0]), 0, 4, rig.now);
	rig.session.handleClosed(rig.now);
	assert.equal(rig.session.pollEvent(), Event.None);
});
