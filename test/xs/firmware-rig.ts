/**
 * The whole firmware in the SDK's simulator: built by mcconfig from the root's manifest, without a
 * warning about our modules, and what its tests want to see of it.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ClientProcess } from "../support/client";
import type { Mosquitto } from "../support/mosquitto";
import { buildWithFirmware } from "./firmware-build";
import { runXs, type XsApplication, type XsRun } from "./xs";

export const NODE = "xs-shed";

export interface FirmwareOptions {
	/** URL, or several. */
	readonly broker: string | readonly string[];
	/** "address:port". */
	readonly ntp: string;
	readonly profile?: string;
	/** Folder of the image's certificates and key. */
	readonly credentials?: string;
}

/** Builds the firmware. Fails on a warning about one of our modules. */
export async function buildFirmware(options: FirmwareOptions): Promise<XsApplication> {
	const { broker, ntp, profile = "node", credentials } = options;
	const values = ["ssid=lin", `node=${NODE}`, `ntp=${ntp}`, `profile=${profile}`];
	const environment: Record<string, string> = {};
	if (credentials !== undefined) environment.CREDENTIALS = credentials;
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-site-"));
	try {
		if (typeof broker === "string") values.push(`broker=${broker}`);
		else {
			// What mcconfig is given as a value is one broker.
			environment.SITE = join(folder, "site");
			writeFileSync(`${environment.SITE}.json`, JSON.stringify({ broker: { url: broker } }));
		}
		return await buildWithFirmware({ folder: ".", values, environment });
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Starts it and sees that its pin has a level before anything else happens. */
export async function bootFirmware(application: XsApplication): Promise<XsRun> {
	const run = await runXs(application);
	await run.waitFor(/^boot: node/, 60_000);
	const boot = run.lines.findIndex((line) => line.startsWith("boot: node"));
	const pin = run.lines.indexOf("pin 5 is low");
	assert.ok(pin >= 0 && pin < boot, run.lines.join("\n"));
	return run;
}

/** How many lines match so far. */
export function count(run: XsRun, pattern: RegExp): number {
	return run.lines.filter((line) => pattern.test(line)).length;
}

/** Waits until `times` lines match. */
export async function waitForCount(
	run: XsRun,
	pattern: RegExp,
	times: number,
	limitMs = 60_000,
): Promise<void> {
	for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 50) {
		if (count(run, pattern) >= times) return;
		assert.ok(run.isRunning, run.lines.join("\n"));
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	assert.fail(`not ${times} times ${pattern}:\n${run.lines.join("\n")}`);
}

/**
 * A client of the broker's watches the node and switches its relay, once at each QoS; what the
 * broker has logged must show each QoS on the node's own connection.
 */
export async function exercise(
	context: TestContext,
	run: XsRun,
	broker: Mosquitto,
	plainPort: number,
): Promise<void> {
	const client = new ClientProcess();
	const base = `fieldmote/${NODE}`;
	try {
		client.send({ op: "connect", port: plainPort, id: "watcher" });
		client.send({ op: "subscribe", subs: [{ topic: `${base}/#`, qos: 2 }], tag: "s" });
		await client.next({ ev: "done", tag: "s" }, 20_000);
		const online = await client.next({ ev: "msg", topic: `${base}/availability` }, 20_000);
		assert.equal(online.payload, "online");
		// The last id is remembered over restarts, in preferences that all programs share.
		const mark = Date.now();
		for (const qos of [0, 1, 2]) {
			const state = qos === 1 ? "OFF" : "ON";
			const level = state === "ON" ? "high" : "low";
			const before = count(run, new RegExp(`^pin 5 is ${level}`));
			const id = `command-${qos}-${mark}`;
			const payload = JSON.stringify({ state, id });
			client.send({ op: "publish", topic: `${base}/relay/set`, payload, qos, tag: `c${qos}` });
			await waitForCount(run, new RegExp(`^pin 5 is ${level}`), before + 1);
			const result = await client.next({ ev: "msg", topic: `${base}/result` }, 20_000);
			const expected = { entity: "relay", id, done: true, state };
			assert.deepEqual(JSON.parse(String(result.payload)), expected);
			context.diagnostic(`a command at QoS ${qos}: pin 5 is ${level}`);
		}
		const time = await client.next({ ev: "msg", topic: `${base}/time` }, 30_000);
		const report = JSON.parse(String(time.payload));
		assert.equal(report.clock, "set");
		assert.ok(Math.abs(report.unix_ms - Date.now()) < 10_000, `${report.unix_ms} is not now`);
	} finally {
		client.kill();
	}
	const log = broker.log().split("\n");
	const wanted: [string, RegExp][] = [
		["a report at QoS 0", new RegExp(`Received PUBLISH from ${NODE} \\(d0, q0, .*/diag'`)],
		["a report at QoS 1", new RegExp(`Received PUBLISH from ${NODE} \\(d0, q1, .*/time'`)],
		["its PUBACK", new RegExp(`Sending PUBACK to ${NODE} `)],
		["a command at QoS 0", new RegExp(`Sending PUBLISH to ${NODE} \\(d0, q0, .*/relay/set'`)],
		["a command at QoS 1", new RegExp(`Sending PUBLISH to ${NODE} \\(d0, q1, .*/relay/set'`)],
		["its PUBACK", new RegExp(`Received PUBACK from ${NODE} `)],
		["a command at QoS 2", new RegExp(`Sending PUBLISH to ${NODE} \\(d0, q2, .*/relay/set'`)],
		["its PUBREC", new RegExp(`Received PUBREC from ${NODE} `)],
		["its PUBCOMP", new RegExp(`Received PUBCOMP from ${NODE} `)],
	];
	for (const [what, pattern] of wanted) tellLine(context, log, what, pattern);
}

/** Prints the broker's line, and fails when there is none. */
export function tellLine(
	context: TestContext,
	log: readonly string[],
	what: string,
	pattern: RegExp,
): void {
	const line = log.find((one) => pattern.test(one));
	assert.ok(line !== undefined, `${what}: the broker logged nothing like ${pattern}`);
	context.diagnostic(`${what}: ${line.replace(/^\d+: /, "")}`);
}

/** The broker ends and comes again: the firmware notices, and connects again by itself. */
export async function restartBroker(
	context: TestContext,
	run: XsRun,
	broker: Mosquitto,
): Promise<void> {
	const connected = /^mqtt: connected/;
	const failed = / failed: .*; next try in /;
	const [ups, downs] = [count(run, connected), count(run, failed)];
	await broker.stop();
	await waitForCount(run, failed, downs + 1);
	await broker.start();
	await waitForCount(run, connected, ups + 1);
	const lines = run.lines.filter((line) => failed.test(line)).slice(downs);
	for (const line of lines) context.diagnostic(`broker restarted: ${line}`);
}
