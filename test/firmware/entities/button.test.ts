import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../firmware/checker";
import { Button, checkButton } from "../../../firmware/entities/button";
import type { Command } from "../../../firmware/entities/command";
import { Entity } from "../../../firmware/entities/entity";
import { Light } from "../../../firmware/entities/light";
import { Relay } from "../../../firmware/entities/relay";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

/** Whatever a button controls; says what it is told to. */
class Load extends Entity {
	readonly applied: string[] = [];

	override apply(command: Command, _now: number): string {
		assert.deepEqual({ ...command, state: "" }, { ...PLAIN });
		this.applied.push(command.state);
		return (this.options as { refusal: string }).refusal;
	}
}

const PLAIN: Command = {
	state: "",
	brightness: -1,
	color: -1,
	transitionMs: -1,
	forMs: -1,
	id: "",
	expiresMs: 0,
	problem: "",
};

function bell(options: object = {}, level: 0 | 1 = 0): EntityRig {
	const rig = new EntityRig();
	rig.levels.P = level;
	rig.add(Button, { pin: "P", ...options });
	return rig.pass(0);
}

/** Presses and releases with 5 ms of bouncing, for so long in all. */
function press(rig: EntityRig, ms: number): void {
	bounce(rig, 1);
	rig.pass(ms - 5);
	bounce(rig, 0);
}

function bounce(rig: EntityRig, level: 0 | 1): void {
	const other = level === 1 ? 0 : 1;
	for (const next of [level, other, level, other, level] as const) rig.set("P", next).pass(1);
}

function events(rig: EntityRig): string {
	return rig.told
		.map(({ event, refused }) => (refused ? `${event}: ${refused}` : event))
		.join(", ");
}

test("an input is active at low with a pull-up unless the entry says otherwise", () => {
	assert.deepEqual(bell().made, ["P true 1"]);
	assert.deepEqual(bell({ activeLow: false, pull: "down" }).made, ["P false 2"]);
	assert.deepEqual(bell({ pull: "none" }).made, ["P true 0"]);
	assert.deepEqual(bell({ pull: "up" }).made, ["P true 1"]);
});

test("single, double and long, each with its time", () => {
	const rig = bell();
	press(rig, 100);
	rig.pass(344);
	assert.equal(events(rig), "");
	rig.pass(100);
	assert.equal(events(rig), "single");
	// 350 ms after the first edge of the release.
	assert.deepEqual(rig.reports[0], {
		at: 450,
		leaf: "state",
		members: { event: "single" },
		retain: false,
		ageMs: undefined,
	});
	press(rig, 100);
	rig.pass(200);
	press(rig, 100);
	rig.pass(2000);
	assert.equal(events(rig), "single, double");
	const before = rig.elapsedMs;
	bounce(rig, 1);
	rig.pass(1500);
	assert.equal(events(rig), "single, double, long");
	assert.equal(rig.reports[2].at - before, 800, "while it is held, from the first edge");
	bounce(rig, 0);
	rig.pass(5000);
	assert.equal(events(rig), "single, double, long");
});

test("a double press is told at the second press, and holding it is no long one", () => {
	const rig = bell();
	press(rig, 100);
	rig.pass(100);
	bounce(rig, 1);
	rig.pass(40);
	assert.equal(events(rig), "double");
	rig.pass(5000);
	bounce(rig, 0);
	rig.pass(5000);
	assert.equal(events(rig), "double");
});

test("two presses that are too far from each other are two single ones, near ones a double", () => {
	// From the first edge of the release to the first edge of the press.
	for (const [gapMs, expected] of [
		[340, "double"],
		[349, "double"],
		[350, "single, single"],
		[360, "single, single"],
	] as const) {
		const rig = bell();
		rig.set("P", 1).pass(100).set("P", 0).pass(gapMs).set("P", 1).pass(100).set("P", 0).pass(1000);
		assert.equal(events(rig), expected, `${gapMs} ms`);
	}
});

test("without doubles a single press is told at the release; without long ones however long", () => {
	const rig = bell({ doubleMs: 0 });
	press(rig, 100);
	rig.pass(30);
	assert.equal(events(rig), "single");
	press(rig, 100);
	rig.pass(30);
	assert.equal(events(rig), "single, single");
	const short = bell({ longMs: 0, doubleMs: 0 });
	press(short, 60_000);
	short.pass(1000);
	assert.equal(events(short), "single");
});

test("what is shorter than debounceMs is nothing, pressed or released", () => {
	const rig = bell();
	rig.set("P", 1).pass(29).set("P", 0).pass(1000);
	assert.equal(events(rig), "");
	rig.set("P", 1).pass(400).set("P", 0).pass(29).set("P", 1).pass(371);
	assert.equal(events(rig), "long", "a contact that opens for a moment is still held");
	const slow = bell({ debounceMs: 200, doubleMs: 0 });
	press(slow, 199);
	slow.pass(1000);
	assert.equal(events(slow), "");
	press(slow, 220);
	slow.pass(1000);
	assert.equal(events(slow), "single");
});

test("edges that are told as one: the level is read when it is quiet", () => {
	const rig = bell({ doubleMs: 0 });
	// Pressed and released within one turn: one call, the level is what it was.
	rig.set("P", 1, true).set("P", 0).pass(1000);
	assert.equal(events(rig), "");
	// Released and pressed again within one turn.
	rig.set("P", 1).pass(200).set("P", 0, true).set("P", 1).pass(200).set("P", 0).pass(100);
	assert.equal(events(rig), "single");
});

test("a button that is held at power-on says nothing until it was released", () => {
	const rig = bell({}, 1);
	rig.pass(10_000);
	bounce(rig, 0);
	rig.pass(10_000);
	assert.equal(events(rig), "");
	press(rig, 100);
	rig.pass(1000);
	assert.equal(events(rig), "single");
	// The contact bounces while the board starts.
	const bouncing = bell({}, 1);
	bounce(bouncing, 1);
	bouncing.pass(5000);
	bounce(bouncing, 0);
	bouncing.pass(5000);
	assert.equal(events(bouncing), "");
});

test("timers that are late: the same events, by the times of the edges", () => {
	const rig = bell();
	rig.set("P", 1).stall(40).set("P", 0).stall(40);
	rig.stall(1000);
	assert.equal(events(rig), "single");
	// Held for longer than longMs while nobody was called in between.
	rig.set("P", 1).stall(40).stall(0);
	rig.elapsedMs += 900;
	rig.set("P", 0).stall(40);
	rig.pass(1000);
	assert.equal(events(rig), "single, long");
	// A second press that is settled after doubleMs, but began before.
	rig.set("P", 1).pass(100).set("P", 0).pass(300).set("P", 1);
	rig.stall(500).set("P", 0).pass(2000);
	assert.equal(events(rig), "single, long, double");
	// Two presses with the timer of the first too late: it is told before the second.
	rig.set("P", 1).pass(100).set("P", 0).pass(40);
	rig.elapsedMs += 400;
	rig.set("P", 1).pass(100).set("P", 0).pass(2000);
	assert.equal(events(rig), "single, long, double, single, single");
	// Pressed again at the very moment of the limit.
	const exact = bell();
	exact.set("P", 1).pass(100).set("P", 0).pass(340);
	exact.elapsedMs += 10;
	exact.set("P", 1).pass(100).set("P", 0).pass(2000);
	assert.equal(events(exact), "single, single");
});

test("each edge asks for a new timeout", () => {
	const rig = bell();
	bounce(rig, 1);
	assert.equal(rig.changes, 5);
});

test("what it controls is switched here: TOGGLE for a single press, or what actions say", () => {
	const gestures = (rig: EntityRig) => {
		press(rig, 100);
		rig.pass(1000);
		press(rig, 100);
		rig.pass(100);
		press(rig, 100);
		rig.pass(1000);
		press(rig, 1000);
		rig.pass(1000);
		return (rig.entities[1] as Load).applied.join(" ");
	};
	const cases: [object, string][] = [
		[{ controls: "lamp" }, "TOGGLE"],
		[
			{ controls: "lamp", actions: { single: "ON", double: "TOGGLE", long: "OFF" } },
			"ON TOGGLE OFF",
		],
		[{ controls: "lamp", actions: { long: "OFF" } }, "OFF"],
		[{ controls: "lamp", actions: {} }, ""],
		[{}, ""],
	];
	for (const [options, applied] of cases) {
		const rig = bell(options);
		rig.add(Load, { id: "lamp", refusal: "" });
		assert.equal(gestures(rig), applied);
		assert.equal(events(rig), "single, double, long");
	}
});

test("a refusal is in the report", () => {
	const refused = bell({ controls: "lamp", doubleMs: 0 });
	refused.add(Load, { id: "lamp", refusal: 'must stay "off" for 5 ms more' });
	press(refused, 100);
	refused.pass(100);
	assert.deepEqual(refused.told, [{ event: "single", refused: 'must stay "off" for 5 ms more' }]);
	const nobody = bell({ controls: "lamp", doubleMs: 0 });
	press(nobody, 100);
	nobody.pass(100);
	assert.equal(events(nobody), "single: there is no lamp");
});

test("a real light dims and a real relay refuses, without any contact", () => {
	const rig = bell({ controls: "lamp", doubleMs: 0, actions: { single: "TOGGLE", long: "OFF" } });
	const lamp = rig.add(Light, { id: "lamp", pin: "L", transitionMs: 500 });
	lamp.handleContact(false, rig.time);
	press(rig, 100);
	rig.pass(530);
	assert.equal(rig.duty("L"), 1023);
	press(rig, 1000);
	rig.pass(300);
	assert.equal(rig.duty("L"), 0);
	const pump = bell({ controls: "pump", doubleMs: 0 });
	const relay = pump.add(Relay, { id: "pump", pin: "R", minimumOffMs: 60_000 });
	relay.handleContact(false, pump.time);
	press(pump, 100);
	pump.pass(30);
	assert.equal(events(pump), "single: must stay off for 59866 ms more (minimumOffMs)");
	assert.equal(pump.duty("R"), 0);
	pump.pass(60_000);
	press(pump, 100);
	pump.pass(30);
	assert.equal(pump.duty("R"), 1);
});

/** Presses as they were meant: when they began, for how long, and how long ago the last ended. */
interface Press {
	readonly heldMs: number;
	readonly gapMs: number;
}

/** What a sequence of presses means. */
function meaning(presses: readonly Press[]): string {
	const found: string[] = [];
	for (let i = 0; i < presses.length; i++) {
		if (presses[i].heldMs >= 800) found.push("long");
		else if (i + 1 < presses.length && presses[i + 1].gapMs < 350) {
			found.push("double");
			i++;
		} else found.push("single");
	}
	return found.join(", ");
}

test("random presses with bouncing: the events that are meant, never more than presses", () => {
	for (let seed = 1; seed <= rounds(150); seed++) {
		const random = seeded(seed);
		const between = (least: number, most: number) => least + Math.floor(random() * (most - least));
		const rig = bell();
		const noise = (level: 0 | 1) => {
			let ms = 0;
			for (let i = between(0, 6); i > 0; i--) {
				const silent = random() < 0.3;
				rig.set("P", level, silent).set("P", level === 1 ? 0 : 1, silent && random() < 0.5);
				const wait = between(0, 5);
				rig.pass(wait);
				ms += wait;
			}
			rig.set("P", level);
			return ms;
		};
		const presses: Press[] = [];
		let gapMs = 10_000;
		for (let i = 0; i < 12; i++) {
			const heldMs = random() < 0.25 ? between(860, 3000) : between(65, 740);
			rig.pass(heldMs - noise(1));
			presses.push({ heldMs, gapMs });
			// Clear of the limits by more than the bouncing.
			gapMs = random() < 0.5 ? between(65, 310) : between(390, 2000);
			rig.pass(gapMs - noise(0));
		}
		rig.pass(5000);
		assert.equal(events(rig), meaning(presses), `seed ${seed}`);
	}
});

test("noise alone: nothing while it lasts, and at most one event for each time it was quiet", () => {
	for (let seed = 1; seed <= rounds(100); seed++) {
		const random = seeded(seed);
		const rig = bell({ doubleMs: seed % 2 === 0 ? 0 : 350 });
		let quiet = 0;
		for (let i = 0; i < 400; i++) {
			rig.set("P", random() < 0.5 ? 1 : 0, random() < 0.2);
			const waitMs = Math.floor(random() ** 8 * 60);
			if (waitMs >= 30) quiet++;
			rig.pass(waitMs);
		}
		rig.set("P", 0).pass(5000);
		assert.ok(rig.told.length <= quiet, `seed ${seed}: ${rig.told.length} of ${quiet}`);
		if (quiet === 0) assert.equal(rig.told.length, 0);
	}
});

test("an entry that is right, and each thing that can be wrong", () => {
	const plan = new FakePlan();
	const good: Json = {
		pin: "GPIO0",
		activeLow: false,
		pull: "none",
		debounceMs: 5,
		longMs: 0,
		doubleMs: 200,
		controls: "lamp",
		actions: { single: "ON", double: "OFF" },
		name: "Bell",
	};
	assert.deepEqual(problemsOf(checkButton, good, plan), []);
	assert.deepEqual(plan.taken, ["GPIO0 0 it"]);
	assert.deepEqual(problemsOf(checkButton, { pin: "GPIO0" }), []);
	const bad: [object, string[]][] = [
		[{}, ["pin: must be a label of the board"]],
		[{ pin: "X" }, ['pin: "X" is no pin of board fake']],
		[
			{ pin: "GPIO0", activeLow: 1, pull: "UP", debounceMs: 10_001, longMs: -1, doubleMs: 5001 },
			[
				"activeLow: 1 must be true or false",
				'pull: "UP" must be one of up, down, none',
				"debounceMs: 10001 must be a whole number from 0 to 10000",
				"longMs: -1 must be a whole number from 0 to 60000",
				"doubleMs: 5001 must be a whole number from 0 to 5000",
			],
		],
		[
			{ pin: "GPIO0", pull: "down" },
			['pull: "down" has no pull-down (board fake, GPIO0); say "up" or "none"'],
		],
		[
			{ pin: "GPIO0", actions: { single: "ON" } },
			["actions: needs controls, the id of what they act on"],
		],
		[
			{ pin: "GPIO0", controls: "a", actions: { tripple: "ON", single: "on", long: 5 } },
			[
				'actions.tripple: unknown key, did you mean "single"?',
				'actions.single: "on" must be one of ON, OFF, TOGGLE',
				"actions.long: 5 must be one of ON, OFF, TOGGLE",
			],
		],
		[
			{
				pin: "GPIO0",
				controls: "a",
				doubleMs: 0,
				longMs: 0,
				actions: { double: "ON", long: "ON" },
			},
			[
				'actions.double: "ON" never happens where doubleMs is 0',
				'actions.long: "ON" never happens where longMs is 0',
			],
		],
		[{ pin: "GPIO0", nam: "x" }, ['nam: unknown key, did you mean "name"?']],
	];
	for (const [options, problems] of bad)
		assert.deepEqual(problemsOf(checkButton, options), problems);
});
