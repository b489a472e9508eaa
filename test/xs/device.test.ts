/** `fieldmote device` with the SDK's own mcconfig: what it builds is what the simulator takes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { after, test } from "node:test";
import { findSdk, whyNoXs } from "./xs";

const skip = whyNoXs();
/** Nobody else's: what is below is removed. */
const NODE = "device-test";
const OUTPUT = resolve("dist/device", NODE);

after(() => rmSync(OUTPUT, { recursive: true, force: true }));

function run(...words: string[]) {
	const program = ["--import", "tsx", "test/device/run-device.ts", resolve(".")];
	return spawnSync(process.execPath, [...program, "--node", NODE, ...words], {
		encoding: "utf8",
		env: { ...process.env, MODDABLE: findSdk() },
	});
}

test("a build for the SDK's simulator, by the real mcconfig", { skip }, () => {
	const values = ["ssid=any net", "broker=mqtt://127.0.0.1"];
	const { status, stdout, stderr } = run("--board", "host", ...values);
	assert.equal(status, 0, stdout + stderr);
	const built = /^built in \d+ s: (\S+mc\.so), (\d+) bytes$/m.exec(stdout);
	assert.ok(built, stdout);
	assert.ok(built[1].startsWith(OUTPUT));
	assert.equal(statSync(built[1]).size, Number(built[2]));
	// How to run it: the words that test/xs/xs.ts starts, too.
	const command = /^ {2}\(cd (\S+) .* (\S+mcsim) (\S+simulators) (\S+)\)$/m.exec(stdout);
	assert.ok(command, stdout);
	for (const path of command.slice(1)) assert.ok(existsSync(path), path);
});
