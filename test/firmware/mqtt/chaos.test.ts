/** Random lines that split and break, from seeds. Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { rounds } from "../../support/rounds";
import { Chaos, type ChaosOptions } from "./chaos";

const Runs = rounds(60);
const Steps = 1500;

function runAll(options: ChaosOptions): Record<string, number> {
	const total: Record<string, number> = {};
	for (let seed = 1; seed <= Runs; seed++) {
		const chaos = new Chaos(seed, options);
		try {
			chaos.run(Steps);
		} catch (error) {
			throw new Error(`seed ${seed}`, { cause: error });
		}
		const counts = {
			...chaos.faults,
			...chaos.broker.faults,
			delivered: chaos.delivered.length,
			published: chaos.broker.delivered.length,
		};
		for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
	}
	return total;
}

function happened(faults: Record<string, number>, names: readonly string[]): void {
	for (const name of names)
		assert.ok((faults[name] ?? 0) >= rounds(20), `${name}: ${faults[name]}`);
}

const always = ["drops", "cutPackets", "stalls", "delivered", "published"];

test("nothing is lost, QoS 2 is exactly once both ways, order is kept", () => {
	happened(runAll({}), [...always, "repeats", "resentReleases", "lateAcknowledgements"]);
});

test("the same with a broker that repeats without DUP", () => {
	happened(runAll({ marksRepeats: false }), [...always, "repeats"]);
});

test("a broker that loses its session costs repeats, not messages", () => {
	happened(runAll({ forgetEvery: 3 }), [...always, "sessionsLost"]);
});

test("with clean sessions nothing that was accepted is lost either", () => {
	happened(runAll({ cleanSession: true }), [...always, "sessionsLost"]);
});
