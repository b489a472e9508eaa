/** Servers that refuse, lie or are forged. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerNtp, type NtpFaults } from "../../../host-sim/world/ntp-server";
import { A, B, START_MS, setUp, start } from "../../support/time-world";

const REFUSED: [string, NtpFaults, RegExp][] = [
	["leap alarm", { leap: 3 }, /leap alarm/],
	["stratum 16", { stratum: 16 }, /stratum 16/],
	["no echo", { wrongOriginate: true }, /does not echo/],
	["too far from its source", { rootDispersionMs: 9000 }, /root distance/],
	["kiss-o'-death DENY", { kiss: "DENY" }, /kiss-o'-death DENY/],
];

for (const [name, faults, reason] of REFUSED) {
	test(`refused: ${name}; the next try is said, and the clock stays unset`, async () => {
		const setup = await setUp({ [A]: faults });
		start(setup);
		await setup.world.clock.advance(10_000);
		assert.match(setup.world.lines[0], /^clock failed: 192\.0\.2\.1 .*; next try in [\d.]+ s$/);
		assert.match(setup.world.lines[0], reason);
		assert.equal(setup.clock.quality, 0);
	});
}

test("DENY: not asked again for a day, the other one is", async () => {
	for (const kiss of ["DENY", "RSTR"]) {
		const setup = await setUp({ [A]: { kiss }, [B]: {} }, { resyncMs: 3_600_000 });
		start(setup);
		await setup.world.clock.advance(23 * 3_600_000);
		assert.equal(setup.asked.filter(({ server }) => server === A).length, 1);
		assert.ok(setup.asked.filter(({ server }) => server === B).length > 60);
		assert.equal(setup.clock.quality, 2);
	}
});

for (const kiss of ["DENY", "RSTR"]) {
	test(`${kiss} from the only server: hourly words, no question for a day`, async () => {
		const setup = await setUp({ [A]: { kiss } });
		start(setup);
		await setup.world.clock.advance(23.5 * 3_600_000);
		assert.equal(setup.asked.length, 1);
		const refusals = setup.world.lines.filter((line) => /all servers refuse for now/.test(line));
		assert.ok(refusals.length >= 20 && refusals.length <= 25, String(refusals.length));
		await setup.world.clock.advance(2 * 3_600_000);
		assert.equal(setup.asked.length, 2);
	});
}

test("RATE: twice as long each time, single questions from then on", async () => {
	const faults: NtpFaults = { kiss: "RATE" };
	const setup = await setUp({ [A]: faults });
	start(setup);
	await setup.world.clock.advance(3_600_000);
	const times = setup.asked.map(({ atMs }) => atMs);
	const gaps = times.slice(1).map((atMs, index) => (atMs - times[index]) / 1000);
	assert.ok(gaps.length >= 3 && gaps.length <= 6, gaps.join(" "));
	for (const [index, gap] of gaps.entries()) assert.ok(gap >= 64 * 2 ** index, gaps.join(" "));
	faults.kiss = undefined;
	await setup.world.clock.advance(3 * 3_600_000);
	assert.equal(setup.clock.quality, 2);
	const later = setup.asked.filter(({ atMs }) => atMs > times[times.length - 1]);
	for (let i = 1; i < later.length; i++) assert.ok(later[i].atMs - later[i - 1].atMs > 60_000);
});

test("RATE in the middle of a round: what was sampled before counts", async () => {
	const faults: NtpFaults = {};
	const setup = await setUp({ [A]: faults });
	start(setup);
	await setup.world.clock.advance(1000);
	faults.kiss = "RATE";
	await setup.world.clock.advance(10_000);
	assert.equal(setup.asked.length, 2);
	assert.equal(setup.clock.quality, 2);
	assert.doesNotMatch(setup.world.lines.join("\n"), /failed/);
});

test("replies from elsewhere do not count, even with the right echo", async () => {
	const setup = await setUp({ [A]: {} });
	setup.world.network.services.set(`${A}:123`, (bytes, reply) => {
		const lie = answerNtp(bytes, START_MS + 1e9);
		if (lie === undefined) return;
		reply(lie, { address: B, port: 123 });
		reply(lie, { address: A, port: 124 });
	});
	start(setup);
	await setup.world.clock.advance(10_000);
	assert.equal(setup.clock.quality, 0);
	assert.match(setup.world.lines[0], /no answer/);
});

test("a forged packet before the real one does no harm", async () => {
	const setup = await setUp({ [A]: {} });
	setup.world.network.services.set(`${A}:123`, (bytes, reply) => {
		const trueMs = START_MS + setup.world.clock.nowMs();
		const forged = answerNtp(bytes, trueMs + 1e9, { wrongOriginate: true });
		const real = answerNtp(bytes, trueMs);
		if (forged) reply(forged);
		reply(new Uint8Array(3));
		if (real) reply(real);
	});
	start(setup);
	await setup.world.clock.advance(10_000);
	assert.equal(setup.clock.quality, 2);
	assert.ok(Math.abs(setup.missMs()) <= setup.boundMs());
});

test("a server that contradicts a set clock is only believed with a second opinion", async () => {
	const a: NtpFaults = {};
	const setup = await setUp({ [A]: a, [B]: {} });
	start(setup);
	await setup.world.clock.advance(20_000);
	a.offsetMs = 86_400_000;
	await setup.world.clock.advance(300_000);
	assert.match(
		setup.world.lines.find((line) => /contradicts/.test(line)) ?? "",
		/^clock failed: 192\.0\.2\.1 .* contradicts the clock by \+1\.0 d; next try in 0\.0 s$/,
	);
	assert.ok(Math.abs(setup.missMs()) <= setup.boundMs());
	assert.equal(setup.clock.server, B);
});

test("the clock itself was set by a liar: two others mend it, without going back", async () => {
	const a: NtpFaults = { offsetMs: 3_600_000 };
	const setup = await setUp({ [A]: a, [B]: {} });
	start(setup);
	await setup.world.clock.advance(20_000);
	let last = setup.clock.unixMs(setup.world.board.ticks());
	assert.ok(setup.missMs() < -3_500_000);
	a.silent = true;
	for (let minute = 0; minute < 150; minute++) {
		await setup.world.clock.advance(60_000);
		const now = setup.clock.unixMs(setup.world.board.ticks());
		assert.ok(now > last);
		last = now;
		if (minute > 5) assert.ok(Math.abs(setup.missMs()) <= setup.boundMs(), "the bound knows");
	}
	assert.ok(Math.abs(setup.missMs()) < 50, String(setup.missMs()));
});

test("the only server may contradict: nobody else has an opinion", async () => {
	const a: NtpFaults = {};
	const setup = await setUp({ [A]: a });
	start(setup);
	await setup.world.clock.advance(20_000);
	a.offsetMs = 60_000;
	await setup.world.clock.advance(300_000);
	assert.ok(Math.abs(setup.missMs() + 60_000) < 50, String(setup.missMs()));
});
