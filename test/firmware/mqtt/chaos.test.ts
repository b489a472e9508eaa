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
		const published = chaos.brokers[0]?.delivered.length ?? 0;
		const counts = {
			...chaos.faults,
			...chaos.changed,
			delivered: chaos.delivered.length,
			published,
		};
		for (const part of [counts, ...chaos.brokers.map((broker) => broker.faults)]) {
			for (const [name, count] of Object.entries(part)) total[name] = (total[name] ?? 0) + count;
		}
	}
	return total;
}

function happened(faults: Record<string, number>, names: readonly string[]): void {
	for (const name of names)
		assert.ok((faults[name] ?? 0) >= rounds(20), `${name}: ${faults[name]}`);
}

const always = ["drops", "cutPackets", "stalls", "pieces", "delivered", "published"];

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

test("with several brokers nothing is lost, whichever accepts us next", () => {
	const names = ["drops", "cutPackets", "published", "changes"];
	const more = ["delivered", "deliveredAgain", "repeats"];
	happened(runAll({ brokers: 2 }), [...names, ...more]);
	happened(runAll({ brokers: 3, forgetEvery: 4 }), [...names, "sessionsLost"]);
	happened(runAll({ brokers: 2, cleanSession: true }), names);
	happened(runAll({ brokers: 2, deliversAtRelease: true }), names);
});
