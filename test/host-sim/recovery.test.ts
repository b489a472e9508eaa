/**
 * The whole firmware on a simulated board, against a real Mosquitto, while things break: it comes
 * back by itself, and no report is missing.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { buildProgram, hostBoard, makeBoard } from "../support/board";
import { type Mosquitto, skipWithout } from "../support/mosquitto";
import { assertNoGap, atEnd, broker, sequences, startNode, WIFI, watch } from "../support/node-rig";

const skip = skipWithout("mosquitto");
const url = (mosquitto: Mosquitto): string => `mqtt://127.0.0.1:${mosquitto.port}`;

test("a broker that restarts: back by itself, no report missing", { skip }, async () => {
	const mosquitto = await broker();
	const client = await watch(mosquitto.port);
	const node = await startNode({ url: url(mosquitto) });
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
	const node = await startNode({ url: url(mosquitto) });
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
	const node = await startNode({ url: url(mosquitto), username: "u", password: secret });
	const line = await node.line(/^mqtt failed: /);
	assert.match(
		line,
		/refused: not authorized: unknown user, wrong password or not allowed; next try in/,
	);
	const seconds = Number(/next try in ([\d.]+) s/.exec(line)?.[1]);
	assert.ok(seconds >= 60 && seconds <= 120, line);
	assert.ok(!node.lines.join().includes(secret));
});

test("a configuration that is wrong: all of it is said, nothing else starts", async () => {
	const { board, lines } = makeBoard({
		accessPoint: new AccessPoint({ networks: [WIFI] }),
		boardFile: hostBoard({ kind: "relay", id: "relay", pin: "GPIO77" }),
		site: { wifi: [WIFI], broker: { ulr: "mqtt://h" }, time: { intervalMs: 1 } },
	});
	powerOn(board, await buildProgram("firmware/main.ts"));
	atEnd(() => board.powerOff());
	assert.deepEqual(lines, [
		"boot: start 1, power-on, crashes 0",
		"boot: site.json: time.intervalMs: 1 must be a whole number from 1000 to 86400000",
		'boot: site.json: broker.ulr: unknown key, did you mean "url"?',
		'boot: boards/host.json: entities[0].pin: "GPIO77" is no pin of board host, did you mean ' +
			'"GPIO7"? possible: GPIO0, GPIO1, GPIO2, GPIO3, GPIO4, GPIO5',
		"boot: site.json: broker.url: is missing: mqtt://host[:port] or mqtts://host[:port]",
		"boot: stopped: the configuration has to be mended",
	]);
	assert.equal(board.pins.level(77), undefined);
});
