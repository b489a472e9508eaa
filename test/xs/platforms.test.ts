/**
 * The root's manifest for the boards' platforms, as far as it goes without their toolchains: all
 * modules are type-checked, compiled and linked for ESP8266 and ESP32. The C part is left out.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { test } from "node:test";
import { findSdk, whyNoXs } from "./xs";

const skip = whyNoXs();
/** What XS says of the SDK's own modules. */
const SDK_WARNING = /### warning: .*(ssl\/cache|cacheManager)/;

/** Runs mcconfig, then the makefile that it wrote, up to the linked modules. */
function link(platform: string, environment: Record<string, string> = {}): string {
	const sdk = findSdk() as string;
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-platform-"));
	try {
		// Where the toolchains would be; mcconfig wants the folders, the modules do not.
		const esp = join(folder, "esp");
		const idf = join(folder, "idf");
		mkdirSync(join(esp, "toolchain", "Linux"), { recursive: true });
		mkdirSync(join(esp, "esp8266-2.3.0"));
		mkdirSync(join(esp, "ESP8266_RTOS_SDK"));
		mkdirSync(idf);
		// The makefile looks for python, which only flashing uses.
		writeFileSync(join(esp, "python"), "#!/bin/sh\n", { mode: 0o755 });
		writeFileSync(join(idf, "export.sh"), "");
		const options = {
			cwd: resolve("."),
			encoding: "utf8" as const,
			env: {
				...process.env,
				MODDABLE: sdk,
				ESP_BASE: esp,
				IDF_PATH: idf,
				PATH: [
					process.env.PATH,
					join(sdk, "build/bin/lin/release"),
					resolve("node_modules/.bin"),
					esp,
				].join(delimiter),
				...environment,
			},
		};
		const settings = ["-m", "-p", platform, "-t", "build", "-o", folder, "ssid=x"];
		const configured = spawnSync("mcconfig", settings, options);
		if (/^### Error/m.test(configured.stdout + configured.stderr)) {
			throw new Error(configured.stdout + configured.stderr);
		}
		// mcconfig names an application after its folder.
		const output = join(folder, "tmp", platform, "release", basename(resolve(".")));
		const made = spawnSync(
			"make",
			["-f", join(output, "makefile"), "IDF_VERSION=v6.0", "SDKCONFIG_H=", join(output, "mc.xs.c")],
			options,
		);
		assert.equal(made.status, 0, made.stdout + made.stderr);
		return made.stdout + made.stderr;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

for (const platform of ["esp/nodemcu", "esp32"]) {
	test(`the modules compile and link for ${platform}, without warning about ours`, { skip }, () => {
		const log = link(platform);
		assert.match(log, /# xsl modules/);
		// The SDK's joins Wi-Fi before main runs, and with a wrong password main never runs.
		assert.doesNotMatch(log, /setup\/network/);
		const warnings = log.split("\n").filter((line) => /### warning/.test(line));
		assert.deepEqual(
			warnings.filter((line) => !SDK_WARNING.test(line)),
			[],
		);
	});
}

test("a board that is not of the platform is refused, and so is one that nobody knows", {
	skip,
}, () => {
	const cases: [string, string, RegExp][] = [
		["esp/nodemcu", "esp32-devkitc", /board esp32-devkitc is an ESP32: build with -p esp32/],
		["esp32", "nodemcu-v2", /board nodemcu-v2 is an ESP8266: build with -p esp\/nodemcu/],
		["esp32/esp32c3", "esp32-devkitc", /board esp32-devkitc is a plain ESP32/],
		["esp32", "host", /board host is for the simulators/],
		["esp32", "no-such", /boards\/no-such\.json': manifest not found/],
		["esp", "", /build with -p esp\/nodemcu/],
	];
	for (const [platform, board, reason] of cases) {
		assert.throws(() => link(platform, board === "" ? {} : { BOARD: board }), reason, platform);
	}
});
