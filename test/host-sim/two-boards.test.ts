/** Two boards with the real firmware in one process, at one broker: each lives its own life. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import { powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import type { SimulatedBoard } from "../../host-sim/world/board";
import { type BrokerEvent, startBroker } from "../../host-sim/world/broker";
import { LiveNetwork } from "../../host-sim/world/network";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard } from "../support/board";

const LIMIT_MS = 20_000;
const program = await buildProgram("firmware/main.ts");
const boardFile = JSON.parse(readFileSync(join(root, "boards", "host.json"), "utf8")) as object;
const events: BrokerEvent[] = [];
const broker = await startBroker({ port: 0 }, (event) => events.push(event));
const ntp = await NtpServer.start();
const network = new LiveNetwork();
const air = new AccessPoint({ networks: [{ ssid: "home", password: "12345678" }] });
const boards: SimulatedBoard[] = [];

after(async () => {
	for (const board of boards) board.powerOff();
	await network.close();
	await broker.close();
	await ntp.close();
});

function start(node: string) {
	const made = makeBoard({
		name: node,
		boardFile,
		network,
		accessPoint: air,
		site: {
			node,
			wifi: [{ ssid: "home", password: "12345678" }],
			ntp: { servers: [ntp.name] },
			broker: { url: `mqtt://127.0.0.1:${broker.port}` },
			time: { intervalMs: 1_000 },
		},
	});
	boards.push(made.board);
	powerOn(made.board, program);
	return made;
}

/** Payloads that a node has published on a topic of its own. */
function published(node: string, topic: string): string[] {
	const texts: string[] = [];
	for (const event of events) {
		if (event.kind !== "publish" || event.topic !== `fieldmote/${node}/${topic}`) continue;
		assert.equal(event.client, node, "nobody publishes for another");
		texts.push(event.payload.toString());
	}
	return texts;
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
	for (let i = 0; !condition(); i++) {
		assert.ok(i < 1_000, what());
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

test("two boards, one crash: the other never notices", { timeout: LIMIT_MS }, async () => {
	const a = start("a");
	const b = start("b");
	const all = () => [...a.lines, ...b.lines].join("\n");
	await until(() => published("a", "time").length > 0 && published("b", "time").length > 0, all);
	assert.notEqual(
		a.lines.find((line) => line.startsWith("wifi: joined")),
		b.lines.find((line) => line.startsWith("wifi: joined")),
		"they have addresses of their own",
	);
	const subscribed = (node: string) =>
		events.some((event) => event.kind === "subscribe" && event.client === node);
	await until(() => subscribed("a") && subscribed("b"), all);
	a.board.run(() => {
		throw new Error("on purpose");
	});
	assert.match(String(a.crashes[0]), /on purpose/);
	assert.equal(a.board.pins.level(5), undefined, "its pins float");
	assert.equal(b.board.pins.level(5), 0);
	const before = published("b", "time").length;
	const last = published("a", "time").length;
	await until(() => published("b", "time").length >= before + 2, all);
	assert.equal(published("a", "time").length, last, "a is dead");
	assert.deepEqual(b.crashes, []);
	await until(() => published("a", "availability").includes("offline"), all);
	powerOn(a.board, program);
	await until(() => published("a", "time").length > last, all);
	const sequences = published("a", "time").map((text) => JSON.parse(text).seq as number);
	assert.equal(new Set(sequences).size, sequences.length, "no sequence number twice");
});
