/** Nothing grows with the number of messages. Node only. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("a million messages grow the heap by less than a byte each", () => {
	const script = fileURLToPath(new URL("heap-run.ts", import.meta.url));
	const args = ["--expose-gc", "--max-semi-space-size=64", "--import", "tsx", script];
	const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
	assert.equal(status, 0, stderr);
	const { kept, made, received, published, inFlight } = JSON.parse(stdout);
	assert.ok(received >= 500_000 && published >= 333_000 && inFlight === 0, stdout);
	assert.ok(kept < 1, stdout);
	// What a message in flight takes for a moment: its packet, a table of two rows.
	assert.ok(made < 1000, stdout);
});
