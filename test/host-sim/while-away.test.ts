/**
 * What waits at a real broker while the node is away: more than its window, at QoS 1 and 2, told
 * from what comes now.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientProcess } from "../support/client";
import { skipWithout, startMosquitto } from "../support/mosquitto";
import { atEnd, LIMIT_MS, startNode, WIFI } from "../support/node-rig";

const WAITING = 60;
const BASE = "fieldmote/shed";

test("sixty commands that waited are refused, the next one is done", {
	skip: skipWithout("mosquitto"),
}, async () => {
	const mosquitto = await startMosquitto(["allow_anonymous true", "max_queued_messages 1000"]);
	atEnd(() => mosquitto.discard());
	const node = await startNode({ url: `mqtt://127.0.0.1:${mosquitto.port}` });
	await node.line(/^mqtt: subscribed to .*sync/);
	const client = new ClientProcess();
	atEnd(() => client.kill());
	client.send({ op: "connect", port: mosquitto.port, id: "dashboard" });
	const subs = [`${BASE}/result`, `${BASE}/sync`].map((topic) => ({ topic, qos: 1 }));
	client.send({ op: "subscribe", subs, tag: "s" });
	await client.next({ ev: "done", tag: "s" });
	const command = async (payload: string, qos: number, tag: string): Promise<void> => {
		client.send({ op: "publish", topic: `${BASE}/relay/set`, payload, qos, tag });
		await client.next({ ev: "done", tag }, LIMIT_MS);
	};
	const result = async (): Promise<Record<string, unknown>> => {
		const message = await client.next({ ev: "msg", topic: `${BASE}/result` }, LIMIT_MS);
		return JSON.parse(String(message.payload));
	};

	// The clock is set by then, and stays so, unlike over a reboot.
	await node.line(/^node: time /);
	node.accessPoint.set(WIFI.ssid, { isPresent: false });
	await node.line(/^wifi failed: /);
	for (let i = 0; i < WAITING; i++) {
		await command(`{"state":"TOGGLE","id":"${i}"}`, 1 + (i % 2), `${i}`);
	}
	await command(JSON.stringify({ state: "ON", id: "x", expires: Date.now() + LIMIT_MS }), 2, "x");
	node.accessPoint.set(WIFI.ssid, { isPresent: true });
	await node.line(/^mqtt: connected, session resumed/);
	for (let i = 0; i < WAITING; i++) {
		const { id, done, reason } = await result();
		assert.deepEqual([id, done], [`${i}`, false]);
		assert.match(String(reason), /^sent while the node was away/);
	}
	assert.deepEqual(await result(), { entity: "relay", id: "x", done: true, state: "ON" });
	await client.next({ ev: "msg", topic: `${BASE}/sync` }, LIMIT_MS);
	await command("TOGGLE", 2, "now");
	assert.deepEqual(await result(), { entity: "relay", done: true, state: "OFF" });
});
