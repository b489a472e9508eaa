/** The stand-in behaves as modules/io/wifi/esp and esp32 of the SDK do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
	AccessPoint,
	type AccessPointOptions,
} from "../../../../../../host-sim/world/access-point";
import { makeNetBoard, type NetBoard } from "../../../../../support/virtual-world";

type Wifi = InstanceType<NetBoard["net"]["WiFi"]>;

async function setUp(options: AccessPointOptions) {
	const air = new AccessPoint(options);
	const world = await makeNetBoard({ air });
	const seen: string[] = [];
	let made: Wifi | undefined;
	world.run(() => {
		made = new world.net.WiFi({
			onChanged(property) {
				seen.push(`${property} ${this.connection}`);
			},
		});
	});
	return { air, world, seen, wifi: made as Wifi };
}

const HOME = { ssid: "home", password: "secret123" };
const GOOD = { SSID: "home", password: "secret123" };

test("connect: 300 at once, then 400, then 500 with the address; callbacks come later", async () => {
	const { world, wifi, seen } = await setUp({ networks: [HOME] });
	assert.equal(wifi.connection, 200);
	assert.equal(wifi.address, undefined);
	wifi.connect(GOOD);
	assert.equal(wifi.connection, 300);
	assert.throws(() => wifi.connect(GOOD), /already connecting/);
	assert.deepEqual(seen, []);
	await world.clock.advance(1000);
	assert.deepEqual(seen, ["connection 400", "connection 500", "address 500"]);
	assert.equal(wifi.SSID, "home");
	assert.equal(wifi.RSSI, -60);
	assert.match(wifi.MAC ?? "", /^02(:[0-9a-f]{2}){5}$/);
});

test("refused and absent look alike: 200, without a reason", async () => {
	for (const options of [{ SSID: "home", password: "wrong" }, { SSID: "none" }, { SSID: "home" }]) {
		const { world, wifi, seen } = await setUp({ networks: [HOME] });
		wifi.connect(options);
		await world.clock.advance(2000);
		assert.deepEqual(seen, ["connection 200"], JSON.stringify(options));
	}
});

test("disconnect calls nothing back, but its event hits the next connect", async () => {
	const { world, wifi, seen } = await setUp({ networks: [HOME] });
	wifi.connect(GOOD);
	await world.clock.advance(1000);
	seen.length = 0;
	wifi.disconnect();
	assert.equal(wifi.connection, 200);
	assert.deepEqual(seen, []);
	wifi.connect(GOOD);
	await world.clock.advance(50);
	assert.deepEqual(seen, ["connection 200"], "that was the old connection's event");
	await world.clock.advance(1000);
	assert.deepEqual(seen.slice(1), ["connection 400", "connection 500", "address 500"]);
});

test("the air takes it away: 200; only an ESP8266 comes back by itself", async () => {
	for (const rejoins of [false, true]) {
		const { world, wifi, seen, air } = await setUp({ networks: [HOME], rejoins });
		wifi.connect(GOOD);
		await world.clock.advance(1000);
		air.set("home", { isPresent: false });
		await world.clock.advance(10);
		assert.equal(seen.at(-1), "connection 200");
		air.set("home", { isPresent: true });
		await world.clock.advance(10_000);
		assert.equal(wifi.connection, rejoins ? 500 : 200);
	}
});

test("scan: what is in reach, hidden ones without a name; one at a time; not while connecting", async () => {
	const { world, wifi } = await setUp({
		networks: [HOME, { ssid: "open", rssi: -70 }, { ssid: "hidden", isHidden: true }],
	});
	const found: string[] = [];
	const options = {
		onFound({ SSID, RSSI }: { SSID: string; RSSI: number }) {
			found.push(`${SSID} ${RSSI}`);
			throw new Error("swallowed by the C code");
		},
		onComplete() {
			found.push("end");
		},
	};
	wifi.scan(options);
	assert.throws(() => wifi.scan(options), /already scanning/);
	assert.throws(() => wifi.scan({} as typeof options), /already scanning/);
	await world.clock.advance(1000);
	assert.deepEqual(found, ["home -60", "open -70", " -60", "end"]);
	assert.throws(() => wifi.scan({} as typeof options), /onFound required/);
	wifi.connect(GOOD);
	assert.throws(() => wifi.scan(options), /scan failed/);
	assert.deepEqual(world.crashes, []);
});

test("two instances see the same radio; a closed one is dead and quiet", async () => {
	const { world, wifi, seen } = await setUp({ networks: [HOME] });
	let other: Wifi | undefined;
	world.run(() => {
		other = new world.net.WiFi({ onChanged: () => seen.push("other") });
	});
	wifi.connect(GOOD);
	await world.clock.advance(1000);
	assert.equal(other?.connection, 500);
	assert.equal(seen.filter((one) => one === "other").length, 3);
	other?.close();
	assert.throws(() => other?.connection, /invalid host object/);
	wifi.disconnect();
	wifi.close();
	wifi.close();
	const count = seen.length;
	await world.clock.advance(1000);
	assert.equal(seen.length, count);
});

test("an exception out of onChanged is the end of the board", async () => {
	const { world } = await setUp({ networks: [HOME] });
	world.run(() => {
		const wifi = new world.net.WiFi({
			onChanged() {
				throw new Error("oops");
			},
		});
		wifi.connect(GOOD);
	});
	await world.clock.advance(1000);
	assert.equal(world.board.isOn, false);
	assert.match(String(world.crashes[0]), /oops/);
});

test("wrong arguments", async () => {
	const { world, wifi } = await setUp({ networks: [HOME] });
	assert.throws(() => wifi.connect({} as typeof GOOD), /SSID required/);
	assert.throws(() => wifi.connect({ SSID: "x".repeat(33) }), /string buffer/);
	assert.throws(() => wifi.connect({ SSID: "x", password: "y".repeat(65) }), /string buffer/);
	assert.throws(() => new world.net.WiFi({ onChanged: 1 as never }), /not a function/);
});

test("name servers come with the address; two boards have two addresses and two MACs", async () => {
	const { world, wifi } = await setUp({ networks: [HOME] });
	// Other realm, other prototypes.
	assert.deepEqual([...(world.net.Net.get("DNS") ?? [])], []);
	wifi.connect(GOOD);
	await world.clock.advance(1000);
	assert.deepEqual([...(world.net.Net.get("DNS") ?? [])], ["192.168.4.1"]);
	assert.equal(world.air.lease("02:00:00:00:00:09"), "192.168.4.3");
	assert.equal(world.air.lease("02:00:00:00:00:09"), "192.168.4.3");
});
