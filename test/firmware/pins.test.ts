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
		"is used by relay already (board nodemcu-v2, GPIO5); possible: D2, D5, D6, D7, D3, D4",
	);
	assert.equal(
		plan.take("GPIO5", PinUse.Input, "button"),
		"is used by relay already (board nodemcu-v2, GPIO5); possible: D2, D5, D6, D7, D3, D4",
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

test("an unknown label is answered with one that is near, and with pins that would do", () => {
	const plan = new PinPlan(NODEMCU);
	const s3 = new PinPlan(board("esp32-s3-devkitc-1"));
	const cases: readonly (readonly [PinPlan, string, string])[] = [
		[plan, "D11", "D1"],
		[plan, "d1", "D1"],
		[plan, "rx", "RX"],
		[plan, "PIN_D6", "D6"],
		[s3, "IO4", "4"],
		[s3, "IO11", "11"],
	];
	for (const [on, label, near] of cases) {
		const text = on.take(label, PinUse.Output, "relay");
		assert.match(text, /^is no pin of board [\w-]+, did you mean "\w+"\? possible: /, label);
		assert.ok(text.includes(`did you mean "${near}"?`), text);
	}
	for (const label of ["D99", "5", "GPIO1x", "GPIO", "GPIO01", "GPIO99", "", "toString", "LED"]) {
		assert.equal(
			plan.take(label, PinUse.Output, "relay"),
			"is no pin of board nodemcu-v2; possible: D1, D2, D0, D5, D6, D7",
			label,
		);
		assert.equal(pinNumber(NODEMCU, label), -1, label);
	}
});

test("what is proposed first has no duty at reset; the console comes last", () => {
	const plan = new PinPlan(NODEMCU);
	for (const label of ["D1", "D2", "D0", "D5", "D6"]) plan.take(label, PinUse.Output, "it");
	assert.match(plan.take("D1", PinUse.Output, "x"), /possible: D7, D3, D4, D8, RX, TX$/);
});

test("a pin that an own entity takes is nobody else's, whatever it does there", () => {
	const plan = new PinPlan(NODEMCU);
	assert.equal(plan.note("A0", "fan"), "");
	assert.equal(plan.note("GPIO5", "fan"), "");
	assert.equal(plan.note("no pin at all", "fan"), "");
	assert.match(plan.take("D1", PinUse.Output, "pump"), /^is used by fan already \(board/);
	assert.equal(plan.take("D2", PinUse.Output, "pump"), "");
	assert.equal(plan.note("D2", "fan"), "is used by pump already (board nodemcu-v2, GPIO4)");
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

test("an ESP32 is given four channels of PWM, an ESP32-C3 six", () => {
	const chips: readonly (readonly [string, readonly string[], string])[] = [
		["esp32-devkitc", ["IO25", "IO26", "IO27", "IO32"], "IO33"],
		["esp32-s3-devkitc-1", ["4", "5", "6", "7"], "15"],
		["esp32-c3-devkitm-1", ["IO0", "IO1", "IO3", "IO4", "IO5", "IO6"], "IO7"],
	];
	for (const [name, labels, further] of chips) {
		const plan = new PinPlan(board(name));
		for (const label of labels) assert.equal(plan.take(label, PinUse.Pwm, "lamp"), "", label);
		const text = plan.take(further, PinUse.Pwm, "further");
		const reason = `is one too many with PWM: the chip is given ${labels.length} channels (board`;
		assert.ok(text.startsWith(reason), text);
		assert.ok(text.endsWith("; no pin is left for that"), text);
		assert.equal(plan.take(further, PinUse.Output, "further"), "");
	}
	const software = new PinPlan(NODEMCU);
	for (const label of ["D1", "D2", "D3", "D4", "D5", "D6", "D7"]) {
		assert.equal(software.take(label, PinUse.Pwm, "lamp"), "");
	}
});

test("the channels are those that the images get", () => {
	const { platforms } = JSON.parse(readFileSync("firmware/defaults/boards.json", "utf8")) as {
		platforms: Record<string, { defines?: { pwm?: { ledc: { channel_map: number } } } }>;
	};
	const maps = Object.entries(platforms).map(([name, { defines }]) => {
		return [name.includes("c3"), defines?.pwm?.ledc.channel_map] as const;
	});
	for (const [isC3, map] of maps) assert.equal(map, isC3 ? 0b111111 : undefined);
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
		/^needs D1, which relay has \(board nodemcu-v2, GPIO5\): give relay another pin$/,
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
