/**
 * What a life leaves behind when it ends on XS, by its own words and by XS's: an exception, a
 * rejection, no memory, an overflown stack, a restart. One application, started again and again
 * with the same preferences.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildXs, runXs, whyNoXs, type XsApplication } from "./xs";

const skip = whyNoXs();
const PATIENCE_MS = 20_000;

let folder: string;
let application: XsApplication;

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-boots-"));
	const flash = join(folder, "flash");
	mkdirSync(flash);
	const manifest = {
		include: [join(import.meta.dirname, "boots/manifest.json")],
		// All programs on Linux share one file of preferences, unless they are told another folder.
		platforms: { lin: { config: { file: { root: `${flash}/` } } } },
	};
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
	application = await buildXs({ folder });
});

after(() => {
	application?.discard();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** One life until the line that matches; what it knew of the life before. */
async function live(until: RegExp): Promise<Record<string, unknown>> {
	const run = await runXs(application);
	try {
		const deadline = Date.now() + PATIENCE_MS;
		while (!run.lines.some((line) => until.test(line))) {
			assert.ok(Date.now() < deadline, `no ${until}:\n${run.lines.join("\n")}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		return JSON.parse(run.lines.find((line) => line.startsWith("{")) ?? "") as never;
	} finally {
		await run.stop();
	}
}

test("our modules are preloaded without a warning", { skip }, () => {
	assert.deepEqual(application.buildLog.match(/### warning: .*/g) ?? [], []);
});

test("each end is known to the next life, and three crashes are safe mode", { skip }, async () => {
	const none = { reset: "", safeMode: false };
	const crash = { reset: "crash", safeMode: false };
	assert.deepEqual(await live(/^kept$/), { ...none, starts: 1, crashes: 0, lastCrash: "" });
	const first = { ...crash, starts: 2, crashes: 1, lastCrash: "TypeError: in a timer" };
	assert.deepEqual(await live(/^kept$/), first);
	const second = { ...crash, starts: 3, crashes: 2, lastCrash: "Error: nobody listens" };
	assert.deepEqual(await live(/^kept$/), second);
	const third = { ...crash, starts: 4, crashes: 3, lastCrash: "memory full", safeMode: true };
	assert.deepEqual(await live(/^XS abort: JavaScript stack overflow/), third);
	// XS calls no hook then, and on Linux nobody tells of a reset.
	const fourth = { ...none, starts: 5, crashes: 3, lastCrash: "memory full" };
	assert.deepEqual(await live(/^kept$/), fourth);
	const fifth = { ...fourth, starts: 6, reset: "restart: asked for" };
	assert.deepEqual(await live(/^kept$/), fifth);
});
