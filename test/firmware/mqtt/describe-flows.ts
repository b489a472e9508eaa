/**
 * Makes the tables of docs/qos.md from those of the engine. Kept apart from the firmware, so that
 * no board carries the names.
 */

import {
	actionOf,
	type Flow,
	InAction,
	IncomingFlow,
	OutAction,
	OutgoingFlow,
	stateOf,
	step,
} from "../../../firmware/mqtt/inflight";
import { namesOf } from "./flow-names";

interface Names {
	states: Readonly<Record<string, number>>;
	inputs: Readonly<Record<string, number>>;
	actions: Readonly<Record<string, number>>;
	violation: number;
}

const headings: Readonly<Record<string, string>> = {
	Begin: "first byte sent",
	Puback: "PUBACK",
	Pubrec: "PUBREC",
	Pubcomp: "PUBCOMP",
	Publish1: "PUBLISH QoS 1",
	Publish2: "PUBLISH QoS 2",
	Pubrel: "PUBREL",
	Acknowledge: "application acknowledges",
	Turn: "answer sent",
	Lost: "connection lost",
	Forgotten: "session lost",
};

const deeds: Readonly<Record<string, string>> = {
	Complete: "done",
	Release: "send PUBREL",
	Answer: "answer",
	Stray: "ignore",
	Deliver: "deliver",
	Rejoin: "repeat, not delivered",
};

function nameOf(values: Readonly<Record<string, number>>, value: number): string {
	return Object.keys(values).find((key) => values[key] === value) ?? String(value);
}

function tableOf(flow: Flow, names: Names): string {
	const columns = Object.keys(names.inputs);
	const lines = [
		`| | ${columns.map((column) => headings[column]).join(" | ")} |`,
		`|---|${columns.map(() => "---").join("|")}|`,
	];
	for (const [stateName, state] of Object.entries(names.states)) {
		const cells = columns.map((column) => {
			const cell = step(flow, state, names.inputs[column] as number);
			const action = actionOf(cell);
			if (action === names.violation) return "✗";
			const next = stateOf(cell);
			const deed = action === 0 ? "" : deeds[nameOf(names.actions, action)];
			const move = next === state ? (deed ? "" : "·") : nameOf(names.states, next);
			return [deed, move].filter((part) => part !== "").join(" → ");
		});
		lines.push(`| **${stateName}** | ${cells.join(" | ")} |`);
	}
	return lines.join("\n");
}

/** Both tables as Markdown. ✗ closes the connection; · changes nothing. */
export function describeFlows(): string {
	const outgoing = tableOf(OutgoingFlow, {
		states: namesOf("Out"),
		inputs: namesOf("OutInput"),
		actions: namesOf("OutAction"),
		violation: OutAction.Violation,
	});
	const incoming = tableOf(IncomingFlow, {
		states: namesOf("In"),
		inputs: namesOf("InInput"),
		actions: namesOf("InAction"),
		violation: InAction.Violation,
	});
	return `## Going out\n\n${outgoing}\n\n## Coming in\n\n${incoming}\n`;
}
