/** A board's pins: rest levels, what is applied and lifted, edges, one user each. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chipOf } from "../../../host-sim/world/chips";
import { type Level, Pins } from "../../../host-sim/world/pins";

test("an input rests where its pull has it, follows what is applied, and goes back", () => {
	for (const rest of [0, 1] as const) {
		const pins = new Pins();
		const edges: Level[] = [];
		pins.claimInput(4, rest, (level) => edges.push(level));
		assert.equal(pins.level(4), rest);
		pins.apply(4, rest);
		assert.deepEqual(edges, [], "no change is no edge");
		const other = (1 - rest) as Level;
		pins.apply(4, other);
		pins.apply(4, other);
		pins.lift(4);
		pins.lift(4);
		assert.deepEqual(edges, [other, rest]);
	}
});

test("what is applied stays while nobody looks, as a switch does while the board is off", () => {
	const pins = new Pins();
	pins.apply(4, 1);
	pins.claimInput(4, 0);
	assert.equal(pins.level(4), 1);
	pins.releaseAll();
	assert.equal(pins.level(4), undefined);
	pins.claimInput(4, 0);
	assert.equal(pins.level(4), 1);
	pins.lift(4);
	pins.releaseAll();
	pins.claimInput(4, 0);
	assert.equal(pins.level(4), 0);
});

test("the world does not move outputs, PWM or buses", () => {
	const pins = new Pins();
	pins.claimOutput(1, 0);
	pins.claimPwm(2, 1000);
	pins.claimFor(3, "bus");
	for (const pin of [1, 2, 3]) pins.apply(pin, 1);
	assert.deepEqual(
		[1, 2, 3].map((pin) => pins.level(pin)),
		[0, 0, 0],
	);
	pins.write(2, 0);
	pins.setDuty(1, 0.5);
	assert.equal(pins.duty(1), undefined);
	assert.deepEqual(
		[1, 2, 3, 4].map((pin) => pins.use(pin)),
		["output", "pwm", "bus", undefined],
	);
	assert.throws(() => pins.claimInput(3, 0), /pin 3 is in use/);
});

test("pins of each chip: flash and what is not there are nobody's", () => {
	const free = (chip: string, ...numbers: number[]) => {
		const pins = new Pins(chipOf({ chip }));
		return numbers.map((pin) => pins.isFree(pin));
	};
	assert.deepEqual(free("esp8266", 0, 5, 6, 11, 12, 16, 17), [
		true,
		true,
		false,
		false,
		true,
		true,
		false,
	]);
	assert.deepEqual(free("esp8285", 5, 6), [true, false]);
	assert.deepEqual(free("esp32", 23, 24, 25, 28, 39, 40), [true, false, true, false, true, false]);
	assert.deepEqual(free("esp32c3", 21, 22), [true, false]);
	assert.deepEqual(free("esp32s3", 21, 22, 26, 48, 49), [true, false, true, true, false]);
	assert.deepEqual(free("host", 100), [true]);
	assert.equal(chipOf({}).name, "host");
});
