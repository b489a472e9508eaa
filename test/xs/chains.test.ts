/** The table of certificate chains on XS: the same answers as on a simulated board. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, makeChains } from "../support/chains";
import { runApplication } from "./application";
import { whyNoXs } from "./xs";

const skip = whyNoXs();

test("each chain of the table gets the same answer on XS", {
	skip,
	timeout: 300_000,
}, async () => {
	const table = await makeChains();
	const cases = table.map(asText);
	const last = /^end of the table$/;
	const lines = await runApplication({ name: "chains", cases, last, limitMs: 120_000 });
	for (const { title, reason } of table) {
		const line = lines.find((one) => one.startsWith(`${title}: `));
		assert.equal(line, `${title}: ${reason}`);
	}
});
