/** When a node announces itself to Home Assistant. Played broker, time that stands still. */

import "../../support/xs-globals";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../firmware/checker";
import { Event, type SessionOptions, State } from "../../../firmware/mqtt/session";
import { Discovery } from "../../../firmware/profiles/discovery";
import type { NodeFacts } from "../../../firmware/profiles/profile";
import { componentsOf, HomeAssistant } from "../../support/homeassistant";
import { SessionBench } from "../../support/session-bench";
import { cardOf, HOUSE } from "./discovery-house";

const TOPIC = "homeassistant/device/shed/config";
const STATUS = "homeassistant/status";

/** What outlives a reboot. */
class Kept {
	text = "";
	writes = 0;

	read(): string {
		return this.text;
	}

	write(text: string): void {
		this.text = text;
		this.writes += 1;
	}
}

class Node {
	readonly bench: SessionBench;
	readonly discovery: Discovery;
	readonly taken: boolean[] = [];
	chance = 0.5;

	constructor(list: readonly Json[], kept: Kept, session: Partial<SessionOptions> = {}) {
		this.bench = new SessionBench({ arenaBytes: 256, transmitBytes: 128, ...session });
		const { bench } = this;
		const facts = {
			session: bench.session,
			online: () => bench.session.state === State.Up,
			random: () => this.chance,
		} as unknown as NodeFacts;
		const options = { ...cardOf(list), prefix: "homeassistant", store: kept };
		this.discovery = new Discovery(options, facts);
		bench.onEvent = (event) => {
			const { session, now } = bench;
			if (event === Event.Connected) {
				this.discovery.handleConnected(session.event.sessionPresent, now);
				this.discovery.handleTimeout(now);
			} else if (event === Event.Published) {
				this.taken.push(this.discovery.handlePublished(session.event.token, now));
				this.discovery.handleTimeout(now);
			} else if (event === Event.Message) {
				const text = session.messageText() ?? "";
				this.taken.push(this.discovery.handleMessage(session.messageTopic(), text, now));
			}
		};
	}

	/** Time passes as on a board: called when it said, and not before. */
	wait(ms: number): void {
		let left = ms;
		for (;;) {
			const next = this.discovery.pollTimeout(this.bench.now);
			assert.notEqual(next, 0, "called again and again");
			if (next < 0 || next > left) break;
			this.bench.now += next;
			left -= next;
			this.discovery.handleTimeout(this.bench.now);
		}
		this.bench.now += left;
	}

	/** Home Assistant, or who says to be it. */
	say(payload: string, retain = false, topic = STATUS): void {
		this.bench.give({ cmd: "publish", topic, payload, qos: 0, retain, dup: false });
	}

	/** What it has published and got acknowledged. */
	announced(): string[] {
		const all = this.bench.acknowledgeAll();
		for (const { topic, retain, qos } of all) {
			assert.deepEqual([topic, retain, qos], [TOPIC, true, 1]);
		}
		return all.map(({ text }) => text);
	}
}

test("once after a start, whatever the broker knows, and not at every connect", () => {
	for (const sessionPresent of [false, true]) {
		const node = new Node(HOUSE, new Kept());
		assert.equal(node.discovery.pollTimeout(0), -1, "not before there is a connection");
		node.bench.connect(sessionPresent);
		const [text, ...more] = node.announced();
		assert.equal(Object.keys(componentsOf(text)).length, 18);
		assert.deepEqual(more, []);
		assert.deepEqual(node.taken, [true]);
		for (let i = 0; i < 3; i++) {
			node.bench.close();
			node.bench.connect(true);
			node.wait(60_000);
			assert.deepEqual(node.announced(), []);
		}
	}
});

test("again when the broker begins a new session", () => {
	const node = new Node(HOUSE, new Kept());
	node.bench.connect();
	const [text] = node.announced();
	node.bench.close();
	node.bench.connect(false);
	assert.deepEqual(node.announced(), [text]);
});

test("another broker is told, and the one before again, each when it is connected to", () => {
	const node = new Node(HOUSE, new Kept());
	for (const [broker, times] of [
		[0, 1],
		[0, 0],
		[1, 1],
		[1, 0],
		[0, 1],
	]) {
		node.bench.connect(true, broker);
		node.wait(60_000);
		assert.equal(node.announced().length, times, `broker ${broker}`);
		node.bench.close();
	}
});

test("a connection that breaks in the middle: whole, once, with DUP in the same session", () => {
	for (const sessionPresent of [true, false]) {
		const node = new Node(HOUSE, new Kept());
		node.bench.session.handleOpened(0);
		node.bench.pump();
		node.bench.session.handleBytes(new Uint8Array([0x20, 2, 0, 0]), 0, 4, 0);
		assert.equal(node.bench.session.pollEvent(), Event.Connected);
		node.discovery.handleTimeout(0);
		const part = new Uint8Array(1000);
		assert.equal(node.bench.session.pollTransmit(part, 0, 1000, 0), 1000);
		node.bench.close();
		node.bench.connect(sessionPresent);
		const publish = node.bench.sent.find(({ cmd }) => cmd === "publish");
		assert.equal(publish?.cmd === "publish" && publish.dup, sessionPresent);
		assert.equal(node.announced().length, 1);
		node.wait(60_000);
		assert.equal(node.announced().length, 0);
	}
});

test("after Home Assistant says online, each node after a time of its own", () => {
	for (const [chance, delayMs] of [
		[0, 1000],
		[0.5, 8000],
		[0.99999, 15_000],
	]) {
		const node = new Node(HOUSE, new Kept());
		node.chance = chance;
		node.bench.connect();
		const [text] = node.announced();
		node.taken.length = 0;
		node.say("online");
		assert.deepEqual(node.taken, [true]);
		assert.ok(node.discovery.idle);
		node.wait(delayMs - 1);
		assert.deepEqual(node.announced(), []);
		node.wait(1);
		assert.deepEqual(node.announced(), [text]);
	}
});

test("offline, a retained online, and several in a row cause no work of their own", () => {
	const node = new Node(HOUSE, new Kept());
	node.bench.connect();
	node.announced();
	node.say("offline");
	node.say("online", true);
	node.wait(60_000);
	assert.deepEqual(node.announced(), []);
	for (let i = 0; i < 10; i++) {
		node.say("online");
		node.wait(1000);
	}
	assert.equal(node.announced().length, 1, "the first one counts");
	node.wait(60_000);
	assert.equal(node.announced().length, 1, "and one for those behind it");
});

test("messages for others are left to them", () => {
	const node = new Node(HOUSE, new Kept());
	node.bench.connect();
	node.announced();
	node.taken.length = 0;
	for (const topic of ["fieldmote/shed/relay/set", "homeassistant/status/x", "other/status"]) {
		node.say("online", false, topic);
	}
	node.bench.session.publish("x", "y", 1, false, node.bench.now);
	node.bench.acknowledgeAll();
	assert.deepEqual(node.taken, [false, false, false, false]);
	assert.deepEqual(node.discovery.subscriptions, [{ topic: STATUS, qos: 0 }]);
});

test("said while it leaves or while there is no connection, it is told again", () => {
	const node = new Node(HOUSE, new Kept());
	node.bench.connect();
	node.say("online");
	assert.equal(node.discovery.pollTimeout(node.bench.now), -1, "one at a time");
	assert.equal(node.announced().length, 1);
	node.wait(8000);
	assert.equal(node.announced().length, 1);
	node.say("online");
	node.bench.close();
	assert.equal(node.discovery.pollTimeout(node.bench.now), -1);
	node.wait(60_000);
	node.bench.connect(true);
	assert.equal(node.announced().length, 1);
});

test("without room it waits, and does not ask without end", () => {
	const node = new Node(HOUSE, new Kept(), { window: 2 });
	node.bench.session.publish("x", "1", 1, false, 0);
	node.bench.session.publish("x", "2", 1, false, 0);
	node.bench.connect();
	assert.equal(node.discovery.idle, false);
	node.wait(10_000);
	const all = node.bench.acknowledgeAll().map(({ topic }) => topic);
	assert.deepEqual(all, ["x", "x", TOPIC]);
	assert.ok(node.discovery.idle);
});

test("it is over when it is acknowledged itself, not when another publication is", () => {
	const kept = new Kept();
	const node = new Node(HOUSE, kept);
	node.bench.connect();
	node.bench.session.publish("x", "behind it", 1, false, 0);
	node.bench.pump();
	const [config, x] = [node.bench.take("publish"), node.bench.take("publish")];
	node.bench.give({ cmd: "puback", messageId: x.messageId });
	assert.deepEqual([node.taken, kept.text], [[false], ""]);
	node.bench.give({ cmd: "puback", messageId: config.messageId });
	assert.deepEqual([node.taken, kept.writes], [[false, true], 1]);
});

test("what can never leave is given up", () => {
	const node = new Node(HOUSE, new Kept(), { arenaBytes: 16 });
	node.bench.connect();
	assert.deepEqual(node.announced(), []);
	assert.equal(node.discovery.pollTimeout(0), -1);
});

test("an entity that is taken out disappears, and is forgotten when the broker knows", () => {
	const kept = new Kept();
	const home = new HomeAssistant();
	const run = (list: readonly Json[]): Node => {
		const node = new Node(list, kept);
		node.bench.connect(true);
		return node;
	};
	const settle = (node: Node): void => {
		for (const text of node.announced()) home.receive(text);
		node.wait(60_000);
		for (const text of node.announced()) home.receive(text);
	};
	const [pump, , lamp] = HOUSE;
	settle(run([pump, lamp]));
	assert.deepEqual(home.uniqueIds, ["shed_lamp", "shed_pump"]);
	assert.deepEqual([home.messages, kept.text, kept.writes], [1, "s_pump l_lamp", 1]);
	settle(run([pump, lamp]));
	assert.deepEqual([home.messages, kept.writes], [2, 1], "flash is written when it changed");
	// A reboot before the broker has it: nothing is forgotten.
	const cut = run([pump]);
	cut.bench.close();
	assert.equal(kept.text, "s_pump l_lamp");
	settle(run([pump]));
	assert.deepEqual(home.uniqueIds, ["shed_pump"]);
	assert.deepEqual([home.messages, kept.text], [4, "s_pump"], "and once more without it");
	// The same id with another kind is another component.
	settle(run([{ ...lamp, id: "pump" }]));
	assert.deepEqual([...home.known.keys()].slice(-1), ["light l_pump"]);
	assert.deepEqual(home.uniqueIds, ["shed_pump"]);
	settle(run([]));
	assert.deepEqual([home.uniqueIds, kept.text], [[], ""]);
	settle(run([pump, lamp]));
	assert.deepEqual(home.uniqueIds, ["shed_lamp", "shed_pump"]);
});

test("the message after a removal has no trace of it", () => {
	const kept = new Kept();
	kept.text = "s_gone s_pump";
	const node = new Node(HOUSE, kept);
	node.bench.connect();
	const [first] = node.announced();
	assert.deepEqual(componentsOf(first).s_gone, { platform: "switch" });
	node.wait(15_000);
	const [second, ...more] = node.announced();
	assert.equal(componentsOf(second).s_gone, undefined);
	node.wait(60_000);
	assert.deepEqual([more, node.announced()], [[], []]);
});

test("new names are told, after a while", () => {
	const node = new Node(HOUSE, new Kept());
	node.bench.connect();
	node.announced();
	node.discovery.handleChanged(node.bench.now);
	node.discovery.handleChanged(node.bench.now);
	assert.deepEqual(node.announced(), []);
	node.wait(15_000);
	assert.equal(node.announced().length, 1);
});
