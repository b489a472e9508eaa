/**
 * The whole firmware on a simulated board against real brokers, for tests in which things break.
 * Everything that was started ends with the test file.
 */

import assert from "node:assert/strict";
import { after } from "node:test";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import type { BoardOptions } from "../../host-sim/world/board";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard, relayBoard, type TestBoard } from "./board";
import { ClientProcess } from "./client";
import { type Mosquitto, startMosquitto } from "./mosquitto";

export const WIFI = { ssid: "garden", password: "eight chars" };
export const LIMIT_MS = 60_000;

const ends: (() => Promise<void> | void)[] = [];
let parts: Promise<[Program, NtpServer]> | undefined;

after(async () => {
	for (const end of ends.reverse()) await end();
});

/** Called when the test file ends, last first. */
export function atEnd(end: () => Promise<void> | void): void {
	ends.push(end);
}

async function start(): Promise<[Program, NtpServer]> {
	const ntp = await NtpServer.start();
	atEnd(() => ntp.close());
	return [await buildProgram("firmware/main.ts"), ntp];
}

export interface NodeRig extends TestBoard {
	readonly accessPoint: AccessPoint;
	/** Waits for one more line that matches, behind the last one that was waited for. */
	line(pattern: RegExp): Promise<string>;
}

/**
 * A board with the firmware, on Wi-Fi and with an NTP server.
 * @param broker part of the site: url, username, password
 * @param modules more modules of the image: bundles by name
 */
export async function startNode(
	broker: { url: string | readonly string[]; username?: string; password?: string },
	options: Partial<BoardOptions> = {},
	modules?: ReadonlyMap<string, string>,
): Promise<NodeRig> {
	parts ??= start();
	const [common, ntp] = await parts;
	const program = modules === undefined ? common : await buildProgram("firmware/main.ts", modules);
	const { name = "shed" } = options;
	const accessPoint = new AccessPoint({ networks: [WIFI] });
	const made = makeBoard({
		accessPoint,
		boardFile: relayBoard(),
		site: {
			node: name,
			wifi: [WIFI],
			ntp: { servers: [ntp.name] },
			broker,
			time: { intervalMs: 1000 },
		},
		...options,
		name,
	});
	powerOn(made.board, program);
	atEnd(() => made.board.powerOff());
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
export async function watch(port: number, topic = "fieldmote/shed/time"): Promise<ClientProcess> {
	const client = new ClientProcess();
	atEnd(() => client.kill());
	client.send({ op: "connect", port, id: "dashboard", clean: false, reconnectMs: 50 });
	client.send({ op: "subscribe", subs: [{ topic, qos: 1 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
	return client;
}

/** The next so many reports behind `before`; all their numbers, repeats (QoS 1) left out. */
export async function sequences(
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

export function assertNoGap(numbers: readonly number[]): void {
	assert.deepEqual(
		numbers,
		numbers.map((_, i) => numbers[0] + i),
	);
}

export async function broker(
	lines?: readonly string[],
	global?: readonly string[],
): Promise<Mosquitto> {
	const started = await startMosquitto(lines, global);
	atEnd(() => started.discard());
	return started;
}
