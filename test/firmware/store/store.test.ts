import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandHistory } from "../../../firmware/store/command-history";
import { Outbox } from "../../../firmware/store/outbox";
import { Sequence } from "../../../firmware/store/sequence";
import { Settings } from "../../../firmware/store/settings";

test("the outbox keeps order, drops the oldest and counts them", () => {
	const outbox = new Outbox(3);
	for (const text of ["a", "b", "c", "d", "e"]) outbox.push("t", text, text === "d");
	assert.equal(outbox.dropped, 2);
	const left: [string, string, boolean][] = [];
	while (outbox.length > 0) {
		left.push([outbox.firstTopic(), outbox.firstPayload(), outbox.firstRetain()]);
		outbox.shift();
	}
	assert.deepEqual(left, [
		["t", "c", false],
		["t", "d", true],
		["t", "e", false],
	]);
});

test("the history finds the last ids and forgets the oldest", () => {
	const history = new CommandHistory(2);
	history.remember("a", "1");
	history.remember("b", "2");
	assert.equal(history.find("a"), "1");
	history.remember("c", "3");
	assert.equal(history.find("a"), "");
	assert.equal(history.find("b"), "2");
	assert.equal(history.find("c"), "3");
});

test("sequence numbers never repeat over any number of reboots", () => {
	let stored: number | undefined;
	let writes = 0;
	const store = {
		read: () => stored,
		write: (end: number) => {
			stored = end;
			writes++;
		},
	};
	let last = 0;
	let given = 0;
	for (let boot = 0; boot < 20; boot++) {
		const sequence = new Sequence(store);
		for (let i = 0; i < boot * 37; i++) {
			const next = sequence.next(0);
			assert.ok(next > last, `${next} after ${last}`);
			last = next;
			given++;
		}
	}
	assert.ok(writes < given / 20, `${writes} writes for ${given} numbers`);
});

test("with the store lost, the sequence goes on above what was given out", () => {
	const lost = { read: () => undefined, write: () => undefined };
	const bootMs = Date.UTC(2026, 0, 1);
	const first = new Sequence(lost);
	let last = 0;
	for (let second = 0; second < 3600; second++) last = first.next(bootMs + second * 1000);
	assert.ok(new Sequence(lost).next(bootMs + 3600_000) > last);
});

test("settings survive a preference that fails, and store the time seldom", () => {
	const broken = new Settings({
		get: () => {
			throw new Error("no flash");
		},
		set: () => {
			throw new Error("no flash");
		},
	});
	assert.equal(broken.read(), undefined);
	broken.write(5);
	assert.equal(broken.lastGoodTimeMs(), 0);

	const values = new Map<string, string>();
	let sets = 0;
	const settings = new Settings({
		get: (domain, key) => values.get(`${domain}.${key}`),
		set: (domain, key, value) => {
			values.set(`${domain}.${key}`, value);
			sets++;
		},
	});
	const start = Date.UTC(2026, 0, 1);
	for (let minute = 0; minute < 720; minute++) settings.rememberTime(start + minute * 60_000);
	assert.equal(sets, 2);
	assert.equal(settings.lastGoodTimeMs(), start + 360 * 60_000);
});

test("a time that nobody can have confirmed is none", () => {
	for (const [kept, expected] of [
		[4_102_444_799_999, 4_102_444_799_999],
		[4_102_444_800_000, 0],
	]) {
		const settings = new Settings({ get: () => String(kept), set: () => undefined });
		assert.equal(settings.lastGoodTimeMs(), expected);
	}
});
