/** As chaos.test.ts, many more seeds and longer runs. Node only. */

import { test } from "node:test";
import { Chaos, type ChaosOptions } from "./chaos";

const Runs = 1500;
const Steps = 3000;

const kinds: Readonly<Record<string, ChaosOptions>> = {
	"a kept session": {},
	"repeats without DUP": { marksRepeats: false },
	"a session that is lost now and then": { forgetEvery: 4 },
	"a window of one": { window: 1, incomingWindow: 1, arenaBytes: 64 },
	"a wide window": { window: 40, incomingWindow: 20, arenaBytes: 2000 },
};

for (const [kind, options] of Object.entries(kinds)) {
	test(kind, () => {
		for (let seed = 1001; seed <= 1000 + Runs; seed++) {
			try {
				new Chaos(seed, options).run(Steps);
			} catch (error) {
				throw new Error(`seed ${seed}`, { cause: error });
			}
		}
	});
}
