/** Another base of the topics: the lines of docs/brokers.md on the files, and a bridge with them. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import { above, below, directory, options, startBoth } from "./bridge-rig";
import { eventually, makeDirectory, SOURCE } from "./staged";

/** The files as those lines leave them. */
function edited(): string {
	const folder = makeDirectory();
	cpSync(SOURCE, folder, { recursive: true });
	const page = readFileSync(join(root, "docs", "brokers.md"), "utf8");
	const lines = page.split("\n").filter((line) => line.startsWith("sudo sed -i "));
	assert.equal(lines.length, 2);
	for (const line of lines) {
		// Here the files are ours, and all in one folder.
		const here = line.replace("sudo ", "").replace(/\/etc\/mosquitto\/(conf\.d\/)?/, "");
		const { status, stderr } = spawnSync("sh", ["-c", here], { cwd: folder, encoding: "utf8" });
		assert.equal(status, 0, stderr);
	}
	return folder;
}

test("another base: the page's lines, then a report up and a command down", options, async () => {
	const { upstream, edge } = await startBoth({ directory, source: edited() });
	const seen: string[] = [];
	const logger = await above(upstream, "logger", (topic) => seen.push(topic));
	await logger.subscribeAsync("#", { qos: 1 });
	const commands: string[] = [];
	const node = await below(edge, "sim-1", false, (topic) => commands.push(topic));
	await node.subscribeAsync("#", { qos: 1 });
	const dashboard = await above(upstream, "dashboard");
	for (const base of ["fieldmote", "my/base"]) {
		await node.publishAsync(`${base}/sim-1/time`, "x", { qos: 1 });
		await node.publishAsync(`${base}/sim-1/relay/state`, "ON", { qos: 1 });
		await dashboard.publishAsync(`${base}/sim-1/relay/set`, "ON", { qos: 1 });
	}
	await eventually("the command", () => commands[0]);
	await eventually("the state", () => seen.includes("my/base/sim-1/relay/state") || undefined);
	assert.deepEqual(commands, ["my/base/sim-1/relay/set"]);
	assert.deepEqual([...new Set(seen)].sort(), [
		"my/base/edge/connected",
		"my/base/sim-1/relay/set",
		"my/base/sim-1/relay/state",
		"my/base/sim-1/time",
	]);
	for (const client of [logger, node, dashboard]) await client.endAsync();
	await edge.stop();
	await upstream.stop();
});
