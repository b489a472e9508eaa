/** What somebody beside the board can do: presses, voltages, readings, failures, in the board's time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeStage, watchInput } from "../../support/stage";

test("press, hold and several presses, as long as they should be", async () => {
	const { stage, pins, clock } = makeStage();
	const seen = watchInput(pins, 0, 1, clock);
	stage.plan("button", "press")();
	await clock.advance(1_000);
	assert.deepEqual(seen, ["0:0", "100:1"]);
	stage.plan("button", "hold 1.5s")();
	await clock.advance(2_000);
	assert.deepEqual(seen.slice(2), ["1000:0", "2500:1"]);
	stage.plan("button", "press 2")();
	await clock.advance(2_000);
	assert.deepEqual(seen.slice(4), ["3000:0", "3100:1", "3200:0", "3300:1"]);
	stage.plan("button", "hold 800ms")();
	await clock.advance(1_000);
	assert.deepEqual(seen.slice(8), ["5000:0", "5800:1"]);
});

test("a key that repeats keeps the button down; on and off are for ever", async () => {
	const { stage, pins, clock } = makeStage();
	const seen = watchInput(pins, 0, 1, clock);
	for (let i = 0; i < 10; i++) {
		stage.plan("button", "press")();
		await clock.advance(30);
	}
	await clock.advance(1_000);
	assert.deepEqual(seen, ["0:0", "370:1"]);
	stage.plan("button", "press 50")();
	stage.plan("button", true)();
	assert.equal(stage.isOn("button"), true);
	await clock.advance(10_000);
	assert.deepEqual(seen.slice(2), ["1300:0"], "by hand ends what was going on");
	stage.plan("button", "off")();
	assert.deepEqual(seen.slice(3), ["11300:1"]);
	assert.equal(clock.pending, 0);
});

test("a contact is off at first, and its level is what its resistor outside makes", () => {
	const { stage, pins, clock } = makeStage();
	const seen = watchInput(pins, 4, 1, clock);
	assert.equal(pins.level(4), 0, "the world's, not the pull's");
	stage.plan("door", "on")();
	stage.plan("door", "off")();
	assert.deepEqual(seen, ["0:1", "0:0"]);
});

test("pulses are counted one by one", async () => {
	const { stage, pins, clock } = makeStage();
	const seen = watchInput(pins, 5, 0, clock);
	stage.plan("meter", "pulse 25")();
	await clock.advance(10_000);
	assert.equal(seen.length, 50);
	assert.equal(seen.filter((edge) => edge.endsWith(":1")).length, 25);
});

test("voltages, readings, failures, switches", () => {
	const { stage, pins, climate, motion, turned } = makeStage();
	stage.plan("soil", 0.42)();
	assert.equal(pins.voltage(0), 0.42);
	stage.plan("climate", { temperature: -5, hygrometer_humidity: 90 })();
	assert.deepEqual(climate.sample(), {
		hygrometer: { humidity: 90 },
		thermometer: { temperature: -5 },
	});
	// A number alone is the first reading.
	stage.plan("climate", 33)();
	assert.equal(climate.reading("humidity"), 33);
	stage.plan("motion", { accelerometer_x: 1 })();
	assert.equal(motion.reading("accelerometer_x"), 1);
	stage.plan("climate", "break")();
	assert.equal(climate.failure, "silent");
	stage.plan("climate", "break empty")();
	assert.equal(climate.sample(), undefined);
	stage.plan("climate", "mend")();
	assert.equal(climate.failure, "");
	stage.plan("wifi", "off")();
	stage.plan("wifi", true)();
	assert.deepEqual(turned, [false, true]);
	assert.deepEqual([...stage.fixed].sort(), [
		"climate humidity",
		"climate temperature",
		"motion accelerometer_x",
		"soil",
	]);
});

test("a wrong wish says what would be right, and changes nothing", () => {
	const { stage, pins, climate } = makeStage();
	const before = JSON.stringify(climate.sample());
	const wrong: [string, unknown, RegExp][] = [
		["sail", 1, /^"sail" is not here; there is soil, button, door, meter, climate, motion, wifi$/],
		["soil", 1.01, /^soil: 1\.01 must be 0 to 1, a part of full scale$/],
		["soil", "wet", /^soil: "wet" must be 0 to 1/],
		["soil", Number.NaN, /must be 0 to 1/],
		["button", "push", /^button: "push" must be "on", "off", "press" or "hold 2s"$/],
		["button", 1, /^button: 1 must be "on"/],
		["button", "press 0", /^button: how often: "0" must be 1 to 10000$/],
		["button", "hold 2", /^button: how long: "2" must be like 1s or 800ms/],
		["button", "hold 2h", /how long/],
		["button", "press 2 3", /must be "on"/],
		[
			"climate",
			{ temprature: 1 },
			/^climate: "temprature" is no reading; there is humidity, temperature$/,
		],
		[
			"climate",
			{ humidity: 5, temperature: "warm" },
			/^climate: temperature: "warm" must be a number$/,
		],
		[
			"climate",
			"broken",
			/^climate: "broken" must be readings like \{"humidity": 1\}, "break" or "mend"$/,
		],
		["climate", {}, /must be readings/],
		["climate", null, /must be readings/],
		["motion", { x: 1 }, /"x" is no reading; there is accelerometer_x/],
		["wifi", "away", /^wifi: must be "on" or "off"$/],
	];
	for (const [what, value, reason] of wrong) {
		assert.throws(() => stage.plan(what, value), { name: "Error", message: reason });
	}
	assert.equal(JSON.stringify(climate.sample()), before);
	assert.equal(pins.voltage(0), 0.5);
	assert.equal(stage.fixed.size, 0);
});
