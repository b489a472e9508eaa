/** How a herd comes back: what docs/scale.md says of it, and that it is a spread. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import { comeBack, RECONNECT, rows } from "./herd";

test("the limits are the firmware's", () => {
	const source = readFileSync(join(root, "firmware", "runtime.ts"), "utf8");
	const [, text = ""] = /^const RECONNECT = Object\.freeze\(\{ (.*) \}\);$/m.exec(source) ?? [];
	const pairs = text.split(", ").map((pair) => pair.split(": "));
	const found = pairs.map(([name = "", value = ""]) => [name, Number(value.replaceAll("_", ""))]);
	assert.deepEqual(Object.fromEntries(found), RECONNECT);
});

test("the figures of docs/scale.md are the backoff's", () => {
	const page = readFileSync(join(root, "docs", "scale.md"), "utf8");
	assert.ok(page.includes(rows(1000).join("\n")), rows(1000).join("\n"));
});

test("nodes that lost their broker together come back over the whole delay", () => {
	for (const [outageMs, spanMs] of [
		[0, 1_000],
		[600_000, 120_000],
	]) {
		const times = comeBack(10_000, outageMs, 7);
		assert.ok(times[0] >= 0 && times[9_999] <= spanMs);
		// Nobody waits for nothing, and no tenth of the delay is empty.
		for (let part = 0; part < 10; part++) {
			const from = (part * spanMs) / 10;
			const here = times.filter((time) => time >= from && time < from + spanMs / 10).length;
			assert.ok(here > 50, `${outageMs}: ${here} in part ${part}`);
		}
	}
});
