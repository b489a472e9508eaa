/** The embedded broker's QoS 2 flows to a client with a session, packet by packet. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, test } from "node:test";
import { generate, type Packet, parser } from "mqtt-packet";
import { startBroker } from "../../../host-sim/world/broker";

const broker = await startBroker({ port: 0 }, () => undefined);
after(() => broker.close());

/** A client that does what the test says, and nothing by itself. */
async function join(clientId: string, clean = false) {
	const socket = connect(broker.port, broker.host);
	await once(socket, "connect");
	const packets: Packet[] = [];
	const waiting: (() => void)[] = [];
	const reader = parser({ protocolVersion: 4 });
	const wake = () => {
		for (const one of waiting.splice(0)) one();
	};
	reader.on("packet", (packet) => {
		packets.push(packet);
		wake();
	});
	socket.on("data", (bytes) => reader.parse(bytes));
	socket.on("error", () => undefined);
	socket.on("close", wake);
	const send = (packet: Packet) => void socket.write(generate(packet));
	const next = async (): Promise<Packet> => {
		while (packets.length === 0) {
			assert.equal(socket.closed, false, "the broker has closed the connection");
			await new Promise<void>((resolve) => waiting.push(resolve));
		}
		return packets.shift() as Packet;
	};
	const leave = async () => {
		socket.destroy();
		if (!socket.closed) await once(socket, "close");
	};
	send({ cmd: "connect", clientId, clean, keepalive: 0, protocolId: "MQTT", protocolVersion: 4 });
	const connack = await next();
	assert.equal(connack.cmd, "connack");
	return { send, next, leave };
}

type Client = Awaited<ReturnType<typeof join>>;

async function subscribe(client: Client, topic: string): Promise<void> {
	client.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 2 }] });
	assert.equal((await client.next()).cmd, "suback");
}

async function publish(topic: string, payload: string, retain = false): Promise<void> {
	const client = await join(`sender of ${payload}`, true);
	client.send({ cmd: "publish", topic, payload, qos: 2, retain, dup: false, messageId: 7 });
	assert.equal((await client.next()).cmd, "pubrec");
	client.send({ cmd: "pubrel", messageId: 7 });
	assert.equal((await client.next()).cmd, "pubcomp");
	await client.leave();
}

async function nextPublish(client: Client): Promise<{ id: number; text: string }> {
	const packet = await client.next();
	assert.ok(packet.cmd === "publish", packet.cmd);
	return { id: packet.messageId as number, text: packet.payload.toString() };
}

/** The whole rest of a flow. */
async function finish(client: Client, messageId: number): Promise<void> {
	client.send({ cmd: "pubrec", messageId });
	const { cmd, messageId: id } = await client.next();
	assert.deepEqual([cmd, id], ["pubrel", messageId]);
	client.send({ cmd: "pubcomp", messageId });
}

/** What the broker sends of its own account comes before this answer. */
async function nothingWaits(client: Client): Promise<void> {
	client.send({ cmd: "pingreq" });
	assert.equal((await client.next()).cmd, "pingresp");
}

test("a retained QoS 2 message, to a client with a session: its flow ends, and is over", async () => {
	await publish("a/retained", "on", true);
	const client = await join("keeper");
	await subscribe(client, "a/retained");
	const { id, text } = await nextPublish(client);
	assert.equal(text, "on");
	await finish(client, id);
	await nothingWaits(client);
	await client.leave();
	const again = await join("keeper");
	await nothingWaits(again);
	await again.leave();
});

test("its PUBREL is kept where the connection ended before it", async () => {
	await publish("b/retained", "on", true);
	const client = await join("loser");
	await subscribe(client, "b/retained");
	const { id } = await nextPublish(client);
	client.send({ cmd: "pubrec", messageId: id });
	assert.equal((await client.next()).cmd, "pubrel");
	await client.leave();
	const again = await join("loser");
	const { cmd, messageId } = await again.next();
	assert.deepEqual([cmd, messageId], ["pubrel", id]);
	again.send({ cmd: "pubcomp", messageId: id });
	await nothingWaits(again);
	await again.leave();
});

test("two QoS 2 messages under way at once: neither comes again", async () => {
	const client = await join("pair");
	await subscribe(client, "c");
	await publish("c", "one");
	await publish("c", "two");
	const [one, two] = [await nextPublish(client), await nextPublish(client)];
	assert.deepEqual([one.text, two.text], ["one", "two"]);
	for (const { id } of [one, two]) client.send({ cmd: "pubrec", messageId: id });
	for (const { id } of [one, two]) {
		const { cmd, messageId } = await client.next();
		assert.deepEqual([cmd, messageId], ["pubrel", id]);
	}
	for (const { id } of [one, two]) client.send({ cmd: "pubcomp", messageId: id });
	await nothingWaits(client);
	await client.leave();
	const again = await join("pair");
	await nothingWaits(again);
	await again.leave();
});
