import assert from "node:assert/strict";
import { test } from "node:test";
import { Binary, checkBinary } from "../../../firmware/entities/binary";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

function door(options: object = {}, level: 0 | 1 = 0): EntityRig {
	const rig = new EntityRig();
	rig.levels.P = level;
	rig.add(Binary, { pin: "P", ...options });
	return rig;
}

function states(rig: EntityRig): string {
	return rig.told.map(({ state }) => state).join(" ");
}

test("one state after the boot, then one for each change that stays", () => {
	for (const level of [0, 1] as const) {
		const rig = door({}, level).pass(10_000);
		assert.deepEqual(rig.reports, [
			{
				at: 0,
				leaf: "state",
				members: { state: level === 1 ? "ON" : "OFF" },
				retain: true,
				ageMs: 0,
			},
		]);
	}
	const rig = door().pass(100);
	rig.set("P", 1).pass(49);
	assert.equal(states(rig), "OFF");
	rig.pass(1);
	assert.equal(states(rig), "OFF ON");
	rig.set("P", 0).pass(49).set("P", 1).pass(1000);
	assert.equal(states(rig), "OFF ON");
	rig.set("P", 0).pass(50);
	assert.equal(states(rig), "OFF ON OFF");
	assert.equal(rig.entities[0].state, "");
	assert.equal(rig.entities[0].takesCommands, false);
	assert.equal(rig.entities[0].pollTimeout(rig.time), -1);
});

test("the time of a change is that of its first edge", () => {
	const rig = door().pass(1000);
	for (const level of [1, 0, 1, 0, 1] as const) rig.set("P", level).pass(7);
	rig.pass(1000);
	// The last edge at 1028, quiet at 1078.
	assert.deepEqual(
		rig.reports.slice(1).map(({ at, ageMs }) => [at, ageMs]),
		[[1078, 78]],
	);
});

test("an edge before the first report: the level of the boot, then the change", () => {
	const rig = door();
	rig.set("P", 1);
	rig.pass(1000);
	assert.equal(states(rig), "OFF ON");
	assert.equal(rig.changes, 1);
});

test("its input is active at high with a pull-up, and debounced for 50 ms, unless it is said", () => {
	assert.deepEqual(door().made, ["P false 1"]);
	assert.deepEqual(door({ activeLow: true, pull: "none" }).made, ["P true 0"]);
	const fast = door({ debounceMs: 0 }).pass(0);
	fast.set("P", 1).pass(0);
	assert.equal(states(fast), "OFF ON");
});

test("random levels: reports alternate and end with the level that there is", () => {
	for (let seed = 1; seed <= rounds(60); seed++) {
		const random = seeded(seed);
		const rig = door({ debounceMs: 20 }, random() < 0.5 ? 1 : 0).pass(0);
		let level = rig.levels.P;
		for (let i = 0; i < 200; i++) {
			level = random() < 0.5 ? 1 : 0;
			rig.set("P", level, level === rig.levels.P).pass(Math.floor(random() * 30));
		}
		rig.pass(100);
		const told = states(rig).split(" ");
		for (let i = 1; i < told.length; i++) assert.notEqual(told[i], told[i - 1], `seed ${seed}`);
		assert.equal(told.at(-1), level === 1 ? "ON" : "OFF", `seed ${seed}`);
	}
});

test("an entry that is right, and each thing that can be wrong", () => {
	const plan = new FakePlan();
	const good = { pin: "GPIO4", activeLow: true, pull: "none", debounceMs: 0, deviceClass: "door" };
	assert.deepEqual(problemsOf(checkBinary, good, plan), []);
	assert.deepEqual(plan.taken, ["GPIO4 0 it"]);
	assert.deepEqual(problemsOf(checkBinary, { pin: 5, debounce: 5, pull: "down" }), [
		'debounce: unknown key, did you mean "debounceMs"?',
		"pin: 5 must be a label of the board",
	]);
});
