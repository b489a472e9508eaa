/** A board's pins in words: what is connected, levels at once, duties when they have settled. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PinView } from "../../../host-sim/start/pin-view";
import { entitiesOf, labelsOf, loadOf, thingsOf } from "../../../host-sim/start/things";
import { chipOf } from "../../../host-sim/world/chips";
import { I2cBus } from "../../../host-sim/world/i2c-bus";
import { Pins } from "../../../host-sim/world/pins";
import { Sensors } from "../../../host-sim/world/sensors";
import { Stage } from "../../../host-sim/world/stage";
import { VirtualClock } from "../../support/virtual-world";

const BOARD = {
	name: "bench",
	chip: "esp8266",
	pins: {
		D1: { gpio: 5 },
		D2: { gpio: 4 },
		D5: { gpio: 14 },
		D6: { gpio: 12 },
		D7: { gpio: 13 },
		D3: { gpio: 0 },
		D8: { gpio: 15 },
		A0: { adc: 0 },
	},
	buses: { i2c: { data: "D2", clock: "D1" } },
	entities: [{ kind: "relay", id: "relay", pin: "D3" }],
};

const ENTITIES = [
	{ kind: "light", id: "lamp", pins: { blue: "D7", red: "D5", green: "D6" } },
	{ kind: "light", id: "white", pin: "D8", activeLow: true },
	{ kind: "button", id: "button", pin: "D3" },
	{ kind: "analog", id: "soil", pin: "A0" },
	{ kind: "pulse", id: "meter", pin: "D1" },
	{ kind: "sensor", id: "climate", driver: "embedded:sensor/Humidity-Temperature/SHT3x" },
	{ kind: "sensor", id: "cellar", driver: "embedded:sensor/Temperature/TMP117", address: 0x49 },
];

function watch(board: { name: string; pins: object } = BOARD) {
	const pins = new Pins(chipOf(board));
	const clock = new VirtualClock();
	const said: string[] = [];
	const view = new PinView({ pins, boardFile: board }, ENTITIES, clock, {
		onWorld: (who, text) => said.push(`${clock.nowMs()} ${who} ${text}`),
		paint: (colour) => `(${colour.map((part) => part.toFixed(2)).join(" ")})`,
	});
	return { pins, clock, said, view };
}

test("what is connected to what", () => {
	assert.deepEqual(watch().view.rows(ENTITIES), [
		"D7      light lamp, blue",
		"D5      light lamp, red",
		"D6      light lamp, green",
		"D8      light white",
		"D3      button",
		"A0      analog soil",
		"D1      pulse meter",
		"D2, D1  sensor climate, SHT3x at 0x44",
		"D2, D1  sensor cellar, TMP117 at 0x49",
	]);
});

test("levels are told at once, by the board's label", () => {
	const { pins, said } = watch();
	pins.claimOutput(5, 0);
	pins.write(5, 1);
	pins.claimOutput(2, 1);
	assert.deepEqual(said, ["0 pin D1: output, low", "0 pin D1: high", "0 pin GPIO2: output, high"]);
});

test("a pin that cannot be had: what it is, and who has it in the site", () => {
	const { pins, said } = watch();
	pins.claimOutput(14, 0);
	pins.claimFor(5, "bus");
	said.length = 0;
	for (const pin of [14, 5, 6, 16]) assert.equal(pins.isRefused(pin), pin !== 16);
	assert.deepEqual(said, [
		"0 pin D5: wanted, but an output already; the site has it for light lamp",
		"0 pin D1: wanted, but a bus's already; the site has it for pulse meter, " +
			"sensor climate, sensor cellar",
		"0 pin GPIO6: wanted, but the chip's own",
	]);
});

test("what the world does to an input is told, pulses apart", () => {
	const { pins, said } = watch();
	pins.claimInput(0, 1);
	pins.claimInput(5, 0);
	for (const pin of [0, 5, 2]) {
		pins.apply(pin, 0);
		pins.apply(pin, 1);
	}
	assert.deepEqual(said, ["0 pin D3: input, low", "0 pin D3: input, high"]);
});

test("a duty is told when it has settled, a colour as one; inverted pins as what they light", async () => {
	const { pins, clock, said, view } = watch();
	for (const pin of [14, 12, 13, 15]) pins.claimPwm(pin, 1000);
	said.length = 0;
	for (let i = 1; i <= 100; i++) {
		pins.setDuty(14, i / 100);
		pins.setDuty(12, i / 200);
		await clock.advance(10);
	}
	await clock.advance(1_000);
	assert.ok(said.length >= 3 && said.length <= 5, said.join("\n"));
	assert.equal(
		said.at(-1)?.replace(/^\d+ /, ""),
		"light lamp: red 100 %, green 50 %, blue 0 % (1.00 0.73 0.00)",
	);
	said.length = 0;
	pins.setDuty(15, 0.75);
	await clock.advance(250);
	assert.deepEqual(said, [`${clock.nowMs()} pin D8: 75 % (0.53 0.53 0.53)`]);
	pins.setDuty(15, 0.5);
	pins.setDuty(15, 0.75);
	await clock.advance(1_000);
	assert.equal(said.length, 1, "as it was");
	pins.setDuty(15, 0.1);
	view.close();
	assert.equal(clock.pending, 0);
});

test("power-off is silent, and after it the first duty is told again", async () => {
	const { pins, clock, said } = watch();
	pins.claimPwm(15, 1000);
	pins.setDuty(15, 0.5);
	await clock.advance(1_000);
	pins.releaseAll();
	await clock.advance(1_000);
	pins.claimPwm(15, 1000);
	pins.setDuty(15, 0.5);
	await clock.advance(1_000);
	assert.deepEqual(
		said.map((line) => line.replace(/^\d+ pin D8: /, "").replace(/ \(.*/, "")),
		["PWM, 1000 Hz", "50 %", "PWM, 1000 Hz", "50 %"],
	);
});

test("things are what the entities see, with their levels and addresses", () => {
	const pins = new Pins(chipOf(BOARD));
	const sensors = new Sensors(new I2cBus());
	const inputs = [
		{ kind: "button", id: "a", pin: "D3" },
		{ kind: "button", id: "b", pin: "D3", activeLow: false, pull: "down" },
		{ kind: "binary", id: "c", pin: "GPIO4" },
		{ kind: "pulse", id: "d", pin: "D1", activeLow: true, pull: "none" },
		{ kind: "binary", id: "e", pin: "D1", activeLow: true },
	];
	const things = thingsOf([...inputs, ...ENTITIES], BOARD, pins, sensors);
	const shape = things.map((thing) => {
		if ("pin" in thing) return [thing.name, thing.pin, thing.active, thing.isPulledOutside];
		if (thing.kind === "sensor") return [thing.name, thing.sensor.address];
		return [thing.name, thing.kind === "analog" ? thing.key : ""];
	});
	assert.deepEqual(shape, [
		["a", 0, 0, false],
		["b", 0, 1, false],
		["c", 4, 1, true],
		["d", 5, 0, true],
		["e", 5, 0, false],
		["button", 0, 0, false],
		["soil", 0],
		["meter", 5, 1, true],
		["climate", 0x44],
		["cellar", 0x49],
	]);
	const read = (readings: object) =>
		thingsOf([{ ...ENTITIES[5], readings }], BOARD, pins, new Sensors(new I2cBus()));
	const firsts = [{ temperature: {}, humidity: {} }, { x: {}, humidity: {} }, {}].map(
		(readings) => {
			const [thing] = read(readings);
			new Stage(pins, new VirtualClock(), [thing]).plan("climate", 9)();
			return thing.kind === "sensor" ? JSON.stringify(thing.sensor.sample()) : "";
		},
	);
	const both = (humidity: number, temperature: number) =>
		JSON.stringify({ hygrometer: { humidity }, thermometer: { temperature } });
	assert.deepEqual(firsts, [both(45, 9), both(9, 21.5), both(9, 21.5)], "the site's first");
	// What is wrong in a site is for the firmware to say.
	const wrong = [
		{ kind: "button", id: "x", pin: "D99" },
		{ kind: "button" },
		{ kind: "sensor", id: "y" },
	];
	assert.deepEqual(thingsOf(wrong, BOARD, pins, sensors), []);
});

test("pins by their labels, for entities that the world does not know", () => {
	const pins = new Pins(chipOf(BOARD));
	const stage = new Stage(pins, new VirtualClock(), [], labelsOf(BOARD, pins));
	pins.claimInput(5, 1);
	stage.plan("D1", "low")();
	assert.equal(pins.level(5), 0);
	stage.plan("D1", "free")();
	assert.equal(pins.level(5), 1);
	stage.plan("A0", 0.9)();
	assert.equal(pins.voltage(0), 0.9);
	assert.throws(() => stage.plan("D1", "on"), /^Error: D1: "on" must be "high", "low" or "free"$/);
	assert.throws(() => stage.plan("A0", "high"), /must be 0 to 1/);
	assert.throws(() => stage.plan("D99", "high"), /"D99" is not here; there is nothing$/);
	const esp32 = { chip: "esp32", pins: { IO34: { gpio: 34, adc: 6 } } };
	const others = new Pins(chipOf(esp32));
	const another = new Stage(others, new VirtualClock(), [], labelsOf(esp32, others));
	others.claimFor(34, "analog");
	assert.equal(another.plan("IO34", 0.1)(), "IO34: 0.1 of full scale");
	assert.equal(others.voltage(34), 0.1, "the ADC is known by its pin there");
	assert.throws(() => another.plan("IO34", "low"), /^Error: IO34: .* an ADC has it/);
});

test("what the board drives, or a bus has, the world cannot set", () => {
	const pins = new Pins(chipOf(BOARD));
	const stage = new Stage(pins, new VirtualClock(), [], labelsOf(BOARD, pins));
	pins.claimOutput(14, 0);
	pins.claimPwm(12, 1000);
	pins.claimFor(5, "bus");
	const reasons = [
		["D5", "the board drives it, it is an output"],
		["D6", "the board drives it, it is a PWM output"],
		["D1", "a bus has it"],
	];
	for (const [label, reason] of reasons) {
		assert.throws(() => stage.plan(label, "high"), {
			message: `${label}: cannot be set: ${reason}`,
		});
	}
	assert.equal(pins.level(14), 0);
	pins.releaseAll();
	assert.equal(stage.plan("D5", "high")(), "D5: high");
	pins.claimInput(14, 0);
	assert.equal(pins.level(14), 1, "the world's, from the first moment on");
});

test("the site's entities, or the board's; the first that can be switched", () => {
	assert.deepEqual(entitiesOf({}, BOARD), BOARD.entities);
	assert.deepEqual(entitiesOf({ entities: [] }, BOARD), []);
	assert.deepEqual(entitiesOf({ entities: [1, { kind: "relay" }] }, BOARD), [{ kind: "relay" }]);
	assert.deepEqual(entitiesOf({}, {}), []);
	assert.deepEqual(loadOf(BOARD.entities), {
		kind: "relay",
		id: "relay",
		topic: undefined,
		toggle: "TOGGLE",
	});
	const room = {
		kind: "light",
		id: "l",
		topics: { set: "Room1/Light" },
		payloads: { toggle: "Flip" },
	};
	const load = { kind: "light", id: "l", topic: "Room1/Light", toggle: "Flip" };
	assert.deepEqual(loadOf([{ kind: "button", id: "b" }, room]), load);
	assert.equal(loadOf([]), undefined);
});
