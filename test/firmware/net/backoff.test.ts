import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../../firmware/net/backoff";
import { seeded } from "../../support/seeded";

const LIMITS = { baseMs: 1000, capMs: 60_000, stableMs: 30_000 };

/** The largest random number: delays at their upper limit. */
const MOST = 0.9999999;

function ceilings(backoff: Backoff, count: number): number[] {
	return Array.from({ length: count }, () => backoff.nextDelayMs(MOST));
}

test("the limit doubles from base to cap", () => {
	const backoff = new Backoff(LIMITS);
	assert.deepEqual(ceilings(backoff, 8), [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
});

test("jitter is full: delays fill the whole range from 0", () => {
	const random = seeded(1);
	const counts = new Array<number>(10).fill(0);
	for (let i = 0; i < 10_000; i++) {
		const backoff = new Backoff(LIMITS);
		const delayMs = backoff.nextDelayMs(random());
		assert.ok(delayMs >= 0 && delayMs <= 1000, String(delayMs));
		counts[Math.min(9, Math.floor(delayMs / 100))]++;
	}
	for (const count of counts) assert.ok(count > 850 && count < 1150, counts.join(" "));
});

test("a short connection does not reset it, a long one does", () => {
	const backoff = new Backoff(LIMITS);
	ceilings(backoff, 3);
	backoff.handleUp(1000);
	backoff.handleDown(1000 + 29_999);
	assert.equal(backoff.nextDelayMs(MOST), 8000);
	backoff.handleUp(50_000);
	backoff.handleDown(80_000);
	assert.equal(backoff.nextDelayMs(MOST), 1000);
});

test("a connection that lasted over the wrap of the ticks counts", () => {
	const backoff = new Backoff(LIMITS);
	ceilings(backoff, 3);
	backoff.handleUp(0x7fffffff - 10_000);
	backoff.handleDown((0x7fffffff + 25_000) | 0);
	assert.equal(backoff.nextDelayMs(MOST), 1000);
	ceilings(backoff, 3);
	backoff.handleUp(0);
	// 30 days: the difference of the ticks is negative.
	backoff.handleDown((30 * 86_400_000) | 0);
	assert.equal(backoff.nextDelayMs(MOST), 1000);
});

test("down without up changes nothing", () => {
	const backoff = new Backoff(LIMITS);
	ceilings(backoff, 2);
	backoff.handleDown(1_000_000);
	assert.equal(backoff.nextDelayMs(MOST), 4000);
});

test("refused credentials wait at the slow end", () => {
	const low = new Backoff(LIMITS);
	low.slow();
	assert.equal(low.nextDelayMs(0), 30_000);
	const high = new Backoff(LIMITS);
	high.slow();
	assert.deepEqual(ceilings(high, 2), [60_000, 60_000]);
});

test("limits that make no sense are refused", () => {
	assert.throws(() => new Backoff({ ...LIMITS, baseMs: 0 }), /baseMs 0/);
	assert.throws(() => new Backoff({ ...LIMITS, capMs: 10 }), /capMs 10/);
	assert.throws(() => new Backoff({ ...LIMITS, stableMs: -1 }), /stableMs -1/);
});
