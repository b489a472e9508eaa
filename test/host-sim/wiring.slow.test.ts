/**
 * What boot.ts and the runtime join: the whole firmware on a simulated board at Mosquitto, with
 * all that a site can ask for.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, hostBoard, makeBoard } from "../support/board";
import { ClientProcess } from "../support/client";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { atEnd, LIMIT_MS, type NodeRig, startNode, WIFI } from "../support/node-rig";

const skip = skipWithout("mosquitto");
const BASE = "fieldmote/shed";
/** Nothing but what is waited for is sent in so long. */
const HOUR_MS = 3_600_000;
const RELAY = { kind: "relay", id: "relay", pin: "GPIO5" };

let program: Program;
let mosquitto: Mosquitto;
let ntp: NtpServer;
let running: NodeRig | undefined;

before(async () => {
	program = await buildProgram("firmware/main.ts");
	if (skip !== false) return;
	mosquitto = await startMosquitto();
	ntp = await NtpServer.start();
	atEnd(() => ntp.close());
	atEnd(() => mosquitto.discard());
});

function siteOf(more: object): object {
	return {
		...{ node: "shed", wifi: [WIFI], ntp: { servers: [ntp.name] } },
		...{ broker: { url: `mqtt://127.0.0.1:${mosquitto.port}` } },
		...{ time: { intervalMs: HOUR_MS }, diag: { intervalMs: HOUR_MS } },
		...more,
	};
}

/** The only node of that name: the one before is off. */
async function start(site: object, ...entities: object[]): Promise<NodeRig> {
	running?.board.powerOff();
	const boardFile = hostBoard(...entities);
	running = await startNode({ url: "" }, { site: siteOf(site), boardFile, rebootMs: 10 });
	return running;
}

/** Connected for the first time since the start, with its subscriptions and the time. */
async function ready(node: NodeRig): Promise<void> {
	await node.line(/first report accepted by the broker/);
}

/** Somebody at the broker who hears all of some topics. */
async function listen(...topics: string[]): Promise<ClientProcess> {
	const client = new ClientProcess();
	atEnd(() => client.kill());
	client.send({ op: "connect", port: mosquitto.port, id: `ear-${Math.random()}` });
	const subs = topics.map((topic) => ({ topic, qos: 1 }));
	client.send({ op: "subscribe", subs, tag: "s" });
	await client.next({ ev: "done", tag: "s" });
	return client;
}

async function next(client: ClientProcess, topic: string): Promise<string> {
	return String((await client.next({ ev: "msg", topic }, LIMIT_MS)).payload);
}

/** The result of a command with that id; others may come twice, at QoS 1. */
async function resultOf(client: ClientProcess, id: string): Promise<Record<string, unknown>> {
	for (;;) {
		const result = JSON.parse(await next(client, `${BASE}/result`));
		if (result.id === id) return result;
	}
}

function say(client: ClientProcess, topic: string, payload: string): void {
	client.send({ op: "publish", topic, payload, qos: 1 });
}

async function levelIs(node: { board: NodeRig["board"] }, gpio: number, level: number) {
	const until = Date.now() + LIMIT_MS;
	while (node.board.pins.level(gpio) !== level) {
		assert.ok(Date.now() < until, `GPIO${gpio} is not ${level}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

test("commands to all nodes, in Tasmota's way too, also in a session that was resumed", {
	skip,
	timeout: LIMIT_MS,
}, async () => {
	const client = await listen(`${BASE}/result`, "tele/plug/LWT", "tele/plug/STATE");
	const node = await start({ broadcast: true, tasmota: { topic: "plug" } }, RELAY);
	for (const lost of [false, true]) {
		if (lost) {
			node.accessPoint.set(WIFI.ssid, { isPresent: false });
			await node.line(/^wifi failed: /);
			node.accessPoint.set(WIFI.ssid, { isPresent: true });
			await node.line(/^mqtt: connected, session resumed/);
		}
		await node.line(/^mqtt: subscribed to fieldmote\/shed\/\+\/set at QoS 2/);
		await node.line(/^mqtt: subscribed to fieldmote\/all\/\+\/set at QoS 2/);
		await node.line(/^mqtt: subscribed to cmnd\/plug\/\+ at QoS 2/);
		if (!lost) await ready(node);
		assert.equal(JSON.parse(await next(client, "tele/plug/STATE")).POWER, "OFF");
		const expires = Date.now() + HOUR_MS;
		say(
			client,
			"fieldmote/all/relay/set",
			JSON.stringify({ state: "ON", id: `on ${lost}`, expires }),
		);
		assert.equal((await resultOf(client, `on ${lost}`)).state, "ON");
		await levelIs(node, 5, 1);
		say(client, "cmnd/plug/POWER", JSON.stringify({ state: "OFF", id: `off ${lost}`, expires }));
		assert.equal((await resultOf(client, `off ${lost}`)).state, "OFF");
		await levelIs(node, 5, 0);
	}
	assert.equal(await next(client, "tele/plug/LWT"), "Online");
});

test("a command with an id is done once over a power cut, and a cut one is interrupted", {
	skip,
	timeout: LIMIT_MS,
}, async () => {
	const node = await start({}, RELAY);
	await ready(node);
	const client = await listen(`${BASE}/result`);
	const text = JSON.stringify({ state: "ON", id: "x", expires: Date.now() + HOUR_MS });
	say(client, `${BASE}/relay/set`, text);
	const first = await resultOf(client, "x");
	assert.deepEqual(first, { entity: "relay", id: "x", done: true, state: "ON" });
	node.board.powerOff();
	powerOn(node.board, program);
	await ready(node);
	say(client, `${BASE}/relay/set`, text);
	assert.deepEqual(await resultOf(client, "x"), first);
	assert.equal(node.board.pins.level(5), 0);

	// It crashes in the moment in which the pin changes.
	let crashes = 0;
	node.board.pins.listen((_pin, level, kind) => {
		if (kind === "change" && level === 1 && crashes++ === 0) throw new Error("on purpose");
	});
	const cut = JSON.stringify({ state: "ON", id: "y", expires: Date.now() + HOUR_MS });
	say(client, `${BASE}/relay/set`, cut);
	const { done, interrupted } = await resultOf(client, "y");
	assert.deepEqual([done, interrupted], [false, true]);
});

test("what the image has not is said at boot", { skip, timeout: LIMIT_MS }, async () => {
	const node = await start({}, { kind: "fan", id: "fan", pin: "GPIO4" });
	await node.line(/^boot: .*entities\[0\]\.kind/);
	await node.line(/^boot: stopped/);
});

test("a press is sent at once, and switches without a network, too", {
	skip,
	timeout: LIMIT_MS,
}, async () => {
	const key = { kind: "button", id: "key", pin: "GPIO4", controls: "relay", doubleMs: 0 };
	const node = await start({}, RELAY, key);
	await ready(node);
	const client = await listen(`${BASE}/key/state`, `${BASE}/relay/state`);
	assert.equal(await next(client, `${BASE}/relay/state`), "OFF");
	const press = async () => {
		node.board.pins.apply(4, 0);
		await new Promise((resolve) => setTimeout(resolve, 60));
		node.board.pins.lift(4);
	};
	await press();
	assert.equal(JSON.parse(await next(client, `${BASE}/key/state`)).event, "single");
	assert.equal(await next(client, `${BASE}/relay/state`), "ON");
	await levelIs(node, 5, 1);
	node.accessPoint.set(WIFI.ssid, { isPresent: false });
	await node.line(/^wifi failed: /);
	await press();
	await levelIs(node, 5, 0);
});

test("without contact, of Wi-Fi or of the broker, a relay goes where the site says", {
	skip,
	timeout: LIMIT_MS,
}, async () => {
	const node = await start({}, { ...RELAY, onLossOfContact: { state: "off", afterMs: 700 } });
	const client = await listen(`${BASE}/result`);
	const on = async () => {
		const expires = Date.now() + HOUR_MS;
		const id = `${expires}`;
		say(client, `${BASE}/relay/set`, JSON.stringify({ state: "ON", id, expires }));
		assert.equal((await resultOf(client, id)).done, true);
		await levelIs(node, 5, 1);
	};
	await ready(node);
	await on();
	node.accessPoint.set(WIFI.ssid, { isPresent: false });
	await node.line(/^wifi failed: /);
	assert.equal(node.board.pins.level(5), 1);
	await levelIs(node, 5, 0);
	node.accessPoint.set(WIFI.ssid, { isPresent: true });
	await node.line(/^mqtt: subscribed to .*sync/);
	await on();
	await mosquitto.stop();
	await levelIs(node, 5, 0);
	await mosquitto.start();
});

test("a restart that is asked for writes what is kept, without a network, too", async () => {
	const boardFile = hostBoard({
		...{ ...RELAY, restore: "last" },
		onLossOfContact: { state: "on", afterMs: 200 },
	});
	const made = makeBoard({
		boardFile,
		accessPoint: new AccessPoint({ networks: [] }),
		site: { node: "shed", wifi: [WIFI], broker: { url: "mqtt://127.0.0.1:1" } },
	});
	let exportsOf: { stop?: (done: () => void) => void } = {};
	powerOn(made.board, program, (exported) => {
		exportsOf = exported;
	});
	atEnd(() => made.board.powerOff());
	// OFF was written at once; the next one would be in ten seconds.
	await levelIs(made, 5, 1);
	await new Promise<void>((done) => exportsOf.stop?.(done));
	made.board.powerOff();
	const levels: string[] = [];
	made.board.pins.listen((_pin, level, kind) => void levels.push(`${kind} ${level}`));
	powerOn(made.board, program);
	assert.equal(levels[0], "start 1");
});
