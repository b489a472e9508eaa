/** The stand-in for `embedded:io/analog`: what modules/io/analog of the SDK does on each chip. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../../../../host-sim/modules/embedded/io/analog";
import { analogKey, chipOf } from "../../../../../host-sim/world/chips";
import { Pins } from "../../../../../host-sim/world/pins";

interface Analog {
	readonly resolution: number;
	read(): number;
	close(): void;
}
type AnalogClass = new (options: Record<string, unknown>) => Analog;

function make(chip: string) {
	const pins = new Pins(chipOf({ chip }));
	return { pins, Analog: (create({ pins }) as { default: AnalogClass }).default };
}

test("ten bits on an ESP8266, twelve on the ESP32s; full scale is all ones", () => {
	for (const [chip, pin, bits] of [
		["esp8266", 17, 10],
		["esp32", 36, 12],
		["esp32c3", 2, 12],
		["esp32s3", 7, 12],
		["host", 1, 10],
	] as const) {
		const { Analog, pins } = make(chip);
		const analog = new Analog({ pin });
		assert.equal(analog.resolution, bits);
		const key = analogKey(pins.chip, pin);
		pins.applyVoltage(key, 1);
		assert.equal(analog.read(), 2 ** bits - 1);
		pins.applyVoltage(key, 0);
		assert.equal(analog.read(), 0);
		pins.applyVoltage(key, 0.42);
		assert.equal(analog.read(), Math.round(0.42 * (2 ** bits - 1)));
		pins.applyVoltage(key, 7);
		assert.equal(analog.read(), 2 ** bits - 1, "it does not go higher");
		analog.close();
		analog.close();
		assert.throws(() => analog.read(), TypeError);
		new Analog({ pin });
	}
});

test("an ESP8266 has one ADC, and its pin 0 is another one", () => {
	const { Analog, pins } = make("esp8266");
	const analog = new Analog({ pin: 0 });
	assert.throws(() => new Analog({ pin: 1 }), /^Error: in use$/);
	assert.ok(pins.isFree(0));
	analog.close();
	assert.throws(() => new Analog({ format: "buffer" }), /invalid format/);
	new Analog({});
});

test("an ESP32 has ADCs at some pins, each with one user", () => {
	const { Analog, pins } = make("esp32");
	assert.throws(() => new Analog({ pin: 5 }), /^RangeError: not analog pin$/);
	assert.throws(() => new Analog({}), /^Error: invalid$/);
	assert.throws(() => new Analog({ pin: 34, esp32: { attenuation: 5 } }), /bad attenuation/);
	new Analog({ pin: 34, esp32: { attenuation: 2.5 } });
	assert.throws(() => new Analog({ pin: 34 }), /^RangeError: in use$/);
	assert.equal(pins.use(34), "analog");
	assert.throws(() => pins.claimOutput(34, 0));
});
