/** Keys of a terminal and lines of a pipe: what they do to the world, and how they end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Console, type ConsoleInput } from "../../../host-sim/start/console";
import { keysOf } from "../../../host-sim/start/orders";
import { makeStage, watchInput } from "../../support/stage";

class FakeInput implements ConsoleInput {
	readonly isTTY: boolean;
	readonly modes: boolean[] = [];
	isDestroyed = false;
	private listener: (text: string) => void = () => undefined;

	constructor(isTTY: boolean) {
		this.isTTY = isTTY;
	}

	setRawMode(raw: boolean): void {
		this.modes.push(raw);
	}

	setEncoding(): void {}

	on(event: "data" | "error", listener: (text: string) => void): void {
		if (event === "data") this.listener = listener;
	}

	resume(): void {}

	destroy(): void {
		this.isDestroyed = true;
	}

	type(text: string): void {
		this.listener(text);
	}
}

function sit(isTTY: boolean) {
	const world = makeStage();
	const input = new FakeInput(isTTY);
	const said: string[] = [];
	const seen = { echoed: "", interrupts: 0, resume: (): void => undefined };
	const seat = new Console(world.stage, input, {
		say: (text) => said.push(text),
		echo: (text) => {
			seen.echoed += text;
		},
		interrupt: () => {
			seen.interrupts++;
		},
		suspend: (resumed) => {
			seen.resume = resumed;
		},
	});
	seat.start();
	return { ...world, input, said, seen, seat };
}

test("a key per input: the first letter that is free", () => {
	const { stage } = makeStage();
	const keys = [...keysOf(stage.things)].map(([key, { name }]) => `${key} ${name}`);
	assert.deepEqual(keys, ["b button", "d door", "m meter"]);
	const twins = ["key-1", "key-2", "k", "ek"].map((name, pin) => {
		return { kind: "button", name, pin, active: 1 } as const;
	});
	assert.deepEqual([...keysOf(twins).keys()], ["k", "e", "a", "b"]);
});

test("a tap is short, a capital is long; contacts turn, meters count", async () => {
	const { input, pins, clock, said } = sit(true);
	const button = watchInput(pins, 0, 1, clock);
	const door = watchInput(pins, 4, 1, clock);
	const meter = watchInput(pins, 5, 0, clock);
	input.type("b");
	await clock.advance(1_000);
	input.type("B");
	await clock.advance(9_000);
	assert.deepEqual(button, ["0:0", "100:1", "1000:0", "2500:1"]);
	input.type("d");
	input.type("d");
	assert.deepEqual(door, ["10000:1", "10000:0"]);
	input.type("mM");
	await clock.advance(5_000);
	assert.equal(meter.filter((edge) => edge.endsWith(":1")).length, 10, "the second starts anew");
	assert.deepEqual(said, []);
	input.type("q");
	assert.deepEqual(said, ['no key "q" here; ? lists them']);
	input.type("\x1b[A");
	input.type("\r");
	assert.equal(said.length, 1, "arrows and Enter are nothing");
});

test("? lists keys, orders and names", () => {
	const { input, said } = sit(true);
	input.type("?");
	assert.deepEqual(said.slice(0, 3), [
		"b  presses button, B for long",
		"d  turns door on and off",
		"m  pulses meter, M ten times",
	]);
	assert.match(said.at(-1) ?? "", /^names {2}soil, button, door, meter, climate, motion, wifi$/);
});

test("raw while it runs; Ctrl-C and Ctrl-Z are what they were; then as before", () => {
	const { input, seen, seat } = sit(true);
	assert.deepEqual(input.modes, [true]);
	input.type("\x03");
	assert.equal(seen.interrupts, 1);
	input.type("\x1a");
	assert.deepEqual(input.modes, [true, false]);
	seen.resume();
	assert.deepEqual(input.modes, [true, false, true]);
	seat.stop();
	seat.stop();
	assert.deepEqual(input.modes, [true, false, true, false]);
	assert.equal(input.isDestroyed, true);
	seen.resume();
	assert.equal(input.modes.length, 4);
});

test("a colon begins an order, typed and corrected", () => {
	const { input, pins, seen, said } = sit(true);
	input.type(":set soil 0.45\x7f2\r");
	assert.equal(pins.voltage(0), 0.42);
	assert.equal(seen.echoed, ":set soil 0.45\b \b2\n");
	input.type(":set soil 2\r");
	assert.equal(said[0], "soil: 0.42 of full scale");
	assert.match(said[1], /^soil: 2 must be 0 to 1/);
	assert.equal(pins.voltage(0), 0.42);
	input.type(":\x03");
	assert.equal(seen.interrupts, 1);
});

test("Esc drops an order; without one it is nothing, and so are arrows", () => {
	const { input, pins, said, seen } = sit(true);
	input.type("\x1b");
	input.type(":set soil 0.9");
	input.type("\x1b[D");
	input.type("\x1b");
	assert.equal(seen.echoed, ":set soil 0.9\n");
	input.type("\r");
	assert.equal(pins.voltage(0), 0.5);
	input.type("d");
	assert.deepEqual(said, [], "letters are keys again");
	assert.equal(pins.level(4), undefined);
});

test("lines of a pipe, in pieces; letters are no keys there", async () => {
	const { input, pins, clock, climate, turned, said, seen } = sit(false);
	const button = watchInput(pins, 0, 1, clock);
	assert.deepEqual(input.modes, []);
	input.type("hold but");
	input.type("ton 1s\r\n\n  set climate temp");
	await clock.advance(2_000);
	assert.deepEqual(button, ["0:0", "1000:1"]);
	input.type("erature -3.5\nset climate 80\nbreak climate\nwifi off\nset door on\n");
	assert.equal(climate.reading("temperature"), -3.5);
	assert.equal(climate.reading("humidity"), 80);
	assert.equal(climate.failure, "silent");
	assert.deepEqual(turned, [false]);
	input.type("break climate empty\n");
	assert.equal(climate.failure, "empty");
	input.type("mend climate\n");
	assert.equal(climate.failure, "");
	assert.equal(pins.level(4), undefined);
	assert.deepEqual(said, [
		"climate: temperature -3.5",
		"climate: humidity 80",
		"climate: broken, does not answer",
		"wifi: off",
		"climate: broken, has nothing to tell",
		"climate: mended",
	]);
	assert.equal(seen.echoed, "");
});

test("a wrong line is said, and the next one counts", () => {
	const { input, said, pins } = sit(false);
	input.type("jump button\nset soil\npress\nset climate temprature 1\npress soil\nset soil 0.9\n");
	assert.equal(said.length, 6);
	assert.match(said[0], /^"jump button" is no order; press NAME \[times\]; hold NAME/);
	assert.match(said[3], /"temprature" is no reading/);
	assert.match(said[4], /^soil: "press" must be 0 to 1/);
	assert.equal(said[5], "soil: 0.9 of full scale");
	assert.equal(pins.voltage(0), 0.9);
	input.type(`${"x".repeat(5_000)}\nhelp\n`);
	assert.equal(said[6].length < 400, true);
	assert.match(said[7], /^orders press NAME/);
	assert.ok(said.some((line) => line.includes("set PIN high")));
});
