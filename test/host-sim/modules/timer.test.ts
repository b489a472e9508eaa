/** The stand-in for `timer`, on a clock that the test winds. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { create } from "../../../host-sim/modules/timer";

interface TimerModule {
	default: {
		set(callback: (timer: object) => void, delayMs?: number, repeatMs?: number): object;
		repeat(callback: (timer: object) => void, intervalMs: number): object;
		schedule(timer: object, delayMs?: number, repeatMs?: number): void;
		clear(timer?: object): void;
	};
}

let now = 0;
let due: { at: number; callback: () => void }[] = [];
const { default: Timer } = create({
	setTimer(callback, delayMs) {
		const entry = { at: now + delayMs, callback };
		due.push(entry);
		return () => {
			due = due.filter((other) => other !== entry);
		};
	},
}) as TimerModule;

function wind(ms: number): void {
	const end = now + ms;
	for (;;) {
		const next = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
		if (next === undefined) break;
		due = due.filter((other) => other !== next);
		now = next.at;
		next.callback();
	}
	now = end;
}

let fired: number[] = [];
const note = () => fired.push(now);

beforeEach(() => {
	now = 0;
	due = [];
	fired = [];
});

test("set fires once, with the timer as its argument", () => {
	let argument: object | undefined;
	const timer = Timer.set((given) => {
		argument = given;
		note();
	}, 30);
	wind(100);
	assert.deepEqual(fired, [30]);
	assert.equal(argument, timer);
});

test("set with a repeat, and repeat", () => {
	const timer = Timer.set(note, 10, 25);
	wind(70);
	assert.deepEqual(fired, [10, 35, 60]);
	Timer.clear(timer);
	wind(100);
	assert.equal(fired.length, 3);
	Timer.repeat(note, 50);
	wind(100);
	assert.equal(fired.length, 5);
});

test("without a delay it fires in a later turn", () => {
	Timer.set(note);
	assert.deepEqual(fired, []);
	wind(0);
	assert.deepEqual(fired, [0]);
});

test("clear stops it, twice and of nothing does nothing", () => {
	const timer = Timer.set(note, 10);
	Timer.clear(timer);
	Timer.clear(timer);
	Timer.clear(undefined);
	Timer.clear({});
	wind(50);
	assert.deepEqual(fired, []);
});

test("a repeat that clears itself in its callback is over", () => {
	const timer = Timer.repeat(() => {
		note();
		if (fired.length === 2) Timer.clear(timer);
	}, 10);
	wind(100);
	assert.deepEqual(fired, [10, 20]);
	assert.throws(() => Timer.schedule(timer, 1), TypeError);
});

test("schedule moves a timer, makes it repeat, and stops it", () => {
	const timer = Timer.set(note, 10);
	Timer.schedule(timer, 40, 5);
	wind(52);
	assert.deepEqual(fired, [40, 45, 50]);
	Timer.schedule(timer);
	wind(50);
	assert.equal(fired.length, 3);
	Timer.schedule(timer, 8);
	wind(50);
	assert.equal(fired.length, 4);
});

test("a timer may be scheduled again from its own callback, not after it fired for good", () => {
	const timer = Timer.set(() => {
		note();
		if (fired.length < 3) Timer.schedule(timer, 7);
	}, 10);
	wind(100);
	assert.deepEqual(fired, [10, 17, 24]);
	assert.throws(() => Timer.schedule(timer, 7), TypeError);
	assert.throws(() => Timer.schedule({}, 7), TypeError);
});

test("fractions of a millisecond are cut off, negative delays are none", () => {
	Timer.set(note, 9.9);
	Timer.set(note, -5);
	wind(20);
	assert.deepEqual(fired, [0, 9]);
});
