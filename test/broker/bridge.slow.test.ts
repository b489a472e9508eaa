/**
 * The bridge with upstream away: reports are counted by their sequence numbers, through a stop of
 * upstream in the middle of a stream and a restart of the edge while it waits. And a line that is
 * cut without a word.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MqttClient } from "mqtt";
import { above, below, isUp, options, startBoth } from "./bridge-rig";
import { eventually } from "./staged";

/** One and a half times the keep-alive and what Mosquitto takes to look; 90 s by its default. */
const NOTICED_MS = 60_000;

test("upstream away and back: nothing at QoS 1 is lost", options, async (t) => {
	// The witness may be slower than the bridge; the edge's own limit stays.
	const { upstream, edge } = await startBoth({ replace: { max_queued_messages: "5000" } });
	const seen: number[] = [];
	const take = (topic: string, payload: string) => {
		if (topic.endsWith("/time")) seen.push(Number(payload));
	};
	// A session, so that the witness loses nothing either.
	const witness = await above(upstream, "logger", take, true);
	await witness.subscribeAsync("fieldmote/sim-1/#", { qos: 1 });
	let sequence = 0;
	const node = await below(edge, "sim-1");
	const report = async (client: MqttClient, count: number) => {
		for (let i = 0; i < count; i++) {
			await client.publishAsync("fieldmote/sim-1/time", String(++sequence), { qos: 1 });
		}
	};
	await report(node, 50);
	await witness.endAsync();
	// In the middle of a stream, so that some are in flight.
	const streaming = report(node, 200);
	await upstream.stop();
	await streaming;
	// More than the other files let wait.
	await report(node, 1_200);
	await node.endAsync();
	await edge.stop();
	await edge.start();
	const again = await below(edge, "sim-1");
	await report(again, 50);
	const from = upstream.log().length;
	await upstream.start();
	await isUp(upstream, from);
	const later = await above(upstream, "logger", take, true);
	await report(again, 50);
	await eventually("the last report", () => seen.includes(sequence) || undefined);
	assert.equal(sequence, 1_550);
	const all = Array.from({ length: sequence }, (_, i) => i + 1);
	await eventually("all", () => all.every((number) => seen.includes(number)) || undefined);
	// Mosquitto's bridge lets what is new overtake its queue when it comes back.
	const overtaken = seen.filter((number, i) => i > 0 && number < (seen[i - 1] as number)).length;
	t.diagnostic(`${seen.length - all.length} repeated, order broken ${overtaken} times`);
	for (const client of [again, later]) await client.endAsync();
	await edge.stop();
	await upstream.stop();
});

test("a line that is cut without a word is said to be so within about 50 s", options, async (t) => {
	const { upstream, edge } = await startBoth();
	let line = "";
	const logger = await above(upstream, "logger", (_topic, payload) => {
		line = payload;
	});
	await logger.subscribeAsync("fieldmote/edge/connected", { qos: 1 });
	await eventually("the line", () => line === "1" || undefined);
	const from = performance.now();
	// It says nothing any more, and its kernel goes on answering.
	process.kill(edge.pid(), "SIGSTOP");
	try {
		await eventually("the cut", () => line === "0" || undefined, NOTICED_MS);
	} finally {
		process.kill(edge.pid(), "SIGCONT");
	}
	t.diagnostic(`after ${Math.round((performance.now() - from) / 1000)} s`);
	await eventually("it is back", () => line === "1" || undefined);
	await logger.endAsync();
	await edge.stop();
	await upstream.stop();
});
