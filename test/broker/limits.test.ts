/**
 * What the limits in the configurations bound, seen at plain.conf as it is; that each file keeps
 * sessions by itself; and that docs/brokers.md has the numbers of the files.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { generate, type Packet, parser } from "mqtt-packet";
import { CONFIGURATIONS } from "../../broker/configurations";
import { root } from "../../host-sim/build.mjs";
import { freePort, skipWithout } from "../support/mosquitto";
import { connect, eventually, makeDirectory, SOURCE, type Staged, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const options = { skip, timeout: 90_000 };

const portOf = ({ ports }: Staged) => ports.plain as number;

/** A client that sends what it is told and answers nothing. */
async function mute(port: number, clientId: string): Promise<{ socket: Socket; taken: Packet[] }> {
	const socket = connectTcp(port, "127.0.0.1");
	const taken: Packet[] = [];
	const packets = parser({ protocolVersion: 4 });
	packets.on("packet", (packet) => taken.push(packet));
	socket.on("data", (data) => packets.parse(data));
	socket.on("error", () => undefined);
	const common = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, keepalive: 60 } as const;
	socket.write(generate({ ...common, clientId, clean: true }));
	await eventually("CONNACK or an end", () => taken[0] ?? (socket.closed || undefined));
	return { socket, taken };
}

test("a packet over 16,384 bytes ends the connection; one below passes", options, async () => {
	const broker = await startStaged(["plain"]);
	const seen: number[] = [];
	const reader = await connect(portOf(broker));
	reader.on("message", (_topic, payload) => seen.push(payload.length));
	await reader.subscribeAsync("a", { qos: 1 });
	const writer = await connect(portOf(broker));
	let isOut = false;
	writer.on("close", () => {
		isOut = true;
	});
	await writer.publishAsync("a", Buffer.alloc(16_300), { qos: 1 });
	await eventually("the small one", () => seen[0]);
	writer.publish("a", Buffer.alloc(16_400), { qos: 1 });
	await eventually("the end", () => isOut || undefined);
	assert.deepEqual(seen, [16_300]);
	await reader.endAsync();
	await broker.stop();
});

test("20 messages on the way to a client that acknowledges none", options, async () => {
	const broker = await startStaged(["plain"]);
	const { socket, taken } = await mute(portOf(broker), "mute");
	const subscriptions = [{ topic: "a", qos: 1 as const }];
	socket.write(generate({ cmd: "subscribe", messageId: 1, subscriptions }));
	await eventually("SUBACK", () => taken.find(({ cmd }) => cmd === "suback"));
	const writer = await connect(portOf(broker));
	for (let i = 0; i < 50; i++) await writer.publishAsync("a", String(i), { qos: 1 });
	socket.write(generate({ cmd: "pingreq" }));
	await eventually("PINGRESP", () => taken.find(({ cmd }) => cmd === "pingresp"));
	assert.equal(taken.filter(({ cmd }) => cmd === "publish").length, 20);
	socket.destroy();
	await writer.endAsync();
	await broker.stop();
});

test("1,000 messages, or 1 MB, wait for a client that is away", options, async () => {
	const broker = await startStaged(["plain"]);
	const session = { clientId: "away", clean: false };
	for (const [bytes, sent, kept] of [
		[10, 1_100, 1_000],
		[4_096, 300, 256],
	] as const) {
		const first = await connect(portOf(broker), session);
		await first.subscribeAsync("a", { qos: 1 });
		await first.endAsync();
		const writer = await connect(portOf(broker));
		const payload = Buffer.alloc(bytes);
		const sending = Array.from({ length: sent }, () => {
			return writer.publishAsync("a", payload, { qos: 1 });
		});
		await Promise.all(sending);
		let count = 0;
		const back = await connect(portOf(broker), session, (topic) => {
			if (topic === "a") count++;
		});
		await eventually("what waited", () => count >= kept || undefined);
		// Behind what waited.
		let isDone = false;
		back.on("message", (topic) => {
			if (topic === "fence") isDone = true;
		});
		await back.subscribeAsync("fence", { qos: 1 });
		await writer.publishAsync("fence", "", { qos: 1 });
		await eventually("the fence", () => isDone || undefined);
		assert.equal(count, kept);
		for (const client of [back, writer]) await client.endAsync();
	}
	await broker.stop();
});

test("1,000 connections; the next is closed, those who are there stay", options, async () => {
	const broker = await startStaged(["plain"]);
	const sockets: Socket[] = [];
	for (let i = 0; i < 1_000; i += 50) {
		const some = Array.from({ length: 50 }, (_, j) => mute(portOf(broker), `c${i + j}`));
		for (const { socket, taken } of await Promise.all(some)) {
			assert.equal(taken[0]?.cmd, "connack");
			sockets.push(socket);
		}
	}
	const late = await mute(portOf(broker), "late");
	assert.deepEqual(late.taken, []);
	await eventually("its end", () => late.socket.closed || undefined);
	assert.equal(sockets.filter((socket) => socket.closed).length, 0);
	sockets.pop()?.destroy();
	await broker.until(/Client c999 closed its connection/);
	const next = await mute(portOf(broker), "next");
	assert.equal(next.taken[0]?.cmd, "connack");
	for (const socket of [...sockets, next.socket, late.socket]) socket.destroy();
	await broker.stop();
});

test("each file keeps sessions where the main configuration does not say so", options, async () => {
	const directory = makeDirectory();
	for (const { name } of CONFIGURATIONS) {
		const upstream = { host: "localhost", port: await freePort() };
		const without = ["persistence true"];
		const broker = await startStaged([name], { directory, upstream, without });
		await broker.stop();
		const path = join(directory, "state", name, "state", "mosquitto.db");
		assert.ok(existsSync(path), `${name}: nothing was written`);
	}
});

/** Option → value. */
function optionsOf(name: string): Record<string, string> {
	const text = readFileSync(join(SOURCE, `${name}.conf`), "utf8");
	return Object.fromEntries(
		[...text.matchAll(/^(\w+) (.+)$/gm)].map(([, key, value]) => [key, value]),
	);
}

test("docs/brokers.md has the numbers of the files", () => {
	const all = optionsOf("plain");
	const edge = optionsOf("bridge");
	const count = (text = "") => Number(text).toLocaleString("en-US");
	const megabytes = (text = "") => `${Number(text) / 2 ** 20} MB`;
	const months = (text = "") => text.replace(/^(\d+)m$/, "$1 months");
	const queue = `${count(all.max_queued_messages)} and ${megabytes(all.max_queued_bytes)}`;
	const atEdge = `${count(edge.max_queued_messages)} and ${megabytes(edge.max_queued_bytes)}`;
	const wanted = [
		`| \`max_packet_size\` | ${count(all.max_packet_size)} bytes |`,
		`| \`max_inflight_messages\` | ${all.max_inflight_messages} |`,
		`| ${queue} for each client; \`bridge.conf\`: ${atEdge} |`,
		`| \`max_connections\` | ${count(all.max_connections)} for each listener |`,
		`| \`persistent_client_expiration\` | ${months(all.persistent_client_expiration)} |`,
		`every ${all.autosave_interval} s (\`autosave_interval\`)`,
		`\`keepalive_interval\`, ${edge.keepalive_interval} s`,
		`within ${edge.restart_timeout?.replace(" ", " to ")} s (\`restart_timeout\`)`,
	];
	const page = readFileSync(join(root, "docs", "brokers.md"), "utf8");
	for (const one of wanted) assert.ok(page.includes(one), `not in the page: ${one}`);
});
