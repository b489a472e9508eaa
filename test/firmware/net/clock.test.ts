import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, type ClockSample, Quality } from "../../../firmware/net/clock";
import { seeded } from "../../support/seeded";

const START_MS = Date.UTC(2026, 10, 21, 4, 0, 0);

function sample(tick: number, unixMs: number, errorMs = 5): ClockSample {
	return { tick, unixMs, errorMs, delayMs: 2 * errorMs, server: "test", stratum: 2 };
}

test("unset: counts from 1970, and says that it knows nothing", () => {
	const clock = new Clock();
	assert.equal(clock.quality, Quality.Unset);
	assert.equal(clock.unixMs(5000), 0);
	assert.equal(clock.unixMs(6500), 1500);
	assert.equal(clock.errorBoundMs(6500), Number.POSITIVE_INFINITY);
});

test("the first sample sets it at once", () => {
	const clock = new Clock();
	clock.adjust(sample(1000, START_MS + 0.25), 1000);
	assert.equal(clock.quality, Quality.Set);
	assert.equal(clock.unixMs(3000), START_MS + 2000);
	assert.equal(new Date(clock.unixMs(3000)).toISOString(), "2026-11-21T04:00:02.000Z");
	assert.equal(clock.offsetMs, 0);
	assert.equal(clock.server, "test");
	assert.equal(clock.stratum, 2);
});

test("a sample may be older than the call", () => {
	const clock = new Clock();
	clock.adjust(sample(1000, START_MS), 7000);
	assert.equal(clock.unixMs(7000), START_MS + 6000);
});

test("assumed: runs, but its error is not known; a server's time takes over", () => {
	const clock = new Clock();
	clock.assume(START_MS, 0);
	assert.equal(clock.quality, Quality.Assumed);
	assert.equal(clock.unixMs(1000), START_MS + 1000);
	assert.equal(clock.errorBoundMs(1000), Number.POSITIVE_INFINITY);
	clock.adjust(sample(1000, START_MS + 3_600_000), 1000);
	assert.equal(clock.offsetMs, 3_600_000 - 1000);
	assert.equal(clock.unixMs(1000), START_MS + 3_600_000);
	clock.assume(START_MS, 2000);
	assert.equal(clock.unixMs(2000), START_MS + 3_601_000);
});

test("before anything was published it may step back, afterwards not", () => {
	const clock = new Clock();
	clock.adjust(sample(0, START_MS), 0);
	clock.adjust(sample(0, START_MS - 500), 0);
	assert.equal(clock.unixMs(0), START_MS - 500);
	clock.adjust(sample(0, START_MS - 900), 0);
	assert.equal(clock.unixMs(0), START_MS - 500);
	assert.ok(Math.abs(clock.estimateMs(0) - (START_MS - 900)) < 1e-3);
});

test("small corrections are slewed by 5 %, either way", () => {
	for (const offsetMs of [400, -400]) {
		const clock = new Clock();
		clock.adjust(sample(0, START_MS), 0);
		clock.unixMs(0);
		clock.adjust(sample(0, START_MS + offsetMs), 0);
		assert.equal(clock.unixMs(0), START_MS);
		const after4s = clock.unixMs(4000) - START_MS - 4000;
		assert.ok(Math.abs(after4s - Math.sign(offsetMs) * 200) <= 1, String(after4s));
		assert.ok(clock.errorBoundMs(4000) >= 200, "what is still to be corrected is in the bound");
		const after8s = clock.unixMs(8000) - START_MS - 8000;
		assert.ok(Math.abs(after8s - offsetMs) <= 1, String(after8s));
	}
});

test("more than a second: forward at once, back at half speed", () => {
	const forward = new Clock();
	forward.adjust(sample(0, START_MS), 0);
	forward.unixMs(0);
	forward.adjust(sample(0, START_MS + 60_000), 0);
	assert.equal(forward.unixMs(0), START_MS + 60_000);

	const back = new Clock();
	back.adjust(sample(0, START_MS), 0);
	back.unixMs(0);
	back.adjust(sample(0, START_MS - 60_000), 0);
	assert.equal(back.unixMs(0), START_MS);
	assert.equal(back.unixMs(10_000), START_MS + 5_000);
	assert.ok(back.errorBoundMs(10_000) >= 55_000);
	assert.ok(Math.abs(back.estimateMs(10_000) - (START_MS - 50_000)) < 1e-3);
});

test("a poor sample does not spoil a good one; one that contradicts replaces it", () => {
	const clock = new Clock();
	clock.adjust(sample(0, START_MS, 5), 0);
	clock.adjust(sample(1000, START_MS + 1000 + 300, 400), 1000);
	assert.ok(clock.errorBoundMs(1000) < 10);
	assert.ok(Math.abs(clock.estimateMs(1000) - START_MS - 1000) < 5);
	assert.ok(Math.abs(clock.offsetMs - 300) < 1e-3, "what the sample said is still told");
	clock.adjust(sample(2000, START_MS + 2000 + 700, 20), 2000);
	assert.ok(Math.abs(clock.estimateMs(2000) - START_MS - 2700) < 1e-3);
});

test("years: the ticks wrap and nothing happens", () => {
	const clock = new Clock();
	let ticks = 0x7fffffff - 1000;
	clock.adjust(sample(ticks, START_MS), ticks);
	const dayMs = 86_400_000;
	for (let day = 1; day <= 3 * 365; day++) {
		ticks = (ticks + dayMs) | 0;
		assert.equal(clock.unixMs(ticks), START_MS + day * dayMs);
	}
});

test("an older now, and ticks that were set back, do not turn it back", () => {
	const clock = new Clock();
	clock.adjust(sample(10_000, START_MS), 10_000);
	assert.equal(clock.unixMs(11_000), START_MS + 1000);
	assert.equal(clock.unixMs(10_990), START_MS + 1000);
	assert.equal(clock.unixMs(11_010), START_MS + 1010);
	const boundMs = clock.errorBoundMs(11_010);
	assert.equal(clock.unixMs(1_000), START_MS + 1010);
	assert.ok(clock.errorBoundMs(1_000) >= boundMs + 10_000);
	assert.equal(clock.unixMs(1_500), START_MS + 1510);
});

/** A board whose oscillator is off, a network with delays, and true time. */
class Experiment {
	readonly clock = new Clock();
	private readonly random: () => number;
	private trueMs = START_MS;
	private elapsedMs = 0;
	private readonly firstTick: number;
	private published = 0;
	private readonly driftPpm: number;

	constructor(seed: number, driftPpm: number) {
		this.random = seeded(seed);
		this.driftPpm = driftPpm;
		this.firstTick = Math.floor(this.random() * 0x100000000) | 0;
	}

	get tick(): number {
		return (this.firstTick + Math.floor(this.elapsedMs)) | 0;
	}

	/** True time goes on; the oscillator counts more or less. */
	pass(ms: number): void {
		this.trueMs += ms;
		this.elapsedMs += ms * (1 + this.driftPpm * 1e-6);
	}

	/** Any share of the delay may be on either way, and the server may be off by what it admits. */
	exchange(longestMs: number): void {
		const delayMs = this.random() * longestMs;
		const share = this.random();
		const serverErrorMs = this.random() * 3;
		const sentTick = this.tick;
		this.pass(delayMs * share);
		const atServerMs = this.trueMs + serverErrorMs * (2 * this.random() - 1);
		this.pass(delayMs * (1 - share));
		const measuredMs = (this.tick - sentTick) | 0;
		const { tick } = this;
		const errorMs = measuredMs / 2 + 1 + serverErrorMs;
		this.clock.adjust({ ...sample(tick, atServerMs + measuredMs / 2), errorMs }, tick);
	}

	check(context: string): void {
		const { tick, clock } = this;
		const unixMs = clock.unixMs(tick);
		assert.ok(unixMs >= this.published, `${context}: went back by ${this.published - unixMs}`);
		this.published = unixMs;
		const errorMs = Math.abs(unixMs - this.trueMs);
		const boundMs = clock.errorBoundMs(tick);
		assert.ok(errorMs <= boundMs, `${context}: off by ${errorMs}, bound ${boundMs}`);
	}

	/** Oscillators wander. */
	get truePpm(): number {
		return (1 / (1 + this.driftPpm * 1e-6) - 1) * 1e6;
	}
}

test("the bound holds and time never goes back: random delays, drifts to ±100 ppm", () => {
	for (let seed = 1; seed <= 300; seed++) {
		const random = seeded(seed);
		const driftPpm = seed % 3 === 0 ? (seed % 2 ? 100 : -100) : 200 * random() - 100;
		const experiment = new Experiment(seed, driftPpm);
		const longestMs = [4, 40, 400, 1900][seed % 4];
		experiment.exchange(longestMs);
		for (let round = 0; round < 40; round++) {
			const steps = 1 + Math.floor(random() * 5);
			for (let step = 0; step < steps; step++) {
				experiment.pass(random() * 1_800_000);
				experiment.check(`seed ${seed}, round ${round}`);
			}
			experiment.exchange(longestMs);
			experiment.check(`seed ${seed}, round ${round} after`);
		}
	}
});

test("drift is found: a day of hourly samples leaves it within 5 ppm", () => {
	for (const driftPpm of [-100, -17, 0, 3, 42, 100]) {
		const experiment = new Experiment(7, driftPpm);
		for (let hour = 0; hour < 24; hour++) {
			experiment.exchange(20);
			experiment.pass(3_600_000);
		}
		const missPpm = experiment.clock.driftPpm - experiment.truePpm;
		assert.ok(Math.abs(missPpm) < 5, `${driftPpm}: missed by ${missPpm}`);
		experiment.check(String(driftPpm));
		assert.ok(experiment.clock.errorBoundMs(experiment.tick) < 80, "an hour later");
	}
});

test("any sequence of samples, liars included: published time never goes back", () => {
	for (let seed = 1; seed <= 200; seed++) {
		const random = seeded(seed);
		const clock = new Clock();
		let tick = Math.floor(random() * 0x100000000) | 0;
		let published = 0;
		for (let step = 0; step < 200; step++) {
			tick = (tick + Math.floor(random() ** 4 * 3_600_000)) | 0;
			const kind = random();
			if (kind < 0.3) {
				const lieMs = (random() - 0.5) * 10 ** (random() * 9);
				clock.adjust(sample(tick, START_MS + step * 1000 + lieMs, random() * 500), tick);
			} else if (kind < 0.35) {
				clock.assume(START_MS + (random() - 0.5) * 1e10, tick);
			} else {
				const unixMs = clock.unixMs(tick);
				assert.ok(unixMs >= published, `seed ${seed}: ${published} then ${unixMs}`);
				assert.ok(Number.isInteger(unixMs));
				published = unixMs;
			}
		}
	}
});
