/** `npm start` with everything embedded, as on a fresh machine without a network. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { skipWithout } from "../support/mosquitto";
import { LIMIT_MS, paste, startSimulator } from "../support/simulator";

const skip = skipWithout("mosquitto_sub", "mosquitto_pub");
/** What the README promises: a running node within five seconds. */
const PROMISE_MS = 5_000;

/** Whether somebody listens on 127.0.0.1. */
async function isOpen(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}

function runs(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

test("from power-on to a switched relay over TLS, and nothing is left", {
	skip,
	timeout: LIMIT_MS,
}, async () => {
	const started = Date.now();
	const simulator = await startSimulator("start", "--verbose");
	for (const step of [
		/sim-1 +wifi: joined "simulated"/,
		/sim-1 +clock: set, offset [+-][\d.]+ ms, error ±[\d.]+ ms, server 127\.0\.0\.1:/,
		/sim-1 +tcp: connected to localhost \(127\.0\.0\.1:\d+\)/,
		/sim-1 +tls: broker authenticated/,
		/sim-1 +mqtt: connected, session new/,
		/sim-1 +mqtt: subscribed to fieldmote\/sim-1\/\+\/set at QoS 2/,
		/sim-1 +node: time 20\d\d-/,
		/sim-1 +node: first report accepted/,
	]) {
		await simulator.until(step, PROMISE_MS);
	}
	assert.ok(Date.now() - started < PROMISE_MS);
	const watch = (await simulator.until(/^ {2}(mosquitto_sub .*)$/m))[1];
	const command = (await simulator.until(/^ {2}(mosquitto_pub .*)$/m))[1];
	assert.match(watch, / --cafile \S/);
	const watcher = paste(`exec ${watch}`);
	await watcher.until(/^fieldmote\/sim-1\/relay\/state OFF$/m);
	const pasted = paste(command);
	assert.equal(await pasted.ended(), 0, pasted.err());
	await watcher.until(/^fieldmote\/sim-1\/relay\/state ON$/m);
	await simulator.until(/sim-1 +relay: TOGGLE ON/);
	await simulator.until(/world +pin GPIO5: high/);
	const port = Number(
		(await simulator.until(/^broker mqtts:\/\/localhost:(\d+) \(embedded\)$/m))[1],
	);
	assert.equal(await isOpen(port), true);
	simulator.kill("SIGINT");
	await watcher.until(/^fieldmote\/sim-1\/availability offline$/m);
	assert.equal(await simulator.ended(), 0);
	assert.equal(simulator.err(), "");
	// Said by the node, not by its will: the will comes only without DISCONNECT.
	const farewells = simulator.out().match(/availability offline \(QoS 1, retained\)/g) ?? [];
	assert.equal(farewells.length, 1);
	assert.match(simulator.out(), /broker sim-1 disconnected/);
	assert.equal(await isOpen(port), false);
	assert.equal(runs(simulator.pid), false);
	watcher.kill("SIGTERM");
	await watcher.ended();
});

test("several at once find free ports; SIGTERM in the middle of the start is clean, too", {
	timeout: LIMIT_MS,
}, async () => {
	const first = await startSimulator("start", "--node", "a", "--verbose");
	const second = await startSimulator("start", "--node", "b", "--once");
	assert.equal(await second.ended(), 0, second.out());
	await first.until(/a +boot: /);
	first.kill("SIGTERM");
	assert.equal(await first.ended(), 0);
	assert.match(first.out(), /node: stopped\n/);
	assert.equal(second.err() + first.err(), "");
});

test("a second wish to end at once, as npm passes it on, changes nothing", {
	timeout: LIMIT_MS,
}, async () => {
	const simulator = await startSimulator("start");
	await simulator.until(/first report accepted/);
	simulator.kill("SIGINT");
	// Later, or the kernel makes one of the two.
	await new Promise((resolve) => setTimeout(resolve, 10));
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.match(simulator.out(), /node: stopped\n$/);
});

test("the demo profile and another board", { timeout: LIMIT_MS }, async () => {
	const simulator = await startSimulator("--profile", "demo", "--board", "esp32-devkitc");
	await simulator.until(/boot: node sim-1, board esp32-devkitc, profile demo/);
	await simulator.until(/^IO26 {2}relay$/m);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
});

test("whoever reads the output goes away: the simulator ends", { timeout: LIMIT_MS }, async () => {
	const { root } = await import("../../host-sim/build.mjs");
	const shell = paste(`'${process.execPath}' '${root}/host-sim/bin.mjs' | head -n 1`);
	assert.equal(await shell.ended(), 0);
	assert.match(shell.out(), /^board host/);
});
