/**
 * The root's manifest for the boards' platforms. Where the ESP8266 toolchain is installed, a whole
 * image is built and what it takes of the flash is held against the budget. Where it is not, and
 * for ESP32, all modules are type-checked, compiled and linked, and the C part is left out.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { test } from "node:test";
import { BIN_BYTES, IROM0_BYTES } from "../footprint/configurations";
import { buildImage, readText, whyNoEspImage } from "./esp-image";
import { readModules, readParts } from "./esp-map";
import { findSdk, whyNoXs } from "./xs";

const skip = whyNoXs();
const skipImage = skip || whyNoEspImage();
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

function checkLog(log: string): void {
	assert.match(log, /# xsl modules/);
	// The SDK's joins Wi-Fi before main runs, and with a wrong password main never runs.
	assert.doesNotMatch(log, /setup\/network/);
	const warnings = log.split("\n").filter((line) => /### warning/.test(line));
	assert.deepEqual(
		warnings.filter((line) => !SDK_WARNING.test(line)),
		[],
	);
}

for (const platform of ["esp/nodemcu", "esp32"]) {
	// The whole image says the same and more.
	const why = skip || (platform === "esp/nodemcu" && !skipImage && "a whole image is built");
	test(`the modules compile and link for ${platform}, without warning about ours`, {
		skip: why,
	}, () => {
		checkLog(link(platform));
	});
}

test("a whole image for the ESP8266 keeps within its share of the flash", {
	skip: skipImage,
}, async (t) => {
	const image = await buildImage({ folder: ".", values: ["ssid=x"] });
	try {
		checkLog(image.buildLog);
		const { sections } = image;
		const map = readText(image.map);
		const parts = readParts(map, ".irom0.text");
		t.diagnostic(`main.bin ${image.binBytes}, DRAM left for the heap ${image.heapBytes}`);
		for (const [name, bytes] of Object.entries(sections)) t.diagnostic(`${name} ${bytes}`);
		for (const [part, bytes] of Object.entries(parts)) t.diagnostic(`irom0: ${part} ${bytes}`);
		const { slots, names } = readModules(readText(image.modules));
		t.diagnostic(`JavaScript: ${slots} slots of 16 bytes, ${names} names`);
		// Nothing is left out of the table, and no file has lost its part.
		const sum = Object.values(parts).reduce((a, b) => a + b, 0);
		assert.ok(Math.abs(sum - sections[".irom0.text"]) < 256, `parts are ${sum}`);
		assert.equal(parts.other, undefined);
		assert.ok(
			image.binBytes < BIN_BYTES,
			`main.bin is ${image.binBytes}: above ${BIN_BYTES} the first preference saved is in it`,
		);
		const irom0 = sections[".irom0.text"];
		assert.ok(irom0 < IROM0_BYTES, `irom0 is ${irom0}, the budget ${IROM0_BYTES}`);
	} finally {
		image.discard();
	}
});

test("a board that is not of the platform is refused, and so is one that nobody knows", {
	skip,
}, () => {
	const cases: [string, string, RegExp][] = [
		["esp/nodemcu", "esp32-devkitc", /board esp32-devkitc is an ESP32: build with -p esp32/],
		["esp32", "nodemcu-v2", /board nodemcu-v2 is an ESP8266 with 4 MB: build with -p esp\/nodemcu/],
		["esp32/esp32c3", "esp32-devkitc", /board esp32-devkitc is a plain ESP32/],
		["esp32", "host", /board host is for the simulators/],
		["esp32", "no-such", /boards\/no-such\.json': manifest not found/],
		["esp", "", /build with -p esp\/nodemcu/],
	];
	for (const [platform, board, reason] of cases) {
		assert.throws(() => link(platform, board === "" ? {} : { BOARD: board }), reason, platform);
	}
});
