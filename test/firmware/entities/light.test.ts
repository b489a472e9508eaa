import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLight } from "../../../firmware/entities/check-light";
import { Light } from "../../../firmware/entities/light";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

const GAMMA = 2.2;
const RGB = { pins: { red: "R", green: "G", blue: "B" } };

function dutyOf(brightness: number, gamma = GAMMA): number {
	if (brightness === 0) return 0;
	return Math.max(1, Math.round((brightness / 255) ** gamma * 1023));
}

function lamp(options: object = {}, kept = ""): EntityRig {
	const rig = new EntityRig();
	rig.add(Light, { pin: "P", ...options }, kept);
	return rig;
}

function state(rig: EntityRig) {
	return JSON.parse(rig.entities[0].state);
}

test("brightness is what the eye sees: each has its duty, and none but 0 is dark", () => {
	for (const gamma of [1, 2.2, 2.8]) {
		const rig = lamp({ gamma });
		for (let brightness = 1; brightness <= 255; brightness++) {
			assert.equal(rig.command(`{"state":"ON","brightness":${brightness}}`), "");
			assert.equal(rig.duty("P"), dutyOf(brightness, gamma));
			assert.ok((rig.duty("P") as number) > 0);
		}
		assert.equal(rig.duty("P"), 1023);
		rig.command("OFF");
		assert.equal(rig.duty("P"), 0);
	}
});

test("a pin that is active at low has the rest of the duty, from the start on", () => {
	const rig = lamp({ activeLow: true });
	assert.equal(rig.duty("P"), 1023);
	rig.command("ON");
	assert.equal(rig.duty("P"), 0);
	rig.command('{"state":"ON","brightness":128}');
	assert.equal(rig.duty("P"), 1023 - dutyOf(128));
});

test("PWM is made with hz, 1000 where there is none", () => {
	assert.deepEqual(lamp().made, ["P 1000"]);
	assert.deepEqual(lamp({ hz: 250 }).made, ["P 250"]);
	assert.deepEqual(lamp({ ...RGB, hz: 500 }).made.sort(), ["B 500", "G 500", "R 500"]);
});

test("the state is Home Assistant's JSON, with the keys that the light has", () => {
	const rig = lamp();
	assert.equal(rig.entities[0].state, '{"state":"OFF","brightness":255,"color_mode":"brightness"}');
	rig.command('{"state":"ON","brightness":7}');
	assert.equal(rig.entities[0].state, '{"state":"ON","brightness":7,"color_mode":"brightness"}');
	assert.equal(lamp({ dimmable: false }).entities[0].state, '{"state":"OFF"}');
	const colored = lamp(RGB);
	colored.command('{"color":{"r":255,"g":128,"b":1},"brightness":9}');
	assert.deepEqual(state(colored), {
		state: "ON",
		brightness: 9,
		color_mode: "rgb",
		color: { r: 255, g: 128, b: 1 },
	});
	assert.equal(rig.entities[0].takesCommands, true);
});

test("colour and brightness are multiplied once, then seen by the eye", () => {
	const rig = lamp(RGB);
	rig.command('{"state":"ON","brightness":128,"color":{"r":255,"g":102,"b":0}}');
	assert.equal(rig.duty("R"), dutyOf(128));
	const green = ((128 * 102) / 255 / 255) ** GAMMA * 1023;
	assert.ok(Math.abs((rig.duty("G") as number) - green) < 1.5, `${rig.duty("G")}, not ${green}`);
	assert.equal(rig.duty("B"), 0);
	// At the dark end the strongest channel is seen, the weaker ones do not change the hue.
	rig.command('{"brightness":1,"color":{"r":255,"g":60,"b":0}}');
	assert.deepEqual([rig.duty("R"), rig.duty("G"), rig.duty("B")], [1, 0, 0]);
});

test("a colour that is not black is never dark, whatever its brightness", () => {
	for (const brightness of [1, 2, 9, 40, 255]) {
		for (const channel of [1, 2, 30, 255]) {
			const rig = lamp(RGB);
			rig.command(`{"brightness":${brightness},"color":{"r":0,"g":${channel},"b":0}}`);
			assert.ok((rig.duty("G") as number) >= 1, `${brightness} ${channel}`);
			assert.deepEqual([rig.duty("R"), rig.duty("B")], [0, 0]);
		}
	}
});

test("OFF keeps brightness and colour for the next ON; brightness 0 and black are OFF", () => {
	const rig = lamp(RGB);
	const color = { r: 1, g: 2, b: 3 };
	rig.command('{"brightness":40,"color":{"r":1,"g":2,"b":3}}');
	for (const off of [
		"OFF",
		'{"state":"ON","brightness":0}',
		'{"color":{"r":0,"g":0,"b":0}}',
		'{"state":"TOGGLE"}',
	]) {
		assert.equal(rig.command(off), "", off);
		assert.equal(state(rig).state, "OFF", off);
		assert.deepEqual([rig.duty("R"), rig.duty("G"), rig.duty("B")], [0, 0, 0], off);
		rig.command(off === '{"state":"TOGGLE"}' ? off : "ON");
		assert.equal(state(rig).state, "ON", off);
		assert.equal(state(rig).brightness, 40);
		assert.deepEqual(state(rig).color, color);
	}
	// With OFF they are for the next ON.
	rig.command('{"state":"OFF","brightness":77}');
	assert.equal(rig.duty("R"), 0);
	rig.command("TOGGLE");
	assert.equal(state(rig).brightness, 77);
});

test("what a light cannot do is refused with what it can, and nothing is done of it", () => {
	const cases: [object, string, string][] = [
		[
			{ dimmable: false },
			'{"state":"ON","brightness":3}',
			"a light that is not dimmable takes state, transition, for, id and expires",
		],
		[
			{ dimmable: false },
			'{"state":"ON","color":{"r":1,"g":2,"b":3}}',
			"a light without colours takes state, transition, for, id and expires",
		],
		[
			{},
			'{"state":"ON","color":{"r":1,"g":2,"b":3}}',
			"a light without colours takes state, brightness, transition, for, id and expires",
		],
	];
	for (const [options, payload, text] of cases) {
		const rig = lamp(options);
		const before = rig.written.length;
		assert.equal(rig.command(payload), text);
		assert.equal(rig.written.length, before);
		assert.equal(state(rig).state, "OFF");
	}
	// Home Assistant sends a transition to every light of a scene.
	const rig = lamp({ dimmable: false });
	assert.equal(rig.command('{"state":"ON","transition":5}'), "");
	assert.equal(rig.duty("P"), 1);
	assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
});

test("a light that is only switched is an output with its level from the first moment on", () => {
	const rig = lamp({ dimmable: false, activeLow: true, restore: "on" });
	assert.deepEqual(rig.made, ["P true"]);
	assert.deepEqual(rig.written, [["P", 1]]);
	rig.command("TOGGLE");
	rig.command("TOGGLE");
	rig.command("ON");
	assert.deepEqual(rig.written.slice(1), [
		["P", 0],
		["P", 1],
	]);
});

test("the state is due when it changed, and only then", () => {
	const rig = lamp();
	const light = rig.entities[0];
	const isDue = (payload: string) => {
		light.stateDue = false;
		rig.command(payload);
		return light.stateDue;
	};
	assert.equal(light.stateDue, true);
	assert.equal(isDue("OFF"), false);
	assert.equal(isDue("ON"), true);
	assert.equal(isDue("ON"), false);
	assert.equal(isDue('{"brightness":4}'), true);
	assert.equal(isDue('{"brightness":4}'), false);
	assert.equal(isDue("TOGGLE"), true);
});

test("each restore mode at power-on: the level is written once, and nothing else", () => {
	const half = dutyOf(128);
	const cases: [string | undefined, string, number][] = [
		[undefined, "ON,128,255", 0],
		["off", "ON,128,255", 0],
		["retained", "ON,128,255", 0],
		["on", "", 1023],
		["on", "OFF,128,255", 1023],
		["last", "", 0],
		["last", "ON,128,255", half],
		["last", "OFF,128,255", 0],
		["last", "ON", 0],
		["last", "ON,0,255", 0],
		["last", "ON,256,255", 0],
		["last", "ON,128,16777216", 0],
		["last", "ON,128.5,255", 0],
		["last", "on,128,255", 0],
		["inverted-last", "", 0],
		["inverted-last", "ON,128,255", 0],
		["inverted-last", "OFF,128,255", half],
		["inverted-last", "OFF,x,255", 0],
	];
	for (const [restore, kept, duty] of cases) {
		const rig = lamp({ restore, transitionMs: 1000 }, kept);
		assert.deepEqual(rig.written, [["P", duty]], `${restore} ${kept}`);
		rig.pass(5000);
		assert.deepEqual(rig.written, [["P", duty]], `${restore} ${kept}`);
	}
	assert.equal(lamp({ restore: "last", dimmable: false }, "ON").duty("P"), 1);
	assert.equal(lamp({ restore: "inverted-last", dimmable: false }, "ON").duty("P"), 0);
});

test("what is kept brings the same light back, and fits where it is kept", () => {
	const random = seeded(5);
	for (let i = 0; i < 200; i++) {
		const first = lamp({ ...RGB, restore: "last" });
		const byte = () => Math.floor(random() * 256);
		first.command(`{"brightness":${byte()},"color":{"r":${byte()},"g":${byte()},"b":${byte()}}}`);
		if (random() < 0.3) first.command("OFF");
		const { kept } = first.entities[0];
		assert.match(kept, /^[ -~]{1,28}$/);
		const second = lamp({ ...RGB, restore: "last" }, kept);
		assert.equal(second.entities[0].state, first.entities[0].state);
		for (const pin of ["R", "G", "B"]) assert.equal(second.duty(pin), first.duty(pin));
		const inverted = lamp({ ...RGB, restore: "inverted-last" }, kept);
		assert.notEqual(state(inverted).state, state(first).state);
	}
	for (const restore of ["off", "on", "retained"])
		assert.equal(lamp({ restore }).entities[0].kept, "");
	assert.equal(lamp({ restore: "last", dimmable: false }, "ON").entities[0].kept, "ON");
});

test("a transition goes in steps of 20 to 50 ms, one way, and ends at the target in time", () => {
	const rig = lamp({ transitionMs: 1000 });
	rig.command('{"state":"ON","brightness":200}');
	assert.deepEqual(rig.told, []);
	assert.equal(state(rig).brightness, 200);
	let last = 0;
	let steps = 0;
	const light = rig.entities[0];
	for (let ms = 0; ms < 1000; ms += light.pollTimeout(rig.time) || 1) {
		const waitMs = light.pollTimeout(rig.time);
		assert.ok(waitMs >= 20 && waitMs <= 50, `${waitMs} ms`);
		rig.pass(waitMs);
		assert.ok((rig.duty("P") as number) >= last);
		last = rig.duty("P") as number;
		steps++;
		if (light.pollTimeout(rig.time) < 0) break;
	}
	assert.equal(rig.elapsedMs, 1000);
	assert.equal(steps, 25);
	assert.equal(rig.duty("P"), dutyOf(200));
	assert.equal(light.pollTimeout(rig.time), -1);
});

test("half of the time is half of what the eye sees", () => {
	const rig = lamp();
	rig.command('{"state":"ON","transition":2}');
	rig.pass(1000);
	assert.ok(Math.abs((rig.duty("P") as number) - 0.5 ** GAMMA * 1023) <= 2);
	rig.pass(1000);
	assert.equal(rig.duty("P"), 1023);
});

test("a given transition goes before the default, 0 is at once, and one shorter than a step ends", () => {
	const rig = lamp({ transitionMs: 60_000 });
	rig.command('{"state":"ON","transition":0}');
	assert.equal(rig.duty("P"), 1023);
	rig.command('{"state":"OFF","transition":0.01}');
	assert.equal(rig.duty("P"), 1023);
	rig.pass(10);
	assert.equal(rig.duty("P"), 0);
	rig.command("ON");
	rig.pass(59_999);
	assert.ok((rig.duty("P") as number) < 1023);
	rig.pass(1);
	assert.equal(rig.duty("P"), 1023);
});

test("a command in the middle begins from what is shown", () => {
	const rig = lamp({ transitionMs: 1000 });
	rig.command("ON");
	rig.pass(520);
	const middle = rig.duty("P") as number;
	rig.command("OFF");
	assert.equal(rig.duty("P"), middle);
	rig.pass(40);
	assert.ok((rig.duty("P") as number) < middle && (rig.duty("P") as number) > middle * 0.8);
	rig.pass(960);
	assert.equal(rig.duty("P"), 0);
	// The same target again, but now at once.
	rig.command("ON");
	rig.pass(100);
	rig.command('{"state":"ON","transition":0}');
	assert.equal(rig.duty("P"), 1023);
	assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
});

test("a transition that nobody drove for a while ends all the same", () => {
	const rig = lamp({ transitionMs: 1000 });
	rig.command("ON");
	rig.stall(7000);
	assert.equal(rig.duty("P"), 1023);
	assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
});

test("for: on for so long, then off; another command ends it", () => {
	const rig = lamp();
	rig.command('{"state":"ON","for":60}');
	rig.entities[0].stateDue = false;
	rig.pass(59_999);
	assert.equal(rig.duty("P"), 1023);
	rig.pass(1);
	assert.equal(rig.duty("P"), 0);
	assert.equal(rig.entities[0].stateDue, true);
	assert.equal(state(rig).state, "OFF");
	for (const payload of ["ON", '{"brightness":9}']) {
		rig.command('{"state":"ON","for":60}');
		rig.command(payload);
		rig.pass(100_000);
		assert.equal(state(rig).state, "ON", payload);
		rig.command("OFF");
	}
	rig.command('{"state":"ON","for":60}');
	rig.command("OFF");
	rig.command("ON");
	rig.pass(100_000);
	assert.equal(state(rig).state, "ON");
	rig.command('{"state":"ON","for":2}');
	rig.pass(1000);
	rig.command('{"state":"ON","for":2}');
	rig.pass(1999);
	assert.equal(state(rig).state, "ON");
	rig.pass(1);
	assert.equal(state(rig).state, "OFF");
	assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
});

test("loss of contact: after so long, once, and not when contact was regained before", () => {
	const on = { onLossOfContact: { state: "on", afterMs: 5000 } };
	const rig = lamp(on);
	const light = rig.entities[0];
	// The boot counts as down.
	light.handleContact(false, rig.time);
	rig.pass(4999);
	assert.equal(state(rig).state, "OFF");
	light.stateDue = false;
	rig.pass(1);
	assert.equal(state(rig).state, "ON");
	assert.equal(light.stateDue, true);
	// Once: what somebody did at the button afterwards stays.
	rig.command("OFF");
	rig.pass(100_000);
	assert.equal(state(rig).state, "OFF");
	light.handleContact(true, rig.time);
	light.handleContact(false, rig.time);
	rig.pass(4999);
	light.handleContact(true, rig.time);
	rig.pass(100_000);
	assert.equal(state(rig).state, "OFF");
	assert.equal(light.pollTimeout(rig.time), -1);
	light.handleContact(false, rig.time);
	rig.pass(5000);
	assert.equal(state(rig).state, "ON");
});

test("loss of contact: off, keep, and words that are missing", () => {
	const off = lamp({ restore: "on", onLossOfContact: { state: "off" }, transitionMs: 400 });
	off.entities[0].handleContact(false, off.time);
	off.pass(0);
	assert.equal(state(off).state, "OFF");
	off.pass(400);
	assert.equal(off.duty("P"), 0);
	for (const onLossOfContact of [undefined, {}, { state: "keep", afterMs: 1 }, { afterMs: 1 }]) {
		const rig = lamp({ restore: "on", onLossOfContact });
		rig.entities[0].handleContact(false, rig.time);
		assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
		rig.pass(100_000);
		assert.equal(rig.duty("P"), 1023);
	}
	// It is on already: `for` goes on.
	const on = lamp({ onLossOfContact: { state: "on", afterMs: 1000 } });
	on.command('{"state":"ON","for":5}');
	on.entities[0].handleContact(false, on.time);
	on.pass(5000);
	assert.equal(state(on).state, "OFF");
});

/** What a light shows, without its fixed-point levels. */
class Model {
	on = false;
	brightness = 255;
	color = [255, 255, 255];
	offAt = -1;

	apply(
		command: { state: string; brightness: number; color?: number[]; forMs: number },
		now: number,
	) {
		const wantsOn = command.state === "TOGGLE" ? !this.on : command.state === "ON";
		const isBlack = command.color?.every((channel) => channel === 0) === true;
		this.on = wantsOn && command.brightness !== 0 && !isBlack;
		if (command.brightness > 0) this.brightness = command.brightness;
		if (command.color !== undefined && !isBlack) this.color = command.color;
		this.offAt = this.on && command.forMs > 0 ? now + command.forMs : -1;
	}

	pass(now: number) {
		if (this.offAt < 0 || now < this.offAt) return;
		this.offAt = -1;
		this.on = false;
	}

	duty(channel: number): number {
		if (!this.on) return 0;
		return ((this.brightness * this.color[channel]) / 255 / 255) ** GAMMA * 1023;
	}
}

test("random commands: the model's state, one way within a transition, the model's duty at its end", () => {
	for (let seed = 1; seed <= rounds(40); seed++) {
		const random = seeded(seed);
		const pick = (limit: number) => Math.floor(random() * limit);
		const rig = lamp({ ...RGB, transitionMs: pick(2) * 300 });
		const model = new Model();
		const light = rig.entities[0];
		for (let i = 0; i < 60; i++) {
			const state = ["ON", "OFF", "TOGGLE"][pick(3)];
			const brightness = random() < 0.5 ? pick(256) : -1;
			const color = random() < 0.4 ? [pick(256), pick(256), pick(256)] : undefined;
			const forMs = state !== "OFF" && random() < 0.2 ? 1 + pick(2000) : -1;
			const payload: Record<string, unknown> = { state };
			if (brightness >= 0) payload.brightness = brightness;
			if (color) payload.color = { r: color[0], g: color[1], b: color[2] };
			if (forMs > 0) payload.for = forMs / 1000;
			if (random() < 0.5) payload.transition = pick(1000) / 1000;
			assert.equal(rig.command(JSON.stringify(payload)), "");
			model.apply({ state, brightness, color, forMs }, rig.elapsedMs);
			follow(rig, model, pick(1500), `seed ${seed}, command ${i}`);
			assert.equal(JSON.parse(light.state).state, model.on ? "ON" : "OFF", `${seed} ${i}`);
			assert.equal(JSON.parse(light.state).brightness, model.brightness);
		}
	}
});

/** Passes time from call to call; checks directions, and the end where nothing moves any more. */
function follow(rig: EntityRig, model: Model, ms: number, what: string): void {
	const light = rig.entities[0];
	const pins = ["R", "G", "B"];
	const directions = [0, 0, 0];
	const end = rig.elapsedMs + ms;
	while (rig.elapsedMs < end) {
		const waitMs = light.pollTimeout(rig.time);
		const before = pins.map((pin) => rig.duty(pin) as number);
		const wasOn = model.on;
		rig.pass(waitMs < 0 ? end - rig.elapsedMs : Math.min(waitMs, end - rig.elapsedMs));
		model.pass(rig.elapsedMs);
		if (model.on !== wasOn) directions.fill(0);
		pins.forEach((pin, channel) => {
			const duty = rig.duty(pin) as number;
			const way = Math.sign(duty - before[channel]);
			// At the dark end a channel is seen as long as it is the strongest.
			if (way === 0 || Math.max(duty, before[channel]) <= 1) return;
			assert.notEqual(way, -directions[channel], `${what}: ${pin} turned round at ${duty}`);
			directions[channel] = way;
		});
	}
	if (light.pollTimeout(rig.time) >= 0) return;
	pins.forEach((pin, channel) => {
		const wanted = model.duty(channel);
		const difference = Math.abs((rig.duty(pin) as number) - wanted);
		assert.ok(difference < 3.5, `${what}: ${pin} has ${rig.duty(pin)}, not ${wanted}`);
	});
	assert.equal(
		pins.some((pin) => rig.duty(pin) !== 0),
		model.on,
		what,
	);
}

test("an entry that is right takes its pins for what they are used for", () => {
	const good: [object, string[]][] = [
		[{ pin: "GPIO1" }, ["GPIO1 2 it"]],
		[{ pin: "GPIO1", dimmable: false, activeLow: true }, ["GPIO1 1 it"]],
		[
			{ pins: { red: "GPIO1", green: "GPIO2", blue: "GPIO3" }, hz: 50, gamma: 1, transitionMs: 0 },
			["GPIO1 2 it", "GPIO2 2 it", "GPIO3 2 it"],
		],
		[
			{
				pin: "GPIO1",
				name: "x",
				payloads: {},
				restore: "inverted-last",
				onLossOfContact: { state: "off", afterMs: 3 },
			},
			["GPIO1 2 it"],
		],
	];
	for (const [options, taken] of good) {
		const plan = new FakePlan();
		assert.deepEqual(problemsOf(checkLight, options, plan), []);
		assert.deepEqual(plan.taken, taken);
	}
});

test("an entry that is wrong is told each problem, where it is and what would be right", () => {
	const bad: [object, string[]][] = [
		[{}, ["site.json: entities[2]: missing: pin, or pins {red, green, blue}"]],
		[{ pin: 4 }, ["pin: 4 must be a label of the board"]],
		[{ pin: "D9" }, ['pin: "D9" is no pin of board fake']],
		[
			{ pins: { red: "GPIO1", green: "GPIO1" } },
			['pins.green: "GPIO1" is used already', "pins.blue: must be a label of the board"],
		],
		[
			{ pin: "GPIO9", pins: { red: "GPIO1", green: "GPIO2", blu: "GPIO3", blue: "GPIO4" } },
			['pin: "GPIO9" must not be given beside pins', 'pins.blu: unknown key, did you mean "blue"?'],
		],
		[
			{ pin: "GPIO1", dimmable: false, hz: 100, gamma: 2, transitionMs: 5 },
			[
				"hz: is of no use where dimmable is false",
				"gamma: is of no use where dimmable is false",
				"transitionMs: is of no use where dimmable is false",
			],
		],
		[
			{ dimmable: false, pins: { red: "GPIO1", green: "GPIO2", blue: "GPIO3" } },
			["pins: is of no use where dimmable is false"],
		],
		[
			{ pin: "GPIO1", hz: 20, gamma: 0.5, transitionMs: -1, restore: "ON", dimable: true },
			[
				'dimable: unknown key, did you mean "dimmable"?',
				"hz: 20 must be a whole number from 50 to 20000",
				"gamma: 0.5 must be a number from 1 to 4",
				"transitionMs: -1 must be a whole number from 0 to 3600000",
				'restore: "ON" must be one of off, on, last, inverted-last, retained',
			],
		],
	];
	for (const [options, problems] of bad)
		assert.deepEqual(problemsOf(checkLight, options), problems);
});
