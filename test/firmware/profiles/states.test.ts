/** When states, contacts and problems are told, in which order, and to which broker. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, type Said, Shed } from "../../support/shed";
import { takeTrace } from "../../support/xs-globals";

const HOUR_MS = 3_600_000;
const DOOR = [{ kind: "binary", id: "door", pin: "D2" }];
const LOSS = { onLossOfContact: { state: "off", afterMs: 60_000 } };
const RELAY = { kind: "relay", id: "relay", pin: "D1" };

function texts(said: readonly Said[], leaf: string): string[] {
	return said.filter(({ topic }) => topic.endsWith(leaf)).map(({ text }) => text);
}

function doors(said: readonly Said[]): unknown[] {
	return texts(said, "door/state").map((text) => JSON.parse(text).state);
}

test("first that it is online, then states, then reports, also with a window of one", () => {
	for (const window of [1, 4]) {
		const shed = new Shed({ window });
		const topics = shed.up().map(({ topic }) => topic.slice("fieldmote/shed/".length));
		const inOrder = topics.filter((topic) => topic !== "diag");
		assert.deepEqual(inOrder, ["availability", "relay/state", "time"]);
	}
});

test("a state for which there is no room goes out when there is, the last one", () => {
	const shed = new Shed({ window: 1 });
	shed.up();
	// Nobody acknowledges: the report fills the window.
	shed.wait(10_000);
	const [relay] = shed.entities.entities;
	for (const level of [1, 0, 1]) {
		shed.command({ text: level === 1 ? "ON" : "OFF", qos: 0 });
	}
	assert.equal(relay.stateDue, false);
	shed.wait(10_000);
	shed.bench.give({
		...{ cmd: "publish", qos: 0, retain: false, dup: false },
		...{ topic: "fieldmote/shed/relay/set", payload: "OFF" },
	});
	assert.equal(relay.stateDue, true);
	assert.deepEqual(texts(shed.said(), "relay/state"), ["OFF"]);
	assert.equal(relay.stateDue, false);
});

test("a report that would fit does not go before a state that does not", () => {
	const shed = new Shed({ arenaBytes: 512 });
	shed.up();
	const [relay] = shed.entities.entities;
	Object.defineProperty(relay, "state", { get: () => "x".repeat(250) });
	shed.bench.session.publish("x", "y".repeat(250), 1, false, shed.bench.now);
	relay.stateDue = true;
	shed.wait(10_000);
	shed.bench.pump();
	const waiting = shed.bench.sent.map((one) => (one.cmd === "publish" ? one.topic : one.cmd));
	assert.deepEqual(waiting, ["x"]);
	const topics = shed.said().map(({ topic }) => topic);
	assert.deepEqual(topics, ["x", "fieldmote/shed/relay/state", "fieldmote/shed/time"]);
});

test("a state that can never go out is said, and holds up nothing", () => {
	const shed = new Shed({ arenaBytes: 1024 });
	Object.defineProperty(shed.entities.entities[0], "state", { get: () => "x".repeat(1500) });
	takeTrace();
	const said = shed.up();
	assert.equal(texts(said, "/time").length, 1);
	assert.match(takeTrace().join(), /relay\/state is not published/);
});

test("another broker is told the states, although it has the session", () => {
	const shed = new Shed();
	for (const broker of [0, 1, 0]) {
		assert.deepEqual(texts(shed.up(true, broker), "relay/state"), ["OFF"], `${broker}`);
		shed.bench.close();
		assert.deepEqual(texts(shed.up(true, broker), "relay/state"), []);
		shed.bench.close();
	}
});

test("a contact is told again to a broker that may not know it, and only then", () => {
	const shed = new Shed({}, { entities: DOOR });
	assert.deepEqual(doors(shed.up()), ["OFF"]);
	shed.edge("D2", 1);
	assert.deepEqual(doors(shed.pass(1_000)), ["ON"]);
	shed.bench.close();
	assert.deepEqual(doors(shed.up(true)), []);
	shed.bench.close();
	assert.deepEqual(doors(shed.up(true, 1)), ["ON"]);
	shed.bench.close();
	assert.deepEqual(doors(shed.up(false, 1)), ["ON"]);
});

test("a contact that changed while the node was away is told, however long that was", () => {
	for (const intervalMs of [10_000, HOUR_MS]) {
		const shed = new Shed({}, { entities: DOOR, intervalMs });
		shed.up();
		shed.bench.close();
		shed.pass(120_000);
		shed.edge("D2", 1);
		shed.pass(600_000);
		assert.deepEqual(doors(shed.up(true)), ["ON"], `${intervalMs}`);
	}
});

test("a sensor's problem is told again to a broker that may not know it", () => {
	const entities = [{ kind: "sensor", id: "climate", driver: "x", readings: { t: {} } }];
	const driver = () => {
		throw new Error("no answer");
	};
	const shed = new Shed({}, { entities, driver });
	assert.equal(texts(shed.up(), "climate/problem").length, 1);
	assert.deepEqual(texts(shed.pass(600_000), "climate/problem"), []);
	shed.bench.close();
	shed.up(false);
	const [again, ...more] = texts(shed.pass(60_000), "climate/problem");
	assert.deepEqual([JSON.parse(again).problem, more], ["no answer", []]);
});

test("contact is lost when the connection is, and counts from then", () => {
	for (const boots of [undefined, { safeMode: true, crashesInRow: 3 }]) {
		const entities = [{ ...RELAY, ...LOSS, restore: "on" }];
		const shed = new Shed({}, { boots, entities, intervalMs: HOUR_MS });
		shed.up();
		shed.pass(120_000);
		assert.deepEqual(shed.pins, { D1: 1 });
		shed.bench.close();
		shed.pass(59_000);
		shed.up(true);
		shed.pass(120_000);
		assert.deepEqual(shed.pins, { D1: 1 });
		shed.bench.close();
		shed.pass(59_999);
		assert.deepEqual(shed.pins, { D1: 1 });
		shed.pass(1);
		assert.deepEqual(shed.pins, { D1: 0 });
		assert.deepEqual(texts(shed.up(true), "relay/state"), ["OFF"]);
	}
});

test("contact that was lost after 26 days is lost as after one", () => {
	const shed = new Shed({}, { entities: [{ ...RELAY, ...LOSS }], intervalMs: 24 * HOUR_MS });
	shed.up();
	shed.command({ text: "ON" });
	for (let i = 0; i < 26; i++) shed.pass(24 * HOUR_MS);
	shed.bench.close();
	shed.pass(60_000);
	assert.deepEqual(shed.levels, [1, 0]);
});

test("a load's time is up to the millisecond, whatever else is due, and going down, too", () => {
	const shed = new Shed({}, { intervalMs: HOUR_MS });
	shed.up();
	shed.command({ text: '{"state":"ON","for":5}' });
	shed.pass(4_999);
	assert.deepEqual(shed.levels, [1]);
	assert.deepEqual(texts(shed.pass(1), "relay/state"), ["OFF"]);
	shed.command({ text: '{"state":"ON","for":1}' });
	shed.profile.handleStop(shed.bench.now);
	shed.pass(1_000);
	assert.deepEqual(shed.levels, [1, 0, 1, 0]);
});

test("what is kept is written when the node goes down, offline, too", () => {
	for (const isUp of [true, false]) {
		const preference = memory();
		const entities = [{ ...RELAY, restore: "last" }];
		const shed = new Shed({}, { preference, entities });
		shed.up();
		shed.command({ text: "ON" });
		shed.pass(20_000);
		// Written at once, the next one in ten seconds.
		shed.command({ text: "OFF" });
		shed.pass(1);
		shed.command({ text: "ON" });
		shed.command({ text: "OFF" });
		shed.command({ text: "ON" });
		if (!isUp) shed.bench.close();
		shed.profile.handleStop(shed.bench.now);
		assert.deepEqual(new Shed({}, { preference, entities }).pins, { D1: 1 });
	}
});
