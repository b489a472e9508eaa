/** Messages coming in over lost connections, and bounds. Scripted broker; Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, Event, State } from "../../../firmware/mqtt/codes";
import { publishOf, Rig } from "./rig";

test("held over a reconnect: the repeat is answered in its new place, delivered once", () => {
	for (const qos of [1, 2] as const) {
		const answer = qos === 1 ? "puback" : "pubrec";
		const rig = new Rig({ autoAcknowledge: false }).connect();
		rig.send(publishOf("a", qos, 1)).send(publishOf("b", qos, 2));
		const [a, b] = rig.seen.map((seen) => seen.handle) as [number, number];
		rig.payloads();
		rig.drop();
		// One is acknowledged while there is no connection, the other after its repeat.
		assert.equal(rig.session.acknowledge(b, rig.now), 0);
		rig.connect(true);
		rig.send(publishOf("a", qos, 1, { dup: true })).send(publishOf("b", qos, 2, { dup: true }));
		assert.equal(rig.payloads(), "");
		assert.equal(rig.summary(), "");
		assert.equal(rig.session.acknowledge(a, rig.now), 0);
		rig.pump();
		assert.equal(rig.summary(), `${answer} 1, ${answer} 2`);
		assert.equal(rig.session.repeated, 2);
		assert.equal(rig.session.pendingIncoming, 0);
	}
});

test("acknowledged but not answered before the loss: answered when it comes again", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig
		.send(publishOf("a", 1, 1))
		.send(publishOf("b", 1, 2))
		.send(publishOf("c", 2, 3));
	const handles = rig.seen.map((seen) => seen.handle);
	rig.payloads();
	rig.session.acknowledge(handles[1] as number, rig.now);
	rig.session.acknowledge(handles[2] as number, rig.now);
	rig.drop().connect(true);
	rig.summary();
	rig.send(publishOf("b", 1, 2, { dup: true })).send(publishOf("c", 2, 3, { dup: true }));
	assert.equal(rig.payloads(), "");
	assert.equal(rig.summary(), "puback 2, pubrec 3");
	rig.session.acknowledge(handles[0] as number, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "");
	rig.send(publishOf("a", 1, 1));
	assert.equal(rig.payloads(), "");
	assert.equal(rig.summary(), "puback 1");
});

test("an answer that was cut by the loss is given again", () => {
	for (const qos of [1, 2] as const) {
		const rig = new Rig({ autoAcknowledge: false }).connect();
		rig.send(publishOf("a", qos, 1));
		rig.session.acknowledge(rig.event().handle, rig.now);
		assert.equal(rig.session.pollTransmit(new Uint8Array(3), 0, 3, rig.now), 3);
		rig.drop().connect(true);
		rig.send(publishOf("a", qos, 1, { dup: true }));
		assert.equal(rig.summary(), qos === 1 ? "puback 1" : "pubrec 1");
		assert.equal(rig.seen.length, 0);
	}
});

test("when the session is gone, ids mean nothing any more", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig
		.send(publishOf("a", 2, 1))
		.send(publishOf("b", 2, 2))
		.send(publishOf("c", 1, 3));
	const handles = rig.seen.map((seen) => seen.handle);
	rig.session.acknowledge(handles[0] as number, rig.now);
	rig.pump();
	rig.payloads();
	rig.drop().connect(false);
	assert.equal(rig.session.pendingIncoming, 0);
	assert.equal(rig.session.acknowledge(handles[1] as number, rig.now), Code.UnknownHandle);
	rig
		.send(publishOf("x", 2, 1))
		.send(publishOf("y", 2, 2))
		.send(publishOf("z", 1, 3));
	assert.equal(rig.payloads(), "x y z");
	assert.equal(rig.session.acknowledge(handles[1] as number, rig.now), Code.UnknownHandle);
});

test("a full table stops reading, byte by byte too, and never closes", () => {
	for (const pieceBytes of [1, 3, 1000]) {
		const rig = new Rig({ incomingWindow: 2, autoAcknowledge: false, pieceBytes }).connect();
		for (let id = 1; id <= 6; id++) rig.send(publishOf(`${id}`, id % 2 ? 1 : 2, id));
		rig.send(publishOf("free", 0));
		const handles = rig.seen.map((seen) => seen.handle);
		assert.equal(rig.payloads(), "1 2");
		assert.equal(rig.session.stalled, true);
		assert.ok(rig.pending.length > 0);
		rig.advance(1000);
		for (let id = 3; id <= 6; id++) {
			assert.equal(rig.session.acknowledge(handles.shift() as number, rig.now), 0);
			rig.pump();
			handles.push(rig.seen[0]?.handle as number);
			assert.equal(rig.payloads().split(" ")[0], `${id}`);
		}
		assert.equal(rig.session.state, State.Up);
		for (const handle of handles) rig.session.acknowledge(handle, rig.now);
		rig.pump();
		assert.equal(rig.pending.length, 0);
		assert.equal(rig.session.stalled, false);
	}
});

test("sixty QoS 2 messages at once, with their PUBRELs behind, pass a table of one", () => {
	const rig = new Rig({ incomingWindow: 1, autoAcknowledge: false }).connect();
	for (let id = 1; id <= 60; id++) rig.send(publishOf(`${id}`, 2, id));
	assert.equal(rig.session.stalled, true);
	for (let id = 1; id <= 60; id++) {
		const seen = rig.event();
		assert.equal(seen.payload, `${id}`);
		assert.equal(rig.session.acknowledge(seen.handle, rig.now), 0);
		rig.pump();
		assert.equal(rig.summary(), `pubrec ${id}`);
	}
	assert.equal(rig.session.pendingIncoming, 0);
	for (let id = 1; id <= 60; id++) rig.send({ cmd: "pubrel", messageId: id });
	const comps = Array.from({ length: 60 }, (_, index) => `pubcomp ${index + 1}`);
	assert.equal(rig.summary(), comps.join(", "));
	assert.equal(rig.pending.length, 0);
});

test("messages of an earlier connection that are done give way to new ones", () => {
	const rig = new Rig({ incomingWindow: 2, autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 1, 1)).send(publishOf("b", 1, 2));
	const handles = rig.seen.map((seen) => seen.handle);
	rig.payloads();
	rig.drop();
	for (const handle of handles) assert.equal(rig.session.acknowledge(handle, rig.now), 0);
	rig.connect(true);
	rig.send(publishOf("c", 1, 3)).send(publishOf("d", 1, 4));
	assert.equal(rig.payloads(), "c d");
	assert.equal(rig.session.stalled, false);
});

test("answers that find no room hold up reading, not the connection", () => {
	const rig = new Rig().connect();
	const rels = Buffer.alloc(400);
	for (let at = 0; at < 400; at += 4) rels.set([0x62, 2, 1, at / 4 + 1], at);
	const taken = rig.session.handleBytes(rels, 0, 400, rig.now);
	assert.ok(taken < 400 && taken % 4 === 0);
	assert.equal(rig.session.stalled, true);
	rig.send(rels.subarray(taken));
	assert.equal(rig.received.length, 100);
	assert.equal(rig.session.stalled, false);
});

test("a PUBLISH that is too long is skipped, acknowledged, counted and told", () => {
	for (const pieceBytes of [1, 1000]) {
		const rig = new Rig({ receiveBytes: 32, pieceBytes }).connect();
		const long = "x".repeat(100);
		rig
			.send(publishOf(long, 0))
			.send(publishOf(long, 1, 5))
			.send(publishOf(long, 2, 6));
		rig.send(publishOf("ok", 1, 7));
		const events = rig.seen.map((seen) => seen.event);
		assert.deepEqual(events, [Event.Skipped, Event.Skipped, Event.Skipped, Event.Message]);
		assert.deepEqual(
			rig.seen.slice(0, 3).map((seen) => seen.skippedBytes),
			[105, 107, 107],
		);
		assert.equal(rig.payloads(), "ok");
		assert.equal(rig.summary(), "puback 5, pubrec 6, puback 7");
		rig.send(publishOf(long, 2, 6, { dup: true }));
		assert.equal(rig.summary(), "pubrec 6");
		assert.equal(rig.seen.length, 0);
		rig.send({ cmd: "pubrel", messageId: 6 });
		assert.equal(rig.summary(), "pubcomp 6");
		assert.equal(rig.session.skipped, 3);
	}
});

test("the answer to a skipped PUBLISH waits for its turn, and for a place", () => {
	const rig = new Rig({ receiveBytes: 32, incomingWindow: 2, autoAcknowledge: false }).connect();
	const long = "x".repeat(100);
	rig
		.send(publishOf("a", 1, 1))
		.send(publishOf(long, 1, 2))
		.send(publishOf(long, 2, 3));
	assert.equal(rig.summary(), "");
	assert.equal(rig.session.stalled, true);
	rig.session.acknowledge(rig.event().handle, rig.now);
	rig.pump();
	assert.equal(rig.summary(), "puback 1, puback 2, pubrec 3");
});

test("any other packet that is too long ends the connection", () => {
	const rig = new Rig({ receiveBytes: 32 }).connect();
	rig.send({ cmd: "suback", messageId: 1, granted: new Array(40).fill(0) });
	assert.equal(rig.event().code, Code.PacketTooLong);
});

test("an id reused while in use at another QoS closes the connection", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 1, 1)).send(publishOf("b", 2, 1));
	assert.equal(rig.payloads(), "a");
	assert.equal(rig.session.state, State.Closed);
});

test("PUBREL for a message that was not answered closes the connection", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	rig.send(publishOf("a", 2, 1));
	rig.seen = [];
	rig.send({ cmd: "pubrel", messageId: 1 });
	assert.equal(rig.event().code, Code.UnexpectedAck);
});

test("an event of a lost connection can still be polled", () => {
	const rig = new Rig({ autoAcknowledge: false }).connect();
	const bytes = Buffer.from([0x32, 6, 0, 1, 0x61, 0, 9, 0x78]);
	rig.session.handleBytes(bytes, 0, 8, rig.now);
	rig.session.handleClosed(rig.now);
	assert.equal(rig.session.pollEvent(), Event.Message);
	assert.equal(rig.session.messageText(), "x");
	assert.equal(rig.session.acknowledge(rig.session.message.handle, rig.now), 0);
});
