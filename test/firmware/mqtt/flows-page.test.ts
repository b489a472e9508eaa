/** That docs/qos.md shows the tables of the QoS flows as they are. Node only. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeFlows } from "./describe-flows";

/** Tables whatever their columns are padded with. */
function plain(text: string): string {
	return text
		.replace(/ *\| */g, "|")
		.replace(/-+/g, "-")
		.trim();
}

test("docs/qos.md holds the tables as they are", () => {
	const page = readFileSync(new URL("../../../docs/qos.md", import.meta.url), "utf8");
	const [, tables] = page.split("<!-- tables -->\n");
	assert.equal(plain(tables ?? ""), plain(describeFlows()));
});
