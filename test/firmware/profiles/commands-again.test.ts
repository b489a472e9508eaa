/** Commands that come again: over a reboot, with each connect, sent twice by the broker. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, Shed, UNIX_MS } from "../../support/shed";

const DAY_MS = 86_400_000;
const FOLLOWING = [{ kind: "relay", id: "relay", pin: "D1", restore: "retained" }];
const TIMED = JSON.stringify({ state: "ON", for: 60, id: "x 1", expires: UNIX_MS + DAY_MS });

function results(said: { topic: string; text: string }[]): Record<string, unknown>[] {
	return said.filter((one) => one.topic.endsWith("/result")).map((one) => JSON.parse(one.text));
}

test("an id is carried out once, also when it comes again after a reboot", () => {
	const preference = memory();
	const before = new Shed({}, { preference });
	before.up();
	const first = before.command({ text: TIMED, id: 50 }).results;
	assert.equal(first[0].done, true);
	for (const dup of [true, false]) {
		const after = new Shed({}, { preference });
		assert.deepEqual(results(after.up(true)), []);
		assert.deepEqual(after.command({ text: TIMED, id: 50, dup }).results, first);
		assert.deepEqual(after.levels, []);
	}
});

test("an id is one entity's: the same one does something else at another", () => {
	const entities = ["relay", "pump"].map((id) => ({ kind: "relay", id, pin: id }));
	const shed = new Shed({}, { entities });
	shed.up();
	const text = '{"state":"ON","id":"7"}';
	shed.command({ text });
	shed.command({ text, topic: "fieldmote/shed/pump/set" });
	assert.deepEqual(shed.pins, { relay: 1, pump: 1 });
});

test("what was refused may be sent again with its id, also after a reboot", () => {
	const preference = memory();
	const entities = [{ kind: "relay", id: "relay", pin: "D1", minimumOffMs: 5_000 }];
	const text = '{"state":"ON","id":"later"}';
	const before = new Shed({}, { preference, entities });
	before.up();
	assert.match(String(before.command({ text }).results[0].reason), /must stay off/);
	const after = new Shed({}, { preference, entities });
	after.up();
	after.pass(5_000);
	assert.equal(after.command({ text }).results[0].done, true);
});

test("interrupted stays interrupted, however many reboots come before the broker hears it", () => {
	const preference = memory();
	const first = new Shed({}, { preference });
	first.up();
	first.onWrite = () => {
		throw new Error("power cut");
	};
	assert.throws(() => first.command({ text: TIMED }), /power cut/);
	for (let i = 0; i < 2; i++) new Shed({}, { preference }).pass(60_000);
	const told = new Shed({}, { preference });
	const [result, ...more] = results(told.up(true));
	assert.deepEqual([result.id, result.interrupted, more], ["x 1", true, []]);
	const later = new Shed({}, { preference });
	assert.deepEqual(results(later.up(true)), []);
	assert.deepEqual(later.command({ text: TIMED, dup: true }).results, [result]);
	assert.deepEqual(later.levels, []);
});

test("an id is kept whatever characters it has, in a command as long as they may be", () => {
	const preference = memory();
	const first = new Shed({}, { preference });
	first.up();
	first.onWrite = () => {
		throw new Error("power cut");
	};
	const id = "\u{1f600}".repeat(32);
	assert.throws(() => first.command({ text: JSON.stringify({ state: "ON", id }) }), /power cut/);
	assert.equal(results(new Shed({}, { preference }).up(true))[0].id, id);
});

test("who waits for its turn is answered pending each time", () => {
	const group = { kind: "relay", interlock: "motor", interlockDelayMs: 200 };
	const entities = ["relay", "down"].map((id) => ({ ...group, id, pin: id }));
	const shed = new Shed({}, { entities });
	shed.up();
	shed.pass(1_000);
	shed.command({ text: "ON" });
	const command = { text: '{"state":"ON","id":"q"}', topic: "fieldmote/shed/down/set" };
	const expected = { entity: "down", id: "q", done: true, state: "OFF", pending: "ON" };
	assert.deepEqual(shed.command(command).results, [expected]);
	shed.pass(1_000);
	assert.deepEqual(shed.command(command).results, [expected]);
	assert.deepEqual(shed.pins, { relay: 0, down: 1 });
});

test("a retained TOGGLE or pulse does not switch, at no connect", () => {
	for (const text of ["TOGGLE", '{"state":"ON","for":5}', '{"state":"TOGGLE","id":"1"}']) {
		const shed = new Shed({}, { entities: FOLLOWING });
		for (let i = 0; i < 3; i++) {
			shed.up(i > 0);
			const [result] = shed.command({ text, retain: true }).results;
			assert.match(String(result.reason), /must be ON or OFF, without for/);
			shed.pass(10_000);
			shed.bench.close();
		}
		assert.deepEqual(shed.levels, [], text);
	}
});

test("a retained command to all nodes does not switch, one that is not does", () => {
	const topic = "fieldmote/all/relay/set";
	const shed = new Shed({}, { entities: FOLLOWING, broadcast: true });
	shed.up();
	const [refused] = shed.command({ text: "ON", topic, retain: true }).results;
	assert.equal(refused.reason, "retained commands to all nodes do not switch");
	assert.equal(shed.command({ text: "ON", topic }).results[0].done, true);
	assert.equal(shed.command({ text: "OFF", retain: true }).results[0].done, true);
	assert.deepEqual(shed.levels, [1, 0]);
});

test("a node that does not listen to all does nothing for whom it hears there", () => {
	const shed = new Shed();
	shed.up();
	assert.deepEqual(shed.command({ text: "ON", topic: "fieldmote/all/relay/set" }).results, []);
	assert.deepEqual(shed.levels, []);
});

test("a pulse that the broker sends again is not done again", () => {
	const pulsed = [{ kind: "relay", id: "relay", pin: "D1", pulseMs: 500 }];
	const plain = [{ kind: "relay", id: "relay", pin: "D1" }];
	const expires = UNIX_MS + DAY_MS;
	for (const [entities, command] of [
		[pulsed, { state: "ON", expires }],
		[plain, { state: "ON", for: 0.5, expires }],
	] as const) {
		const shed = new Shed({}, { entities });
		shed.up();
		const text = JSON.stringify(command);
		shed.command({ text, id: 9 });
		shed.pass(1_000);
		shed.bench.close();
		shed.up(true);
		const [result] = shed.command({ text, id: 9, dup: true }).results;
		assert.match(String(result.reason), /^a pulse was sent again and may have been done/);
		shed.pass(1_000);
		assert.deepEqual(shed.levels, [1, 0]);
	}
});

test("on for so long, and a reboot meanwhile: off, and stays off", () => {
	for (const more of [{ kind: "relay" }, { kind: "light", dimmable: false }]) {
		const preference = memory();
		const entities = [{ ...more, id: "relay", pin: "D1", restore: "last" }];
		const before = new Shed({}, { preference, entities });
		before.up();
		before.pass(20_000);
		before.command({ text: '{"state":"ON","for":60}' });
		before.pass(30_000);
		assert.deepEqual(before.levels, [1]);
		const after = new Shed({}, { preference, entities });
		after.up(true);
		after.pass(600_000);
		assert.deepEqual(after.pins, { D1: 0 }, more.kind);
	}
});

test("the pin changes first, then the state", () => {
	for (const more of [{ kind: "relay" }, { kind: "light", dimmable: false }]) {
		const shed = new Shed({}, { entities: [{ ...more, id: "relay", pin: "D1" }] });
		shed.up();
		const [relay] = shed.entities.entities;
		const seen: unknown[] = [];
		shed.onWrite = () => seen.push(relay.stateDue, shed.bench.session.inFlight);
		assert.deepEqual(shed.command({ text: "ON" }).states.length, 1);
		assert.deepEqual(seen, [false, 0], more.kind);
	}
});

test("a pin that is active low is made so", () => {
	const pin = { pin: "D1", activeLow: true };
	for (const more of [{ kind: "relay" }, { kind: "light", dimmable: false }]) {
		const { made } = new Shed({}, { entities: [{ ...more, id: "relay", ...pin }] });
		assert.deepEqual(made, ["!D1 0"], more.kind);
	}
	assert.deepEqual(new Shed().made, ["D1 0"]);
});
