/**
 * The memory budgets, in the 32-bit build: `npm run measure` in short, for a relay alone and for a
 * house of entities. docs/footprint.md has the whole table.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CREATION } from "../footprint/applications";
import { whyNo32 } from "../footprint/build32";
import { CONFIGURATIONS } from "../footprint/configurations";
import { judge } from "../footprint/report";
import { measureFirmware } from "../footprint/runs";
import { skipWithout } from "../support/mosquitto";

const RECONNECTS = 20;
const skip = whyNo32() || skipWithout("mosquitto");

for (const name of ["mutual", "house"]) {
	test(`${name}: boot, handshake, burst and reconnects stay within the budget`, {
		skip,
	}, async (t) => {
		const configuration = CONFIGURATIONS.find((one) => one.name === name);
		assert.ok(configuration !== undefined);
		const result = await measureFirmware(configuration, RECONNECTS);
		for (const { name: phase, slots, chunks, stackPeak, block } of result.story.figures) {
			const parts = `slots ${slots}, chunks ${chunks}, stack ${stackPeak}`;
			t.diagnostic(`${phase}: ${parts}, together ${block} of ${configuration.budgetBytes}`);
		}
		assert.deepEqual(judge([result], CREATION.stack), []);
	});
}
