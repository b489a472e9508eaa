import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessPoint } from "../../../host-sim/world/access-point";
import { NameServer } from "../../../host-sim/world/name-server";
import { answerNtp, type NtpFaults } from "../../../host-sim/world/ntp-server";
import { makeNetBoard, type NetBoard, seeded } from "../../support/virtual-world";

type Keeper = InstanceType<NetBoard["net"]["TimeKeeper"]>;
type Clock = InstanceType<NetBoard["net"]["Clock"]>;

const START_MS = Date.UTC(2026, 10, 21, 4, 0, 0);
const A = "192.0.2.1";
const B = "192.0.2.2";

interface Setup {
	world: NetBoard;
	clock: Clock;
	keeper: Keeper;
	/** When each server was asked, in milliseconds of the world. */
	asked: { server: string; atMs: number }[];
	sets: number[];
	/** True time minus published time. */
	missMs(): number;
	boundMs(): number;
}

async function setUp(
	servers: Record<string, NtpFaults>,
	options: { names?: string[]; resyncMs?: number; seed?: number } = {},
): Promise<Setup> {
	const random = seeded(options.seed ?? 1);
	const air = new AccessPoint({
		networks: [{ ssid: "home" }],
		nameServer: new NameServer({ "time.example": [A], "two.example": [A, B] }),
	});
	const world = await makeNetBoard({ air, random });
	const asked: { server: string; atMs: number }[] = [];
	const trueMs = () => START_MS + world.clock.nowMs();
	for (const [server, faults] of Object.entries(servers)) {
		world.network.services.set(`${server}:123`, (bytes, reply) => {
			asked.push({ server, atMs: world.clock.nowMs() });
			world.clock.setTimer(() => {
				const answer = answerNtp(bytes, trueMs(), faults);
				world.clock.setTimer(() => answer && reply(answer), faults.replyDelayMs ?? 3);
			}, faults.requestDelayMs ?? 3);
		});
	}
	const sets: number[] = [];
	let clock: Clock | undefined;
	let keeper: Keeper | undefined;
	world.run(() => {
		const { Clock, NameResolver, Net, TimeKeeper, UDP, WiFi, WifiStation } = world.net;
		clock = new Clock();
		keeper = new TimeKeeper({
			UDP,
			resolver: new NameResolver({ UDP, servers: () => Net.get("DNS") ?? [], random }),
			servers: options.names ?? Object.keys(servers),
			clock,
			random,
			resyncMs: options.resyncMs,
			target: sets,
			onSet() {
				this.push(world.clock.nowMs());
			},
		});
		const station = { WiFi, networks: [{ ssid: "home" }], random, target: undefined };
		new WifiStation({ ...station, onUp() {}, onDown() {} });
	});
	await world.clock.advance(1000);
	world.lines.length = 0;
	const ready = clock as Clock;
	return {
		world,
		clock: ready,
		keeper: keeper as Keeper,
		asked,
		sets,
		missMs: () => trueMs() - ready.unixMs(world.board.ticks()),
		boundMs: () => ready.errorBoundMs(world.board.ticks()),
	};
}

function start({ world, keeper }: Setup): void {
	world.run(() => keeper.start());
}

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
