/**
 * The bridge with upstream away: reports are counted by their sequence numbers, through a stop of
 * upstream in the middle of a stream and a restart of the edge while it waits.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MqttClient } from "mqtt";
import { above, below, isUp, options, startBoth } from "./bridge-rig";
import { eventually } from "./staged";

test("upstream away and back: nothing at QoS 1 is lost", options, async (t) => {
	const { upstream, edge } = await startBoth();
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
	await report(node, 200);
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
	assert.equal(sequence, 550);
	const all = Array.from({ length: sequence }, (_, i) => i + 1);
	await eventually("all", () => all.every((number) => seen.includes(number)) || undefined);
	// Mosquitto's bridge lets what is new overtake its queue when it comes back.
	const overtaken = seen.filter((number, i) => i > 0 && number < (seen[i - 1] as number)).length;
	t.diagnostic(`${seen.length - all.length} repeated, order broken ${overtaken} times`);
	for (const client of [again, later]) await client.endAsync();
	await edge.stop();
	await upstream.stop();
});
