import assert from "node:assert/strict";
import { test } from "node:test";
import { Shed } from "../../support/shed";

const boots = { safeMode: true, crashesInRow: 3, crashes: 7, lastCrash: "Error: ON" };

test("in safe mode it is online, its output off, and diag says why; no other report", () => {
	const shed = new Shed({}, { boots });
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll().map(({ topic, text }) => [topic.slice(15), text]);
	const topics = said.map(([topic]) => topic);
	assert.deepEqual(topics.sort(), ["availability", "diag", "relay/state"]);
	const byTopic = Object.fromEntries(said);
	assert.equal(byTopic.availability, "online");
	assert.equal(byTopic["relay/state"], "OFF");
	const diag = JSON.parse(byTopic.diag);
	assert.equal(diag.safe_mode, true);
	assert.equal(diag.last_crash, "Error: ON");
	for (let i = 0; i < 6; i++) shed.wait(10_000);
	shed.bench.pump();
	const later = shed.bench.acknowledgeAll().map(({ topic }) => topic.slice(15));
	assert.deepEqual(later, ["diag"]);
});

test("every command is refused with its reason, acknowledged, and switches nothing", () => {
	const shed = new Shed({}, { boots });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const refused = {
		entity: "relay",
		done: false,
		reason: "safe mode after 3 crashes in a row",
	};
	for (const qos of [0, 1, 2] as const) {
		for (const text of ["ON", "TOGGLE", '{"state":"ON","id":"1"}', "[[[[["]) {
			assert.deepEqual(shed.command({ text, qos }).results, [refused], `${text} at ${qos}`);
		}
	}
	assert.deepEqual(shed.levels, []);
	assert.equal(shed.bench.session.inFlight, 0);
});

test("a flood of commands is acknowledged to the last, with what results there is room for", () => {
	const shed = new Shed({ window: 2 }, { boots });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const asked = 40;
	for (let i = 0; i < asked; i++) {
		const head = { cmd: "publish", topic: "fieldmote/shed/relay/set", payload: "ON" } as const;
		shed.bench.give({ ...head, qos: 1, retain: false, dup: false, messageId: i + 1 });
	}
	shed.bench.acknowledgeAll();
	shed.wait(60_000);
	shed.bench.pump();
	const diag = shed.bench.acknowledgeAll().find((one) => one.topic.endsWith("/diag"));
	assert.ok(JSON.parse(diag?.text ?? "").dropped < asked);
	assert.deepEqual(shed.command({ text: "ON", qos: 1 }).results.length, 1, "it goes on");
});

test("a good-bye says offline", () => {
	const shed = new Shed({}, { boots });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	shed.profile.handleStop(shed.bench.now);
	shed.bench.pump();
	assert.equal(shed.profile.idle, false);
	const said = shed.bench.acknowledgeAll();
	assert.deepEqual(
		said.map(({ topic, text, retain }) => [topic.slice(15), text, retain]),
		[["availability", "offline", true]],
	);
	assert.equal(shed.profile.idle, true);
});

test("states go where the site says, in its words", () => {
	const own = {
		topics: { set: "Room1/Light", state: "Room1/Light/is" },
		payloads: { on: "Turn On", off: "Turn Off" },
	};
	const entities = [{ kind: "relay", id: "relay", pin: "D1", ...own }];
	const said = new Shed({}, { boots, entities }).up();
	assert.deepEqual(
		said.map(({ topic, text }) => [topic, text]).filter(([topic]) => !topic.endsWith("/diag")),
		[
			["fieldmote/shed/availability", "online"],
			["Room1/Light/is", "Turn Off"],
		],
	);
	const tasmota = new Shed({}, { boots, tasmota: "plug" }).up().map(({ topic }) => topic);
	assert.deepEqual(tasmota.slice(0, 2), ["tele/plug/LWT", "stat/plug/POWER"]);
});

test("an automatic off comes in safe mode, too", () => {
	const entities = [{ kind: "relay", id: "relay", pin: "D1", restore: "on", offAfterMs: 5_000 }];
	const shed = new Shed({}, { boots, entities });
	shed.up();
	shed.pass(4_998);
	assert.deepEqual(shed.levels, []);
	const said = shed.pass(1);
	assert.deepEqual(shed.levels, [0]);
	assert.deepEqual(
		said.filter(({ topic }) => topic.endsWith("relay/state")).map(({ text }) => text),
		["OFF"],
	);
});
