/** The engine against real brokers: Mosquitto and aedes over real sockets. Node only. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, describe, test } from "node:test";
import { Aedes, type AedesOptions } from "aedes";
import { skipWithout, startMosquitto } from "../../support/mosquitto";
import { SocketClient } from "./socket-client";

interface Broker {
	port: number;
	/** Sessions survive. */
	restart(): Promise<void>;
	end(): Promise<void>;
}

async function mosquitto(): Promise<Broker> {
	const broker = await startMosquitto();
	const { port, restart, discard } = broker;
	return { port, restart, end: discard };
}

async function aedes(): Promise<Broker> {
	let broker = await Aedes.createBroker();
	// Public, but not in the typings.
	const { persistence } = broker as unknown as { persistence: AedesOptions["persistence"] };
	const server = createServer((socket) => broker.handle(socket));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const stop = (): Promise<void> => new Promise((resolve) => broker.close(() => resolve()));
	return {
		port: (server.address() as AddressInfo).port,
		restart: async () => {
			await stop();
			broker = await Aedes.createBroker({ persistence });
		},
		end: async () => {
			await stop();
			server.close();
		},
	};
}

function payloads(client: SocketClient): string[] {
	return client.messages.map(({ payload }) => payload);
}

function numbers(count: number): string[] {
	return Array.from({ length: count }, (_, index) => `m${index}`);
}

/**
 * @param resendsReleased after a reconnect it sends a PUBLISH again although it has sent PUBREL
 * (against [MQTT-4.3.3-1]), and newer messages among older ones: aedes 1.2, seen on the wire
 */
function suite(
	name: string,
	start: () => Promise<Broker>,
	skip: string | false,
	resendsReleased: boolean,
): void {
	describe(name, { skip }, async () => {
		const broker = skip ? undefined : await start();
		const port = broker?.port ?? 0;
		after(async () => {
			await broker?.end();
		});

		test("each QoS, both ways, in order", async () => {
			const client = new SocketClient({ clientId: "each" });
			await client.open(port);
			await client.subscribe("each/#", 2);
			for (const qos of [0, 1, 2]) await client.publish(`each/ü${qos}`, `grün ${qos}`, qos);
			await client.until(() => client.messages.length === 3);
			for (const qos of [0, 1, 2]) {
				const message = client.messages.find((other) => other.qos === qos);
				assert.equal(message?.topic, `each/ü${qos}`);
				assert.equal(message?.payload, `grün ${qos}`);
			}
			for (const qos of [1, 2]) {
				client.messages.length = 0;
				await client.publishAll("each/n", numbers(50), qos);
				await client.until(() => client.messages.length === 50);
				assert.deepEqual(payloads(client), numbers(50));
			}
			await client.close();
			assert.deepEqual(client.log.slice(-2), ["closed no error", "down"]);
		});

		test("retained messages have RETAIN, and one that is too long is skipped", async () => {
			const client = new SocketClient({ clientId: "retained", receiveBytes: 128 });
			const other = new SocketClient({ clientId: "other", arenaBytes: 2000 });
			await other.open(port);
			await other.publish("kept/1", "short", 1, true);
			await other.publish("kept/2", "x".repeat(1000), 2, true);
			await client.open(port);
			await client.subscribe("kept/+", 2);
			await client.until(() => client.messages.length === 1 && client.log.includes("skipped"));
			assert.equal(client.messages[0]?.retain, true);
			await other.publish("kept/1", "", 1, true);
			await other.publish("kept/2", "", 1, true);
			await client.until(() => client.messages.length === 3);
			await client.close();
			await other.close();
		});

		test("a persistent session gets what was queued, through a window of two", async () => {
			const options = { clientId: "queued", cleanSession: false, incomingWindow: 2 };
			const client = new SocketClient(options);
			assert.equal(await client.open(port), false);
			await client.subscribe("queue", 2);
			await client.close();
			const other = new SocketClient({ clientId: "filler", window: 20, arenaBytes: 4000 });
			await other.open(port);
			await other.publishAll("queue", numbers(60), 2);
			await other.close();
			client.autoAcknowledge = false;
			assert.equal(await client.open(port), true);
			await client.until(() => client.held.length === 2);
			for (let count = 0; count < 60; count++) {
				await client.until(() => client.held.length > 0);
				// The newest first: the answers have to leave in order all the same.
				client.session.acknowledge(client.held.pop() as number, client.now);
				client.pump();
			}
			await client.until(() => client.session.pendingIncoming === 0);
			assert.deepEqual(payloads(client), numbers(60));
			await client.publish("queue/end", "still up", 2);
			await client.close();
		});

		test("lost connections: nothing is lost, QoS 2 comes once", async () => {
			const client = new SocketClient({ clientId: "lossy", cleanSession: false });
			const other = new SocketClient({ clientId: "witness" });
			await other.open(port);
			await other.subscribe("lossy/up", 2);
			await client.open(port);
			await client.subscribe("lossy/down", 2);
			const sent = numbers(40);
			const order = resendsReleased ? [...sent].sort() : sent;
			const up = client.publishAll("lossy/up", sent, 2);
			const down = other.publishAll("lossy/down", sent, 2);
			for (let drops = 0; drops < 6; drops++) {
				await new Promise((resolve) => setTimeout(resolve, 3 + drops));
				client.drop();
				assert.equal(await client.open(port), true);
			}
			// aedes also ends connections of its own, after its repeats were answered.
			const keeper = setInterval(() => {
				if (!client.connected) client.open(port).catch(() => {});
			}, 20).unref();
			await Promise.all([up, down]);
			await client.until(() => client.messages.length >= 40);
			await client.until(() => new Set(payloads(client)).size === 40);
			await other.until(() => other.messages.length >= 40);
			clearInterval(keeper);
			const got = payloads(client);
			assert.deepEqual(resendsReleased ? [...new Set(got)].sort() : got, order);
			assert.deepEqual(payloads(other), sent);
			await client.close();
			await other.close();
		});

		test("the will goes out when the connection is lost, not after DISCONNECT", async () => {
			const will = { topic: "will/x", payload: "gone", qos: 1, retain: false } as const;
			const other = new SocketClient({ clientId: "heir" });
			await other.open(port);
			await other.subscribe("will/#", 1);
			const orderly = new SocketClient({ clientId: "orderly", will });
			await orderly.open(port);
			await orderly.close();
			const mortal = new SocketClient({ clientId: "mortal", will });
			await mortal.open(port);
			mortal.drop();
			await other.until(() => other.messages.length > 0);
			await other.publish("will/end", "end", 1);
			await other.until(() => other.messages.length > 1);
			assert.deepEqual(payloads(other), ["gone", "end"]);
			await other.close();
		});

		test("the broker restarts: the session goes on", async () => {
			const client = new SocketClient({ clientId: "restart", cleanSession: false });
			await client.open(port);
			await client.subscribe("restart", 2);
			await broker?.restart();
			await client.until(() => client.log.includes("down"));
			const done = client.publish("restart", "meanwhile", 2);
			assert.equal(await client.open(port), true);
			await done;
			await client.until(() => client.messages.length === 1);
			await client.close();
		});

		test("an idle connection is kept by PINGREQ", async () => {
			const client = new SocketClient({ clientId: "idle", keepAliveSeconds: 1 });
			await client.open(port);
			await new Promise((resolve) => setTimeout(resolve, 2600));
			assert.ok(!client.log.includes("down"));
			await client.close();
		});
	});
}

suite("mosquitto", mosquitto, skipWithout("mosquitto"), false);
suite("aedes", aedes, false, true);
