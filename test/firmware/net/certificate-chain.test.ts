/** The firmware's check of certificate chains on a simulated board; on XS: test/xs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOn } from "../../../host-sim/loader";
import { buildProgram, makeBoard } from "../../support/board";
import { asText, makeChains } from "../../support/chains";

interface Exported {
	checkText(json: string): string;
}

const program = await buildProgram("test/support/chain-checker.ts");
const { board, crashes } = makeBoard();
const firmware = powerOn(board, program) as Exported;
assert.deepEqual(crashes, []);

for (const row of await makeChains()) {
	test(row.title, () => {
		assert.equal(firmware.checkText(JSON.stringify(asText(row))), row.reason);
	});
}
