import assert from "node:assert/strict";
import { test } from "node:test";
import { Analog, checkAnalog } from "../../../firmware/entities/analog";
import { differs, rounded } from "../../../firmware/entities/reporting";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

const FULL = 1023;

function gauge(options: object = {}, value = 0): EntityRig {
	const rig = new EntityRig();
	rig.analogs = [value];
	rig.add(Analog, { pin: "A0", ...options });
	return rig;
}

/** Milliseconds of the reports. */
function times(rig: EntityRig): number[] {
	return rig.reports.map(({ at }) => at);
}

function values(rig: EntityRig): unknown[] {
	return rig.told.map(({ value }) => value);
}

test("a sample is the mean of several readings, of full scale", () => {
	const rig = gauge({ samples: 4, decimals: 4 });
	rig.analogs = [0, 100, 200, 300, 999];
	rig.pass(0);
	assert.deepEqual(values(rig), [rounded(150 / FULL, 4)]);
	assert.deepEqual(rig.analogs, [999]);
	const eight = gauge();
	eight.analogs = Array.from({ length: 9 }, (_, i) => i);
	eight.pass(0);
	assert.deepEqual(eight.analogs, [8]);
	const rig12 = new EntityRig();
	rig12.resolution = 12;
	rig12.analogs = [4095];
	rig12.add(Analog, { pin: "A0" });
	assert.deepEqual(values(rig12.pass(0)), [1]);
	assert.deepEqual(gauge({}, FULL).pass(0).reports[0], {
		at: 0,
		leaf: "state",
		members: { value: 1 },
		retain: true,
		ageMs: undefined,
	});
});

test("calibration: linear between the points, the ends' values beyond them", () => {
	const calibration = [
		[0.1, 10],
		[0.5, 20],
		[0.6, -5],
	];
	const cases: [number, number][] = [
		[0, 10],
		[0.1, 10],
		[0.3, 15],
		[0.5, 20],
		[0.55, 7.5],
		[0.6, -5],
		[1, -5],
	];
	for (const [raw, value] of cases) {
		const rig = gauge({ calibration, samples: 1 }, raw * FULL).pass(0);
		assert.deepEqual(values(rig), [value], `${raw}`);
	}
	const whole = [
		[0, 0],
		[1, 3.3],
	];
	assert.deepEqual(values(gauge({ calibration: whole, decimals: 3 }, FULL / 3).pass(0)), [1.1]);
	assert.deepEqual(values(gauge({ calibration: whole }, FULL).pass(0)), [3.3]);
});

test("random calibrations: within the points' values, and theirs at the points", () => {
	const random = seeded(11);
	for (let i = 0; i < 300; i++) {
		const raws = Array.from({ length: 2 + Math.floor(random() * 7) }, random).sort((a, b) => a - b);
		const calibration = raws.map((raw) => [raw, random() * 200 - 100]);
		const all = calibration.map(([, value]) => value);
		const options = { calibration, samples: 1, decimals: 9 };
		const [found] = values(gauge(options, random() * FULL).pass(0)) as number[];
		assert.ok(found >= Math.min(...all) - 1e-6 && found <= Math.max(...all) + 1e-6);
		for (const [raw, value] of calibration) {
			const [at] = values(gauge(options, raw * FULL).pass(0)) as number[];
			assert.ok(Math.abs(at - value) < 1e-6);
		}
	}
});

test("decimals: rounded, no binary tails", () => {
	assert.equal(rounded(21.4349, 2), 21.43);
	assert.equal(rounded(-0.001, 2), -0);
	assert.equal(`${rounded(-0.001, 2)}`, "0");
	assert.equal(rounded(1.005, 0), 1);
	assert.equal(`${rounded(1 / 3, 9)}`, "0.333333333");
	assert.equal(differs(0.3, 0.2, 0.1), true);
	assert.equal(differs(0.2, 0.3, 0.1), true);
	assert.equal(differs(0.29, 0.2, 0.1), false);
});

test("every sample is reported where there is no delta, in step with the interval", () => {
	const rig = gauge({ intervalMs: 1000 });
	rig.pass(5000);
	assert.deepEqual(times(rig), [0, 1000, 2000, 3000, 4000, 5000]);
	// Late by less than an interval: in step again; by more: from then on.
	rig.elapsedMs += 1700;
	rig.pass(0).pass(1300);
	assert.deepEqual(times(rig).slice(6), [6700, 7000, 8000]);
	rig.elapsedMs += 5500;
	rig.pass(0).pass(2000);
	assert.deepEqual(times(rig).slice(9), [13_500, 14_500, 15_500]);
	assert.deepEqual(times(gauge().pass(20_000)), [0, 10_000, 20_000]);
});

test("minimumMs: not more often, and the newest value then", () => {
	const rig = gauge({ intervalMs: 1000, minimumMs: 2500, samples: 1 });
	for (let i = 0; i <= 9; i++) {
		rig.analogs = [i * 100];
		rig.pass(i === 0 ? 0 : 1000);
	}
	assert.deepEqual(times(rig), [0, 3000, 6000, 9000]);
	assert.deepEqual(
		values(rig),
		[0, 3, 6, 9].map((i) => rounded((i * 100) / FULL, 2)),
	);
	// A sample that is late does not put the next one off.
	const late = gauge({ intervalMs: 1000, minimumMs: 1000 }).pass(0);
	late.elapsedMs += 1300;
	assert.deepEqual(times(late.pass(1700)), [0, 1300, 2000, 3000]);
});

test("delta is against what was reported, not against the last sample", () => {
	const rig = gauge({ intervalMs: 1000, delta: 0.1, decimals: 3, samples: 1 });
	const drift = [0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.14];
	for (const value of drift) {
		rig.analogs = [value * FULL];
		rig.pass(rig.elapsedMs === 0 && rig.reports.length === 0 ? 0 : 1000);
	}
	assert.deepEqual(values(rig), [0, 0.12, 0.24, 0.14]);
});

test("delta and minimumMs: a change that comes too early is reported when it may be", () => {
	const rig = gauge({ intervalMs: 1000, delta: 0.1, minimumMs: 5000, samples: 1 });
	rig.pass(1000);
	rig.analogs = [FULL];
	rig.pass(3999);
	assert.deepEqual(times(rig), [0]);
	rig.pass(1);
	assert.deepEqual(times(rig), [0, 5000]);
	// Back before it may: nothing.
	rig.analogs = [0];
	rig.pass(2000);
	rig.analogs = [FULL];
	rig.pass(10_000);
	assert.deepEqual(times(rig), [0, 5000]);
});

test("maximumMs: at least as often, 300 s where there is a delta and nothing is said", () => {
	const rig = gauge({ intervalMs: 1000, delta: 1, maximumMs: 4000 });
	assert.deepEqual(times(rig.pass(12_000)), [0, 4000, 8000, 12_000]);
	// The next sample would be too late.
	const odd = gauge({ intervalMs: 3000, delta: 1, maximumMs: 8000 });
	assert.deepEqual(times(odd.pass(18_000)), [0, 6000, 12_000, 18_000]);
	assert.deepEqual(times(gauge({ delta: 1 }).pass(700_000)), [0, 300_000, 600_000]);
	// Samples that come less often than that are all reported.
	assert.deepEqual(
		times(gauge({ delta: 1, intervalMs: 400_000 }).pass(800_000)),
		[0, 400_000, 800_000],
	);
});

test("an interval that changes while the node runs counts from the last sample", () => {
	class Changed extends Analog {
		every = 3_600_000;

		protected override get intervalMs(): number {
			return this.every;
		}
	}
	const rig = new EntityRig();
	const entity = rig.add(Changed, { pin: "A0" });
	rig.pass(5000);
	entity.every = 2000;
	rig.pass(4000);
	assert.deepEqual(times(rig), [0, 5000, 7000, 9000]);
});

test("random values: gaps, deltas and order hold for weeks, over the wrap", () => {
	for (let seed = 1; seed <= rounds(10); seed++) {
		const random = seeded(seed);
		const intervalMs = 60_000 * (1 + Math.floor(random() * 9));
		const minimumMs = Math.floor(random() * 1_800_000);
		const maximumMs = minimumMs + intervalMs + Math.floor(random() * 7_200_000);
		const delta = 0.01 + random() * 0.3;
		const rig = gauge({ intervalMs, minimumMs, maximumMs, delta, samples: 1, decimals: 6 });
		let value = 0.5;
		const samples: [number, number][] = [];
		for (let at = 0; at < 30 * 86_400_000; at += intervalMs) {
			value = Math.min(1, Math.max(0, value + (random() - 0.5) * 0.1));
			rig.analogs = [value * FULL];
			rig.pass(at - rig.elapsedMs);
			samples.push([at, rounded(value, 6)]);
		}
		let [lastAt, last] = [-1, -1];
		const expected = samples.filter(([at, sample]) => {
			const sinceMs = at - lastAt;
			const isDue = sinceMs + intervalMs > maximumMs || differs(sample, last, delta);
			if (lastAt >= 0 && (sinceMs < minimumMs || !isDue)) return false;
			assert.ok(lastAt < 0 || sinceMs <= maximumMs);
			[lastAt, last] = [at, sample];
			return true;
		});
		assert.deepEqual(
			rig.reports.map(({ at, members }) => [at, members.value]),
			expected,
			`seed ${seed}`,
		);
	}
});

test("an entry that is right, and each thing that can be wrong", () => {
	const plan = new FakePlan();
	const good = {
		pin: "GPIO36",
		calibration: [
			[0, -10],
			[1, 50.5],
		],
		unit: "°C",
		stateClass: "measurement",
		deviceClass: "temperature",
		decimals: 0,
		samples: 64,
		intervalMs: 100,
		delta: 0.5,
		minimumMs: 0,
		maximumMs: 100,
	};
	assert.deepEqual(problemsOf(checkAnalog, good, plan), []);
	assert.deepEqual(plan.taken, ["GPIO36 3 it"]);
	assert.deepEqual(problemsOf(checkAnalog, { pin: "GPIO36" }), []);
	const even = { pin: "GPIO36", intervalMs: 5000, minimumMs: 5000, maximumMs: 5000, delta: 1 };
	assert.deepEqual(problemsOf(checkAnalog, even), []);
	const list = "calibration: must be a list of 2 to 8 points [raw, value]";
	const bad: [object, string[]][] = [
		[{ calibration: [[0, 1]] }, [list]],
		[{ calibration: {} }, [list]],
		[{ calibration: Array.from({ length: 9 }, (_, i) => [i / 10, i]) }, [list]],
		[{ calibration: [[0, 1], [0.5]] }, ["calibration[1]: must be [raw, value], raw from 0 to 1"]],
		[
			{
				calibration: [
					[0, 1],
					[512, 5],
				],
			},
			["calibration[1]: must be [raw, value], raw from 0 to 1"],
		],
		[
			{
				calibration: [
					[0, 1],
					[1, "5"],
				],
			},
			["calibration[1]: must be [raw, value], raw from 0 to 1"],
		],
		[
			{
				calibration: [
					[0, 1],
					[1, 2e9],
				],
			},
			["calibration[1]: must be [raw, value], raw from 0 to 1"],
		],
		[
			{
				calibration: [
					[0.5, 1],
					[0.5, 2],
				],
			},
			["calibration[1]: raw must be more than 0.5, the point before"],
		],
		[{ samples: 65 }, ["samples: 65 must be a whole number from 1 to 64"]],
		[{ delta: 0 }, ["delta: 0 must be above 0; leave it out to report every sample"]],
		[{ delta: -1 }, ["delta: -1 must be a number from 0 to 1000000000"]],
		[{ intervalMs: 99 }, ["intervalMs: 99 must be a whole number from 100 to 86400000"]],
		[
			{ intervalMs: 5000, maximumMs: 4000 },
			["maximumMs: 4000 must not be less than intervalMs (5000)"],
		],
		[{ minimumMs: 300_001 }, ["minimumMs: 300001 must not be more than maximumMs (300000)"]],
		[
			{ minimumMs: 20_000, maximumMs: 15_000, delta: 1 },
			["minimumMs: 20000 must not be more than maximumMs (15000)"],
		],
		[{ interval: 5 }, ['interval: unknown key, did you mean "intervalMs"?']],
	];
	for (const [options, problems] of bad) {
		assert.deepEqual(problemsOf(checkAnalog, { pin: "GPIO36", ...options }), problems);
	}
	assert.deepEqual(problemsOf(checkAnalog, {}), ["pin: must be a label of the board"]);
});

test("a broker that knows nothing is told the next sample, changed or not", () => {
	const rig = gauge({ delta: 1 });
	rig.pass(0);
	rig.pass(60_000);
	assert.equal(rig.reports.length, 1);
	rig.entities[0].forgetPublished();
	rig.pass(10_000);
	assert.equal(rig.reports.length, 2);
});
