/** `npm start -- --board … --site … --world …`: a board with everything on it, driven by words. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import { skipWithout } from "../support/mosquitto";
import { driveSimulator, LIMIT_MS, sitAtSimulator, startSimulator } from "../support/simulator";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-world-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, value: unknown): string {
	const path = join(folder, name);
	writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
	return path;
}

const SENSOR = {
	kind: "sensor",
	driver: "embedded:sensor/Temperature/TMP117",
	readings: { temperature: { decimals: 2 } },
	intervalMs: 1000,
};

test("a board is shown, and orders on stdin press its button", { timeout: LIMIT_MS }, async () => {
	const simulator = await driveSimulator("--board", "sonoff-basic-r2", "--verbose");
	await simulator.until(/^GPIO12 {2}relay\nGPIO0 {3}button$/m);
	await simulator.until(/^names {2}button, wifi, power$/m);
	await simulator.until(/pin GPIO12: output, low/);
	await simulator.until(/broker fieldmote\/sim-1\/relay\/state OFF/);
	simulator.type("press button\n");
	await simulator.until(/pin GPIO0: input, low\n/);
	await simulator.until(/pin GPIO12: high/);
	await simulator.until(/broker fieldmote\/sim-1\/relay\/state ON/);
	simulator.type("press nothing\nhold button 1s\n");
	await simulator.until(/world +"nothing" is not here; there is button, wifi, power\n/);
	await simulator.until(/broker fieldmote\/sim-1\/button\/state \{"event":"long"/);
	simulator.type("wifi off\n");
	await simulator.until(/wifi failed: "simulated": connection lost/);
	simulator.type("power off\npower on\n");
	await simulator.until(/boot: start 2, power-on/);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.equal(simulator.err(), "");
});

test("a site and a script: analog, contact, pulses, a sensor that breaks and is mended", {
	timeout: LIMIT_MS,
}, async () => {
	const site = file("site.json", {
		node: "elsewhere",
		broker: { url: "mqtt://nowhere.example" },
		entities: [
			{ ...SENSOR, id: "climate" },
			{
				kind: "analog",
				id: "soil",
				pin: "IO34",
				unit: "%",
				calibration: [
					[0, 0],
					[1, 100],
				],
				intervalMs: 500,
			},
			{ kind: "binary", id: "door", pin: "IO16" },
			{
				kind: "pulse",
				id: "meter",
				pin: "IO17",
				perUnit: 10,
				unit: "l",
				debounceMs: 10,
				intervalMs: 500,
			},
			{ kind: "light", id: "lamp", pins: { red: "IO25", green: "IO26", blue: "IO27" } },
			{ kind: "button", id: "key", pin: "IO4", controls: "lamp" },
		],
	});
	const script = file(
		"story.jsonl",
		[
			{ atMs: 0, what: "soil", value: 0.25 },
			{ atMs: 1500, what: "climate", value: { temperature: -3.5 } },
			{ atMs: 3500, what: "climate", value: "break" },
			{ atMs: 6000, what: "climate", value: "mend" },
			{ atMs: 2000, what: "door", value: "on" },
			{ atMs: 2000, what: "meter", value: "pulse 7" },
			{ atMs: 2000, what: "key", value: "press" },
		]
			.map((step) => JSON.stringify(step))
			.join("\n"),
	);
	const simulator = await startSimulator(
		...["--board", "esp32-devkitc", "--site", site, "--world", script, "--verbose"],
	);
	await simulator.until(/^IO25 {8}light lamp, red$/m);
	await simulator.until(/^IO21, IO22 {2}sensor climate, TMP117 at 0x48$/m);
	for (const step of [
		/sim-1\/climate\/state \{"temperature":21\.5,/,
		/sim-1\/soil\/state \{"value":25\.0\d,/,
		/sim-1\/climate\/state \{"temperature":-3\.5,/,
		/sim-1\/door\/state \{"state":"ON",/,
		/sim-1\/meter\/state \{"count":7,"value":0\.7,/,
		/light lamp: red 100 %, green 100 %, blue 100 %\n/,
		/sim-1\/climate\/problem \{"problem":"writeRead failed","time":"20/,
		/sim-1\/climate\/problem \{"problem":null,"time":"20/,
	]) {
		await simulator.until(step);
	}
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.equal(simulator.err(), "");
});

test("a seed makes sensors wander, without one they stay", { timeout: LIMIT_MS }, async () => {
	const site = file("wander.json", { entities: [{ ...SENSOR, id: "climate" }] });
	const simulator = await startSimulator("--site", site, "--seed", "7", "--verbose");
	await simulator.until(/climate\/state \{"temperature":2[0-3]\.(?!5,)/);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
});

test("an entity of one's own is bundled and driven", { timeout: LIMIT_MS }, async () => {
	const site = file("own.json", { entities: [{ kind: "fan", id: "fan", pin: "D5" }] });
	const fan = join(root, "test/host-sim/fixtures/fan.ts");
	const simulator = await startSimulator(
		...["--board", "nodemcu-v2", "--site", site, "--entity", fan, "--verbose"],
	);
	await simulator.until(/pin D5: output, low/);
	await simulator.until(/broker fieldmote\/sim-1\/fan\/state OFF/);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	const without = await startSimulator("--board", "nodemcu-v2", "--site", site);
	assert.equal(await without.ended(), 2);
	assert.match(without.out(), /entities\[0\]\.kind/);
});

test("what is wrong with files is one line, exit code 2, and no stack", {
	timeout: LIMIT_MS,
}, async () => {
	const broken = join(folder, "broken.ts");
	writeFileSync(broken, "\nexport default class {\n");
	const site = file("soil.json", { entities: [{ kind: "analog", id: "soil", pin: "A0" }] });
	const story = file("wrong.json", '[\n{"atMs":0,"what":"soil","value":7}]');
	const wrong: [string[], RegExp][] = [
		[["--entity", broken], /^fieldmote start: --entity .*broken\.ts:\d: .+\n$/],
		[
			["--site", site, "--world", story],
			/^fieldmote start: --world .*wrong\.json: line 2: soil: 7 must be 0 to 1, a part of full scale\n$/,
		],
	];
	for (const [words, reason] of wrong) {
		const simulator = await startSimulator(...words);
		assert.equal(await simulator.ended(), 2, simulator.out());
		assert.match(simulator.err(), reason);
	}
});

test("at a terminal keys press, colours show, Ctrl-C ends and leaves the terminal as it was", {
	skip: skipWithout("script", "stty"),
	timeout: LIMIT_MS,
}, async () => {
	const site = file("lamp.json", {
		entities: [
			{ kind: "light", id: "lamp", pins: { red: "D5", green: "D6", blue: "D7" } },
			{ kind: "button", id: "key", pin: "D1", controls: "lamp" },
		],
	});
	const simulator = await sitAtSimulator("--board", "nodemcu-v2", "--site", site);
	await simulator.until(/^k {2}presses key, K for long\r$/m);
	await simulator.until(/first report accepted/);
	simulator.type("k");
	await simulator.until(/lamp: red 100 %, green 100 %, blue 100 % .\[48;2;255;255;255m {4}.\[0m/);
	simulator.type("?");
	await simulator.until(/world.* k {2}presses key, K for long/);
	simulator.type(":press kee\r");
	await simulator.until(/"kee" is not here/);
	simulator.type("\x03");
	await simulator.until(/node:.* stopped/);
	await simulator.until(/^code 0\r$/m);
	await simulator.until(/^icanon\r$/m);
	await simulator.ended();
});
