/** What is said of a site's entities: each problem with its path, and all of them at once. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Json } from "../../firmware/checker";
import { checkSite } from "../../firmware/config";

const BOARD = JSON.parse(readFileSync("boards/nodemcu-v2.json", "utf8")) as Json;
const PUMP = { kind: "relay", id: "pump", pin: "D1" };
const LAMP = { kind: "relay", id: "lamp", pin: "D2" };
const DRIVER = "embedded:sensor/Temperature/TMP117";

function problemsOf(entities: unknown, more: object = {}, modules: string[] = []): string[] {
	const site = { node: "n", entities, ...more };
	const { problems } = checkSite(site, {}, {}, BOARD, (name) => modules.includes(name));
	return problems.map((problem) => problem.replace(/^site\.json: /, ""));
}

test("entities are the site's, none for [], and the board's where the site has no such key", () => {
	assert.deepEqual(checkSite({ entities: [PUMP] }, {}, {}, BOARD).value.entities, [PUMP]);
	assert.deepEqual(checkSite({ entities: [] }, {}, {}, BOARD).value.entities, []);
	assert.equal(checkSite({}, {}, {}, BOARD).value.entities, BOARD.entities);
	assert.deepEqual(checkSite({}, {}).value.entities, []);
});

test("what is wrong with a board's own entities is said with the board's file", () => {
	const board = { ...BOARD, entities: [{ kind: "relay", id: "relay", pin: "D99" }] };
	const { problems } = checkSite({}, {}, {}, board);
	assert.equal(problems.length, 1);
	assert.match(problems[0], /^boards\/nodemcu-v2\.json: entities\[0\]\.pin: "D99" is no pin/);
});

const CASES: readonly (readonly [what: string, entities: unknown, problems: readonly RegExp[]])[] =
	[
		["no list", {}, [/^entities: must be a list of at most 16 entities$/]],
		["too many", Array(17).fill(PUMP), [/^entities: must be a list of at most 16 entities$/]],
		["no record", ["pump"], [/^entities\[0\]: "pump" must be an object: /]],
		["null", [null], [/^entities\[0\]: must be an object: /]],
		["no id", [{ kind: "relay", pin: "D1" }], [/^entities\[0\]\.id: must be 1 to 32 of a-z/]],
		["an id with a slash", [{ ...PUMP, id: "a/b" }], [/^entities\[0\]\.id: "a\/b" must be/]],
		["a reserved id", [{ ...PUMP, id: "diag" }], [/id: "diag" is a topic of the node itself/]],
		["an id twice", [PUMP, { ...LAMP, id: "pump" }], [/^entities\[1\]\.id: "pump" is another/]],
		["a pin twice", [PUMP, { ...LAMP, pin: "D1" }], [/^entities\[1\]\.pin: "D1" .*used by pump/]],
		["no kind", [{ id: "pump" }], [/^entities\[0\]\.kind: must be relay, light/]],
		["a wrong kind", [{ ...PUMP, kind: "relais" }], [/did you mean "relay"\?$/]],
		["a kind of Object", [{ id: "x", kind: "constructor" }], [/kind: "constructor" must be/]],
		["an unknown key", [{ ...PUMP, pni: "D1" }], [/^entities\[0\]\.pni: .*did you mean "pin"\?$/]],
		[
			"a strange key",
			[{ ...PUMP, voltage: 5 }],
			[/\.voltage: unknown key; there are pin, activeLow, /],
		],
		["no kind at all", [{ ...PUMP, kind: "fan" }], [/kind: "fan" must be .*entity\/<kind>$/]],
		[
			"a light's pin",
			[{ kind: "light", id: "x" }],
			[/^entities\[0\]: missing: pin, or pins \{red, /],
		],
		[
			"a plain light's pin",
			[{ kind: "light", id: "x", dimmable: false }],
			[/^entities\[0\]: missing: pin$/],
		],
		["a name", [{ ...PUMP, name: "x".repeat(65) }], [/^entities\[0\]\.name: .*at most 64/]],
		["whileAway", [{ ...PUMP, whileAway: "maybe" }], [/must be one of refuse, execute$/]],
		["a rate", [{ ...PUMP, rate: { commands: 0 } }], [/^entities\[0\]\.rate\.commands: 0 must be/]],
		["rate's keys", [{ ...PUMP, rate: { command: 1 } }], [/rate\.command: unknown key/]],
	];
for (const [what, entities, expected] of CASES) {
	test(`refused: ${what}`, () => {
		const problems = problemsOf(entities);
		assert.equal(problems.length, expected.length, problems.join("\n"));
		expected.forEach((pattern, i) => {
			assert.match(problems[i], pattern);
		});
	});
}

test("all that is wrong is said at once", () => {
	const problems = problemsOf([
		{ ...PUMP, id: "P" },
		{ ...LAMP, restore: "maybe" },
		{ kind: "button", id: "b", pin: "D99", controls: "nobody" },
	]);
	assert.deepEqual(
		problems.map((problem) => problem.slice(0, problem.indexOf(":"))),
		["entities[0].id", "entities[1].restore", "entities[2].pin", "entities[2].controls"],
	);
});

test("a button controls what takes commands, before or behind it in the list", () => {
	const button = { kind: "button", id: "b", pin: "D3" };
	assert.deepEqual(problemsOf([{ ...button, controls: "pump" }, PUMP]), []);
	assert.deepEqual(problemsOf([PUMP, { ...button, controls: "pump" }]), []);
	const fan = { kind: "fan", id: "fan" };
	assert.deepEqual(problemsOf([fan, { ...button, controls: "fan" }], {}, ["entity/fan"]), []);
	for (const controls of ["b", "lamp", ""]) {
		assert.deepEqual(problemsOf([PUMP, { ...button, controls }]), [
			`entities[1].controls: "${controls}" must be the id of an entity that takes commands`,
		]);
	}
});

test("a kind of one's own needs its module, and its keys are its own", () => {
	const fan = { kind: "fan", id: "fan", module: "./fan.ts", blades: 5 };
	assert.deepEqual(problemsOf([fan], {}, ["entity/fan"]), []);
	assert.match(
		problemsOf([fan]).join(),
		/^entities\[0\]\.kind: "fan" must be relay, .*entity\/<kind>/,
	);
});

test("a pin of an own kind is nobody else's, before or behind it in the list", () => {
	const fan = { kind: "fan", id: "fan", pin: "D1", label: "D2" };
	const vane = { kind: "fan", id: "vane", pins: { data: "D1", colour: "red", count: 3 } };
	const own = (...list: object[]) => problemsOf(list, {}, ["entity/fan"]);
	assert.deepEqual(own(fan, LAMP), []);
	assert.match(own(fan, PUMP).join(), /^entities\[1\]\.pin: "D1" is used by fan already/);
	assert.match(own(PUMP, fan).join(), /^entities\[1\]\.pin: "D1" is used by pump already/);
	assert.match(own(PUMP, vane).join(), /^entities\[1\]\.pins\.data: "D1" is used by pump/);
	const stepper = { kind: "fan", id: "stepper", pins: ["D5", "D1", null] };
	assert.match(own(PUMP, stepper).join(), /^entities\[1\]\.pins\.1: "D1" is used by pump already/);
	assert.deepEqual(own(PUMP, { ...vane, pins: null }), []);
	assert.match(own(fan, vane).join(), /^entities\[1\]\.pins\.data: "D1" is used by fan already/);
});

test("a sensor needs its driver in the image, and the board's bus", () => {
	const sensor = { kind: "sensor", id: "s", driver: DRIVER, readings: { temperature: {} } };
	assert.deepEqual(problemsOf([sensor], {}, [DRIVER]), []);
	assert.match(
		problemsOf([sensor]).join(),
		/^entities\[0\]\.driver: ".*TMP117" is not in the image/,
	);
	const onBus = problemsOf([sensor, { ...PUMP, pin: "D1" }], {}, [DRIVER]);
	assert.match(onBus.join(), /^entities\[1\]\.pin: "D1" is used by the bus i2c already/);
});

test("topics of one's own are topics, and each entity has its own", () => {
	const topics = (...list: object[]) => {
		const pins = ["D1", "D2", "D5", "D6"];
		return problemsOf(list.map((one, i) => ({ ...PUMP, id: `r${i}`, pin: pins[i], topics: one })));
	};
	const room = { set: "Room1/Light", state: "Room1/Light/is" };
	assert.deepEqual(topics(room, { set: "Room2/Light", state: "Küche/Licht" }), []);
	assert.deepEqual(topics(room, { state: "Room1/Light" }), [
		'entities[1].topics.state: "Room1/Light" is another topic\'s name already; each has its own',
	]);
	// It would take its own state for a command.
	assert.deepEqual(topics({ set: "a", state: "a" }), [
		'entities[0].topics.set: "a" is another topic\'s name already; each has its own',
	]);
	for (const bad of ["", "a/+", "#", "a#", "$SYS/x", "a\0b", "a\nb", "ä".repeat(65), 5, "\ud800"]) {
		const [problem, ...more] = topics({ set: bad });
		assert.match(problem, /^entities\[0\]\.topics\.set: .*must be 1 to 128 bytes of UTF-8/s);
		assert.deepEqual(more, []);
	}
	assert.deepEqual(topics({ set: "ä".repeat(64) }), []);
	assert.match(topics({ set: "fieldmote/n/diag" }).join(), /must not begin with fieldmote\/,/);
	const contact = { kind: "binary", id: "b", pin: "D1", topics: { set: "x" } };
	assert.deepEqual(problemsOf([contact]), [
		"entities[0].topics.set: is of no use: it takes no commands",
	]);
});

test("payloads of one's own are told apart, also from the words that stay", () => {
	const payloads = (words: object) => problemsOf([{ ...PUMP, payloads: words }]);
	assert.deepEqual(payloads({ on: "Turn On", off: "Turn Off" }), []);
	assert.deepEqual(payloads({ on: "OFF", off: "ON" }), []);
	assert.deepEqual(payloads({ on: "OFF" }), [
		'entities[0].payloads.on: "OFF" must not be the payload for off as well',
	]);
	assert.equal(payloads({ on: "x", off: "x" }).length, 2);
	assert.match(payloads({ on: "" }).join(), /must not be empty/);
	assert.match(payloads({ on: " ON" }).join(), /nor begin or end with a blank/);
	assert.match(payloads({ onn: "x" }).join(), /payloads\.onn: unknown key, did you mean "on"\?/);
});

test("of an interlock group no two may be on at power-on", () => {
	const group = (...modes: (string | undefined)[]) => {
		const relays = modes.map((restore, i) => {
			const relay = { kind: "relay", id: `r${i}`, pin: ["D1", "D2", "D5"][i], interlock: "motor" };
			return restore === undefined ? relay : { ...relay, restore };
		});
		return problemsOf(relays);
	};
	assert.deepEqual(group(undefined, undefined), []);
	assert.deepEqual(group("on", undefined, "off"), []);
	assert.deepEqual(group("last", "last"), []);
	assert.deepEqual(group("on", "on").length, 2);
	assert.match(
		group("off", "inverted-last", "last").join(),
		/^entities\[1\]\.restore: .*interlock/,
	);
	assert.deepEqual(group(undefined), [
		'entities[0].interlock: "motor" no other relay is in that group',
	]);
});

test("of an interlock group no two are switched on without contact", () => {
	const relay = (i: number, state: string) => ({
		kind: "relay",
		id: `r${i}`,
		pin: ["D1", "D2", "D5"][i],
		interlock: "motor",
		onLossOfContact: { state },
	});
	const group = (...states: string[]) => problemsOf(states.map((state, i) => relay(i, state)));
	assert.deepEqual(group("on", "off", "keep"), []);
	assert.deepEqual(group("on", "on"), [
		'entities[0].onLossOfContact.state: "on" of one relay of an interlock group only',
		'entities[1].onLossOfContact.state: "on" of one relay of an interlock group only',
	]);
	const apart = [relay(0, "on"), { ...relay(1, "off"), interlock: "motor" }];
	const other = { ...relay(2, "on"), interlock: undefined };
	assert.deepEqual(problemsOf([...apart, other]), []);
});
