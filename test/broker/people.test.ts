/**
 * What a person of websockets.conf can do to a node beside it: client ids are free there. Keeps true
 * what docs/brokers.md says of it, and that its remedy is one.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { MqttClient } from "mqtt";
import { skipWithout } from "../support/mosquitto";
import { connect, eventually, type Staged, startStaged } from "./staged";

const options = { skip: skipWithout("mosquitto", "mosquitto_passwd"), timeout: 60_000 };
const COMMAND = "fieldmote/sim-1/relay/set";

function node(broker: Staged, onMessage?: (topic: string, payload: string) => void) {
	const login = { username: "sim-1", password: broker.password("sim-1"), clientId: "sim-1" };
	return connect(broker.ports.password as number, { ...login, clean: false }, onMessage);
}

/** The logger in a page, who says he is the node. */
function person(broker: Staged, onMessage?: (topic: string, payload: string) => void) {
	const login = { username: "logger", password: broker.password("logger"), clientId: "sim-1" };
	const ca = readFileSync(broker.files.brokerCas);
	const port = broker.ports.websockets as number;
	return connect(port, { protocol: "wss", ca, ...login, clean: false }, onMessage);
}

/** A command that waits for a node that is away, and whoever commands. */
async function leaveCommand(broker: Staged): Promise<MqttClient> {
	const first = await node(broker);
	await first.subscribeAsync(COMMAND, { qos: 1 });
	await first.endAsync();
	const login = { username: "dashboard", password: broker.password("dashboard") };
	const dashboard = await connect(broker.ports.password as number, login);
	await dashboard.publishAsync(COMMAND, "ON", { qos: 1 });
	return dashboard;
}

test(
	"with a free client id a person takes a node's session, commands and all",
	options,
	async () => {
		const broker = await startStaged(["password", "websockets"]);
		const dashboard = await leaveCommand(broker);
		const stolen: string[] = [];
		const thief = await person(broker, (_topic, payload) => stolen.push(payload));
		await eventually("the node's command", () => stolen[0]);
		assert.deepEqual(stolen, ["ON"]);
		let isGone = false;
		thief.on("close", () => {
			isGone = true;
		});
		const commands: string[] = [];
		const back = await node(broker, (_topic, payload) => commands.push(payload));
		await eventually("the thief's end", () => isGone || undefined);
		await dashboard.publishAsync(COMMAND, "OFF", { qos: 1 });
		await eventually("the next command", () => commands[0]);
		assert.deepEqual(commands, ["OFF"]);
		for (const client of [back, dashboard]) await client.endAsync();
		await broker.stop();
	},
);

test("not so where the user name is the client id there too", options, async () => {
	const replace = { max_connections: "1000\nuse_username_as_clientid true" };
	const broker = await startStaged(["websockets", "password"], { replace });
	const dashboard = await leaveCommand(broker);
	const stolen: string[] = [];
	const thief = await person(broker, (_topic, payload) => stolen.push(payload));
	await broker.until(/ as logger \(p2, c0, k60, u'logger'\)/);
	const commands: string[] = [];
	const back = await node(broker, (_topic, payload) => commands.push(payload));
	await eventually("the command that waited", () => commands[0]);
	assert.deepEqual(commands, ["ON"]);
	assert.deepEqual(stolen, []);
	assert.ok(thief.connected, "each has his own");
	for (const client of [back, thief, dashboard]) await client.endAsync();
	await broker.stop();
});
