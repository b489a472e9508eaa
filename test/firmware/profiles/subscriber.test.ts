import "../../support/xs-globals";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Event } from "../../../firmware/mqtt/session";
import { Subscriber } from "../../../firmware/profiles/subscriber";
import { SessionBench } from "../../support/session-bench";
import { takeTrace } from "../../support/xs-globals";

/** Subscribes to a list at a broker that refuses some; the packets, and what was said. */
function subscribe(list: { topic: string; qos: number }[], refused = "") {
	const bench = new SessionBench({ transmitBytes: 512 });
	const facts = { session: bench.session, error: "" };
	const subscriber = new Subscriber();
	let isDone = false;
	bench.onEvent = (event) => {
		if (event === Event.Connected) subscriber.begin(facts, list, bench.now);
		else if (event === Event.Subscribed) {
			isDone = subscriber.handleSubscribed(facts, list, bench.now);
		}
	};
	takeTrace();
	bench.connect();
	const packets: string[][] = [];
	while (!isDone) {
		const { subscriptions, messageId } = bench.take("subscribe");
		packets.push(subscriptions.map(({ topic }) => topic));
		const granted = subscriptions.map(({ topic, qos }) => (topic === refused ? 0x80 : qos));
		bench.give({ cmd: "suback", messageId: messageId as number, granted });
	}
	return { packets, lines: takeTrace(), facts };
}

test("short topics go in one packet", () => {
	const list = ["a/+/set", "a/sync", "b"].map((topic) => ({ topic, qos: 1 }));
	const { packets, lines, facts } = subscribe(list, "a/sync");
	assert.deepEqual(packets, [["a/+/set", "a/sync", "b"]]);
	assert.deepEqual(lines, [
		"mqtt: subscribed to a/+/set at QoS 1",
		"mqtt: subscription refused by the broker: a/sync",
		"mqtt: subscribed to b at QoS 1",
	]);
	assert.equal(facts.error, "mqtt: subscription refused by the broker: a/sync");
});

test("sixteen topics of 128 bytes are all subscribed to, and named rightly", () => {
	const list = Array.from({ length: 16 }, (_, i) => {
		return { topic: `house/${i}/`.padEnd(128, "x"), qos: 2 };
	});
	const { packets, lines } = subscribe(list, list[9].topic);
	assert.equal(packets.length, 16);
	assert.deepEqual(
		packets.flat(),
		list.map(({ topic }) => topic),
	);
	assert.equal(lines.filter((line) => line.startsWith("mqtt: subscribed to house/")).length, 15);
	assert.ok(lines.includes(`mqtt: subscription refused by the broker: ${list[9].topic}`));
});
