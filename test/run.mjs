/**
 * Runs the tests: `node test/run.mjs [slow|xs] [part of a path…]`. Without a word, the quick ones;
 * `slow`: those named *.slow.test.ts; `xs`: those in test/xs, which need the Moddable SDK.
 */

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);
const lane = words[0] === "slow" || words[0] === "xs" ? words.shift() : "quick";

function laneOf(path) {
	if (path.startsWith(join("test", "xs") + sep)) return "xs";
	return path.endsWith(".slow.test.ts") ? "slow" : "quick";
}

const files = readdirSync(join(root, "test"), { recursive: true })
	.map((name) => join("test", name))
	.filter((path) => path.endsWith(".test.ts") && laneOf(path) === lane)
	.filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
	.sort();
if (files.length === 0) {
	console.error(`no ${lane} test file has ${words.join(" or ")} in its path`);
	process.exit(2);
}
// XS builds and simulators want the machine for themselves.
const concurrency = lane === "xs" ? 1 : 2;
// A test that hangs has failed.
const limitMs = lane === "quick" ? 120_000 : 600_000;
const options = [`--test-concurrency=${concurrency}`, `--test-timeout=${limitMs}`];
const args = ["--import", "tsx", "--test", ...options, ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
