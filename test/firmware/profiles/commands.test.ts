import assert from "node:assert/strict";
import { test } from "node:test";
import type { Packet } from "mqtt-packet";
import { plainCommand } from "../../../firmware/entities/command";
import { Event } from "../../../firmware/mqtt/session";
import { type Command, memory, SET, Shed, UNIX_MS } from "../../support/shed";
import { takeTrace } from "../../support/xs-globals";

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
		[{ text: `{"state":"ON","id":"${"x".repeat(300)}"}` }, /a command has 256 bytes at most/],
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
	const entities = [{ kind: "relay", id: "relay", pin: "D1", rate: { commands: 1000 } }];
	const shed = new Shed({ window: 2 }, { entities });
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

test("an entity takes so many commands in so long, and others are not held up by it", () => {
	const entities = [
		{ kind: "relay", id: "relay", pin: "D1", rate: { commands: 3, perMs: 1_000 } },
		{ kind: "relay", id: "pump", pin: "D2" },
	];
	const shed = new Shed({}, { entities });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const dones = () => [1, 2, 3, 4, 5].map(() => shed.command({ text: "TOGGLE" }).results[0]);
	const first = dones();
	assert.deepEqual(
		first.map((result) => result.done),
		[true, true, true, false, false],
	);
	assert.equal(first[4].reason, "more than 3 commands in 1000 ms");
	const pump = shed.command({ text: "ON", topic: "fieldmote/shed/pump/set" }).results[0];
	assert.deepEqual(pump, { entity: "pump", done: true, state: "ON" });
	shed.wait(1_000);
	assert.equal(shed.command({ text: "TOGGLE" }).results[0].done, true);
	assert.equal(shed.levels.length, 3 + 1 + 1);
});

test("an expired command is refused, one without a clock too", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const expires = UNIX_MS + 1_000;
	const text = JSON.stringify({ state: "TOGGLE", id: "e", expires });
	assert.equal(shed.command({ text }).results[0].done, true);
	shed.wait(1_000);
	const late = shed.command({ text: JSON.stringify({ state: "TOGGLE", expires }) });
	assert.equal(late.results[0].reason, "expired 0 ms ago");
	shed.clock = "unset";
	const unset = shed.command({ text: JSON.stringify({ state: "TOGGLE", expires }) });
	assert.match(String(unset.results[0].reason), /clock is not set/);
	// What was done stays done.
	assert.equal(shed.command({ text }).results[0].state, "ON");
	assert.deepEqual(shed.levels, [1]);
});

test("what comes before the nonce is from before the connect, what comes after it is new", () => {
	const shed = new Shed({}, { silent: true });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	// A new session: nothing can have waited.
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
	shed.bench.close();
	shed.bench.connect(true);
	const said = shed.bench.acknowledgeAll();
	const nonce = said.find((one) => one.topic === "fieldmote/shed/sync");
	assert.deepEqual([nonce?.retain, nonce?.qos], [false, 1]);
	const stale = shed.command({ text: "OFF" });
	assert.match(String(stale.results[0].reason), /sent while the node was away: give expires/);
	assert.equal(
		shed.command({ text: `{"state":"OFF","expires":${UNIX_MS * 2}}` }).results[0].done,
		true,
	);
	// Somebody else's.
	shed.sync("fieldmote/shed/sync", "17");
	assert.equal(shed.command({ text: "ON" }).results[0].done, false);
	shed.sync("fieldmote/shed/sync", nonce?.text ?? "");
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
	assert.deepEqual(shed.levels, [1, 0, 1]);
});

test("where the nonce does not come back, silence for 30 s has to do", () => {
	const shed = new Shed({}, { silent: true });
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	for (let i = 0; i < 4; i++) {
		shed.wait(20_000);
		assert.equal(shed.command({ text: "ON" }).results[0].done, false);
	}
	shed.wait(30_000);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("silence without a connection says nothing about what waits", () => {
	const shed = new Shed({}, { silent: true });
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	shed.bench.close();
	takeTrace();
	for (let i = 0; i < 10; i++) shed.wait(10_000);
	assert.deepEqual(
		takeTrace().filter((line) => line.includes("sync")),
		[],
	);
	shed.bench.connect(true);
	assert.equal(shed.command({ text: "ON" }).results[0].done, false);
	shed.wait(30_000);
	assert.match(takeTrace().join(), /fieldmote\/shed\/sync did not come back/);
});

test("an entity may be told to carry out what waited", () => {
	const entities = [{ kind: "relay", id: "relay", pin: "D1", whileAway: "execute" }];
	const shed = new Shed({}, { silent: true, entities });
	shed.bench.connect(true);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("a retained command switches what follows it: once, not at each connect", () => {
	const entities = [{ kind: "relay", id: "relay", pin: "D1", restore: "retained" }];
	const shed = new Shed({}, { entities });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "ON", retain: true }).results[0].done, true);
	// By somebody in the house; the retained one comes again with the next connect.
	assert.equal(shed.command({ text: "OFF" }).results[0].done, true);
	shed.bench.close();
	shed.bench.connect(true);
	assert.deepEqual(shed.command({ text: "ON", retain: true }).results, []);
	assert.deepEqual(shed.levels, [1, 0]);
	// Another one is news.
	assert.equal(shed.command({ text: '{"state":"ON"}', retain: true }).results[0].done, true);
	assert.deepEqual(shed.levels, [1, 0, 1]);
});

test("a retained command that was refused is tried again with the next connect", () => {
	const entities = [
		{ kind: "relay", id: "relay", pin: "D1", restore: "retained", minimumOffMs: 5_000 },
	];
	const shed = new Shed({}, { entities });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "ON", retain: true }).results[0].done, false);
	shed.wait(5_000);
	assert.equal(shed.command({ text: "ON", retain: true }).results[0].done, true);
});

test("an empty payload asks for nothing, as when a retained command is cleared", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.deepEqual(shed.command({ text: "" }), { results: [], states: ["OFF"] });
});

test("a reboot between storing and doing: interrupted, and not done again", () => {
	const preference = memory();
	const text = '{"state":"TOGGLE","id":"i 1"}';
	const first = new Shed({}, { preference });
	first.bench.connect();
	first.bench.acknowledgeAll();
	first.onWrite = () => {
		throw new Error("power cut");
	};
	assert.throws(() => first.command({ text }), /power cut/);

	const second = new Shed({}, { preference });
	second.bench.connect(true);
	const said = second.bench.acknowledgeAll();
	const result = JSON.parse(said.find((one) => one.topic.endsWith("/result"))?.text ?? "");
	const reason = "interrupted by a restart: it may have been done";
	const expected = { entity: "relay", id: "i 1", done: false, interrupted: true, reason };
	assert.deepEqual(result, expected);
	assert.deepEqual(second.command({ text, dup: true, qos: 2 }).results, [expected]);
	assert.deepEqual(second.levels, []);

	const third = new Shed({}, { preference });
	third.bench.connect(true);
	const later = third.bench.acknowledgeAll();
	assert.equal(later.filter((one) => one.topic.endsWith("/result")).length, 0);
});

test("a command to all nodes is heard where the site says so", () => {
	const topic = "fieldmote/all/relay/set";
	const deaf = new Shed();
	assert.ok(!deaf.profile.subscriptions.some((one) => one.topic.includes("/all/")));
	const shed = new Shed({}, { broadcast: true });
	assert.ok(shed.profile.subscriptions.some((one) => one.topic === "fieldmote/all/+/set"));
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "ON", topic }).results[0].done, true);
	// Who has no such entity says nothing.
	assert.deepEqual(shed.command({ text: "ON", topic: "fieldmote/all/pump/set" }).results, []);
});

test("topics and words of an entity can be the house's own, both ways", () => {
	const entities = [
		{
			kind: "relay",
			id: "relay",
			pin: "D1",
			topics: { set: "Room1/Light", state: "Room1/Light/is" },
			payloads: { on: "Turn On", off: "Turn Off" },
		},
	];
	const shed = new Shed({}, { entities });
	assert.ok(shed.profile.subscriptions.some((one) => one.topic === "Room1/Light"));
	shed.bench.connect();
	const before = shed.bench.acknowledgeAll();
	assert.equal(before.find((one) => one.topic === "Room1/Light/is")?.text, "Turn Off");
	const { results } = shed.command({ text: "Turn On", topic: "Room1/Light" });
	assert.deepEqual(results, [{ entity: "relay", done: true, state: "ON" }]);
	const { results: refused } = shed.command({ text: "on", topic: "Room1/Light" });
	assert.match(String(refused[0].reason), /expected Turn On, Turn Off/);
	assert.deepEqual(shed.levels, [1]);
});

test("a command to an entity that there is not is refused, and the next one is done", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const { results } = shed.command({ text: "ON", topic: "fieldmote/shed/pump/set" });
	assert.match(String(results[0].reason), /no entity takes commands at fieldmote\/shed\/pump\/set/);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("a state is published when it changed meanwhile, or when the broker lost its memory", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const states = () =>
		shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/relay/state"));
	shed.bench.close();
	shed.bench.connect(true);
	assert.equal(states().length, 0);
	shed.bench.close();
	shed.entities.entities[0].apply(plainCommand("ON"), shed.bench.now);
	shed.bench.connect(true);
	assert.deepEqual(
		states().map((one) => one.text),
		["ON"],
	);
	shed.bench.close();
	shed.bench.connect(false);
	assert.deepEqual(
		states().map((one) => one.text),
		["ON"],
	);
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
