import assert from "node:assert/strict";
import { test } from "node:test";
import { Shed } from "../../support/shed";

const RELAYS = [
	{ kind: "relay", id: "pump", pin: "D1" },
	{ kind: "relay", id: "fan", pin: "D2" },
];
const T = { tasmota: "plug" };

function connected(life: object): Shed {
	const shed = new Shed({}, { ...T, ...life });
	shed.bench.connect();
	return shed;
}

/** What is said besides the results of fieldmote's own. */
function answers(shed: Shed, topic: string, text: string): string[] {
	const head = { cmd: "publish", qos: 0, dup: false, retain: false } as const;
	shed.bench.give({ ...head, topic, payload: text });
	const said = shed.bench.acknowledgeAll().filter((one) => !one.topic.endsWith("/result"));
	return said.map((one) => `${one.topic} ${one.text}${one.retain ? " retained" : ""}`);
}

test("one relay is POWER: words and numbers in any case, a question is answered", () => {
	const shed = connected({});
	shed.bench.acknowledgeAll();
	const on = ["stat/plug/POWER ON retained", 'stat/plug/RESULT {"POWER":"ON"}'];
	const off = ["stat/plug/POWER OFF retained", 'stat/plug/RESULT {"POWER":"OFF"}'];
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", "on"), on);
	assert.deepEqual(answers(shed, "cmnd/plug/power1", "0"), off);
	assert.deepEqual(answers(shed, "cmnd/plug/Power", "TOGGLE"), on);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", "2"), off);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", "1"), on);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", "Off"), off);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", ""), off);
	// What it is already is answered, too.
	assert.deepEqual(answers(shed, "cmnd/plug/POWER", "Off"), off);
	assert.deepEqual(shed.levels, [1, 0, 1, 0, 1, 0]);
});

test("several relays have numbers, and a number that there is not is refused", () => {
	const shed = connected({ entities: RELAYS });
	shed.bench.acknowledgeAll();
	assert.deepEqual(answers(shed, "cmnd/plug/POWER2", "ON"), [
		"stat/plug/POWER2 ON retained",
		'stat/plug/RESULT {"POWER2":"ON"}',
	]);
	assert.equal(shed.entities.find("fan")?.state, "ON");
	const { results } = shed.command({ text: "ON", topic: "cmnd/plug/POWER3" });
	assert.match(String(results[0].reason), /no entity takes commands at cmnd\/plug\/POWER3/);
	for (const topic of ["cmnd/plug/POWERx", "cmnd/plug/POWER-1", "cmnd/plug/Dimmer"]) {
		assert.equal(shed.command({ text: "ON", topic }).results[0].done, false, topic);
	}
});

test("LWT is the will, STATE comes every 5 minutes", () => {
	const shed = connected({ entities: RELAYS });
	const said = shed.bench.acknowledgeAll();
	const lwt = said.find((one) => one.topic === "tele/plug/LWT");
	assert.deepEqual([lwt?.text, lwt?.retain], ["Online", true]);
	const state = () => shed.bench.acknowledgeAll().filter((one) => one.topic === "tele/plug/STATE");
	const first = JSON.parse(said.find((one) => one.topic === "tele/plug/STATE")?.text ?? "");
	assert.deepEqual(first, {
		Time: "2026-11-21T04:09:52",
		Uptime: "0T00:00:00",
		UptimeSec: 0,
		POWER1: "OFF",
		POWER2: "OFF",
		Wifi: { Signal: -58 },
	});
	shed.wait(299_000);
	assert.equal(state().length, 0);
	shed.wait(1_000);
	const second = JSON.parse(state()[0].text);
	assert.equal(second.Uptime, "0T00:05:00");
	shed.profile.handleStop(shed.bench.now);
	assert.equal(shed.bench.acknowledgeAll().at(-1)?.text, "Offline");
});

test("readings go to SENSOR, problems stay where they are", () => {
	const shed = connected({});
	shed.bench.acknowledgeAll();
	const [relay] = shed.entities.entities;
	shed.entities.report(relay, "state", '"temperature":21.4', true);
	shed.entities.report(relay, "problem", '"problem":"no answer"', true);
	shed.wait(0);
	const said = shed.bench.acknowledgeAll();
	assert.deepEqual(
		said.map((one) => one.topic),
		["tele/plug/SENSOR", "fieldmote/shed/relay/problem"],
	);
	assert.deepEqual(JSON.parse(said[0].text), {
		Time: "2026-11-21T04:09:52",
		relay: { temperature: 21.4 },
	});
});

test("an entity's own topics and words go before the dialect", () => {
	const own = {
		topics: { set: "Room1/Pump", state: "Room1/Pump/is" },
		payloads: { on: "Go", off: "Halt" },
	};
	const shed = connected({ entities: [{ ...RELAYS[0], ...own }, RELAYS[1]] });
	shed.bench.acknowledgeAll();
	assert.deepEqual(answers(shed, "Room1/Pump", "Go"), ["Room1/Pump/is Go retained"]);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER1", "off"), ["Room1/Pump/is Halt retained"]);
	assert.deepEqual(answers(shed, "cmnd/plug/POWER1", "Go"), ["Room1/Pump/is Go retained"]);
});

test("fieldmote's own topics work beside it", () => {
	const shed = connected({});
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: '{"state":"ON","id":"1"}' }).results[0].done, true);
	assert.ok(shed.profile.subscriptions.some((one) => one.topic === "cmnd/plug/+"));
});

test("a number is written as Tasmota writes it", () => {
	const shed = connected({ entities: RELAYS });
	shed.bench.acknowledgeAll();
	for (const number of ["0X1", "1E0", " 1", "1.0", "-1", "01", "0"]) {
		const topic = `cmnd/plug/POWER${number}`;
		assert.equal(shed.command({ text: "TOGGLE", topic }).results[0].done, false, topic);
	}
	assert.deepEqual(shed.levels, []);
});

test("STATE comes with each connect and every 5 minutes, also after 26 days without", () => {
	const shed = new Shed({}, { ...T, intervalMs: 86_400_000 });
	const count = (said: { topic: string }[]) =>
		said.filter(({ topic }) => topic === "tele/plug/STATE").length;
	assert.equal(count(shed.up()), 1);
	assert.equal(count(shed.pass(300_000)), 1);
	shed.bench.close();
	for (let i = 0; i < 26; i++) shed.pass(86_400_000);
	assert.equal(count(shed.up(true)), 1);
	assert.equal(count(shed.pass(900_000)), 3);
});
