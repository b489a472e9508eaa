/** The commands of the README and of docs/simulator.md, as they stand there, from start to end. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { skipWithout } from "../support/mosquitto";
import { driveSimulator, paste, type Running, startSimulator } from "../support/simulator";

/** The machine may be busy. */
const PATIENCE_MS = 60_000;
const LIMIT_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), "fieldmote-examples-"));
after(() => rmSync(folder, { recursive: true }));

const until = (running: Running, pattern: RegExp) => running.until(pattern, PATIENCE_MS);

/** The words behind `npm start --` of the one line in a page that has them all. */
function wordsOf(page: string, ...needles: string[]): string[] {
	const lines = readFileSync(page, "utf8").split("\n");
	const line = lines.find((one) => {
		return one.startsWith("npm start -- ") && needles.every((needle) => one.includes(needle));
	});
	assert.ok(line, `${page}: no line with ${needles.join(", ")}`);
	return line.slice("npm start -- ".length).split(" ");
}

test("the README's site on its board: readings arrive, the lamp dims, the pump is switched", {
	skip: skipWithout("mosquitto_sub", "mosquitto_pub"),
	timeout: LIMIT_MS,
}, async () => {
	const words = wordsOf("README.md", "--site site.example.json");
	assert.deepEqual(words.slice(0, 2), ["--board", "nodemcu-v2"]);
	const simulator = await driveSimulator(...words);
	const lines = (await until(simulator, /^What Home Assistant is told:\n {2}(.*)$/m)).input ?? "";
	const [watch, told] = [...lines.matchAll(/^ {2}(mosquitto_sub .*)$/gm)].map((one) => one[1]);
	const pump = (await until(simulator, /^ {2}(mosquitto_pub .*pump\/set -m TOGGLE)$/m))[1];
	const watcher = paste(`exec ${watch}`);
	await until(watcher, /^fieldmote\/sim-1\/climate\/state \{"temperature":21\.5,"humidity":45,/m);
	await until(simulator, /mqtt: subscribed to fieldmote\/sim-1\/\+\/set at QoS 2/);
	simulator.type("set climate 25.5\n");
	await until(simulator, /world +climate: temperature 25\.5\n/);
	await until(watcher, /^fieldmote\/sim-1\/climate\/state \{"temperature":25\.5,/m);

	const dim = pump.replace("pump/set -m TOGGLE", `lamp/set -m '{"state":"ON","brightness":128}'`);
	assert.equal(await paste(dim).ended(), 0);
	await until(watcher, /^fieldmote\/sim-1\/lamp\/state \{"state":"ON","brightness":128,/m);
	// Gamma 2.2; the site fades for half a second.
	await until(simulator, /world +pin D6: 2[12](\.\d)? %\n/);
	// Active low: low is on.
	await until(simulator, /world +pin D5: output, high\n/);
	assert.equal(await paste(pump).ended(), 0);
	await until(watcher, /^fieldmote\/sim-1\/pump\/state ON$/m);
	await until(simulator, /world +pin D5: low\n/);

	const discovery = paste(`${told} -C 1 -W 10`);
	assert.equal(await discovery.ended(), 0, discovery.err());
	const { version } = JSON.parse(readFileSync("package.json", "utf8"));
	assert.ok(discovery.out().includes(`"sw":"${version}"`), discovery.out());
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.equal(simulator.err(), "");
	watcher.kill("SIGTERM");
	await watcher.ended();
});

test("the page's script plays on the page's site", { timeout: LIMIT_MS }, async () => {
	const page = readFileSync("docs/simulator.md", "utf8");
	const script = /```json\n([\s\S]*?)```/.exec(page)?.[1];
	const words = wordsOf("docs/simulator.md", "--world ");
	const file = words[words.indexOf("--world") + 1];
	assert.equal(readFileSync(file, "utf8"), script, "the page shows the file");
	const simulator = await startSimulator(...words, "--verbose");
	for (const step of [
		/sim-1\/soil\/state \{"value":27\.\d+,/,
		/sim-1\/meter\/state \{"count":3,"value":0\.3,/,
		/pin IO4: input, low\n/,
		/sim-1\/pump\/state ON/,
		/sim-1\/climate\/state \{"temperature":4\.5,"humidity":90,/,
		/sim-1\/climate\/problem \{"problem":"writeRead failed"/,
		/sim-1\/meter\/state \{"count":9,/,
		/sim-1\/climate\/problem \{"problem":null,[^\n]*\n[^\n]*sim-1\/climate\/state \{"temperature":4/,
	]) {
		await until(simulator, step);
	}
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.equal(simulator.err(), "");
});

test("off and on again at once: one life after the other, on one flash over two runs", {
	timeout: LIMIT_MS,
}, async () => {
	const flash = join(folder, "flash.json");
	const words = ["--board", "nodemcu-v2", "--flash", flash, "--verbose"];
	const first = await driveSimulator(...words);
	await until(first, /mqtt: subscribed to .*sync/);
	first.type("power off\npower on\n");
	await until(first, /boot: start 2, power-on[\s\S]*sim-1 +mqtt: connected, session resumed/);
	await until(first, /boot: start 2, [\s\S]*broker fieldmote\/sim-1\/sync /);
	assert.doesNotMatch(first.out(), / failed: /, "nothing of the first life goes on");
	first.kill("SIGINT");
	assert.equal(await first.ended(), 0);
	assert.equal(statSync(flash).mode & 0o777, 0o600);
	const second = await startSimulator(...words);
	await until(second, /boot: start 3, power-on[\s\S]* wifi: joined/);
	// Whoever has no time to say good-bye has kept it all the same.
	second.kill("SIGKILL");
	await second.ended();
	const third = await startSimulator(...words);
	await until(third, /boot: start 4, power-on/);
	third.kill("SIGINT");
	assert.equal(await third.ended(), 0);
});

test("a pin that two entities want is named; the configuration's mistakes with their file", {
	timeout: LIMIT_MS,
}, async () => {
	const relay = { kind: "relay", id: "relay", pin: "D5" };
	const site = join(folder, "own.json");
	// The firmware sees what its entities name as `pin`, and not what one's own opens besides.
	writeFileSync(
		join(folder, "gate.ts"),
		`import { Entity, type EntityIo } from "entities/entity";
export default class Gate extends Entity {
	constructor(options: Entity["options"], io: EntityIo, _kept: string) {
		super(options);
		io.output(options.motor as string, false, 0);
	}
}
`,
	);
	const gate = { kind: "gate", id: "gate", module: "./gate.ts", motor: "D5" };
	writeFileSync(site, JSON.stringify({ entities: [relay, gate] }));
	const taken = await startSimulator("--board", "nodemcu-v2", "--site", site);
	await until(
		taken,
		/world +pin D5: wanted, but an output already; the site has it for relay\n.* crashed: .*in use/,
	);
	taken.kill("SIGINT");
	assert.equal(await taken.ended(), 0);

	writeFileSync(site, JSON.stringify({ entities: [{ ...relay, pin: "D55" }] }));
	const wrong = await startSimulator("--board", "nodemcu-v2", "--site", site, "--once");
	assert.equal(await wrong.ended(), 2);
	assert.match(wrong.out(), /sim-1 +boot: \S*\/own\.json: entities\[0\]\.pin: "D55" is no pin/);
	assert.doesNotMatch(wrong.out(), /site\.json/);
	const help = await startSimulator("--help");
	await help.ended();
	assert.match(help.out(), /--once .*\n.*exit code 1; 2 for a configuration that is wrong/);
});

test("a flash that is none ends with exit code 2, and is left alone", {
	timeout: LIMIT_MS,
}, async () => {
	const file = join(folder, "notes.txt");
	writeFileSync(file, "my notes");
	const simulator = await startSimulator("--flash", file);
	assert.equal(await simulator.ended(), 2);
	assert.match(simulator.err(), /^fieldmote start: --flash .*notes\.txt: is not what .*\n$/);
	assert.equal(simulator.out(), "");
	assert.equal(readFileSync(file, "utf8"), "my notes");
});
