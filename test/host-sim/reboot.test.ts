/** A simulated board that crashes or restarts: it begins anew, and keeps what it had stored. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Program, powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";

interface Rebooting {
	crashLater(): void;
	restartLater(): void;
	restartAndArm(): void;
	tickEvery(ms: number): void;
}

let program: Program;

before(async () => {
	program = await buildProgram("test/host-sim/fixtures/rebooting.ts");
});

function start(rebootMs?: number) {
	const restarts: boolean[] = [];
	const made = makeBoard({ rebootMs, onRestart: () => restarts.push(made.board.isOn) });
	let starts = 0;
	let running = {} as Rebooting;
	powerOn(made.board, program, (exported) => {
		starts++;
		running = exported as Rebooting;
	});
	const startsOf = async (count: number) => {
		while (starts < count) await pause(2);
	};
	return { ...made, restarts, startsOf, running: () => running };
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

const BEGAN = "began: power-on 1, end: undefined";

test("after a crash it begins anew, with the words that XS's hook has kept", async () => {
	const { board, lines, crashes, running, startsOf } = start(5);
	board.pins.claimOutput(4, 1);
	running().tickEvery(1);
	running().crashLater();
	await startsOf(2);
	assert.match(String(crashes[0]), /on purpose/);
	assert.equal(board.pins.level(4), undefined);
	const began = "began: restart 2, end: true unhandled exception TypeError: on purpose";
	assert.deepEqual(
		lines.filter((line) => line !== "tick"),
		[BEGAN, began],
	);
	const count = lines.length;
	await pause(15);
	assert.equal(lines.length, count, "nothing of the life before runs on");
	board.powerOff();
});

test("restart() begins anew, and what comes after it is not carried out", async () => {
	const { board, lines, crashes, restarts, running, startsOf } = start(5);
	running().restartLater();
	await startsOf(2);
	assert.deepEqual(lines, [BEGAN, "began: restart 2, end: undefined"]);
	assert.deepEqual(crashes, []);
	assert.deepEqual(restarts, [false], "told once, when it is off");
	board.powerOff();
});

test("a timer armed in a life that ends belongs to no other life", async () => {
	const { board, lines, running, startsOf } = start(1);
	running().restartAndArm();
	await startsOf(2);
	await pause(15);
	assert.deepEqual(lines, [BEGAN, "began: restart 2, end: undefined"]);
	board.powerOff();
});

test("switched off between crash and start it stays off", async () => {
	const { board, lines, crashes, running } = start(20);
	running().crashLater();
	while (crashes.length === 0) await pause(1);
	board.powerOff();
	await pause(40);
	assert.equal(board.isOn, false);
	assert.deepEqual(lines, [BEGAN]);
});

test("where nobody asks for a restart, a crash is the end", async () => {
	const { board, crashes, running } = start();
	running().crashLater();
	while (crashes.length === 0) await pause(1);
	await pause(10);
	assert.equal(board.isOn, false);
});
