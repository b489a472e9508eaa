/**
 * The pure parts' own tests on XS: the same files as on Node, in one application, against the
 * firmware's modules as the root's manifest builds them. Each test is seen here by its name.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, makeChains } from "../support/chains";
import { buildApplication, runApplication } from "./application";
import { nodeNeedsOf } from "./bundle";
import { END, REGISTERED, RESULT, type UnitResult } from "./stand-ins/protocol";
import { FOR_NODE, unitTests } from "./unit-files";
import { whyNoXs } from "./xs";

const skip = whyNoXs();
const { forXs, forNode } = unitTests();

test("each unit test runs on XS, or is listed with what it needs of Node's", async () => {
	assert.equal(forNode.length, Object.keys(FOR_NODE).length, "the list names a file that is not");
	for (const file of forXs) {
		const needs = await nodeNeedsOf(file);
		assert.deepEqual(needs, [], `${file} is not in FOR_NODE (test/xs/unit-files.ts)`);
	}
	for (const file of forNode) {
		// A file may also want of node:test what the stand-in has not.
		const needs = await nodeNeedsOf(file).catch((error: Error) => [error.message]);
		assert.notDeepEqual(needs, [], `${file} runs on XS, but is in FOR_NODE`);
	}
});

test("the pure parts' tests on XS", { skip, timeout: 500_000 }, async (context) => {
	const program = [
		// First: it keeps XS's trace, which tests replace.
		'import { runTests } from "./test/xs/stand-ins/node-test";',
		...forXs.map((file) => `import ${JSON.stringify(`./${file}`)};`),
		'import Timer from "timer";',
		"Timer.set(() => void runTests(), 0);",
	].join("\n");
	const application = await buildApplication({
		program,
		json: { chains: (await makeChains()).map(asText) },
		// For the tests, and what they stand on: far more than the firmware has.
		creation: {
			static: 0,
			chunk: { initial: 16_777_216, incremental: 1_048_576 },
			heap: { initial: 262_144, incremental: 65_536 },
			stack: 16_384,
		},
	});
	try {
		const lines = await runApplication(application, new RegExp(`^${END}$`), 400_000);
		const results = lines
			.filter((line) => line.startsWith(RESULT))
			.map((line) => JSON.parse(line.slice(RESULT.length)) as UnitResult);
		for (const file of forXs) {
			const own = results.filter((result) => result.file === file);
			assert.notEqual(own.length, 0, `no test of ${file} has run`);
			await context.test(file, async (inner) => {
				for (const { title, error } of own) {
					await inner.test(title, () => {
						if (error !== undefined) throw new Error(application.mapped(error));
					});
				}
			});
		}
		const registered = lines.find((line) => line.startsWith(REGISTERED));
		assert.equal(registered, `${REGISTERED}${results.length}`);
		context.diagnostic(`${results.length} tests of ${forXs.length} files have run on XS`);
	} finally {
		application.discard();
	}
});
