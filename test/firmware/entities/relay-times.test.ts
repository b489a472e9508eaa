import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCommand } from "../../../firmware/entities/command";
import { Bench } from "./relay-bench";

const DAY_MS = 86_400_000;
/** Longer than int32 milliseconds tell. */
const DAYS = 26;
const ON = plainCommand("ON");
const GROUP = { interlock: "motor", interlockDelayMs: 200 };

function rest(bench: Bench): void {
	for (let i = 0; i < DAYS; i++) bench.wait(DAY_MS);
}

test("minimum times are over after 26 days, too", () => {
	const bench = new Bench([{ pin: "D1", minimumOnMs: 5_000, minimumOffMs: 3_000 }]);
	rest(bench);
	assert.equal(bench.command("ON"), "");
	rest(bench);
	assert.equal(bench.command("OFF"), "");
	const plain = new Bench([{ pin: "D1" }]);
	rest(plain);
	assert.equal(plain.command("ON"), "");
});

test("the pause of a group is over after 26 days, too", () => {
	const bench = new Bench([
		{ pin: "U", ...GROUP },
		{ pin: "D", ...GROUP },
	]);
	bench.wait(1_000);
	bench.command("ON", 0);
	bench.command("OFF", 0);
	rest(bench);
	assert.equal(bench.command("ON", 1), "");
	assert.equal(bench.relay(1).on, true);
});

test("a state is kept after 26 days without a change, too", () => {
	const bench = new Bench([{ pin: "D1", restore: "last" }]);
	bench.command("ON");
	bench.wait(0);
	rest(bench);
	bench.command("OFF");
	bench.wait(10_000);
	assert.equal(bench.kept.get("r0"), "OFF");
});

test("for counts from the end of the pause, and nothing takes it away", () => {
	const bench = new Bench([
		{ pin: "U", ...GROUP },
		{ pin: "D", ...GROUP },
	]);
	bench.wait(1_000);
	bench.command("ON", 0);
	assert.equal(bench.command('{"state":"ON","for":5}', 1), "");
	bench.wait(200 + 4_999);
	assert.deepEqual(bench.levels.slice(2), ["U 1", "U 0", "D 1"]);
	bench.wait(1);
	assert.equal(bench.relay(1).on, false);
});

test("an automatic off counts from the end of the pause as well", () => {
	const bench = new Bench([
		{ pin: "U", ...GROUP },
		{ pin: "D", ...GROUP, offAfterMs: 1_000 },
	]);
	bench.wait(1_000);
	bench.command("ON", 0);
	bench.command("ON", 1);
	bench.wait(200 + 999);
	assert.equal(bench.relay(1).on, true);
	bench.wait(1);
	assert.equal(bench.relay(1).on, false);
});

test("OFF disarms what would have switched off: the next ON has its whole time", () => {
	const bench = new Bench([{ pin: "D1", pulseMs: 1_000 }]);
	bench.command("ON");
	bench.wait(600);
	bench.command("OFF");
	assert.equal(bench.entities.pollTimeout(bench.now), -1);
	bench.command("ON");
	bench.wait(999);
	assert.equal(bench.relay().on, true);
	bench.wait(1);
	assert.equal(bench.relay().on, false);
});

test("on for so long only: a power cut does not make it last", () => {
	const last = new Bench([{ pin: "D1", restore: "last" }]);
	last.command('{"state":"ON","for":60}');
	last.wait(20_000);
	assert.equal(last.relay().on, true);
	assert.equal(last.kept.get("r0"), "OFF");
	// From now on it is on without an end.
	last.command("ON");
	last.wait(10_000);
	assert.equal(last.kept.get("r0"), "ON");
	last.command('{"state":"ON","for":60}');
	last.command("OFF");
	last.command("ON");
	last.wait(10_000);
	assert.equal(last.kept.get("r0"), "ON");

	const inverted = new Bench([{ pin: "D1", restore: "inverted-last" }]);
	inverted.command('{"state":"ON","for":60}');
	inverted.wait(10_000);
	assert.equal(inverted.kept.get("r0"), "ON");
	// An automatic off counts anew after a power cut.
	const auto = new Bench([{ pin: "D1", restore: "last", offAfterMs: 60_000 }]);
	auto.command("ON");
	auto.wait(10_000);
	assert.equal(auto.kept.get("r0"), "ON");
});

test("what waits for its turn is kept as on", () => {
	const resting = { pin: "D1", restore: "last", minimumOffMs: 60_000 };
	const bench = new Bench([resting], { r0: "ON" });
	bench.wait(20_000);
	assert.equal(bench.kept.get("r0"), "ON");
	bench.wait(60_000);
	assert.equal(bench.relay().on, true);
});

test("loss of contact says on: it waits for a partner's minimum time", () => {
	const group = { interlock: "motor" };
	const bench = new Bench([
		{ pin: "U", minimumOnMs: 5_000, ...group },
		{ pin: "D", onLossOfContact: { state: "on", afterMs: 1_000 }, ...group },
	]);
	bench.contact(true);
	bench.command("ON", 0);
	bench.contact(false);
	bench.wait(4_999);
	assert.equal(bench.relay(1).on, false);
	bench.wait(1_001);
	assert.deepEqual([bench.relay(0).on, bench.relay(1).on], [false, true]);
	assert.equal(bench.entities.pollTimeout(bench.now), -1);
});

test("contact that comes back meanwhile ends the waiting", () => {
	const group = { interlock: "motor" };
	const bench = new Bench([
		{ pin: "U", minimumOnMs: 5_000, ...group },
		{ pin: "D", onLossOfContact: { state: "on", afterMs: 1_000 }, ...group },
	]);
	bench.contact(true);
	bench.command("ON", 0);
	bench.contact(false);
	bench.wait(3_000);
	bench.contact(true);
	bench.wait(60_000);
	assert.deepEqual([bench.relay(0).on, bench.relay(1).on], [true, false]);
});

test("loss of contact switches off what waits for its turn, too", () => {
	const group = { interlock: "motor", interlockDelayMs: 3_000 };
	const bench = new Bench([
		{ pin: "U", ...group },
		{ pin: "D", onLossOfContact: { state: "off", afterMs: 1_000 }, ...group },
	]);
	bench.contact(true);
	bench.wait(5_000);
	bench.command("ON", 0);
	bench.command("ON", 1);
	bench.contact(false);
	bench.wait(60_000);
	assert.equal(bench.relay(1).on, false);
});

test("an own kind with a key interlock is of no group of relays", () => {
	const bench = new Bench([
		{ pin: "U", ...GROUP },
		{ pin: "P", kind: "light", dimmable: false, interlock: "motor" },
	]);
	bench.wait(1_000);
	assert.equal(bench.entities.entities[1].apply(ON, bench.now), "");
	assert.equal(bench.command("ON", 0), "");
	bench.wait(1_000);
	assert.deepEqual(
		bench.entities.entities.map((entity) => entity.word),
		["ON", "ON"],
	);
});
