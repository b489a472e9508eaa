import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessPoint, type AccessPointOptions } from "../../../host-sim/world/access-point";
import { makeNetBoard, type NetBoard } from "../../support/virtual-world";

type Station = InstanceType<NetBoard["net"]["WifiStation"]>;

interface Joined {
	world: NetBoard;
	air: AccessPoint;
	station: () => Station;
	/** "up" and "down: reason", in order. */
	events: string[];
}

async function join(
	networks: { ssid: string; password?: string }[],
	options: AccessPointOptions,
	random = () => 0.5,
): Promise<Joined> {
	const air = new AccessPoint(options);
	const world = await makeNetBoard({ air, random });
	const events: string[] = [];
	let made: Station | undefined;
	world.run(() => {
		const owner = {
			handleWifiUp: () => void events.push("up"),
			handleWifiDown: (reason: string) => void events.push(`down: ${reason}`),
		};
		made = new world.net.WifiStation({ WiFi: world.net.WiFi, networks, random }, owner);
	});
	return { world, air, events, station: () => made as Station };
}

const HOME = { ssid: "home", password: "secret123" };

test("joins, and tells address, name, signal and MAC", async () => {
	const { world, station, events } = await join([HOME], { networks: [{ ...HOME, rssi: -48 }] });
	assert.equal(station().up, false);
	assert.equal(station().address, "");
	await world.clock.advance(1000);
	assert.deepEqual(events, ["up"]);
	assert.equal(station().address, "192.168.4.2");
	assert.equal(station().ssid, "home");
	assert.equal(station().rssi, -48);
	assert.match(station().mac, /^02[0-9a-f]{10}$/);
	assert.deepEqual(world.lines, ['wifi: joined "home", address 192.168.4.2, signal -48 dBm']);
	assert.deepEqual(world.crashes, []);
});

test("wrong password: seen, not joined; tried for ever, ever more slowly; never printed", async () => {
	const wrong = { ssid: "home", password: "not-the-one" };
	const { world, air, events } = await join([wrong], { networks: [HOME] });
	await world.clock.advance(600_000);
	assert.match(
		world.lines[0],
		/^wifi failed: "home": in reach \(-60 dBm\) but not joined; wrong password\?; next try in 1\.5 s$/,
	);
	const waits = world.lines.map((line) => Number(/next try in ([\d.]+) s/.exec(line)?.[1]));
	assert.deepEqual(waits.slice(0, 7), [1.5, 2.5, 4.5, 8.5, 16.5, 30.5, 30.5]);
	assert.ok(waits.length > 15, "it never gives up");
	assert.ok(!world.lines.join().includes("not-the-one"));
	assert.deepEqual(events, []);
	air.set("home", { password: "not-the-one" });
	await world.clock.advance(60_000);
	assert.deepEqual(events, ["up"]);
});

test("no such network", async () => {
	const { world, air, events } = await join([HOME], { networks: [{ ssid: "neighbour" }] });
	await world.clock.advance(3000);
	assert.match(world.lines[0], /^wifi failed: "home": no such network in reach; next try in/);
	air.set("home", { password: HOME.password });
	await world.clock.advance(60_000);
	assert.deepEqual(events, ["up"]);
});

test("no address: joined, but DHCP is silent", async () => {
	const { world, air, events } = await join([HOME], {
		networks: [{ ...HOME, givesAddress: false }],
	});
	await world.clock.advance(22_000);
	assert.match(
		world.lines[0],
		/^wifi failed: "home": joined, but no address \(DHCP\); next try in/,
	);
	air.set("home", { givesAddress: true });
	await world.clock.advance(10_000);
	assert.deepEqual(events, ["up"]);
});

test("an address that comes late is one", async () => {
	const { world, air, events } = await join([HOME], {
		networks: [{ ...HOME, givesAddress: false }],
	});
	await world.clock.advance(15_000);
	air.set("home", { givesAddress: true });
	await world.clock.advance(1000);
	assert.deepEqual(events, ["up"]);
	assert.equal(world.lines.length, 1);
});

test("joined, and thrown out before there was an address", async () => {
	const { world, air } = await join([HOME], { networks: [{ ...HOME, givesAddress: false }] });
	await world.clock.advance(1000);
	air.set("home", { isPresent: false });
	await world.clock.advance(1000);
	assert.match(world.lines[0], /"home": joined, but lost before there was an address; next try/);
});

for (const rejoins of [false, true]) {
	test(`lost: said once, then back${rejoins ? " (ESP8266: the radio rejoins by itself)" : ""}`, async () => {
		const { world, air, events, station } = await join([HOME], { networks: [HOME], rejoins });
		await world.clock.advance(70_000);
		air.set("home", { isPresent: false });
		await world.clock.advance(100);
		assert.deepEqual(events, ["up", "down: connection lost"]);
		assert.equal(station().up, false);
		assert.equal(station().address, "");
		assert.match(world.lines[1], /^wifi failed: "home": connection lost; next try in 1\.5 s$/);
		await world.clock.advance(20_000);
		air.set("home", { isPresent: true });
		await world.clock.advance(60_000);
		assert.deepEqual(events, ["up", "down: connection lost", "up"]);
		for (const line of world.lines) assert.doesNotMatch(line, /cannot connect|no scan/);
		assert.deepEqual(world.crashes, []);
	});
}

test("a radio that rejoins by itself is not waited for in vain", async () => {
	const { world, air, events } = await join([HOME], { networks: [HOME], rejoins: true });
	await world.clock.advance(70_000);
	air.set("home", { isPresent: false });
	await world.clock.advance(100);
	air.set("home", { isPresent: true });
	await world.clock.advance(5000);
	assert.deepEqual(events, ["up", "down: connection lost", "up"]);
	assert.equal(world.lines.length, 3);
});

test("a flapping network does not get the fast delays back", async () => {
	const { world, air } = await join([HOME], { networks: [HOME] });
	for (let i = 0; i < 6; i++) {
		await world.clock.advance(40_000);
		air.set("home", { isPresent: false });
		await world.clock.advance(10);
		air.set("home", { isPresent: true });
	}
	const waits = world.lines.map((line) => /lost; next try in ([\d.]+) s/.exec(line)?.[1]);
	assert.deepEqual(
		waits.filter((wait) => wait !== undefined),
		["1.5", "2.5", "4.5", "8.5", "16.5", "30.5"],
	);
});

test("several: the first in reach, by preference and not by signal", async () => {
	const networks = [{ ssid: "garden" }, { ssid: "home" }, { ssid: "attic" }];
	const { world, air, station } = await join(networks, {
		networks: [
			{ ssid: "attic", rssi: -30 },
			{ ssid: "home", rssi: -80 },
		],
	});
	await world.clock.advance(2000);
	assert.equal(station().ssid, "home");
	air.set("garden", {});
	air.set("home", { isPresent: false });
	await world.clock.advance(10_000);
	assert.equal(station().ssid, "garden");
});

test("several: one refuses, the next is joined half a second later", async () => {
	const networks = [{ ssid: "garden", password: "wrong-one" }, { ssid: "home" }];
	const { world, station } = await join(networks, {
		networks: [{ ssid: "garden", password: "right-one" }, { ssid: "home" }],
	});
	await world.clock.advance(5000);
	assert.equal(station().ssid, "home");
	assert.match(world.lines[0], /"garden": in reach .* wrong password\?; next try in 0\.5 s/);
});

test("hidden networks are tried, after those that are seen", async () => {
	const networks = [
		{ ssid: "hidden", password: "p4ssw0rd" },
		{ ssid: "home", password: "nope-nope" },
	];
	const { world, station } = await join(networks, {
		networks: [{ ...networks[0], isHidden: true }, HOME],
	});
	await world.clock.advance(10_000);
	assert.equal(station().ssid, "hidden");
	assert.match(world.lines[0], /"home": in reach/);
	assert.match(world.lines[1], /joined "hidden"/);
});

test("a radio that never says anything: each step has a timeout", async () => {
	const { world, events } = await join([HOME, { ssid: "other" }], {
		networks: [HOME],
		timing: { scanMs: 1e9, joinMs: 1e9, absentMs: 1e9 },
	});
	await world.clock.advance(60_000);
	assert.match(world.lines[0], /^wifi: no scan: it did not end$/);
	assert.match(world.lines.join("\n"), /wifi failed: "home": not joined; next try in/);
	assert.match(world.lines.join("\n"), /wifi failed: "other": not joined; next try in/);
	assert.deepEqual(events, []);
	assert.deepEqual(world.crashes, []);
});

test("close() leaves nothing behind, in any state", async () => {
	for (const afterMs of [0, 1, 100, 200, 2000]) {
		const { world, station, events } = await join([HOME], { networks: [HOME] });
		await world.clock.advance(afterMs);
		world.run(() => station().close());
		world.run(() => station().close());
		const before = events.length;
		await world.clock.advance(100_000);
		assert.equal(events.length, before);
		assert.equal(world.clock.pending, 0);
		assert.deepEqual(world.crashes, []);
	}
});

test("a radio that is joined or joining already is told to leave first", async () => {
	for (const [aheadMs, ssid] of [
		[100, "old"],
		[1000, "old"],
		[1000, "home"],
	] as const) {
		const air = new AccessPoint({ networks: [{ ssid: "home" }, { ssid: "old" }] });
		const world = await makeNetBoard({ air });
		const { WiFi, WifiStation } = world.net;
		world.run(() => new WiFi({ onChanged() {} }).connect({ SSID: ssid }));
		await world.clock.advance(aheadMs);
		let ups = 0;
		world.run(() => {
			const networks = [{ ssid: "home" }];
			const owner = { handleWifiUp: () => void ups++, handleWifiDown() {} };
			new WifiStation({ WiFi, networks, random: Math.random }, owner);
		});
		await world.clock.advance(2000);
		assert.equal(ups, 1);
		assert.match(world.lines.join("\n"), /^wifi: joined "home", [^\n]*$/);
	}
});

test("a name that the radio refuses is a failure like any other", async () => {
	const { world } = await join([{ ssid: "x".repeat(33) }], { networks: [HOME] });
	await world.clock.advance(5000);
	assert.match(world.lines[0], /wifi failed: "x+": cannot connect: .*; next try in/);
	assert.deepEqual(world.crashes, []);
});
