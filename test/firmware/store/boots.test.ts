import assert from "node:assert/strict";
import { test } from "node:test";
import { Reset } from "../../../firmware/platform/figures";
import { Boots, SAFE_MODE_OVER } from "../../../firmware/store/boots";

/** An ESP8266's preferences: values of 63 bytes, with the NUL. */
class Flash {
	readonly values = new Map<string, string>();
	writes = 0;
	isWorn = false;

	get(domain: string, key: string): unknown {
		assert.equal(domain, "fieldmote");
		return this.values.get(key);
	}

	set(_domain: string, key: string, value: string): void {
		if (this.isWorn) throw new Error("can't save prefs");
		assert.ok(key.length <= 15);
		assert.ok(value.length <= 62, value);
		for (let i = 0; i < value.length; i++) assert.ok(value.charCodeAt(i) < 128, value);
		this.values.set(key, value);
		this.writes++;
	}
}

function powerOn(flash: Flash): Boots {
	return new Boots(flash, Reset.Clean, "power-on");
}

/** A start after XS gave up. */
function afterAbort(flash: Flash): Boots {
	return new Boots(flash, Reset.Software, "restart");
}

/** So many lives that end in an exception at once; the life that follows. */
function crashing(flash: Flash, times: number): Boots {
	let boots = powerOn(flash);
	for (let i = 0; i < times; i++) {
		boots.keepAbort("unhandled exception", new TypeError(`number ${i + 1}`));
		boots = afterAbort(flash);
	}
	return boots;
}

test("starts are counted over power cuts, and none of them is a crash", () => {
	const flash = new Flash();
	for (let i = 1; i <= 5; i++) {
		const boots = powerOn(flash);
		assert.equal(boots.starts, i);
		assert.equal(boots.crashes, 0);
		assert.equal(boots.reset, "power-on");
		assert.equal(boots.lastCrash, "");
		assert.equal(boots.safeMode, false);
	}
	assert.equal(flash.writes, 5, "one write per start");
});

test("a life that is stable is written once", () => {
	const flash = new Flash();
	const boots = powerOn(flash);
	for (let seconds = 0; seconds < 10_000; seconds += 60) boots.handleUptime(seconds);
	assert.equal(flash.writes, 2);
});

test("an abort is reported by the next life, and remembered by the later ones", () => {
	const flash = new Flash();
	const boots = crashing(flash, 1);
	assert.equal(boots.reset, "crash");
	assert.equal(boots.lastCrash, "TypeError: number 1");
	assert.deepEqual([boots.starts, boots.crashes], [2, 1]);
	const later = powerOn(flash);
	assert.equal(later.reset, "power-on");
	assert.equal(later.lastCrash, "TypeError: number 1");
	assert.deepEqual([later.starts, later.crashes], [3, 1]);
});

test("a restart that was asked for says why, and is no crash", () => {
	const flash = new Flash();
	powerOn(flash).keepRestart("no broker for 60 min");
	const boots = new Boots(flash, Reset.Software, "restart");
	assert.equal(boots.reset, "restart: no broker for 60 min");
	assert.equal(boots.crashes, 0);
	assert.equal(new Boots(flash, Reset.Clean, "reset pin").reset, "reset pin", "said once");
});

test("the chip's word counts where XS had none: watchdog, exception, stack overflow", () => {
	const flash = new Flash();
	powerOn(flash);
	const boots = new Boots(flash, Reset.Crash, "exception 29 at 0x40201234");
	assert.equal(boots.reset, "crash");
	assert.equal(boots.lastCrash, "exception 29 at 0x40201234");
	assert.match(afterAbort(flash).lastCrash, /stack overflow/);
	assert.equal(powerOn(flash).crashes, 2);
});

test("who was never started here did not crash", () => {
	assert.equal(new Boots(new Flash(), Reset.Software, "restart").crashes, 0);
	assert.equal(new Boots(new Flash(), Reset.Crash, "watchdog").crashes, 0);
});

test("three crashes in a row are safe mode, two are not", () => {
	assert.equal(crashing(new Flash(), 2).safeMode, false);
	const boots = crashing(new Flash(), 3);
	assert.equal(boots.safeMode, true);
	assert.equal(boots.crashesInRow, 3);
	assert.equal(boots.lastCrash, "TypeError: number 3");
});

test("a life of ten minutes ends the row", () => {
	const flash = new Flash();
	for (let i = 0; i < 20; i++) {
		const boots = crashing(flash, 2);
		assert.equal(boots.safeMode, false);
		boots.handleUptime(599);
		boots.handleUptime(600);
		boots.keepAbort("fatal", undefined);
		// Up for ten minutes, so it is none of the row.
		assert.equal(afterAbort(flash).crashesInRow, 0);
	}
});

test("a life of less than ten minutes does not", () => {
	const flash = new Flash();
	const boots = crashing(flash, 2);
	boots.handleUptime(599);
	boots.keepAbort("fatal", undefined);
	assert.equal(afterAbort(flash).safeMode, true);
});

test("a power-on, a reset by hand and a restart that was asked for start normally", () => {
	for (const begin of [powerOn, restartAsked]) {
		const flash = new Flash();
		crashing(flash, 4);
		const boots = begin(flash);
		assert.equal(boots.safeMode, false);
		boots.keepAbort("fatal", undefined);
		assert.equal(afterAbort(flash).safeMode, false, "the row began anew");
	}
	const flash = new Flash();
	crashing(flash, 2).keepAbort("fatal", undefined);
	const boots = powerOn(flash);
	assert.equal(boots.reset, "crash", "power-cycled just after a crash");
	assert.equal(boots.safeMode, false);
});

function restartAsked(flash: Flash): Boots {
	new Boots(flash, Reset.Clean, "power-on").keepRestart("asked for");
	return afterAbort(flash);
}

test("safe mode ends by itself; a crash soon after leads back to it, for twice as long", () => {
	const flash = new Flash();
	let boots = crashing(flash, 3);
	for (const minutes of [10, 20, 40, 80, 160, 320, 640, 640]) {
		assert.equal(boots.safeMode, true);
		assert.equal(boots.handleUptime(minutes * 60 - 1), false);
		assert.equal(boots.handleUptime(minutes * 60), true);
		boots.keepRestart(SAFE_MODE_OVER);
		boots = afterAbort(flash);
		assert.equal(boots.safeMode, false);
		assert.equal(boots.reset, "restart: safe mode is over");
		boots.keepAbort("fatal", undefined);
		boots = afterAbort(flash);
	}
	boots.keepRestart(SAFE_MODE_OVER);
	boots = afterAbort(flash);
	boots.handleUptime(600);
	boots.keepAbort("fatal", undefined);
	assert.equal(afterAbort(flash).safeMode, false, "stable since");
});

test("a crash costs two writes more than a start", () => {
	const flash = new Flash();
	crashing(flash, 1);
	const before = flash.writes;
	crashing(flash, 1);
	// Two starts, the text, and its end.
	assert.equal(flash.writes - before, 4);
});

test("any text fits an ESP8266's preference", () => {
	const flash = new Flash();
	flash.values.set("boots", "4294967295 4294967295 2 x");
	const boots = powerOn(flash);
	boots.keepAbort("unhandled exception", new Error(`ä😀${"long ".repeat(40)}`));
	const next = afterAbort(flash);
	assert.match(next.lastCrash, /^Error: \?+long long/);
	const later = powerOn(flash);
	assert.ok(next.lastCrash.startsWith(later.lastCrash));
	assert.match(later.lastCrash, /^Error: \?+long long/);
});

test("without memory what is kept is made of nothing new", () => {
	const flash = new Flash();
	powerOn(flash).keepAbort("memory full", undefined);
	assert.equal(afterAbort(flash).lastCrash, "memory full");
});

test("flash that is worn or holds nonsense is survived", () => {
	const flash = new Flash();
	flash.isWorn = true;
	assert.equal(powerOn(flash).starts, 1);
	flash.isWorn = false;
	flash.values.set("boots", "nonsense");
	const boots = new Boots(flash, Reset.Crash, "watchdog");
	assert.deepEqual([boots.starts, boots.crashes, boots.safeMode], [1, 0, false]);
	const unreadable = { get: () => assert.fail("unreadable"), set: () => undefined };
	assert.equal(new Boots(unreadable, Reset.Clean, "power-on").starts, 1);
});
