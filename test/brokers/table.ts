/**
 * One column of docs/scale.md's table of brokers, found out anew, printed, and compared with the
 * page.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { root } from "../../host-sim/build.mjs";
import type { Bench } from "../support/broker-bench";
import { PROBES } from "./probes";

const PAGE = join(root, "docs", "scale.md");
const FIRST = "what";

/** Tries everything; rows of title and what was found, as the page has them for this broker. */
export async function compareWithPage(t: TestContext, name: string, bench: Bench): Promise<void> {
	const found: [string, string][] = [];
	for (const { title, run } of PROBES) {
		await bench.fresh();
		const value = await run(bench).catch((error: Error) => `failed: ${error.message}`);
		found.push([title, value]);
	}
	t.diagnostic(`| ${FIRST} | ${name} |`);
	for (const [title, value] of found) t.diagnostic(`| ${title} | ${value} |`);
	assert.deepEqual(found, columnOf(readFileSync(PAGE, "utf8"), name));
}

/** The rows of the page's table that begins with "what", for one broker. */
function columnOf(text: string, name: string): [string, string][] {
	const cells = text
		.split("\n")
		.filter((line) => line.startsWith("|"))
		.map((line) => line.split("|").slice(1, -1))
		.map((row) => row.map((cell) => cell.trim()));
	const start = cells.findIndex((row) => row[0] === FIRST && row.includes(name));
	assert.ok(start >= 0, `${PAGE} has no column ${name}`);
	const column = cells[start].indexOf(name);
	const rows = cells.slice(start + 2, start + 2 + PROBES.length);
	return rows.map((row) => [row[0], row[column]]);
}
