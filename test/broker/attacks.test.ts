/** What the ACL's table does not show: names, wills, client ids, and what a restart keeps. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { IClientOptions, MqttClient } from "mqtt";
import { skipWithout } from "../support/mosquitto";
import { connect, eventually, type Staged, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const USERS = ["n1", "n2", "witness", "n1/relay", "n+", "n#"];

let broker: Staged;
before(async () => {
	if (skip !== false) return;
	const acl = ["user witness", "topic readwrite #"];
	broker = await startStaged(["password"], { users: USERS, acl });
});

function enter(
	username: string,
	options: IClientOptions = {},
	onMessage?: (topic: string, payload: string) => void,
): Promise<MqttClient> {
	const port = broker.ports.password as number;
	return connect(port, { username, password: broker.password(username), ...options }, onMessage);
}

/** Publishes as a user; the topics that arrive of these. */
async function arrived(username: string, topics: readonly string[]): Promise<string[]> {
	const witness = await enter("witness");
	const taken: string[] = [];
	witness.on("message", (topic) => taken.push(topic));
	await witness.subscribeAsync("#", { qos: 1 });
	const client = await enter(username);
	for (const topic of topics) await client.publishAsync(topic, "x", { qos: 1 });
	await client.endAsync();
	await witness.publishAsync("fence", "", { qos: 1 });
	await eventually("the fence", () => taken.includes("fence") || undefined);
	await witness.endAsync();
	return taken.filter((topic) => topics.includes(topic));
}

test("a node cannot take another's client id", { skip, timeout: 60_000 }, async () => {
	const n1 = await enter("n1", { clientId: "n1", clean: false });
	let isGone = false;
	n1.on("close", () => {
		isGone = true;
	});
	await n1.subscribeAsync("fieldmote/n1/+/set", { qos: 1 });
	const thief = await enter("n2", { clientId: "n1", clean: true });
	await broker.until(/connected from \S+ as n2 \(p2, c1, k60, u'n2'\)/);
	const commands: string[] = [];
	n1.on("message", (_topic, payload) => commands.push(payload.toString()));
	const witness = await enter("witness");
	await witness.publishAsync("fieldmote/n1/relay/set", "ON", { qos: 1 });
	await eventually("the command", () => commands[0]);
	assert.equal(isGone, false);
	// Its own second connection does end the first: one user name, one connection.
	const again = await enter("n1");
	await eventually("the first one's end", () => isGone || undefined);
	for (const client of [thief, witness, again]) await client.endAsync();
});

test("a will on a foreign topic is dropped, one on its own comes", {
	skip,
	timeout: 60_000,
}, async () => {
	const witness = await enter("witness");
	const wills: string[] = [];
	witness.on("message", (topic, payload) => wills.push(`${topic} ${payload}`));
	await witness.subscribeAsync("fieldmote/#", { qos: 1 });
	for (const topic of ["fieldmote/n2/availability", "fieldmote/n1/availability"]) {
		const will = { topic, payload: "offline", qos: 1, retain: true } as const;
		const node = await enter("n1", { will });
		node.stream.destroy();
	}
	await eventually("the will", () => wills.find((one) => one.includes("n1")));
	assert.deepEqual(wills, ["fieldmote/n1/availability offline"]);
	await witness.endAsync();
});

test("user names with + or # may nothing; with a slash they reach into another's place", {
	skip,
	timeout: 60_000,
}, async () => {
	assert.deepEqual(await arrived("n+", ["fieldmote/n1/time", "house/x"]), []);
	assert.deepEqual(await arrived("n#", ["fieldmote/n1/time", "fieldmote/x"]), []);
	// Why docs/brokers.md says that a user name of a node is its id, without a slash.
	const own = ["fieldmote/n1/relay/set", "fieldmote/n1/relay/state"];
	assert.deepEqual(await arrived("n1/relay", [...own, "fieldmote/n1/time"]), own);
});

test("retained messages and sessions outlive a restart, and the ACL still lets them through", {
	skip,
	timeout: 60_000,
}, async () => {
	const n1 = await enter("n1", { clientId: "x", clean: false });
	await n1.subscribeAsync("fieldmote/n1/+/set", { qos: 2 });
	await n1.publishAsync("fieldmote/n1/availability", "online", { qos: 1, retain: true });
	await n1.endAsync();
	const dashboard = await enter("dashboard");
	await dashboard.publishAsync("fieldmote/n1/relay/set", "ON", { qos: 2 });
	await dashboard.endAsync();
	await broker.stop();
	await broker.start();
	const logger = await enter("logger");
	const seen: string[] = [];
	logger.on("message", (topic, payload) => seen.push(`${topic} ${payload}`));
	await logger.subscribeAsync("fieldmote/n1/#", { qos: 1 });
	await eventually("what was retained", () => seen.find((one) => one.endsWith(" online")));
	const commands: string[] = [];
	const back = await enter("n1", { clientId: "x", clean: false }, (_topic, payload) =>
		commands.push(payload),
	);
	await eventually("the command that waited", () => commands[0]);
	for (const client of [logger, back]) await client.endAsync();
});

test("a share of somebody else's subscription can be taken, and is lost", {
	skip,
	timeout: 60_000,
}, async () => {
	const filter = "$share/group/fieldmote/n1/time";
	const heard: string[] = [];
	const logger = await enter("logger", {}, (_topic, payload) => heard.push(payload));
	await logger.subscribeAsync(filter, { qos: 1 });
	const n1 = await enter("n1");
	const say = async (...words: readonly string[]) => {
		for (const word of words) await n1.publishAsync("fieldmote/n1/time", word, { qos: 1 });
	};
	await say("1", "2");
	await eventually("all, while he is alone", () => heard[1]);
	const taken: string[] = [];
	const thief = await enter("n2", {}, (_topic, payload) => taken.push(payload));
	// Granted, although no line of the ACL allows it.
	assert.equal((await thief.subscribeAsync(filter, { qos: 1 }))[0]?.qos, 1);
	await say("3", "4", "5", "6");
	await eventually("the logger's share", () => heard[3]);
	await thief.unsubscribeAsync(filter);
	await say("7");
	await eventually("the last", () => heard.includes("7") || undefined);
	assert.equal(heard.length, 5, heard.join());
	// It gets none of it either: the ACL refuses what was dealt to it.
	assert.deepEqual(taken, []);
	for (const client of [logger, n1, thief]) await client.endAsync();
});
