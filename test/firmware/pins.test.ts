/** What a pin plan gives and refuses, in its own words. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Json } from "../../firmware/checker";
import { PinPlan, PinUse, pinNumber } from "../../firmware/pins";

const board = (name: string): Json => JSON.parse(readFileSync(`boards/${name}.json`, "utf8"));
const NODEMCU = board("nodemcu-v2");
const DEVKITC = board("esp32-devkitc");
const SONOFF = board("sonoff-basic-r2");

test("a pin is given by its label, and by its GPIO number, once", () => {
	const plan = new PinPlan(NODEMCU);
	assert.equal(plan.take("D1", PinUse.Output, "relay"), "");
	assert.equal(
		plan.take("D1", PinUse.Input, "button"),
		"is used by relay already (board nodemcu-v2, GPIO5); possible: D2, D3, D4, D5, D6, D7",
	);
	assert.equal(
		plan.take("GPIO5", PinUse.Input, "button"),
		"is used by relay already (board nodemcu-v2, GPIO5); possible: D2, D3, D4, D5, D6, D7",
	);
	assert.equal(plan.take("GPIO4", PinUse.Pwm, "lamp"), "");
	assert.match(plan.take("D2", PinUse.Output, "fan"), /^is used by lamp already/);
	// The converter's input is no GPIO, though its channel has the number of one.
	assert.equal(plan.take("A0", PinUse.Analog, "light-level"), "");
	assert.equal(plan.take("D3", PinUse.Input, "button"), "");
	assert.equal(
		plan.take("A0", PinUse.Analog, "again"),
		"is used by light-level already (board nodemcu-v2); no pin is left for that",
	);
});

test("what is refused is refused for nobody: the pin stays free", () => {
	const plan = new PinPlan(NODEMCU);
	assert.notEqual(plan.take("D0", PinUse.Pwm, "lamp"), "");
	assert.equal(plan.take("D0", PinUse.Output, "fan"), "");
});

test("an unknown label is answered with the nearest, and with pins that would do", () => {
	const plan = new PinPlan(NODEMCU);
	const possible = "possible: D0, D1, D2, D3, D4, D5";
	for (const label of ["D11", "d1", "GPIO1x", "GPIO", "GPIO01", "GPIO99", "", "toString"]) {
		const text = plan.take(label, PinUse.Output, "relay");
		const start = /^is no pin of board nodemcu-v2, did you mean "\w+"\? /;
		assert.match(text, start, label);
		assert.ok(text.endsWith(possible), text);
		assert.equal(pinNumber(NODEMCU, label), -1, label);
	}
	assert.match(plan.take("D11", PinUse.Output, "relay"), /did you mean "D1"\?/);
});

test("what a pin cannot do is said, each with its reason", () => {
	const cases: readonly (readonly [Json, string, PinUse, string])[] = [
		[NODEMCU, "D0", PinUse.Pwm, "has no PWM (board nodemcu-v2, GPIO16)"],
		[NODEMCU, "D0", PinUse.Input, "has no interrupt (board nodemcu-v2, GPIO16)"],
		[NODEMCU, "D1", PinUse.Analog, "has no analog input (board nodemcu-v2, GPIO5)"],
		[NODEMCU, "A0", PinUse.Output, "is an analog input only (board nodemcu-v2)"],
		[
			NODEMCU,
			"SD3",
			PinUse.Output,
			"must not be used: wired to the flash (board nodemcu-v2, GPIO10)",
		],
		[DEVKITC, "IO34", PinUse.Output, "is an input only (board esp32-devkitc, GPIO34)"],
		[DEVKITC, "VP", PinUse.Pwm, "is an input only (board esp32-devkitc, GPIO36)"],
		[DEVKITC, "IO27", PinUse.Analog, "has no analog input (board esp32-devkitc, GPIO27)"],
	];
	for (const [on, label, use, reason] of cases) {
		const text = new PinPlan(on).take(label, use, "it");
		assert.equal(text.slice(0, text.indexOf(";")), reason);
	}
	assert.ok(
		new PinPlan(DEVKITC)
			.take("IO27", PinUse.Analog, "it")
			.endsWith("; possible: VP, VN, IO34, IO35, IO32, IO33"),
	);
	assert.ok(
		new PinPlan(SONOFF).take("RX", PinUse.Analog, "it").endsWith("; no pin is left for that"),
	);
});

test("an ESP32 is given four channels of PWM", () => {
	const plan = new PinPlan(DEVKITC);
	for (const label of ["IO25", "IO26", "IO27", "IO32"]) {
		assert.equal(plan.take(label, PinUse.Pwm, "lamp"), "");
	}
	assert.match(
		plan.take("IO33", PinUse.Pwm, "fifth"),
		/^is the fifth with PWM; the chip is given four channels \(board esp32-devkitc, GPIO33\)/,
	);
	assert.equal(plan.take("IO33", PinUse.Output, "fifth"), "");
	const software = new PinPlan(NODEMCU);
	for (const label of ["D1", "D2", "D3", "D4", "D5"]) {
		assert.equal(software.take(label, PinUse.Pwm, "lamp"), "");
	}
});

test("devices of a bus share its pins, nobody else does", () => {
	const plan = new PinPlan(DEVKITC);
	assert.equal(plan.takeBus("i2c", "climate"), "");
	assert.equal(plan.takeBus("i2c", "pressure"), "");
	assert.match(
		plan.take("IO21", PinUse.Output, "relay"),
		/^is used by the bus i2c already \(board esp32-devkitc, GPIO21\)/,
	);
	const taken = new PinPlan(NODEMCU);
	assert.equal(taken.take("D1", PinUse.Output, "relay"), "");
	assert.match(
		taken.takeBus("i2c", "climate"),
		/^needs D1, which is used by relay already \(board nodemcu-v2, GPIO5\)/,
	);
	assert.equal(taken.takeBus("spi", "x"), "is no bus of board nodemcu-v2; it has i2c");
	assert.equal(taken.takeBus("toString", "x"), "is no bus of board nodemcu-v2; it has i2c");
	assert.equal(
		new PinPlan(SONOFF).takeBus("i2c", "x"),
		"is no bus of board sonoff-basic-r2; it has none",
	);
});

test("a resistor that the pin does not have inside is refused", () => {
	const plan = new PinPlan(NODEMCU);
	assert.equal(plan.checkPull("D1", "up"), "");
	assert.equal(plan.checkPull("D1", "none"), "");
	assert.equal(
		plan.checkPull("D1", "down"),
		'has no pull-down (board nodemcu-v2, D1); say "up" or "none"',
	);
	assert.equal(
		plan.checkPull("D0", "up"),
		'has no pull-up (board nodemcu-v2, D0); say "none", and a resistor outside',
	);
	assert.equal(new PinPlan(DEVKITC).checkPull("IO26", "down"), "");
	assert.match(new PinPlan(DEVKITC).checkPull("IO34", "up"), /^has no pull-up/);
	// take() has said already that there is no such pin.
	assert.equal(plan.checkPull("D11", "down"), "");
});

test("numbers for the I/O classes", () => {
	assert.equal(pinNumber(NODEMCU, "D1"), 5);
	assert.equal(pinNumber(NODEMCU, "GPIO5"), 5);
	assert.equal(pinNumber(NODEMCU, "A0"), 0);
	assert.equal(pinNumber(DEVKITC, "VP"), 36);
	assert.equal(pinNumber(board("esp32-s3-devkitc-1"), "4"), 4);
	assert.equal(pinNumber({ name: "x" }, "D1"), -1);
});

test("on an ESP8266 all PWM has the frequency of the first who wants one", () => {
	const plan = new PinPlan({ name: "x", chip: "esp8285", pins: {} });
	assert.equal(plan.takeFrequency(1000, "lamp"), "");
	assert.equal(plan.takeFrequency(1000, "strip"), "");
	assert.match(plan.takeFrequency(500, "fan"), /must be 1000, as lamp's: board x has one/);
	const other = new PinPlan({ name: "y", chip: "esp32", pins: {} });
	assert.equal(other.takeFrequency(1000, "lamp") + other.takeFrequency(500, "fan"), "");
});
