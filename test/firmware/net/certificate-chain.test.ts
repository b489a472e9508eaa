/** The firmware's check of certificate chains: each row of the table has its answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkText, table } from "../../support/firmware-chains";

for (const row of table) {
	test(row.title, () => assert.equal(checkText(JSON.stringify(row)), row.reason));
}
