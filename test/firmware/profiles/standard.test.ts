import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteConfig } from "../../../firmware/profiles/remote-config";
import { KeptText } from "../../../firmware/store/text";
import { memory, type Said, Shed, type ShedLife, UNIX_MS } from "../../support/shed";

const CONFIG = "fieldmote/shed/config";
const RELAYS = [{ kind: "relay", id: "relay", pin: "D1" }];
const HOUR_MS = 3_600_000;

/** A node with leave to be configured, and one text sent to it. */
function configurable(life: ShedLife = {}) {
	const remote = new RemoteConfig(RELAYS, new KeptText(memory(), "config"));
	const shed = new Shed({}, { entities: RELAYS, remote, ...life });
	shed.up();
	shed.pass(1_000);
	const topic = `${life.base ?? "fieldmote"}/shed/config`;
	const configure = (text: string) => shed.command({ topic, text, retain: true }).results;
	return { shed, configure };
}

const ofTopic = (said: readonly Said[], leaf: string): Said[] =>
	said.filter(({ topic }) => topic.endsWith(leaf));

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

test("intervals and names may come by the topic config, and are kept", () => {
	const entities = [{ kind: "relay", id: "relay", pin: "D1" }];
	const preference = memory();
	const remote = () => new RemoteConfig(entities, new KeptText(preference, "config"));
	const first = new Shed({}, { entities, remote: remote() });
	assert.ok(first.profile.subscriptions.some((one) => one.topic === CONFIG));
	first.bench.connect();
	first.bench.acknowledgeAll();
	const configure = (shed: Shed, text: string) => {
		const { results } = shed.command({ topic: CONFIG, text, retain: true });
		shed.wait(0);
		const said = shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/result"));
		return [...results, ...said.map((one) => JSON.parse(one.text))];
	};
	const text = '{"time":{"intervalMs":60000},"entities":{"relay":{"name":"Pump"}}}';
	assert.deepEqual(configure(first, text), [{ config: true, done: true }]);
	assert.equal(first.entities.find("relay")?.options.name, "Pump");
	// The broker sends it again at each connect.
	assert.deepEqual(configure(first, text), []);
	// Flash wears: the next one is looked at after 10 s, and of several the newest.
	assert.deepEqual(configure(first, '{"time":{"intervalMs":2}}'), []);
	assert.deepEqual(configure(first, '{"time":{"intervalMs":1}}'), []);
	first.wait(10_000);
	const said = first.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/result"));
	assert.equal(said.length, 1);
	const refused = JSON.parse(said[0].text);
	assert.equal(refused.done, false);
	assert.match(String(refused.reason), /time\.intervalMs: 1 must be/);

	const second = new Shed({}, { entities, remote: remote() });
	second.bench.connect();
	const times = () => second.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/time"));
	assert.equal(times().length, 1);
	second.wait(59_999);
	assert.equal(times().length, 0);
	second.wait(1);
	assert.equal(times().length, 1);
	assert.deepEqual(configure(second, ""), [{ config: true, done: true }]);
	second.wait(60_000);
	times();
	second.wait(10_000);
	assert.equal(times().length, 1);
});

test("a report from before the clock was set has its time all the same", () => {
	const shed = new Shed();
	shed.clock = "";
	const [relay] = shed.entities.entities;
	shed.bench.now = 1_000;
	shed.entities.report(relay, "state", '"value":"\\"time\\":@1"', true);
	shed.bench.now = 4_000;
	shed.clock = "set";
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll().find((one) => one.text.includes("value"));
	assert.deepEqual(JSON.parse(said?.text ?? ""), {
		value: '"time":@1',
		time: "2026-11-21T04:09:53.123Z",
		unix_ms: UNIX_MS + 1_000,
	});
});

test("without the site's leave nobody configures anything", () => {
	const shed = new Shed();
	assert.ok(!shed.profile.subscriptions.some((one) => one.topic === CONFIG));
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.deepEqual(shed.command({ topic: CONFIG, text: "{}", retain: true }).results, []);
});

test("a report of an entity has its time, and goes out in its turn", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const [relay] = shed.entities.entities;
	shed.bench.now += 5_000;
	shed.entities.report(relay, "state", '"value":1', true, 1_000);
	shed.entities.report(relay, "problem", '"problem":"gone"', false);
	shed.clock = "";
	shed.entities.report(relay, "state", '"value":2', true);
	shed.wait(0);
	const said = shed.bench.acknowledgeAll();
	const time = { time: "2026-11-21T04:09:56.123Z", unix_ms: UNIX_MS + 4_000 };
	const parsed = said.map(({ topic, text, retain, qos }) => {
		return [topic.slice("fieldmote/shed/".length), JSON.parse(text), retain, qos];
	});
	assert.deepEqual(parsed[0], ["relay/state", { value: 1, ...time }, true, 1]);
	assert.equal(parsed[1][1].problem, "gone");
	assert.deepEqual(parsed[2], ["relay/state", { value: 2, time: null, unix_ms: null }, true, 1]);
});

test("a text of the topic config is acknowledged, and looked at at once", () => {
	const { shed, configure } = configurable({ intervalMs: HOUR_MS });
	shed.bench.sent.length = 0;
	assert.equal(configure("{}").length, 1);
	assert.equal(shed.bench.take("puback").messageId, 100);
	// The next one after 10 s, and not with the next report.
	assert.deepEqual(configure('{"diag":{"intervalMs":2000}}'), []);
	assert.deepEqual(ofTopic(shed.pass(9_999), "/result"), []);
	assert.equal(ofTopic(shed.pass(1), "/result").length, 1);
});

test("a text is refused at every connect that brings it, once each", () => {
	const { shed, configure } = configurable();
	for (let i = 0; i < 2; i++) {
		assert.equal(configure("{").length, 1);
		assert.deepEqual(ofTopic(shed.pass(20_000), "/result"), []);
		shed.bench.close();
		shed.up(true);
	}
});

test("an interval that was a mistake ends with the next text", () => {
	const { shed, configure } = configurable();
	configure('{"time":{"intervalMs":86400000},"diag":{"intervalMs":86400000}}');
	shed.pass(20_000);
	assert.deepEqual(ofTopic(shed.pass(HOUR_MS), "/time"), []);
	configure('{"time":{"intervalMs":5000},"diag":{"intervalMs":2000}}');
	const said = shed.pass(5_000);
	assert.equal(ofTopic(said, "/time").length, 1);
	assert.equal(ofTopic(said, "/diag").length, 2);
});

test("Home Assistant is told at a connect, another broker too, and of new names", () => {
	const store = new KeptText(memory(), "announced");
	const identity = { node: "shed", model: "host", version: "1" };
	const announcement = { prefix: "homeassistant", store, ...identity };
	const { shed, configure } = configurable({ announcement, intervalMs: HOUR_MS });
	const told = (said: Said[]) => ofTopic(said, "device/shed/config").map(({ text }) => text);
	assert.equal(store.read().includes("relay"), true);
	shed.bench.close();
	assert.equal(told(shed.up(true)).length, 0);
	shed.bench.close();
	assert.equal(told(shed.up(true, 1)).length, 1);
	configure('{"entities":{"relay":{"name":"Pump"}}}');
	const [named, ...more] = told(shed.pass(16_000));
	assert.match(named, /"name":"Pump"/);
	assert.deepEqual(more, []);
	// As it said that it has started: after a time of its own, and not with the next report.
	shed.command({ topic: "homeassistant/status", text: "online", qos: 0 });
	assert.equal(told(shed.pass(16_000)).length, 1);
	assert.ok(shed.profile.subscriptions.some(({ topic }) => topic === "homeassistant/status"));
});
