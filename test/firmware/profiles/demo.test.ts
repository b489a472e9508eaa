import "../../support/xs-globals";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, State } from "../../../firmware/mqtt/session";
import { DEMO_CONNECT_DELAY_MS, DemoProfile } from "../../../firmware/profiles/demo";
import type { NodeFacts } from "../../../firmware/profiles/profile";
import { SessionBench } from "../../support/session-bench";

const UNIX_MS = Date.UTC(2026, 10, 21, 4, 9, 52, 123);

test("the tutorial's timeline: three tests, then the date every 10 to 30 s", () => {
	const bench = new SessionBench();
	let chance = 0;
	const facts = {
		session: bench.session,
		online: () => bench.session.state === State.Up,
		clockState: () => "set",
		unixMs: (now: number) => UNIX_MS + now,
		random: () => chance,
	} as Partial<NodeFacts> as NodeFacts;
	const profile = new DemoProfile(facts);
	const received: string[] = [];
	bench.onEvent = (event) => {
		if (event === Event.Connected) profile.handleConnected(false, bench.now);
		else if (event === Event.Message) {
			received.push(bench.session.messageText() ?? "");
			profile.handleMessage(bench.now);
		}
	};
	assert.equal(DEMO_CONNECT_DELAY_MS, 30_000);
	assert.deepEqual(profile.subscriptions, [{ topic: "async-mqtt/ESP8266_Pub", qos: 2 }]);
	bench.now = 30_000;
	bench.connect();
	bench.pump();
	// At QoS 0 it would be gone before the broker knows who wants it.
	assert.equal(bench.sent.filter((packet) => packet.cmd === "publish").length, 0);
	profile.handleSubscribed(bench.now);
	bench.pump();
	const tests = [0, 1, 2].map(() => bench.take("publish"));
	assert.deepEqual(
		tests.map((packet) => [packet.topic, packet.payload.toString(), packet.qos]),
		[
			["async-mqtt/ESP8266_Pub", "test1", 0],
			["async-mqtt/ESP8266_Pub", "test2", 1],
			["async-mqtt/ESP8266_Pub", "test3", 2],
		],
	);
	for (const { payload, qos, topic } of tests) {
		bench.give({
			cmd: "publish",
			topic,
			payload,
			qos,
			messageId: 1 + qos,
			retain: false,
			dup: false,
		});
	}
	assert.deepEqual(received, ["test1", "test2", "test3"]);

	function ticAfter(ms: number): string {
		assert.equal(profile.pollTimeout(bench.now), ms);
		bench.now += ms - 1;
		profile.handleTimeout(bench.now);
		bench.pump();
		assert.equal(bench.sent.filter((packet) => packet.cmd === "publish").length, 0);
		bench.now += 1;
		profile.handleTimeout(bench.now);
		bench.pump();
		const packet = bench.take("publish");
		assert.equal(packet.topic, "async-mqtt/ESP8266_tic");
		return packet.payload.toString();
	}
	assert.equal(ticAfter(20_000), "2026-11-21T04:10:42.123Z");
	chance = 0.999_999;
	assert.equal(ticAfter(10_000), "2026-11-21T04:10:52.123Z");
	ticAfter(29_999);

	// Another connection says the tests no second time.
	bench.close();
	bench.connect(true);
	const again = bench.sent.filter((packet) => packet.cmd === "publish");
	assert.deepEqual(
		again.map((packet) => packet.cmd === "publish" && [packet.payload.toString(), packet.dup]),
		[
			["test2", true],
			["test3", true],
		],
	);
});
