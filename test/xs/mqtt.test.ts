/** The engine on XS: the same vectors, and a session, in the SDK's simulator. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { buildXs, runXs, whyNoXs } from "./xs";

const skip = whyNoXs();

test("the engine holds its vectors on XS", { skip }, async () => {
	const application = await buildXs({ folder: join(import.meta.dirname, "mqtt") });
	try {
		const ours = application.buildLog.split("\n").filter((line) => line.includes("mqtt"));
		assert.deepEqual(
			ours.filter((line) => /warning/i.test(line)),
			[],
		);
		const run = await runXs(application);
		try {
			const [, count, wrong] = await run.waitFor(/^mqtt: (\d+) checks, (\d+) wrong/);
			assert.equal(wrong, "0", run.lines.join("\n"));
			assert.ok(Number(count) > 5000);
		} finally {
			await run.stop();
		}
	} finally {
		application.discard();
	}
});
