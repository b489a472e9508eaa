/**
 * The whole firmware on a simulated board that crashes, or is left alone: what it does about it,
 * and what it says. Its time runs a hundred times as fast as the broker's.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { liveClock, type WorldClock } from "../../host-sim/world/clock";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard, relayBoard, type TestBoard } from "../support/board";
import { ClientProcess } from "../support/client";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";

const skip = skipWithout("mosquitto");
const WIFI = { ssid: "garden", password: "eight chars" };
const RELAY_PIN = 5;
const SPEED = 100;
const LIMIT_MS = 60_000;

const fastClock: WorldClock = Object.freeze({
	nowMs: () => liveClock.nowMs() * SPEED,
	setTimer: (callback: () => void, delayMs: number) =>
		liveClock.setTimer(callback, delayMs / SPEED),
});

let program: Program;
let ntp: NtpServer;
const ends: (() => Promise<void> | void)[] = [];

before(async () => {
	program = await buildProgram("firmware/main.ts");
	ntp = await NtpServer.start();
});

after(async () => {
	for (const end of ends.reverse()) await end();
	await ntp?.close();
});

interface Node extends TestBoard {
	readonly accessPoint: AccessPoint;
	/** What the relay's pin became, as an output and later. */
	readonly levels: string[];
	/** Waits for one more line that matches. */
	line(pattern: RegExp): Promise<string>;
}

function startNode(port: number, site: object = {}): Node {
	const accessPoint = new AccessPoint({ networks: [WIFI] });
	const made = makeBoard({
		name: "shed",
		clock: fastClock,
		rebootMs: 300,
		accessPoint,
		boardFile: relayBoard(RELAY_PIN),
		site: {
			node: "shed",
			wifi: [WIFI],
			ntp: { servers: [ntp.name] },
			broker: { url: `mqtt://127.0.0.1:${port}`, keepAliveSeconds: 6000 },
			time: { intervalMs: 600_000 },
			diag: { intervalMs: 100_000 },
			...site,
		},
	});
	const levels: string[] = [];
	made.board.pins.listen((_pin, level, kind) => levels.push(`${kind} ${level}`));
	powerOn(made.board, program);
	ends.push(() => made.board.powerOff());
	let read = 0;
	async function line(pattern: RegExp): Promise<string> {
		const until = Date.now() + LIMIT_MS;
		for (;;) {
			while (read < made.lines.length) {
				const text = made.lines[read++];
				if (pattern.test(text)) return text;
			}
			if (Date.now() > until) throw new Error(`no ${pattern} in\n${made.lines.join("\n")}`);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	}
	return { ...made, accessPoint, levels, line };
}

async function broker(): Promise<Mosquitto> {
	const started = await startMosquitto();
	ends.push(() => started.discard());
	return started;
}

/** A dashboard. */
async function watch(port: number): Promise<ClientProcess> {
	const client = new ClientProcess();
	ends.push(() => client.kill());
	client.send({ op: "connect", port, id: "dashboard" });
	client.send({ op: "subscribe", subs: [{ topic: "fieldmote/shed/#", qos: 1 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
	return client;
}

/** The next message on a topic for which the check holds. */
async function said(
	client: ClientProcess,
	topic: string,
	check: (text: string) => boolean = () => true,
): Promise<string> {
	for (;;) {
		const message = await client.next({ ev: "msg", topic: `fieldmote/shed/${topic}` }, LIMIT_MS);
		const text = String(message.payload);
		if (check(text)) return text;
	}
}

test("a command that makes it crash: safe mode, refused, and it comes back by itself", {
	skip,
}, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	const node = startNode(mosquitto.port, {
		entities: [{ kind: "relay", id: "relay", pin: `GPIO${RELAY_PIN}`, whileAway: "execute" }],
	});
	let isPoisoned = true;
	node.board.pins.listen((_pin, level) => {
		if (isPoisoned && level === 1) throw new TypeError("get coil: undefined");
	});
	await node.line(/^boot: start 1, power-on, crashes 0$/);
	await node.line(/^mqtt: subscribed/);
	client.send({ op: "publish", topic: "fieldmote/shed/relay/set", payload: "ON", qos: 2, tag: 2 });
	// The broker keeps the command and sends it again after each crash.
	await node.line(/^boot: start 2, crash, crashes 1$/);
	await node.line(/^boot: crashed: TypeError: get coil: undefined$/);
	await node.line(/^boot: start 4, crash, crashes 3$/);
	await node.line(/^boot: safe mode after 3 crashes in a row$/);
	assert.equal(node.crashes.length, 3);
	const result = await said(client, "result");
	assert.deepEqual(JSON.parse(result), {
		entity: "relay",
		done: false,
		reason: "safe mode after 3 crashes in a row",
	});
	const diag = JSON.parse(await said(client, "diag", (text) => text.includes('"safe_mode":true')));
	assert.equal(diag.reset, "crash");
	assert.equal(diag.last_crash, "TypeError: get coil: undefined");
	assert.deepEqual([diag.boots, diag.crashes], [4, 3]);
	assert.equal(node.board.pins.level(RELAY_PIN), 0);

	isPoisoned = false;
	await node.line(/^supervisor: safe mode is over: restart$/);
	await node.line(/^boot: start 5, restart: safe mode is over, crashes 3$/);
	await node.line(/^mqtt: subscribed/);
	const normal = JSON.parse(await said(client, "diag", (text) => text.includes('"boots":5')));
	assert.equal(normal.safe_mode, false);
	assert.equal(normal.last_crash, "TypeError: get coil: undefined");
	client.send({ op: "publish", topic: "fieldmote/shed/relay/set", payload: "ON", qos: 2, tag: 3 });
	await said(client, "relay/state", (text) => text === "ON");
	assert.equal(node.levels.at(-1), "change 1");
	assert.equal(node.crashes.length, 3);
});

test("a command that makes it crash is not tried again: too old, or interrupted", {
	skip,
}, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	const node = startNode(mosquitto.port);
	let isPoisoned = true;
	node.board.pins.listen((_pin, level) => {
		if (isPoisoned && level === 1) throw new TypeError("get coil: undefined");
	});
	await node.line(/^mqtt: subscribed/);
	const topic = "fieldmote/shed/relay/set";
	client.send({ op: "publish", topic, payload: "ON", qos: 2, tag: 2 });
	await node.line(/^boot: start 2, crash, crashes 1$/);
	const stale = JSON.parse(await said(client, "result"));
	assert.match(stale.reason, /^sent while the node was away/);
	await node.line(/^mqtt: subscribed to .*sync/);
	await said(client, "sync");
	client.send({ op: "publish", topic, payload: '{"state":"ON","id":"7"}', qos: 2, tag: 3 });
	await node.line(/^boot: start 3, crash, crashes 2$/);
	// Once of its own accord, once because the broker sends the command again.
	for (let i = 0; i < 2; i++) {
		const { interrupted, id, done } = JSON.parse(await said(client, "result"));
		assert.deepEqual([interrupted, id, done], [true, "7", false]);
	}
	isPoisoned = false;
	assert.equal(node.crashes.length, 2);
});

test("no broker: it restarts where the site asks for it, and says so afterwards", {
	skip,
}, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	await mosquitto.stop();
	const node = startNode(mosquitto.port, { supervisor: { brokerRestartMinutes: 10 } });
	await node.line(/^supervisor: no broker for 10 min: restart$/);
	await node.line(/^boot: start 2, restart: no broker for 10 min, crashes 0$/);
	assert.deepEqual(node.crashes, []);
	await mosquitto.restart();
	await node.line(/^mqtt: connected/);
	client.kill();
	const late = await watch(mosquitto.port);
	const diag = JSON.parse(await said(late, "diag"));
	assert.match(diag.reset, /^restart: no broker for 10 min$/);
	assert.equal(diag.crashes, 0);
});

test("no Wi-Fi: it restarts where the site asks for it, the relay as its restore level says", {
	skip,
}, async () => {
	const mosquitto = await broker();
	const node = startNode(mosquitto.port, { supervisor: { wifiRestartMinutes: 10 } });
	const client = await watch(mosquitto.port);
	await node.line(/^mqtt: subscribed/);
	client.send({ op: "publish", topic: "fieldmote/shed/relay/set", payload: "ON", qos: 1, tag: 2 });
	await said(client, "relay/state", (text) => text === "ON");
	node.accessPoint.set(WIFI.ssid, { isPresent: false });
	await node.line(/^supervisor: no Wi-Fi for 10 min: restart$/);
	await node.line(/^boot: start 2, restart: no Wi-Fi for 10 min, crashes 0$/);
	assert.deepEqual(node.levels, ["start 0", "change 1", "start 0"]);
});

test("no clock: it restarts where the site asks for it", { skip }, async () => {
	const mosquitto = await broker();
	const node = startNode(mosquitto.port, {
		ntp: { servers: ["127.0.0.1:9"] },
		supervisor: { clockRestartMinutes: 10 },
	});
	await node.line(/^supervisor: no clock for 10 min: restart$/);
	await node.line(/^boot: start 2, restart: no clock for 10 min, crashes 0$/);
});

test("neither is a reason to restart where nobody asked for it", { skip }, async () => {
	const mosquitto = await broker();
	await mosquitto.stop();
	const node = startNode(mosquitto.port);
	const silent = startNode(mosquitto.port);
	silent.accessPoint.set(WIFI.ssid, { isPresent: false });
	// 20 minutes.
	await new Promise((resolve) => setTimeout(resolve, 12_000));
	for (const { lines } of [node, silent]) {
		assert.deepEqual(
			lines.filter((line) => /^boot: start/.test(line)),
			["boot: start 1, power-on, crashes 0"],
		);
	}
	assert.ok(node.lines.some((line) => line.startsWith("tcp failed: ")));
});
