/** The stand-in for `embedded:io/pwm`: what modules/io/pwm of the SDK does on each chip. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../../../../host-sim/modules/embedded/io/pwm";
import { chipOf } from "../../../../../host-sim/world/chips";
import { Pins } from "../../../../../host-sim/world/pins";

interface Pwm {
	readonly hz: number;
	readonly resolution: number;
	target: unknown;
	format: string;
	write(duty: number): void;
	close(): void;
}
type PwmClass = new (options: Record<string, unknown>) => Pwm;

function make(chip: string) {
	const pins = new Pins(chipOf({ chip }));
	const seen: string[] = [];
	pins.listenPwm((pin, duty, hz, kind) => seen.push(`${kind} ${pin} ${duty.toFixed(2)} ${hz}`));
	return { pins, seen, PWM: (create({ pins }) as { default: PwmClass }).default };
}

test("ten bits; low until the first write, and again after close", () => {
	const { PWM, pins, seen } = make("esp8266");
	const pwm = new PWM({ pin: 12, hz: 1000, target: "mine" });
	assert.equal(pwm.resolution, 10);
	assert.equal(pwm.format, "number");
	assert.throws(() => {
		pwm.format = "buffer";
	}, RangeError);
	assert.equal(pwm.target, "mine");
	assert.equal(pins.duty(12), 0);
	pwm.write(1023);
	assert.equal(pins.duty(12), 1, "all ones is always on");
	pwm.write(1023);
	pwm.write(0);
	pwm.write(512);
	pwm.close();
	pwm.close();
	const changes = ["change 12 1.00 1000", "change 12 0.00 1000", "change 12 0.50 1000"];
	assert.deepEqual(seen, ["start 12 0.00 1000", ...changes, "end 12 0.00 1000"]);
	assert.throws(() => pwm.write(1), TypeError);
	assert.ok(pins.isFree(12));
});

test("a pin has one user", () => {
	for (const [chip, error] of [
		["esp8266", RangeError],
		["esp32", Error],
	] as const) {
		const { PWM, pins } = make(chip);
		pins.claimOutput(4, 0);
		assert.throws(
			() => new PWM({ pin: 4, hz: 1000 }),
			(e) => (e as Error).constructor === error && (e as Error).message === "in use",
		);
		assert.throws(() => new PWM({ hz: 1000 }), /^Error: invalid$/);
		assert.throws(() => new PWM({ pin: -1 }), /^RangeError: negative$/);
		// Flash is there, or nothing.
		assert.throws(() => new PWM({ pin: chip === "esp32" ? 24 : 6 }), /in use/);
		assert.throws(() => new PWM({ pin: 5, format: "buffer" }), /invalid format/);
		new PWM({ pin: 5 });
	}
});

test("ESP8266: one frequency for all that are open and have asked for one", () => {
	const { PWM } = make("esp8266");
	const first = new PWM({ pin: 4, hz: 1000 });
	assert.throws(() => new PWM({ pin: 5, hz: 500 }), /^RangeError: different hz already set/);
	const second = new PWM({ pin: 5, hz: 1000 });
	const third = new PWM({ pin: 12 });
	first.close();
	assert.throws(() => new PWM({ pin: 4, hz: 500 }), /different hz/);
	second.close();
	assert.equal(new PWM({ pin: 4, hz: 500 }).hz, 500);
	assert.equal(third.hz, 500, "the one that did not ask follows");
	// analogWrite() takes what is near.
	third.write(5000);
});

test("ESP32: four outputs, an ESP32-C3 six; duty and frequency have limits", () => {
	for (const [chip, pins] of [
		["esp32", [4, 5, 12, 13]],
		["esp32s3", [4, 5, 12, 13]],
		["esp32c3", [4, 5, 6, 7, 8, 9]],
	] as const) {
		const { PWM } = make(chip);
		const open = pins.map((pin) => new PWM({ pin, hz: 1000 }));
		assert.throws(() => new PWM({ pin: 2, hz: 1000 }), /^Error: no ledc channel$/);
		assert.throws(() => open[0].write(1024), /^RangeError: invalid value$/);
		assert.throws(() => open[0].write(-1), /invalid value/);
		open[0].close();
		assert.throws(() => new PWM({ pin: 2, hz: 0 }), /^RangeError: invalid hz$/);
		assert.throws(() => new PWM({ pin: 2, hz: 16 }), /invalid combination of hz and resolution/);
		assert.equal(new PWM({ pin: 2 }).hz, 1024);
	}
});

test("power-off tells that the outputs are low", () => {
	const { PWM, pins, seen } = make("esp32");
	new PWM({ pin: 4, hz: 1000 }).write(1023);
	pins.releaseAll();
	assert.equal(seen.at(-1), "end 4 0.00 1000");
});
