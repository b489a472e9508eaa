/** What the limits in the configurations bound, seen at plain.conf as it is. */

import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { generate, type Packet, parser } from "mqtt-packet";
import { skipWithout } from "../support/mosquitto";
import { connect, eventually, type Staged, startStaged } from "./staged";

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
