/**
 * The whole firmware on a simulated board, against a real Mosquitto, while things break: it comes
 * back by itself, and no report is missing.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard, type TestBoard } from "../support/board";
import { ClientProcess } from "../support/client";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";

const skip = skipWithout("mosquitto");
const WIFI = { ssid: "garden", password: "eight chars" };
const LIMIT_MS = 60_000;

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

interface Rig extends TestBoard {
	readonly accessPoint: AccessPoint;
	/** Waits for one more line that matches. */
	line(pattern: RegExp): Promise<string>;
}

function startNode(port: number, broker: object = {}): Rig {
	const accessPoint = new AccessPoint({ networks: [WIFI] });
	const made = makeBoard({
		name: "shed",
		accessPoint,
		boardFile: { name: "host", relay: { pin: 5 } },
		site: {
			node: "shed",
			wifi: [WIFI],
			ntp: { servers: [ntp.name] },
			broker: { url: `mqtt://127.0.0.1:${port}`, ...broker },
			time: { intervalMs: 1000 },
		},
	});
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
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}
	return { ...made, accessPoint, line };
}

/** A dashboard that misses nothing itself: a session that lasts. */
async function watch(port: number): Promise<ClientProcess> {
	const client = new ClientProcess();
	ends.push(() => client.kill());
	client.send({ op: "connect", port, id: "dashboard", clean: false, reconnectMs: 50 });
	client.send({ op: "subscribe", subs: [{ topic: "fieldmote/shed/time", qos: 1 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
	return client;
}

/** The next so many reports behind `before`; all their numbers, repeats (QoS 1) left out. */
async function sequences(
	client: ClientProcess,
	count: number,
	before: readonly number[] = [],
): Promise<number[]> {
	const seen = [...before];
	while (seen.length < before.length + count) {
		const message = await client.next({ ev: "msg" }, LIMIT_MS);
		const { seq } = JSON.parse(String(message.payload));
		if (seen.at(-1) !== seq) seen.push(seq);
	}
	return seen;
}

function assertNoGap(numbers: readonly number[]): void {
	assert.deepEqual(
		numbers,
		numbers.map((_, i) => numbers[0] + i),
	);
}

async function broker(lines?: readonly string[]): Promise<Mosquitto> {
	const started = await startMosquitto(lines);
	ends.push(() => started.discard());
	return started;
}

test("a broker that restarts: back by itself, no report missing", { skip }, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	const node = startNode(mosquitto.port);
	await node.line(/^mqtt: connected, session new/);
	const first = await sequences(client, 2);
	await mosquitto.stop();
	await node.line(/^mqtt failed: .*; next try in/);
	await new Promise((resolve) => setTimeout(resolve, 2500));
	await mosquitto.start();
	await node.line(/^mqtt: connected, session resumed/);
	assertNoGap(await sequences(client, 5, first));
	assert.deepEqual(node.crashes, []);
});

test("an access point that goes away: back by itself, no report missing", { skip }, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	const node = startNode(mosquitto.port);
	await node.line(/^mqtt: connected/);
	const first = await sequences(client, 2);
	node.accessPoint.set(WIFI.ssid, { isPresent: false });
	await node.line(/^wifi failed: .*; next try in/);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	node.accessPoint.set(WIFI.ssid, { isPresent: true });
	await node.line(/^wifi: joined/);
	await node.line(/^mqtt: connected, session resumed/);
	assertNoGap(await sequences(client, 4, first));
	assert.deepEqual(node.crashes, []);
});

test("refused credentials: the reason, the slow end, and no secret on the console", {
	skip,
}, async () => {
	const mosquitto = await broker(["allow_anonymous false"]);
	const secret = "not the right one";
	const node = startNode(mosquitto.port, { username: "u", password: secret });
	const line = await node.line(/^mqtt failed: /);
	assert.match(line, /connection refused: not authorized; next try in/);
	const seconds = Number(/next try in ([\d.]+) s/.exec(line)?.[1]);
	assert.ok(seconds >= 60 && seconds <= 120, line);
	assert.ok(!node.lines.join().includes(secret));
});

test("a configuration that is wrong: all of it is said, nothing else starts", () => {
	const { board, lines } = makeBoard({
		accessPoint: new AccessPoint({ networks: [WIFI] }),
		boardFile: { name: "host", relay: { pin: 77 } },
		site: { wifi: [WIFI], broker: { ulr: "mqtt://h" }, time: { intervalMs: 1 } },
	});
	powerOn(board, program);
	ends.push(() => board.powerOff());
	assert.deepEqual(lines, [
		"boot: start 1, power-on, crashes 0",
		"boot: boards/host.json: relay.pin: 77 must be a whole number from 0 to 48",
		"boot: site.json: time.intervalMs: 1 must be a whole number from 1000 to 86400000",
		'boot: site.json: broker.ulr: unknown key, did you mean "url"?',
		"boot: site.json: broker.url: is missing: mqtt://host[:port] or mqtts://host[:port]",
		"boot: stopped: the configuration has to be mended",
	]);
	assert.equal(board.pins.level(77), undefined);
});
