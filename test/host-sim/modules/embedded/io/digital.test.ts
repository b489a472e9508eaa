/** The stand-in for `embedded:io/digital`: checks, levels and edges of the SDK's. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../../../../host-sim/modules/embedded/io/digital";
import { chipOf } from "../../../../../host-sim/world/chips";
import { Pins } from "../../../../../host-sim/world/pins";

interface DigitalPin {
	target: unknown;
	read(): number;
	write(value: number): void;
	close(): void;
}
interface DigitalClass {
	new (options: Record<string, unknown>): DigitalPin;
	readonly Input: number;
	readonly InputPullUp: number;
	readonly InputPullDown: number;
	readonly InputPullUpDown: number;
	readonly Output: number;
	readonly OutputOpenDrain: number;
	readonly Rising: number;
	readonly Falling: number;
}

function make(chip = "host") {
	const pins = new Pins(chipOf({ chip }));
	const seen: string[] = [];
	const turns: (() => void)[] = [];
	pins.listen((pin, level, kind) => seen.push(`${kind} ${pin}=${level}`));
	const module = create({
		pins,
		setTimer(callback) {
			turns.push(callback);
			return () => turns.splice(turns.indexOf(callback), 1);
		},
	}) as { default: DigitalClass };
	return { pins, seen, turns, Digital: module.default };
}

test("an output has its initial level from the start, and no other before", () => {
	for (const [activeLow, initialValue, level] of [
		[false, 0, 0],
		[false, 1, 1],
		[true, 0, 1],
		[true, 1, 0],
	] as const) {
		const { Digital, seen } = make();
		new Digital({ pin: 5, mode: Digital.Output, activeLow, initialValue });
		assert.deepEqual(seen, [`start 5=${level}`]);
	}
});

test("write is logical; a level that is there already is no change", () => {
	const { Digital, seen } = make();
	const pin = new Digital({ pin: 2, mode: Digital.OutputOpenDrain, activeLow: true });
	pin.write(1);
	pin.write(7);
	pin.write(0);
	assert.deepEqual(seen, ["start 2=1", "change 2=0", "change 2=1"]);
	assert.throws(() => pin.read(), /can't read output/);
});

test("a pin has one user; after close it is free, and the object is dead", () => {
	const { Digital } = make();
	const pin = new Digital({ pin: 4, mode: Digital.Output });
	assert.throws(() => new Digital({ pin: 4, mode: Digital.Input }), /in use/);
	pin.close();
	pin.close();
	assert.throws(() => pin.write(1), TypeError);
	new Digital({ pin: 4, mode: Digital.Input });
});

test("wrong options are refused, and leave the pin free", () => {
	const { Digital, pins } = make();
	const onReadable = () => undefined;
	const wrong: [Record<string, unknown>, RegExp][] = [
		[{ mode: Digital.Output }, /invalid/],
		[{ pin: 3, mode: 7 }, /invalid mode/],
		[{ pin: 3 }, /invalid mode/],
		[{ pin: 3, mode: Digital.InputPullUpDown }, /invalid mode/],
		[{ pin: 3, mode: Digital.Output, onReadable, edge: Digital.Rising }, /invalid mode/],
		[{ pin: 3, mode: Digital.Input, onReadable }, /invalid edges/],
		[{ pin: 3, mode: Digital.Input, onReadable: 1, edge: Digital.Rising }, /not a function/],
		[{ pin: 3, mode: Digital.Input, format: "buffer" }, /invalid format/],
	];
	for (const [options, reason] of wrong) assert.throws(() => new Digital(options), reason);
	assert.ok(pins.isFree(3));
});

test("an input sees the world; a pull-up rests high; edges are told in a later turn", () => {
	const { Digital, pins, turns } = make();
	const target = { edges: 0 };
	const button = new Digital({
		pin: 0,
		mode: Digital.InputPullUp,
		activeLow: true,
		edge: Digital.Rising,
		target,
		onReadable(this: DigitalPin) {
			(this.target as typeof target).edges += this.read();
		},
	});
	assert.equal(button.read(), 0);
	pins.apply(0, 0);
	assert.equal(button.read(), 1);
	assert.equal(target.edges, 0, "not inside the change");
	for (const turn of turns.splice(0)) turn();
	assert.equal(target.edges, 1);
	pins.apply(0, 1);
	assert.equal(turns.length, 0, "the falling edge was not asked for");
	assert.throws(() => button.write(1), /can't write input/);
});

test("pull-ups rest high, pull-downs and none low; both edges are told when both are asked for", () => {
	const { Digital, pins, turns } = make();
	let edges = 0;
	const edge = Digital.Rising | Digital.Falling;
	const onReadable = () => {
		edges++;
	};
	for (const [mode, rest] of [
		[Digital.Input, 0],
		[Digital.InputPullDown, 0],
		[Digital.InputPullUp, 1],
	] as const) {
		const input = new Digital({ pin: 4, mode, edge, onReadable });
		assert.equal(input.read(), rest);
		edges = 0;
		for (const level of [1, 0, 1, 0] as const) {
			pins.apply(4, level);
			for (const turn of turns.splice(0)) turn();
		}
		assert.equal(edges, rest === 1 ? 3 : 4);
		// Several between two turns are one.
		pins.apply(4, 1);
		pins.apply(4, 0);
		pins.apply(4, 1);
		assert.equal(turns.length, 1);
		input.close();
		assert.equal(turns.length, 0, "closed before it was told");
		pins.lift(4);
	}
});

test("what a chip's pins cannot do is refused as the SDK refuses it", () => {
	const esp32 = make("esp32");
	const { Input, Output } = esp32.Digital;
	assert.throws(() => new esp32.Digital({ pin: 24, mode: Input }), /^Error: invalid pin$/);
	assert.throws(() => new esp32.Digital({ pin: 34, mode: Output }), /^RangeError: input only$/);
	new esp32.Digital({ pin: 34, mode: Input });
	const { Digital } = make("esp8266");
	assert.throws(() => new Digital({ pin: 6, mode: Output }), /^Error: in use$/);
});

test("GPIO16 of an ESP8266 has a level, but no edges", () => {
	const { Digital, pins, turns } = make("esp8266");
	const options = { mode: Digital.Input, edge: Digital.Rising, onReadable: () => undefined };
	const input = new Digital({ pin: 16, ...options });
	new Digital({ pin: 14, ...options });
	pins.apply(16, 1);
	assert.equal(input.read(), 1);
	assert.equal(turns.length, 0);
	pins.apply(14, 1);
	assert.equal(turns.length, 1);
});
