/**
 * The whole firmware on XS with a house of entities, against a real Mosquitto: what
 * host-sim/xs/world.ts plays to its pins, its ADC and its TMP117 (the SDK's own driver), what comes
 * by commands, and what is left of it after a restart. One build, two lives. A pin's levels are the
 * lines that the stand-ins print.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { ClientProcess } from "../support/client";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { buildWithFirmware } from "./firmware-build";
import { Front } from "./front";
import { findSdk, runXs, whyNoXs, type XsApplication, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const slow = { skip, timeout: 300_000 };
const NODE = "xs-house";
const BASE = `fieldmote/${NODE}`;
const LIMIT_MS = 60_000;

const SITE = {
	homeAssistant: true,
	remoteConfig: true,
	entities: [
		{ kind: "relay", id: "pump", pin: "GPIO1" },
		{ kind: "relay", id: "up", pin: "GPIO2", interlock: "motor", interlockDelayMs: 400 },
		{ kind: "relay", id: "down", pin: "GPIO3", interlock: "motor", interlockDelayMs: 400 },
		{ kind: "relay", id: "keep", pin: "GPIO6", restore: "last" },
		{ kind: "light", id: "strip", pins: { red: "GPIO10", green: "GPIO11", blue: "GPIO12" } },
		{ kind: "button", id: "knob", pin: "GPIO4", controls: "pump" },
		{
			kind: "sensor",
			id: "climate",
			driver: "embedded:sensor/Temperature/TMP117",
			intervalMs: 300,
			readings: { temperature: { unit: "°C", deviceClass: "temperature", delta: 0.5 } },
		},
		{
			kind: "analog",
			id: "tank",
			pin: "A0",
			unit: "%",
			intervalMs: 600_000,
			calibration: [
				[0, 0],
				[1, 100],
			],
		},
	],
};
/** A press before there is a broker; a sensor that is warmer, then gone, then back. */
const WORLD = [
	"0 adc 0 0",
	"1000 pin 4 low",
	"1200 pin 4 high",
	"8000 adc 0 1023",
	"12000 i2c 72 24.5",
	"15000 i2c 72 gone",
	"18000 i2c 72 back",
];

let folder: string;
let ntp: NtpServer;
/** Leads nowhere until the test says so. */
let front: Front;
let broker: Mosquitto;
let application: XsApplication;
let run: XsRun;
let client: ClientProcess;
/** When each line came. */
let seenAt: number[] = [];

async function live(): Promise<void> {
	seenAt = [];
	run = await runXs(application, { onLine: () => seenAt.push(Date.now()) });
}

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-house-"));
	const flash = join(folder, "flash");
	mkdirSync(flash);
	const manifest = {
		include: [resolve("manifest.json")],
		platforms: { lin: { config: { file: { root: `${flash}/` } } } },
	};
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
	writeFileSync(join(folder, "site.json"), JSON.stringify(SITE));
	[ntp, front, broker] = [await NtpServer.start(), await Front.start(), await startMosquitto()];
	client = new ClientProcess();
	client.send({ op: "connect", port: broker.port, id: "watcher" });
	const subs = [`${BASE}/#`, "homeassistant/#"].map((topic) => ({ topic, qos: 1 }));
	client.send({ op: "subscribe", subs, tag: "s" });
	await client.next({ ev: "done", tag: "s" }, LIMIT_MS);
	const values = [`broker=mqtt://localhost:${front.port}`, `node=${NODE}`, `ntp=${ntp.name}`];
	application = await buildWithFirmware({
		folder,
		values: ["ssid=lin", ...values, `world=${WORLD.join(";")}`],
		environment: {
			SITE: join(folder, "site"),
			DRIVERS: join(findSdk() as string, "modules/drivers/sensors/tmp117/manifest.json"),
		},
	});
	await live();
}, slow);

after(async () => {
	client?.kill();
	await run?.stop();
	application?.discard();
	await front?.close();
	await broker?.discard();
	await ntp?.close();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** The next message of a topic whose payload is as wanted; the ones before it are gone. */
async function message(topic: string, isWanted: (payload: string) => boolean = () => true) {
	const deadline = Date.now() + LIMIT_MS;
	for (;;) {
		const event = await client.next({ ev: "msg", topic }, deadline - Date.now());
		if (isWanted(String(event.payload))) return event;
	}
}

async function record(leaf: string, key: string, value: unknown): Promise<Record<string, unknown>> {
	const isWanted = (text: string) => JSON.parse(text)[key] === value;
	const { payload } = await message(`${BASE}/${leaf}`, isWanted);
	return JSON.parse(String(payload));
}

/** Sends a command; what the node says of it. */
async function command(entity: string, asked: object): Promise<Record<string, unknown>> {
	const id = `${entity}-${Math.random()}`;
	const payload = JSON.stringify({ ...asked, id });
	client.send({ op: "publish", topic: `${BASE}/${entity}/set`, payload, qos: 1, tag: id });
	return await record("result", "id", id);
}

/** Indices of the lines that match, once there are so many. */
async function lines(pattern: RegExp, count: number, from = 0): Promise<number[]> {
	const deadline = Date.now() + LIMIT_MS;
	for (;;) {
		const found = run.lines.flatMap((line, at) => (at >= from && pattern.test(line) ? [at] : []));
		if (found.length >= count) return found;
		assert.ok(run.isRunning && Date.now() < deadline, `no ${pattern}:\n${run.lines.join("\n")}`);
		await new Promise((done) => setTimeout(done, 20));
	}
}

test("a button switches its relay while there is no broker, and never was", slow, async () => {
	const [high] = await lines(/^pin 1 is high$/, 1);
	assert.ok(run.lines.indexOf("pin 1 is low") < high);
	assert.equal(run.lines.filter((line) => line.startsWith("mqtt: connected")).length, 0);
	front.lead(broker.port);
	await message(`${BASE}/pump/state`, (payload) => payload === "ON");
	assert.equal((await record("knob/state", "event", "single")).refused, undefined);
});

test("Home Assistant's message is at the broker, whole and retained", slow, async () => {
	const topic = `homeassistant/device/${NODE}/config`;
	await message(topic);
	const late = new ClientProcess();
	try {
		late.send({ op: "connect", port: broker.port, id: "late" });
		late.send({ op: "subscribe", subs: [{ topic, qos: 1 }], tag: "s" });
		const { payload, retain } = await late.next({ ev: "msg", topic }, LIMIT_MS);
		assert.equal(retain, true);
		const { dev, cmps } = JSON.parse(String(payload));
		assert.deepEqual(dev.ids, NODE);
		const keys = ["s_pump", "s_up", "s_down", "s_keep", "l_strip", "e_knob", "n_tank"];
		for (const key of [...keys, "n_climate_temperature", "n_diag_uptime"]) {
			assert.ok(key in cmps, `${key}: ${Object.keys(cmps)}`);
		}
		assert.equal(cmps.n_climate_temperature.unit_of_meas, "°C");
	} finally {
		late.kill();
	}
});

test("a command with `for` is over in time, by itself", slow, async () => {
	const from = run.lines.length;
	const result = await command("up", { state: "ON", for: 1.2 });
	assert.deepEqual([result.done, result.state], [true, "ON"]);
	const [on] = await lines(/^pin 2 is high$/, 1, from);
	const [off] = await lines(/^pin 2 is low$/, 1, from);
	const tookMs = seenAt[off] - seenAt[on];
	assert.ok(tookMs > 1100 && tookMs < 2000, `${tookMs} ms`);
	await message(`${BASE}/up/state`, (payload) => payload === "OFF");
});

test("of two that are interlocked never both are on, and there is a pause", slow, async () => {
	const from = run.lines.length;
	await command("up", { state: "ON" });
	await command("down", { state: "ON" });
	const [off] = await lines(/^pin 2 is low$/, 1, from);
	const [on] = await lines(/^pin 3 is high$/, 1, from);
	assert.ok(off < on, run.lines.slice(from).join("\n"));
	assert.ok(seenAt[on] - seenAt[off] > 350, `${seenAt[on] - seenAt[off]} ms`);
	await command("down", { state: "OFF" });
	await lines(/^pin 3 is low$/, 1, on);
});

test("a light goes to colour and brightness in steps, and ends exactly there", slow, async () => {
	const from = run.lines.length;
	const color = { r: 255, g: 128, b: 0 };
	await command("strip", { state: "ON", brightness: 128, color, transition: 1 });
	const duty = (level: number) => Math.round((level / 1020) ** 2.2 * 1023);
	// Levels of 1,020: docs/entities.md.
	const ends = [duty(128 * 4), duty(Math.ceil((128 * 128 * 4) / 255))];
	for (const [at, end] of ends.entries()) {
		const pattern = new RegExp(`^pwm 1${at} is (\\d+) of 1023$`);
		await lines(new RegExp(`^pwm 1${at} is ${end} of`), 1, from);
		const found = run.lines.slice(from).flatMap((line) => pattern.exec(line)?.[1] ?? []);
		const duties = found.map(Number);
		assert.ok(duties.length >= 8, `${duties}`);
		assert.deepEqual(
			duties,
			[...duties].sort((a, b) => a - b),
		);
		assert.equal(duties.at(-1), end);
	}
	assert.equal(run.lines.slice(from).filter((line) => line.startsWith("pwm 12")).length, 0);
	const state = { state: "ON", brightness: 128, color_mode: "rgb", color };
	await message(`${BASE}/strip/state`, (payload) => payload === JSON.stringify(state));
});

test("the SDK's driver of a TMP117 reports, is gone, and is back", slow, async () => {
	const first = await record("climate/state", "temperature", 21.5);
	assert.ok("time" in first && "unix_ms" in first);
	const warmer = await record("climate/state", "temperature", 24.5);
	assert.equal(Date.parse(String(warmer.time)), warmer.unix_ms);
	assert.ok(Math.abs(Number(warmer.unix_ms) - Date.now()) < 300_000, JSON.stringify(warmer));
	await record("climate/problem", "problem", "writeRead failed");
	await record("climate/problem", "problem", null);
	await record("climate/state", "temperature", 24.5);
	const problems = client.events.filter(({ topic }) => topic === `${BASE}/climate/problem`);
	assert.deepEqual(problems, []);
});

test("a retained config changes an interval", slow, async () => {
	await record("tank/state", "value", 0);
	const config = { entities: { tank: { intervalMs: 300 } } };
	const payload = JSON.stringify(config);
	client.send({ op: "publish", topic: `${BASE}/config`, payload, qos: 1, retain: true, tag: "c" });
	assert.equal((await record("result", "config", true)).done, true);
	for (let i = 0; i < 3; i++) await record("tank/state", "value", 100);
});

test(
	"what was kept is back after a restart; a command from in between is refused",
	slow,
	async () => {
		await command("keep", { state: "ON" });
		await lines(/^pin 6 is high$/, 1);
		// Preferences are written in the turn after.
		await command("pump", { state: "ON" });
		await run.stop();
		await message(`${BASE}/availability`, (payload) => payload === "offline");
		const sent = { op: "publish", topic: `${BASE}/keep/set`, qos: 1, tag: "stale" };
		client.send({ ...sent, payload: '{"state":"OFF","id":"stale"}' });
		await client.next({ ev: "done", tag: "stale" }, LIMIT_MS);
		await live();
		const result = await record("result", "id", "stale");
		assert.equal(result.done, false);
		assert.match(String(result.reason), /sent while the node was away/);
		const [boot] = await lines(/^boot: node /, 1);
		const levels = await lines(/^pin 6 is /, 1);
		assert.deepEqual(
			levels.map((at) => run.lines[at]),
			["pin 6 is high"],
		);
		assert.ok(levels[0] < boot);
		// What comes now is carried out.
		assert.equal((await command("keep", { state: "OFF" })).done, true);
		await lines(/^pin 6 is low$/, 1);
		assert.deepEqual(
			run.lines.filter((line) => /stack overflow|abort/.test(line)),
			[],
		);
	},
);
