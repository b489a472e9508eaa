/** The tables of the QoS flows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
	actionOf,
	In,
	InAction,
	IncomingFlow,
	InInput,
	Out,
	OutAction,
	OutgoingFlow,
	OutInput,
	stateOf,
	step,
} from "../../../firmware/mqtt/inflight";
import { namesOf } from "./flow-names";

test("the tables have a cell for everything and are frozen", () => {
	const tables = [
		[OutgoingFlow, namesOf("Out"), namesOf("OutInput")],
		[IncomingFlow, namesOf("In"), namesOf("InInput")],
	] as const;
	for (const [flow, states, inputs] of tables) {
		assert.equal(flow.length, Object.keys(states).length);
		assert.ok(Object.isFrozen(flow));
		for (const row of flow) {
			assert.equal(row.length, Object.keys(inputs).length);
			for (let input = 0; input < row.length; input++) {
				const cell = row.charCodeAt(input) - 32;
				assert.ok(stateOf(cell) < flow.length, `${row} leads to a state that is none`);
			}
		}
	}
});

test("once PUBREC is in, no PUBLISH goes out again but after a lost session", () => {
	for (const state of [Out.Release, Out.Released]) {
		for (const input of Object.values(namesOf("OutInput"))) {
			const next = stateOf(step(OutgoingFlow, state, input));
			const before: number[] = [Out.Queued1, Out.Sent1, Out.Again1, Out.Sent2, Out.Again2];
			assert.ok(!before.includes(next));
			if (next === Out.Queued2) assert.equal(input, OutInput.Forgotten);
		}
	}
});

test("what was sent is sent again after a loss, and nothing is lost but by its end", () => {
	for (const state of Object.values(namesOf("Out"))) {
		if (state === Out.None) continue;
		for (const input of Object.values(namesOf("OutInput"))) {
			const cell = step(OutgoingFlow, state, input);
			if (stateOf(cell) !== Out.None) continue;
			const action = actionOf(cell);
			assert.ok(action === OutAction.Complete || action === OutAction.Violation);
		}
	}
});

test("a QoS 2 message is delivered from no state but None, and ends by PUBREL alone", () => {
	for (const state of Object.values(namesOf("In"))) {
		const cell = step(IncomingFlow, state, InInput.Publish2);
		if (actionOf(cell) === InAction.Deliver) {
			assert.ok(state === In.None || state === In.Done1);
		}
		if (state < In.Delivered2) continue;
		for (const input of Object.values(namesOf("InInput"))) {
			const after = step(IncomingFlow, state, input);
			if (stateOf(after) !== In.None || actionOf(after) === InAction.Violation) continue;
			assert.ok(input === InInput.Pubrel || input === InInput.Forgotten);
		}
	}
});
