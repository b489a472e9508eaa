/**
 * The discovery message by the real engine to a real Mosquitto, with the limits of an ESP8266's
 * session: window 4, 1,024 bytes for publications, 512 for the rest. Another client reads what the
 * broker keeps.
 */

import "../../support/xs-globals";
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { Json } from "../../../firmware/checker";
import { State } from "../../../firmware/mqtt/session";
import { Discovery } from "../../../firmware/profiles/discovery";
import type { NodeFacts } from "../../../firmware/profiles/profile";
import { componentsOf } from "../../support/homeassistant";
import { type Mosquitto, skipWithout, startMosquitto } from "../../support/mosquitto";
import { SocketClient } from "../mqtt/socket-client";
import { cardOf, HOUSE, wholeOf } from "./discovery-house";

const TOPIC = "homeassistant/device/shed/config";
const LIMITS = { window: 4, arenaBytes: 1024, transmitBytes: 512, cleanSession: false };
const skip = skipWithout("mosquitto");

/** A node on a socket: nothing but its discovery. */
class Node {
	readonly client = new SocketClient({ clientId: "shed", ...LIMITS });
	readonly discovery: Discovery;
	private readonly kept: { text: string };
	/** Of the client's log and messages, what was seen. */
	private logged = 0;
	private read = 0;

	constructor(list: readonly Json[], kept: { text: string }) {
		this.kept = kept;
		const { session } = this.client;
		const facts = {
			session,
			online: () => session.state === State.Up,
			random: () => 0,
		} as unknown as NodeFacts;
		const store = {
			read: () => kept.text,
			write: (text: string) => {
				kept.text = text;
			},
		};
		const options = { ...cardOf(list), prefix: "homeassistant", store };
		this.discovery = new Discovery(options, facts);
	}

	async open(port: number): Promise<void> {
		const present = await this.client.open(port);
		this.discovery.handleConnected(present, this.client.now);
		await this.client.subscribe("homeassistant/status", 0);
	}

	/** What the profile does with the engine's events. */
	turn(): void {
		const { client, discovery } = this;
		const { now, log, messages } = client;
		for (; this.logged < log.length; this.logged++) {
			const [word, token] = log[this.logged].split(" ");
			if (word === "done") discovery.handlePublished(Number(token), now);
		}
		for (; this.read < messages.length; this.read++) {
			const { topic, payload } = messages[this.read];
			discovery.handleMessage(topic, payload, now);
		}
		discovery.handleTimeout(now);
		client.pump();
	}

	/** Runs until it has announced what the store then says. */
	async announce(list: string): Promise<void> {
		await this.client.until(() => {
			this.turn();
			return this.kept.text === list && this.client.session.inFlight === 0;
		});
	}
}

/** The message that the broker keeps. */
async function retained(port: number): Promise<string> {
	const reader = new SocketClient({ clientId: "reader", receiveBytes: 16_384 });
	await reader.open(port);
	await reader.subscribe(TOPIC, 1);
	await reader.until(() => reader.messages.length > 0);
	await reader.close();
	const [{ payload, retain }] = reader.messages;
	assert.equal(retain, true);
	return payload;
}

async function withBroker(run: (broker: Mosquitto) => Promise<void>): Promise<void> {
	const broker = await startMosquitto(["allow_anonymous true", "max_packet_size 16384"]);
	try {
		await run(broker);
	} finally {
		await broker.discard();
	}
}

const LIST =
	"s_pump s_room1 l_lamp l_strip l_bulb e_knob e_stop b_door n_soil n_raw n_water n_turns n_climate_temperature n_climate_humidity n_sky_items number_valve";

test("the broker keeps the whole message, also after a broken connection and a new session", {
	skip,
}, async () => {
	await withBroker(async (broker) => {
		const node = new Node(HOUSE, { text: "" });
		await node.open(broker.port);
		node.discovery.handleTimeout(node.client.now);
		// A part of it leaves, and then the connection is gone.
		const part = new Uint8Array(1500);
		const { session } = node.client;
		assert.equal(session.pollTransmit(part, 0, 1500, node.client.now), 1500);
		assert.ok((session.packets?.length ?? 0) <= 64, "only its head is held");
		const { socket } = node.client as unknown as { socket: Socket };
		await new Promise((resolve) => socket.write(part, resolve));
		node.client.drop();
		await node.open(broker.port);
		await node.announce(LIST);
		const whole = wholeOf(cardOf(HOUSE));
		assert.ok(Buffer.byteLength(whole) > 3500);
		assert.equal(await retained(broker.port), whole);
		node.client.drop();
		// Somebody else has been here: no session any more, and no message.
		const other = new SocketClient({ clientId: "shed" });
		await other.open(broker.port);
		await other.publish(TOPIC, "", 1, true);
		await other.close();
		await node.open(broker.port);
		const before = node.client.log.length;
		await node.client.until(() => {
			node.turn();
			return node.client.log.slice(before).some((word) => word.startsWith("done"));
		});
		assert.equal(await retained(broker.port), whole);
		await node.client.close();
	});
});

test("other publications leave and are acknowledged beside it", { skip }, async () => {
	await withBroker(async (broker) => {
		const node = new Node(HOUSE, { text: "" });
		await node.open(broker.port);
		node.discovery.handleTimeout(node.client.now);
		const others = node.client.publishAll("x", ["1", "2", "3", "4", "5", "6"], 1);
		await node.announce(LIST);
		await others;
		assert.equal(await retained(broker.port), wholeOf(cardOf(HOUSE)));
		await node.client.close();
	});
});

test("an entity that is taken out, and Home Assistant's start", { skip }, async () => {
	await withBroker(async (broker) => {
		const kept = { text: "" };
		const first = new Node(HOUSE, kept);
		await first.open(broker.port);
		await first.announce(LIST);
		await first.client.close();
		const home = new SocketClient({ clientId: "home", receiveBytes: 16_384 });
		await home.open(broker.port);
		await home.subscribe("homeassistant/device/+/config", 1);
		await home.until(() => home.messages.length === 1);
		const second = new Node(HOUSE.slice(1), kept);
		await second.open(broker.port);
		await second.announce(LIST.replace("s_pump ", ""));
		await home.until(() => home.messages.length === 2);
		assert.deepEqual(componentsOf(home.messages[1].payload).s_pump, { platform: "switch" });
		// Once more without it, after a second.
		await home.until(() => {
			second.turn();
			return home.messages.length === 3;
		});
		assert.equal(home.messages[2].payload, wholeOf(cardOf(HOUSE.slice(1))));
		await home.publish("homeassistant/status", "online", 0);
		await home.until(() => {
			second.turn();
			return home.messages.length === 4;
		});
		assert.equal(home.messages[3].payload, home.messages[2].payload);
		await second.client.close();
		await home.close();
	});
});
