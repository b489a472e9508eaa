import assert from "node:assert/strict";
import { test } from "node:test";
import type { NtpFaults } from "../../../host-sim/world/ntp-server";
import { seeded } from "../../support/seeded";
import { A, B, setUp, start } from "../../support/time-world";

test("the first sample sets it at once; four, two seconds apart; then again with jitter", async () => {
	const setup = await setUp({ [A]: { requestDelayMs: 10, replyDelayMs: 30 } });
	start(setup);
	await setup.world.clock.advance(50);
	assert.deepEqual(setup.sets.length, 1);
	assert.equal(setup.clock.quality, 2);
	assert.match(
		setup.world.lines[0],
		/^clock: set, offset \+0\.0 ms, error ±2\d\.\d ms, server 192\.0\.2\.1 \(192\.0\.2\.1\), stratum 2$/,
	);
	assert.ok(Math.abs(setup.missMs()) <= setup.boundMs());
	await setup.world.clock.advance(10_000);
	const times = setup.asked.map(({ atMs }) => atMs - setup.asked[0].atMs);
	assert.deepEqual(times, [0, 2000, 4000, 6000]);
	await setup.world.clock.advance(180_000);
	assert.equal(setup.asked.length, 8);
	assert.match(setup.world.lines.at(-1) ?? "", /^clock: adjusted, offset [+-]\d\.\d ms, error/);
});

test("the sample with the least delay counts", async () => {
	const faults = { requestDelayMs: 400, replyDelayMs: 1 };
	const setup = await setUp({ [A]: faults });
	start(setup);
	await setup.world.clock.advance(1500);
	assert.ok(setup.boundMs() > 200);
	faults.requestDelayMs = 5;
	await setup.world.clock.advance(2000);
	faults.requestDelayMs = 700;
	await setup.world.clock.advance(8000);
	assert.equal(setup.sets.length, 2);
	await setup.world.clock.advance(20_000);
	assert.ok(Math.abs(setup.missMs()) < 5, String(setup.missMs()));
	assert.ok(setup.boundMs() < 15, String(setup.boundMs()));
});

test("intervals grow to resyncMs, with jitter, and never beyond a quarter more", async () => {
	const setup = await setUp({ [A]: {} }, { resyncMs: 1_000_000 });
	start(setup);
	await setup.world.clock.advance(20_000_000);
	const rounds = setup.asked.filter((_one, index) => index % 4 === 0).map(({ atMs }) => atMs);
	const gaps = rounds.slice(1).map((atMs, index) => atMs - rounds[index] - 6000);
	assert.ok(gaps[0] >= 90_000 && gaps[0] <= 151_000, String(gaps[0]));
	for (const gap of gaps.slice(4)) assert.ok(gap >= 749_000 && gap <= 1_251_000, String(gap));
	assert.ok(new Set(gaps.slice(4)).size > 5, "jitter");
	assert.ok(gaps.length > 15);
});

test("by name, over another server when the first is silent", async () => {
	const setup = await setUp({ [A]: { silent: true }, [B]: {} }, { names: ["time.example", B] });
	start(setup);
	await setup.world.clock.advance(6000);
	assert.match(
		setup.world.lines[0],
		/^clock failed: time\.example \(192\.0\.2\.1\): no answer; next try in 0\.0 s$/,
	);
	assert.match(setup.world.lines[1], /^clock: set, .* server 192\.0\.2\.2/);
	await setup.world.clock.advance(150_000);
	const later = setup.asked.filter(({ atMs }) => atMs > 30_000);
	assert.ok(later.length > 0 && later.every(({ server }) => server === B), "it stays with B");
});

test("a name that nobody knows is a failure of dns", async () => {
	const setup = await setUp({}, { names: ["none.example"] });
	start(setup);
	await setup.world.clock.advance(1000);
	assert.match(
		setup.world.lines[0],
		/^dns failed: none\.example: no such name; next try in [\d.]+ s$/,
	);
});

test("nobody can set it: said every minute, with backoff, for ever; then it is set", async () => {
	const faults: NtpFaults = { silent: true };
	const setup = await setUp({ [A]: faults });
	start(setup);
	await setup.world.clock.advance(3 * 3_600_000);
	const minutes = setup.world.lines.filter((line) => /not set by any server/.test(line));
	assert.equal(minutes.length, 180);
	assert.match(minutes[0], /^clock failed: not set by any server for 1 min; next try in [\d.]+ s$/);
	const tries = setup.asked.length;
	assert.ok(tries > 60 && tries < 400, String(tries));
	faults.silent = false;
	await setup.world.clock.advance(310_000);
	assert.equal(setup.clock.quality, 2);
	setup.world.lines.length = 0;
	await setup.world.clock.advance(300_000);
	assert.doesNotMatch(setup.world.lines.join("\n"), /not set/);
});

test("before the network is there, it waits for it and says so", async () => {
	const setup = await setUp({ [A]: {} });
	await setup.world.clock.advance(120_000);
	assert.equal(setup.asked.length, 0);
	assert.equal(
		setup.world.lines[0],
		"clock: not set by any server for 1 min; waiting for the network",
	);
});

test("stop() ends everything at once and the clock goes on; start() asks at once", async () => {
	const setup = await setUp({ [A]: {} });
	start(setup);
	await setup.world.clock.advance(2001);
	setup.world.run(() => setup.keeper.stop());
	assert.equal(setup.world.network.open, 0);
	const asked = setup.asked.length;
	await setup.world.clock.advance(60 * 86_400_000);
	assert.equal(setup.asked.length, asked);
	assert.ok(Math.abs(setup.missMs()) <= setup.boundMs(), "60 days without a network");
	start(setup);
	await setup.world.clock.advance(100);
	assert.equal(setup.asked.length, asked + 1);
	setup.world.run(() => setup.keeper.close());
	assert.deepEqual(setup.world.crashes, []);
});

test("a month with a bad network: never back, always within the bound", async () => {
	const faults: NtpFaults = {};
	const setup = await setUp({ [A]: faults }, { seed: 5 });
	const random = seeded(77);
	start(setup);
	await setup.world.clock.advance(10_000);
	let last = 0;
	for (let step = 0; step < 1500; step++) {
		faults.silent = random() < 0.3;
		faults.requestDelayMs = random() * 800;
		faults.replyDelayMs = random() * 800;
		await setup.world.clock.advance(random() * 3_600_000);
		const now = setup.clock.unixMs(setup.world.board.ticks());
		assert.ok(now >= last);
		last = now;
		assert.ok(Math.abs(setup.missMs()) <= setup.boundMs(), `step ${step}`);
	}
	assert.equal(setup.world.network.open <= 1, true);
	assert.deepEqual(setup.world.crashes, []);
});
