import assert from "node:assert/strict";
import { test } from "node:test";
import { Shed, UNIX_MS } from "../../support/shed";

test("after connecting it says online, its state, the time and how it is", () => {
	const shed = new Shed();
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	const byTopic = new Map(said.map((one) => [one.topic.slice("fieldmote/shed/".length), one]));
	assert.deepEqual(byTopic.get("availability"), {
		topic: "fieldmote/shed/availability",
		text: "online",
		retain: true,
		qos: 1,
	});
	assert.equal(byTopic.get("relay/state")?.text, "OFF");
	assert.equal(byTopic.get("relay/state")?.retain, true);
	assert.deepEqual(JSON.parse(byTopic.get("time")?.text ?? ""), {
		seq: 1,
		time: "2026-11-21T04:09:52.123Z",
		unix_ms: UNIX_MS,
		clock: "set",
		offset_ms: 0.3,
		error_ms: 3.1,
		server: 'odd "name"',
		stratum: 2,
		uptime_s: 0,
	});
	const diag = JSON.parse(byTopic.get("diag")?.text ?? "");
	assert.equal(diag.rssi, -58);
	assert.equal(diag.dropped, 0);
	assert.equal(diag.clock, "set");
	assert.equal("heap" in diag, false);
	assert.equal("xs_slots" in diag, false);
	assert.equal("last_crash" in diag, false);
	assert.deepEqual(shed.levels, []);
});

test("diag goes out with a long error and a full queue, too", () => {
	const shed = new Shed({ transmitBytes: 512 });
	shed.error = `tls: ${"certificate ".repeat(30)}`;
	shed.bench.connect();
	const diag = shed.bench.acknowledgeAll().find((one) => one.topic.endsWith("/diag"));
	assert.match(JSON.parse(diag?.text ?? "{}").last_error, /^tls: certificate/);
	while (shed.bench.session.publish("x", "y".repeat(90), 0, false, shed.bench.now) > 0);
	shed.wait(60_000);
	shed.bench.pump();
	assert.equal(shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag")).length, 0);
	shed.wait(500);
	shed.bench.pump();
	assert.equal(shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag")).length, 1);
});

test("reports wait while there is no connection; too many push out the oldest, counted", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	shed.bench.close();
	for (let i = 0; i < 30; i++) shed.wait(10_000);
	shed.bench.connect(true);
	const said = shed.bench.acknowledgeAll();
	const sequences = said
		.filter((one) => one.topic.endsWith("/time"))
		.map((one) => JSON.parse(one.text).seq);
	// Four were in flight already, sixteen waited, one more came with the connect.
	assert.deepEqual(sequences.slice(0, 4), [2, 3, 4, 5]);
	assert.deepEqual(
		sequences,
		[...sequences].sort((a, b) => a - b),
	);
	assert.equal(sequences.length, 20);
	shed.wait(60_000);
	shed.bench.pump();
	const diags = shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diags[0].text).dropped, 30 - 20);
});

test("a report that can never go out is dropped and counted, and holds up no other", () => {
	const shed = new Shed({ arenaBytes: 150 });
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.filter((one) => one.topic.endsWith("/time")).length, 0);
	assert.equal(said.filter((one) => one.topic.endsWith("availability")).length, 1);
	assert.equal(shed.command({ text: "ON" }).results.length, 1);
	shed.wait(60_000);
	shed.bench.pump();
	const diags = shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diags[0].text).dropped, 1);
});

test("without any time there is no report, and diag says so", () => {
	const shed = new Shed();
	shed.clock = "";
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.filter((one) => one.topic.endsWith("/time")).length, 0);
	const diag = said.find((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diag?.text ?? "").clock, "unset");
});

test("a stop says offline and is idle when everything is acknowledged", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.profile.idle, true);
	shed.profile.handleStop(shed.bench.now);
	assert.equal(shed.profile.idle, false);
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.at(-1)?.text, "offline");
	assert.equal(said.at(-1)?.retain, true);
	assert.equal(shed.profile.idle, true);
});
