/** The loader: what a program on a board sees, and that two boards share nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";

type Probe = typeof import("./fixtures/probe");

const program = await buildProgram("test/host-sim/fixtures/probe.ts");

function start(options: Parameters<typeof makeBoard>[0] = {}) {
	const made = makeBoard(options);
	const probe = powerOn(made.board, program) as Probe | undefined;
	assert.ok(probe, `it started: ${String(made.crashes[0])}`);
	return { ...made, probe };
}

test("two boards share no module state, prototype, global, pin, preference or random stream", () => {
	const a = start({ random: () => 0.25 });
	const b = start({ random: () => 0.75 });
	assert.deepEqual([a.probe.next(), a.probe.next(), b.probe.next()], [1, 2, 1]);
	a.probe.pollute();
	a.probe.store("a's");
	a.probe.makeOutput(5).write(1);
	const [seenByA, seenByB] = [a.probe.look(), b.probe.look()];
	assert.equal(seenByA.polluted, true);
	assert.equal(seenByA.leaked, true);
	assert.equal(seenByB.polluted, false);
	assert.equal(seenByB.leaked, false);
	assert.equal("polluted" in [], false, "nor does the host");
	assert.equal(seenByA.preference, "a's");
	assert.equal(seenByB.preference, undefined);
	assert.equal(a.board.pins.level(5), 1);
	assert.equal(b.board.pins.level(5), undefined);
	assert.deepEqual([...(seenByA.random as number[])], [0.25, 0.25]);
	assert.deepEqual([...(seenByB.random as number[])], [0.75, 0.75]);
	b.probe.makeOutput(5);
	a.board.powerOff();
	b.board.powerOff();
});

test("a board has the globals of XS, and none of Node's", () => {
	const { board, probe } = start();
	const globals = probe.look().globals as string[];
	for (const name of ["trace", "Uint8Array", "Map", "JSON"])
		assert.ok(globals.includes(name), name);
	for (const name of [
		"console",
		"setTimeout",
		"Buffer",
		"process",
		"URL",
		"TextEncoder",
		"require",
	]) {
		assert.ok(!globals.includes(name), `${name} is there`);
	}
	board.powerOff();
});

test("date, ticks and calendar are the board's own", async () => {
	const { board, probe } = start({ firstTicks: 0x7fffffff - 5 });
	const before = probe.look();
	assert.equal(before.year, 1970, "nobody has set the calendar yet");
	assert.equal(before.dateIsDate, true);
	await new Promise((resolve) => setTimeout(resolve, 20));
	const after = probe.look();
	assert.ok((before.ticks as number) > 0, String(before.ticks));
	assert.ok((after.ticks as number) < 0, "ticks have wrapped");
	const passed = ((after.ticks as number) - (before.ticks as number)) | 0;
	assert.ok(passed >= 15 && passed < 5_000, String(passed));
	board.setUnixMs(Date.UTC(2026, 10, 21));
	assert.equal(probe.look().year, 2026);
	board.powerOff();
});

test("data modules are frozen and of the board's realm", () => {
	const { board, probe } = start({ site: { wifi: [{ ssid: "x" }] }, config: { node: "n" } });
	const seen = probe.look();
	assert.equal(seen.siteIsOurs, true);
	assert.equal(JSON.stringify(seen.site), '{"wifi":[{"ssid":"x"}]}');
	assert.ok(Object.isFrozen((seen.site as { wifi: object[] }).wifi[0]));
	assert.equal(JSON.stringify(seen.config), '{"node":"n"}');
	assert.equal(seen.twice, 42);
	board.powerOff();
});

test("text becomes bytes and back, and broken UTF-8 throws as on XS", () => {
	const { board, probe } = start();
	assert.equal(probe.look().roundTrip, "grüß dich");
	assert.equal(probe.look().bufferIsOurs, true);
	assert.throws(() => probe.badUtf8(), /invalid UTF-8/);
	board.powerOff();
});

test("traced text comes out as lines, the rest at power-off", () => {
	const { board, lines, probe } = start();
	probe.say("one\ntw");
	probe.say("o\nthree");
	assert.deepEqual(lines, ["one", "two"]);
	board.powerOff();
	assert.deepEqual(lines, ["one", "two", "three"]);
});

test("an exception is a crash: reported, power off, nothing runs on", async () => {
	const { board, crashes, lines, probe } = start();
	probe.makeOutput(4).write(1);
	probe.tickEvery(1);
	probe.crashLater();
	while (crashes.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
	assert.match(String(crashes[0]), /on purpose/);
	assert.equal(board.isOn, false);
	assert.equal(board.pins.level(4), undefined);
	const count = lines.length;
	await new Promise((resolve) => setTimeout(resolve, 15));
	assert.equal(lines.length, count, "no timer fires after power-off");
});

test("power-off ends what the board owns, but not what it has forgotten", () => {
	const { board } = start();
	const ended: string[] = [];
	board.own(() => ended.push("kept"));
	const forget = board.own(() => ended.push("forgotten"));
	forget();
	board.powerOff();
	assert.deepEqual(ended, ["kept"]);
	board.powerOff();
	assert.deepEqual(ended, ["kept"], "once");
});

test("power-on starts afresh, with the preferences of before", () => {
	const { board, probe } = start();
	probe.store("kept");
	probe.next();
	probe.makeOutput(4);
	board.powerOff();
	const again = powerOn(board, program) as Probe;
	assert.equal(again.next(), 1);
	assert.equal(again.look().preference, "kept");
	again.makeOutput(4);
	board.powerOff();
});

test("a module without a stand-in is named", async () => {
	const unknown = await buildProgram("test/host-sim/fixtures/unknown-module.ts");
	const { board, crashes } = makeBoard();
	assert.equal(powerOn(board, unknown), undefined);
	assert.match(
		String(crashes[0]),
		/"embedded:io\/nothing".*host-sim\/modules\/embedded\/io\/nothing/,
	);
});
