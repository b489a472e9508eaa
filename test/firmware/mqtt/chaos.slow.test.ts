/** As chaos.test.ts, many more seeds and longer runs. Node only. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chaos, type ChaosOptions } from "./chaos";

const Runs = 1500;
const Steps = 3000;

const kinds: Readonly<Record<string, ChaosOptions>> = {
	"a kept session": {},
	"repeats without DUP": { marksRepeats: false },
	"a session that is lost now and then": { forgetEvery: 4 },
	"one of two brokers": { brokers: 2 },
	"one of four brokers that lose sessions": { brokers: 4, forgetEvery: 6 },
	"a window of one": { window: 1, incomingWindow: 1, arenaBytes: 64 },
	"a wide window": { window: 40, incomingWindow: 20, arenaBytes: 2000 },
};

for (const [kind, options] of Object.entries(kinds)) {
	test(kind, () => {
		const faults = { drops: 0, cutPackets: 0 };
		for (let seed = 1001; seed <= 1000 + Runs; seed++) {
			const chaos = new Chaos(seed, options);
			try {
				chaos.run(Steps);
			} catch (error) {
				throw new Error(`seed ${seed}`, { cause: error });
			}
			faults.drops += chaos.faults.drops;
			faults.cutPackets += chaos.faults.cutPackets;
		}
		assert.ok(faults.drops > 0 && faults.cutPackets > 0, JSON.stringify(faults));
	});
}
