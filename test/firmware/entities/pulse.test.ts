import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPulse, Pulse } from "../../../firmware/entities/pulse";
import { seeded } from "../../support/seeded";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

function meter(options: object = {}, kept = "", level: 0 | 1 = 0): EntityRig {
	const rig = new EntityRig();
	rig.levels.P = level;
	rig.add(Pulse, { pin: "P", ...options }, kept);
	return rig.pass(0);
}

function count(rig: EntityRig): number {
	return Number(rig.entities[0].kept);
}

test("each pulse that is stable counts once, however it bounces", () => {
	const rig = meter();
	rig.set("P", 1).pass(9).set("P", 0).pass(100);
	assert.equal(count(rig), 0);
	for (let i = 1; i <= 20; i++) {
		for (const level of [1, 0, 1] as const) rig.set("P", level).pass(1);
		rig.pass(20);
		for (const level of [0, 1, 0] as const) rig.set("P", level).pass(1);
		rig.pass(20);
		assert.equal(count(rig), i);
	}
});

test("a pulse is not missed because a timer was late", () => {
	const rig = meter();
	for (let i = 0; i < 5; i++) {
		rig.set("P", 1);
		rig.elapsedMs += 15;
		rig.set("P", 0);
		rig.elapsedMs += 15;
	}
	rig.pass(100);
	assert.equal(count(rig), 5);
	// But one that is too short is none, late or not.
	rig.set("P", 1);
	rig.elapsedMs += 5;
	rig.set("P", 0);
	rig.elapsedMs += 15;
	rig.set("P", 1).pass(100);
	assert.equal(count(rig), 6);
});

test("a level that was active at the boot is no pulse", () => {
	const rig = meter({}, "", 1);
	rig.pass(100).set("P", 0).pass(100);
	assert.equal(count(rig), 0);
	rig.set("P", 1).pass(100);
	assert.equal(count(rig), 1);
});

test("without debouncing every edge counts, also where two are told as one", () => {
	const rig = meter({ debounceMs: 0 });
	rig.set("P", 1).set("P", 0).set("P", 1).set("P", 0);
	assert.equal(count(rig), 2);
	assert.equal(rig.changes, 0, "thousands of them must not wake the node");
	// A whole pulse within a turn.
	rig.set("P", 1, true).set("P", 0);
	assert.equal(count(rig), 3);
	// The end of one and the beginning of the next.
	rig.set("P", 1).set("P", 0, true).set("P", 1);
	assert.equal(count(rig), 5);
	rig.set("P", 0);
	assert.equal(count(rig), 5);
});

test("the count is kept over a reboot; what is no count is 0", () => {
	const rig = meter({}, "4711");
	assert.deepEqual(rig.told, [{ count: 4711, value: 4711 }]);
	rig.set("P", 1).pass(50);
	assert.equal(rig.entities[0].kept, "4712");
	assert.equal(meter().entities[0].kept, "");
	for (const kept of ["x", "-5", "1.5", "1e300", "NaN", "Infinity", "12,3", "ON,1,2"]) {
		assert.deepEqual(meter({}, kept).told, [{ count: 0, value: 0 }], kept);
	}
	const largest = `${Number.MAX_SAFE_INTEGER}`;
	assert.equal(meter({}, largest).entities[0].kept, largest);
	assert.ok(largest.length <= 28);
});

test("the value is the count by perUnit, with decimals", () => {
	const cases: [object, number][] = [
		[{ perUnit: 1000 }, 1.235],
		[{ perUnit: 1000, decimals: 1 }, 1.2],
		[{ perUnit: 0.5, decimals: 0 }, 2470],
		[{}, 1235],
	];
	for (const [options, value] of cases) {
		const rig = meter(options, "1235");
		assert.deepEqual(rig.told, [{ count: 1235, value }]);
		assert.equal(rig.reports[0].retain, true);
	}
});

test("delta is of the value", () => {
	const rig = meter({ perUnit: 10, delta: 0.3, intervalMs: 1000, maximumMs: 3_600_000 });
	for (let i = 0; i < 9; i++) rig.set("P", 1).pass(500).set("P", 0).pass(500);
	assert.deepEqual(
		rig.told.map((members) => members.count),
		[0, 3, 6, 9],
	);
});

test("samples and edges do not disturb each other", () => {
	const rig = meter({ intervalMs: 1000 });
	const random = seeded(3);
	let pulses = 0;
	while (rig.elapsedMs < 60_000) {
		rig.set("P", 1).pass(12 + Math.floor(random() * 50));
		rig.set("P", 0).pass(12 + Math.floor(random() * 50));
		pulses++;
	}
	assert.equal(count(rig), pulses);
	assert.deepEqual(
		rig.reports.map(({ at }) => at).slice(0, 60),
		Array.from({ length: 60 }, (_, i) => i * 1000),
	);
});

test("its input is active at high with a pull-up unless it is said", () => {
	assert.deepEqual(meter().made, ["P false 1"]);
	assert.deepEqual(meter({ activeLow: true, pull: "down" }).made, ["P true 2"]);
});

test("an entry that is right, and each thing that can be wrong", () => {
	const good = {
		pin: "GPIO1",
		activeLow: true,
		pull: "up",
		debounceMs: 0,
		perUnit: 1000,
		unit: "kWh",
		stateClass: "total_increasing",
		decimals: 3,
		intervalMs: 60_000,
		delta: 0.01,
		minimumMs: 1000,
		maximumMs: 3_600_000,
	};
	const plan = new FakePlan();
	assert.deepEqual(problemsOf(checkPulse, good, plan), []);
	assert.deepEqual(plan.taken, ["GPIO1 0 it"]);
	const bad = { pin: "GPIO1", perUnit: 0, unit: 5, stateClass: "total-increasing", decimals: 10 };
	assert.deepEqual(problemsOf(checkPulse, { ...bad, perUnits: 4 }), [
		'perUnits: unknown key, did you mean "perUnit"?',
		"perUnit: 0 must be a number from 0.001 to 1000000000",
		"unit: 5 must be text of at most 24 characters, no NUL",
		'stateClass: "total-increasing" must be one of measurement, measurement_angle, total, total_increasing',
		"decimals: 10 must be a whole number from 0 to 9",
	]);
});
