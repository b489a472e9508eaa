/** The entity of docs/extend.md, as it stands there, in a simulated node. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundleEntity } from "../../host-sim/build.mjs";
import { hostBoard } from "../support/board";
import { ClientProcess } from "../support/client";
import { skipWithout, startMosquitto } from "../support/mosquitto";
import { atEnd, startNode } from "../support/node-rig";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-extend-"));
after(() => rmSync(folder, { recursive: true }));

test("the fan of docs/extend.md turns, says so and comes back with its speed", {
	skip: skipWithout("mosquitto"),
}, async () => {
	const [, source = ""] = /```ts\n([\s\S]*?)```/.exec(readFileSync("docs/extend.md", "utf8")) ?? [];
	assert.ok(source.split("\n").length < 60, "an entity of one's own is short");
	writeFileSync(join(folder, "fan.ts"), source);
	const bundle = join(folder, "fan.cjs");
	assert.equal(await bundleEntity(join(folder, "fan.ts"), bundle), "");

	const mosquitto = await startMosquitto(["allow_anonymous true"]);
	atEnd(() => mosquitto.discard());
	const boardFile = hostBoard({ kind: "fan", id: "fan", pin: "GPIO4" });
	const modules = new Map([["entity/fan", bundle]]);
	const url = `mqtt://127.0.0.1:${mosquitto.port}`;
	const node = await startNode({ url }, { boardFile, rebootMs: 10 }, modules);
	const duties: number[] = [];
	node.board.pins.listenPwm((_pin, duty) => duties.push(Math.round(duty * 1000)));
	await node.line(/^mqtt: subscribed/);

	const client = new ClientProcess();
	atEnd(() => client.kill());
	client.send({ op: "connect", port: mosquitto.port, id: "watcher" });
	client.send({ op: "subscribe", subs: [{ topic: "fieldmote/shed/#", qos: 1 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
	const set = async (payload: object) => {
		client.send({
			op: "publish",
			topic: "fieldmote/shed/fan/set",
			payload: JSON.stringify(payload),
			qos: 1,
			tag: 2,
		});
		return JSON.parse(
			String((await client.next({ ev: "msg", topic: "fieldmote/shed/result" })).payload),
		);
	};
	assert.deepEqual(await set({ brightness: 51 }), { entity: "fan", done: true, state: "ON" });
	assert.deepEqual(duties, [200]);
	for (const more of [{ color: { r: 1, g: 2, b: 3 } }, { transition: 2 }, { for: 60 }]) {
		const refused = await set({ state: "ON", ...more });
		assert.equal(refused.reason, "a fan takes state and brightness", JSON.stringify(more));
	}
	assert.deepEqual(duties, [200]);
	// What has to be kept is written at most every 10 s, and before a restart that is asked for.
	await eventually(() => node.board.preferences.get("fieldmote")?.get("state0") === "fan 51");
	node.board.restart();
	await node.line(/^boot: start 2/);
	await node.line(/^mqtt: subscribed/);
	// Dark while it restarts, and then as before.
	assert.deepEqual(duties.slice(-2), [0, 200]);
});

async function eventually(holds: () => boolean): Promise<void> {
	const until = Date.now() + 30_000;
	while (!holds()) {
		assert.ok(Date.now() < until, "it does not happen");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
