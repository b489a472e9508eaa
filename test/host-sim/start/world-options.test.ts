/** Options about the world: site, script, seed, entities of one's own; and every way to be wrong. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../../host-sim/build.mjs";
import { HELP, parseStartOptions } from "../../../host-sim/start/options";
import { UsageError } from "../../../host-sim/words";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-world-options-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

const parse = (...words: string[]) => parseStartOptions(words, root);

test("without a word nothing of the world is shown or changed", () => {
	const { showsBoard, world } = parse();
	assert.equal(showsBoard, false);
	assert.deepEqual(world, {
		site: undefined,
		siteFile: undefined,
		script: undefined,
		seed: undefined,
		flash: undefined,
		entityFiles: new Map(),
	});
	for (const words of [
		["--board", "host"],
		["--seed", "0"],
		["--site", file("a.json", "{}")],
	]) {
		assert.equal(parse(...words).showsBoard, true, words[0]);
	}
});

test("of a site the node's own part is taken: network, broker and names are not", () => {
	const own = {
		entities: [{ kind: "relay", id: "pump", pin: "D1" }],
		homeAssistant: true,
		broadcast: true,
		tasmota: { topic: "shed" },
		remoteConfig: true,
		time: { intervalMs: 1000 },
	};
	const other = { node: "shed", base: "farm", wifi: [], broker: {}, ntp: {}, $schema: "s" };
	const site = file("site.json", JSON.stringify({ ...own, ...other }));
	assert.deepEqual(parse("--site", site).world.site, own);
});

test("a script and a seed", () => {
	const path = file("story.jsonl", "{}\n");
	const { world } = parse("--world", path, "--seed", "4294967295");
	assert.deepEqual(world.script, { name: path, text: "{}\n" });
	assert.equal(world.seed, 0xffffffff);
});

test("entities of one's own are called as their files", () => {
	const path = file("fan-2.ts", "");
	assert.deepEqual([...parse("--entity", path).world.entityFiles], [["fan-2", path]]);
});

test("the site's own modules are found beside it; the command line has the last word", () => {
	const fan = file("site-fan.ts", "");
	const pump = file("pump.js", "");
	const other = file("pump.ts", "");
	const entities = [
		{ kind: "relay", id: "a", pin: "D1" },
		{ kind: "fan", id: "b", module: "./site-fan.ts" },
		{ kind: "blower", id: "c", module: "site-fan" },
		{ kind: "pump", id: "d", module: "./pump.js" },
		null,
	];
	const site = file("own.json", JSON.stringify({ entities }));
	assert.deepEqual(
		[...parse("--site", site).world.entityFiles],
		[
			["fan", fan],
			["blower", fan],
			["pump", pump],
		],
	);
	assert.equal(parse("--site", site, "--entity", other).world.entityFiles.get("pump"), other);
	const lost = file("lost.json", JSON.stringify({ entities: [{ kind: "x", module: "./y.ts" }] }));
	assert.throws(
		() => parse("--site", lost),
		/^Error: --site .*entities\[0\]\.module: "\.\/y\.ts": no such file$/,
	);
});

test("what is wrong is named with option, file and what would be right", () => {
	const none = join(folder, "none");
	const list = file("list.json", "[]");
	const torn = file("torn.json", '{\n"broker": {"password": "hush"},\n}');
	const upper = file("Fan.ts", "");
	const fan = file("fan.ts", "");
	mkdirSync(join(folder, "b"));
	const otherFan = file("b/fan.ts", "");
	const wrong: [string[], RegExp][] = [
		[["--site", none], /^--site .*none: no such file$/],
		[["--site", folder], /is no file$/],
		[["--site", list], /^--site .*: must be one record/],
		[["--site", torn], /^--site .*torn\.json: is no JSON, line 3$/],
		[["--world", none], /^--world .*none: no such file$/],
		[["--seed", "-1"], /^--seed "-1": must be a whole number, 0 to 4294967295$/],
		[["--seed", "4294967296"], /must be a whole number/],
		[["--seed", "0x10"], /must be a whole number/],
		[["--entity", upper], /^--entity .*Fan\.ts: the file's name is the kind/],
		[["--entity", none], /the file's name is the kind/],
		[["--entity", join(folder, "fam.ts")], /fam\.ts: no such file$/],
		[["--entity", fan, "--entity", otherFan], /kind "fan" is given twice/],
		[["--seed", "1", "--seed", "2"], /^--seed: given twice$/],
	];
	for (const [words, reason] of wrong) {
		assert.throws(
			() => parse(...words),
			(error) => {
				assert.ok(error instanceof UsageError, String(error));
				assert.match(error.message, reason);
				assert.doesNotMatch(error.message, /hush/);
				return true;
			},
		);
	}
});

test("the help names them all, in lines that fit", () => {
	for (const option of ["site", "world", "seed", "flash", "entity"])
		assert.ok(HELP.includes(`  --${option} `));
	const lines = HELP.split("\n").filter((line) => line.startsWith("  --"));
	for (const line of lines) assert.ok(line.length <= 98, line);
});
