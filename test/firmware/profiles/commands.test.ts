import assert from "node:assert/strict";
import { test } from "node:test";
import type { Packet } from "mqtt-packet";
import { Event } from "../../../firmware/mqtt/session";
import { type Command, SET, Shed } from "../../support/shed";

test("a command switches, and gets one result and one state", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.deepEqual(shed.command({ text: "ON" }), {
		results: [{ entity: "relay", done: true, state: "ON" }],
		states: ["ON"],
	});
	assert.deepEqual(shed.command({ text: '{"state":"TOGGLE","id":"a"}', qos: 2 }), {
		results: [{ entity: "relay", id: "a", done: true, state: "OFF" }],
		states: ["OFF"],
	});
	assert.deepEqual(shed.levels, [1, 0]);
});

test("an id is carried out once, at any QoS, and answered the same each time", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const text = '{"state":"TOGGLE","id":"7"}';
	const first = shed.command({ text });
	for (const qos of [0, 1, 2] as const) {
		assert.deepEqual(shed.command({ text, qos, dup: qos > 0 }).results, first.results);
	}
	assert.deepEqual(shed.levels, [1]);
});

test("a repeat of a packet id at QoS 2 is not carried out", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9 }).results.length, 1);
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9, dup: true }).results.length, 0);
	shed.bench.close();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9, dup: true }).results.length, 0);
	assert.deepEqual(shed.levels, [1]);
});

test("what must not switch does not, and the result says why", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const cases: [Command, RegExp][] = [
		[{ text: "ON", retain: true }, /retained/],
		[{ text: "TOGGLE", dup: true }, /give an id/],
		[{ text: "on" }, /expected ON, OFF, TOGGLE/],
		[{ text: "\ud800" }, /expected/],
		[{ text: `{"state":"ON","id":"${"x".repeat(300)}"}` }, /expected/],
		[{ text: "x".repeat(3000) }, /30\d\d bytes is too large, a command has 256 at most/],
	];
	for (const [command, reason] of cases) {
		const { results, states } = shed.command(command);
		assert.equal(results.length, 1);
		assert.equal(results[0].done, false);
		assert.match(String(results[0].reason), reason);
		assert.deepEqual(states, []);
	}
	assert.deepEqual(shed.levels, []);
});

test("in a session from before the reboot, TOGGLE sent again is refused at QoS 2 too", () => {
	const shed = new Shed();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	const { results } = shed.command({ text: "TOGGLE", qos: 2, dup: true });
	assert.match(String(results[0].reason), /before the reboot/);
	// The first connection may have been lost before the repeat came.
	shed.bench.close();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	const text = '{"state":"TOGGLE","id":"1"}';
	assert.match(String(shed.command({ text, dup: true }).results[0].reason), /before the reboot/);
	assert.equal(shed.command({ text }).results[0].done, true);
	assert.equal(shed.command({ text, dup: true }).results[0].done, true);
	assert.deepEqual(shed.levels, [1]);
});

test("at another broker a repeat cannot be told either, and what it says names that", () => {
	const shed = new Shed();
	shed.bench.connect(false, 0);
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, dup: true }).results[0].done, true);
	shed.bench.close();
	shed.bench.connect(false, 1);
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, dup: true }).results[0].done, true);
	shed.bench.close();
	shed.bench.connect(true, 0);
	shed.bench.acknowledgeAll();
	const { results } = shed.command({ text: "TOGGLE", qos: 2, dup: true });
	assert.match(String(results[0].reason), /before the reboot or at another broker$/);
	assert.deepEqual(shed.levels, [1, 0]);
});

test("a flood waits at the broker: every command gets its result, no report is pushed out", () => {
	const shed = new Shed({ window: 2 });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const packets: Packet[] = [];
	for (let id = 1; id <= 100; id++) {
		const text = `{"state":"TOGGLE","id":"${id}"}`;
		const head = { cmd: "publish", topic: SET, payload: text, qos: 1 } as const;
		packets.push({ ...head, messageId: id, dup: false, retain: false });
	}
	shed.wait(10_000);
	shed.bench.offer(...packets);
	const ids: string[] = [];
	let times = 0;
	for (let round = 0; round < 300 && ids.length < 100; round++) {
		// As on a wire: what acknowledges a result comes behind the commands that are on their way.
		const acks: Packet[] = [];
		for (const one of shed.bench.sent.splice(0)) {
			if (one.cmd !== "publish") continue;
			if (one.qos === 1) acks.push({ cmd: "puback", messageId: one.messageId as number });
			if (one.topic.endsWith("/result")) ids.push(JSON.parse(one.payload.toString()).id);
			if (one.topic.endsWith("/time")) times++;
		}
		shed.wait(50);
		shed.bench.offer(...acks);
	}
	assert.deepEqual(
		ids,
		packets.map((_, i) => String(i + 1)),
	);
	assert.equal(shed.levels.length, 100);
	assert.equal(times, 1);
});

test("with a transport that takes nothing a flood is not taken either", () => {
	const shed = new Shed({ window: 2, transmitBytes: 256 });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const before = shed.bench.pump;
	shed.bench.pump = () => undefined;
	const packets: Packet[] = [];
	for (let id = 1; id <= 100; id++) {
		const head = {
			cmd: "publish",
			topic: SET,
			payload: `{"state":"TOGGLE","id":"${id}"}`,
		} as const;
		packets.push({ ...head, qos: 1, messageId: id, dup: false, retain: false });
	}
	shed.bench.offer(...packets);
	assert.ok(shed.levels.length < 20, `${shed.levels.length} at once`);
	shed.bench.pump = before;
});

test("a command that comes while going down is left for the next time", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	shed.profile.handleStop(shed.bench.now);
	const { results } = shed.command({ text: "ON" });
	assert.deepEqual(results, []);
	assert.deepEqual(shed.levels, []);
	assert.equal(shed.bench.sent.filter((packet) => packet.cmd === "puback").length, 0);
});

test("a command is acknowledged, and only after the pin changed", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const before = shed.bench.onEvent;
	shed.bench.onEvent = (event) => {
		if (event === Event.Message) {
			shed.bench.pump();
			assert.equal(shed.bench.sent.filter((packet) => packet.cmd === "puback").length, 0);
		}
		before(event);
	};
	shed.command({ text: "ON" });
	assert.equal(shed.bench.take("puback").messageId, 100);
});
