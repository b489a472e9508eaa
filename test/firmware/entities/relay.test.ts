import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "./relay-bench";

test("the output is written when the level changes, and only then", () => {
	const bench = new Bench([{ pin: "D1" }]);
	for (const state of ["OFF", "ON", "ON", "TOGGLE", "TOGGLE"])
		assert.equal(bench.command(state), "");
	assert.equal(bench.relay().on, true);
	assert.deepEqual(bench.levels, ["D1 0", "D1 1", "D1 0", "D1 1"]);
});

test("at power-on the level is the restore mode's, from the first moment", () => {
	const cases: [string | undefined, string, number][] = [
		[undefined, "ON", 0],
		["off", "ON", 0],
		["on", "OFF", 1],
		["last", "ON", 1],
		["last", "OFF", 0],
		["last", "", 0],
		["last", "nonsense", 0],
		["inverted-last", "OFF", 1],
		["inverted-last", "ON", 0],
		["inverted-last", "", 0],
		["retained", "ON", 0],
	];
	for (const [restore, kept, level] of cases) {
		const bench = new Bench([{ pin: "D1", restore }], { r0: kept });
		bench.wait(60_000);
		assert.deepEqual(bench.levels, [`D1 ${level}`], `${restore} after ${kept}`);
		assert.equal(bench.relay().state, level === 1 ? "ON" : "OFF");
	}
});

test("only where the site asks for it is the state kept, at once and then every 10 s", () => {
	const bench = new Bench([{ pin: "D1", restore: "last" }, { pin: "D2" }]);
	bench.command("ON");
	bench.command("ON", 1);
	bench.wait(0);
	assert.deepEqual([...bench.kept], [["r0", "ON"]]);
	bench.command("OFF");
	bench.wait(9_999);
	assert.equal(bench.kept.get("r0"), "ON");
	bench.wait(1);
	assert.equal(bench.kept.get("r0"), "OFF");
});

test("minimum times refuse with what is left; power-on counts as switching off", () => {
	const bench = new Bench([{ pin: "D1", minimumOnMs: 5_000, minimumOffMs: 3_000 }]);
	assert.match(bench.command("ON"), /must stay off for 3000 ms more \(minimumOffMs\)/);
	bench.wait(3_000);
	assert.equal(bench.command("ON"), "");
	bench.wait(4_999);
	assert.match(bench.command("OFF"), /must stay on for 1 ms more \(minimumOnMs\)/);
	assert.match(bench.command("TOGGLE"), /must stay on for 1 ms more/);
	bench.wait(1);
	assert.equal(bench.command("OFF"), "");
	assert.match(bench.command("ON"), /must stay off for 3000 ms/);
	assert.deepEqual(bench.levels, ["D1 0", "D1 1", "D1 0"]);
});

test("a load that must rest first is restored to on after its rest", () => {
	const bench = new Bench([{ pin: "D1", restore: "on", minimumOffMs: 3_000 }]);
	assert.equal(bench.relay().pending, "ON");
	bench.wait(2_999);
	assert.deepEqual(bench.levels, ["D1 0"]);
	bench.wait(1);
	assert.deepEqual(bench.levels, ["D1 0", "D1 1"]);
	assert.equal(bench.relay().pending, "");
});

test("automatic off counts from the last ON; for goes first, once", () => {
	const bench = new Bench([{ pin: "D1", offAfterMs: 1_000 }]);
	bench.command("ON");
	bench.wait(999);
	bench.command("ON");
	bench.wait(999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
	bench.command('{"state":"ON","for":5}');
	bench.wait(4_999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
	assert.equal(bench.relay().stateDue, true);
});

test("what was restored to on goes off automatically, too", () => {
	const bench = new Bench([{ pin: "D1", restore: "on", offAfterMs: 1_000 }]);
	bench.wait(1_000);
	assert.deepEqual(bench.levels, ["D1 1", "D1 0"]);
});

test("for ends with OFF or with an ON that has none", () => {
	const bench = new Bench([{ pin: "D1" }]);
	bench.command('{"state":"ON","for":5}');
	bench.command("ON");
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
	bench.command('{"state":"ON","for":5}');
	bench.command("OFF");
	bench.command("ON");
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
});

test("a pulse is as long as it is, however often ON comes", () => {
	const bench = new Bench([{ pin: "D1", pulseMs: 500 }]);
	bench.command("ON");
	bench.wait(300);
	bench.command("ON");
	bench.wait(199);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.deepEqual(bench.levels, ["D1 0", "D1 1", "D1 0"]);
});

test("an automatic off waits for the minimum time", () => {
	const bench = new Bench([{ pin: "D1", minimumOnMs: 5_000 }]);
	bench.command('{"state":"ON","for":1}');
	bench.wait(4_999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
});

test("of a group one is on: the others go off first, the pause is kept", () => {
	const group = { interlock: "motor", interlockDelayMs: 200 };
	const bench = new Bench([{ pin: "U", ...group }, { pin: "D", ...group }, { pin: "X" }]);
	bench.wait(1_000);
	bench.command("ON", 2);
	bench.command("ON", 0);
	assert.equal(bench.relay(0).on, true);
	assert.equal(bench.command("ON", 1), "");
	assert.deepEqual([bench.relay(0).state, bench.relay(1).state], ["OFF", "OFF"]);
	assert.equal(bench.relay(1).pending, "ON");
	bench.wait(199);
	assert.equal(bench.relay(1).on, false);
	bench.wait(1);
	assert.deepEqual(bench.levels.slice(3), ["X 1", "U 1", "U 0", "D 1"]);
});

test("the pause of either relay counts, both ways", () => {
	const bench = new Bench([
		{ pin: "U", interlock: "motor", interlockDelayMs: 300 },
		{ pin: "D", interlock: "motor" },
	]);
	bench.wait(1_000);
	bench.command("ON", 0);
	bench.command("ON", 1);
	bench.wait(299);
	assert.equal(bench.relay(1).on, false);
	bench.wait(1);
	assert.equal(bench.relay(1).on, true);
});

test("who waits for the pause gives way to a third, and to OFF", () => {
	const group = { interlock: "motor", interlockDelayMs: 200 };
	const bench = new Bench([
		{ pin: "A", ...group },
		{ pin: "B", ...group },
		{ pin: "C", ...group },
	]);
	bench.wait(1_000);
	bench.command("ON", 0);
	bench.command("ON", 1);
	bench.wait(100);
	bench.command("ON", 2);
	bench.wait(1_000);
	assert.deepEqual(bench.levels.slice(3), ["A 1", "A 0", "C 1"]);
	bench.command("ON", 0);
	bench.command("OFF", 0);
	bench.wait(1_000);
	assert.deepEqual(bench.levels.slice(3), ["A 1", "A 0", "C 1", "C 0"]);
});

test("a member that must stay on refuses the others", () => {
	const group = { interlock: "motor" };
	const bench = new Bench([
		{ pin: "U", minimumOnMs: 900, ...group },
		{ pin: "D", ...group },
	]);
	bench.command("ON", 0);
	assert.match(bench.command("ON", 1), /r0 must stay on for 900 ms more \(interlock\)/);
	assert.deepEqual([bench.relay(0).on, bench.relay(1).on], [true, false]);
});

test("of a group only the first is restored to on", () => {
	const both = { interlock: "motor", restore: "on" };
	const bench = new Bench([
		{ pin: "U", ...both },
		{ pin: "D", ...both },
	]);
	const on = bench.entities.entities.filter((entity) => entity.state === "ON");
	assert.equal(on.length, 1);
});

test("of a group that was kept on by two only the first is on, from the first moment", () => {
	const both = { interlock: "motor", restore: "last" };
	const kept = { r0: "ON", r1: "ON" };
	const bench = new Bench(
		[
			{ pin: "U", ...both },
			{ pin: "D", ...both },
		],
		kept,
	);
	assert.deepEqual(bench.levels, ["U 1", "D 0"]);
	const resting = [
		{ pin: "U", minimumOffMs: 500, ...both },
		{ pin: "D", ...both },
	];
	assert.deepEqual(new Bench(resting, kept).levels, ["U 0", "D 0"]);
});

test("without contact it keeps, or goes where the site says, once, after so long", () => {
	const keep = new Bench([{ pin: "D1", onLossOfContact: { state: "keep", afterMs: 10 } }]);
	keep.command("ON");
	keep.wait(60_000);
	assert.equal(keep.relay().on, true);

	const bench = new Bench([{ pin: "D1", onLossOfContact: { state: "off", afterMs: 5_000 } }]);
	bench.contact(true);
	bench.command("ON");
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
	bench.contact(false);
	bench.wait(4_000);
	bench.contact(false);
	bench.wait(999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
	// A button in the house still works.
	bench.command("ON");
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
	bench.contact(true);
	bench.contact(false);
	bench.wait(4_999);
	bench.contact(true);
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
});

test("a node that never reaches the broker counts from power-on", () => {
	const bench = new Bench([{ pin: "D1", onLossOfContact: { state: "on", afterMs: 5_000 } }]);
	bench.wait(4_999);
	assert.deepEqual(bench.levels, ["D1 0"]);
	bench.wait(1);
	assert.deepEqual(bench.levels, ["D1 0", "D1 1"]);
});

test("loss of contact respects the minimum time", () => {
	const loss = { onLossOfContact: { state: "off", afterMs: 1_000 }, minimumOnMs: 3_000 };
	const bench = new Bench([{ pin: "D1", ...loss }]);
	bench.contact(true);
	bench.command("ON");
	bench.contact(false);
	bench.wait(2_999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
});

test("a relay says what it takes", () => {
	const bench = new Bench([{ pin: "D1" }]);
	for (const text of ['{"brightness":1}', '{"state":"ON","transition":1}']) {
		assert.equal(bench.command(text), "a relay takes state, for, id and expires");
	}
	assert.deepEqual(bench.levels, ["D1 0"]);
});
