/**
 * The ACL, cell by cell, by what happens: a message arrives or does not. Each cell is tried with a
 * publication, with a subscription to the very topic, and with a subscription to everything that
 * meets retained messages.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import type { MqttClient } from "mqtt";
import { root } from "../../host-sim/build.mjs";
import { skipWithout } from "../support/mosquitto";
import { connect, eventually, type Staged, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");

/** r: reads it, w: writes it. The same table is in docs/brokers.md. */
const MATRIX = `
| topic | n1 | n2 | dashboard | logger | stranger | edge | nobody |
|---|---|---|---|---|---|---|---|
| fieldmote/n1/availability | w | - | r | r | - | w | - |
| fieldmote/n1/time | w | - | r | r | - | w | - |
| fieldmote/n1/diag | w | - | r | r | - | w | - |
| fieldmote/n1/result | w | - | r | r | - | w | - |
| fieldmote/n1/relay/state | w | - | r | r | - | w | - |
| fieldmote/n1/relay/set | rw | - | rw | r | - | r | - |
| fieldmote/n1/climate/problem | w | - | r | r | - | w | - |
| fieldmote/n1/sync | rw | - | r | r | - | - | - |
| fieldmote/n1/config | rw | - | rw | r | - | - | - |
| fieldmote/all/relay/set | r | r | rw | r | r | r | - |
| fieldmote/n1/relay/set/more | w | - | r | r | - | - | - |
| fieldmote/n2/time | - | w | r | r | - | w | - |
| fieldmote/n2/relay/set | - | rw | rw | r | - | r | - |
| fieldmote/stranger/time | - | - | r | r | w | w | - |
| fieldmote/dashboard/relay/set | - | - | - | r | - | r | - |
| fieldmote/logger/time | - | - | r | - | - | w | - |
| fieldmote/edge/connected | - | - | r | r | - | w | - |
| homeassistant/device/n1/config | w | - | r | - | - | w | - |
| homeassistant/device/n2/config | - | w | r | - | - | w | - |
| homeassistant/device/dashboard/config | - | - | - | - | - | w | - |
| homeassistant/device/logger/config | - | - | r | - | - | w | - |
| homeassistant/status | r | r | r | r | r | r | - |
| house/door | - | - | r | - | - | - | - |
| $SYS/broker/version | - | - | r | r | - | - | - |
`.trim();

const [HEAD = "", RULE = "", ...ROWS] = MATRIX.split("\n");
const ACTORS = cells(HEAD).slice(1);
const TOPICS = ROWS.map((row) => cells(row)[0] as string);
const WITNESS = ["user witness", "topic readwrite #", "topic readwrite $SYS/#"];

function cells(row: string): string[] {
	return row
		.split("|")
		.slice(1, -1)
		.map((cell) => cell.trim());
}

let broker: Staged;
before(async () => {
	if (skip !== false) return;
	const users = ["n1", "n2", "stranger", "edge", "witness"];
	broker = await startStaged(["password"], { users, acl: WITNESS });
});

/** Undefined when the broker refuses him. */
async function enter(user: string): Promise<MqttClient | undefined> {
	if (user !== "nobody") {
		const password = broker.password(user);
		return connect(broker.ports.password as number, { username: user, password });
	}
	await assert.rejects(connect(broker.ports.password as number), /Not authorized/);
	return undefined;
}

/** What a client gets, as "topic payload". */
function collect(client: MqttClient): Set<string> {
	const taken = new Set<string>();
	client.on("message", (topic, payload) => taken.add(`${topic} ${payload}`));
	return taken;
}

/** A topic that this user may read and nobody writes: behind it nothing is under way any more. */
function fenceOf(user: string): string {
	const isReader = ["dashboard", "logger"].includes(user);
	return isReader ? "fieldmote/fence/state" : `fieldmote/${user}/fence/set`;
}

/** Topics that a user's subscription to `filters` brings, while `act` happens. */
async function readTopics(
	witness: MqttClient,
	user: string,
	filters: readonly string[],
	act: (mark: string) => Promise<void>,
): Promise<Set<string>> {
	const client = await enter(user);
	if (client === undefined) return new Set();
	const taken = collect(client);
	const granted = await client.subscribeAsync([...filters, fenceOf(user)], { qos: 1 });
	// Mosquitto grants every subscription; the ACL counts when a message is on its way.
	assert.deepEqual([...new Set(granted.map(({ qos }) => qos))], [1], user);
	const mark = `for ${user}`;
	await act(mark);
	await witness.publishAsync(fenceOf(user), mark, { qos: 1 });
	await eventually(`${user}'s fence`, () => taken.has(`${fenceOf(user)} ${mark}`) || undefined);
	await client.endAsync();
	return new Set([...taken].map((one) => one.split(" ")[0] as string));
}

/** Topics on which a publication of this user arrives. */
async function writtenTopics(witness: MqttClient, user: string): Promise<Set<string>> {
	const client = await enter(user);
	if (client === undefined) return new Set();
	const taken = collect(witness);
	// The acknowledgement comes in any case: 3.1.1 has none that refuses.
	for (const topic of TOPICS) await client.publishAsync(topic, `by ${user}`, { qos: 1 });
	await client.endAsync();
	await witness.publishAsync("fence", user, { qos: 1 });
	await eventually("the witness's fence", () => taken.has(`fence ${user}`) || undefined);
	witness.removeAllListeners("message");
	return new Set(TOPICS.filter((topic) => taken.has(`${topic} by ${user}`)));
}

function tableOf(
	read: ReadonlyMap<string, ReadonlySet<string>>,
	written: ReadonlyMap<string, ReadonlySet<string>>,
): string {
	const rows = TOPICS.map((topic) => {
		const marks = ACTORS.map((user) => {
			const r = read.get(user)?.has(topic) ? "r" : "";
			const w = written.get(user)?.has(topic) ? "w" : "";
			return `${r}${w}` || "-";
		});
		return `| ${[topic, ...marks].join(" | ")} |`;
	});
	return [HEAD, RULE, ...rows].join("\n");
}

test("who reads and writes what", { skip, timeout: 60_000 }, async (t) => {
	const witness = (await enter("witness")) as MqttClient;
	await witness.subscribeAsync(["#", "$SYS/#"], { qos: 1 });
	const written = new Map<string, Set<string>>();
	for (const user of ACTORS) written.set(user, await writtenTopics(witness, user));

	const live = new Map<string, Set<string>>();
	for (const user of ACTORS) {
		const act = async (mark: string) => {
			for (const topic of TOPICS) await witness.publishAsync(topic, mark, { qos: 1 });
		};
		live.set(user, await readTopics(witness, user, TOPICS, act));
	}
	for (const topic of TOPICS) await witness.publishAsync(topic, "kept", { qos: 1, retain: true });
	const retained = new Map<string, Set<string>>();
	for (const user of ACTORS) {
		retained.set(user, await readTopics(witness, user, ["#", "$SYS/#"], async () => undefined));
	}
	for (const line of tableOf(live, written).split("\n")) t.diagnostic(line);
	assert.equal(tableOf(live, written), MATRIX);
	assert.equal(tableOf(retained, written), MATRIX);
	const page = readFileSync(join(root, "docs", "brokers.md"), "utf8");
	assert.ok(page.includes(MATRIX), "docs/brokers.md has another matrix");
});
