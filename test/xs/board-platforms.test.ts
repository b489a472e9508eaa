/**
 * Each board against mcconfig, as far as the makefile: its own platform takes it, with its layout
 * of the flash; others are refused with the board's words. Nothing is compiled.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { test } from "node:test";
import { findSdk, whyNoXs } from "./xs";

const skip = whyNoXs();

interface Board {
	readonly name: string;
	readonly platforms: Readonly<Record<string, { error?: string; build?: Record<string, string> }>>;
}

const BOARDS = readdirSync("boards")
	.filter((file) => file !== "schema.json")
	.map((file) => JSON.parse(readFileSync(join("boards", file), "utf8")) as Board);

/** What mcconfig says, and the makefile it wrote ("" for none). */
function configure(platform: string, board: string): { said: string; makefile: string } {
	const sdk = findSdk() as string;
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-board-"));
	try {
		// Where the toolchains would be; mcconfig wants the folders.
		const esp = join(folder, "esp");
		mkdirSync(join(esp, "toolchain", "Linux"), { recursive: true });
		mkdirSync(join(esp, "esp8266-2.3.0"));
		mkdirSync(join(esp, "ESP8266_RTOS_SDK"));
		const env: NodeJS.ProcessEnv = { ...process.env, MODDABLE: sdk, ESP_BASE: esp, IDF_PATH: esp };
		delete env.BOARD;
		if (board !== "") env.BOARD = board;
		env.PATH = [join(sdk, "build/bin/lin/release"), process.env.PATH].join(delimiter);
		// Without -m it only writes the makefile.
		const words = ["-p", platform, "-t", "build", "-o", folder, "ssid=x"];
		const { stdout, stderr } = spawnSync("mcconfig", words, { encoding: "utf8", env });
		const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
		const path = found.find((name) => basename(name) === "makefile");
		return {
			said: stdout + stderr,
			makefile: path ? readFileSync(join(folder, path), "utf8") : "",
		};
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function ownPlatform(board: Board): string {
	const good = Object.entries(board.platforms).filter(([, value]) => value.error === undefined);
	assert.equal(good.length, 1, board.name);
	return good[0][0];
}

test("every board is taken on its own platform, with its layout of the flash", { skip }, () => {
	for (const board of BOARDS) {
		const platform = ownPlatform(board);
		const { said, makefile } = configure(platform, board.name);
		assert.doesNotMatch(said, /error/i, `${board.name} on ${platform}`);
		assert.ok(makefile.includes(`/boards/${board.name}.json`), `${board.name} on ${platform}`);
		// The SDK's own lights an LED, or takes the button, at pins that are ours.
		assert.ok(!makefile.includes("setup-target"), `${board.name}: the SDK's setup-target is in it`);
		for (const [name, value] of Object.entries(board.platforms[platform].build ?? {})) {
			assert.ok(makefile.includes(`\n${name} = ${value}\n`), `${board.name}: ${name}`);
		}
	}
});

test("on any other platform a board is refused with its own words", { skip }, () => {
	for (const board of BOARDS) {
		const own = ownPlatform(board);
		const wrong = ["esp/nodemcu", "esp32", "esp32/xiao_esp32c3", "lin"].filter((p) => p !== own);
		for (const platform of wrong) {
			const { said, makefile } = configure(platform, board.name);
			const rule = board.platforms[platform];
			const row = platform.startsWith("esp32/") ? board.platforms["esp32/*"] : undefined;
			const words = (rule ?? row ?? board.platforms["..."]).error as string;
			assert.ok(said.includes(`# error: ${words}`), `${board.name} on ${platform}: ${said}`);
			assert.equal(makefile, "", `${board.name} on ${platform}`);
		}
	}
});

test("a platform that is one board's takes that board when none is named", { skip }, () => {
	const defaults: readonly [string, string][] = [
		["esp/nodemcu", "nodemcu-v2"],
		["esp32", "esp32-devkitc"],
		["esp32/esp32c3", "esp32-c3-devkitm-1"],
		["esp32/esp32s3", "esp32-s3-devkitc-1"],
		["esp32/lolin_c3mini", "lolin-c3-mini"],
		["esp32/m5atom_lite", "m5atom-lite"],
		["esp32/xiao_esp32c3", "xiao-esp32c3"],
		["lin", "host"],
	];
	for (const [platform, board] of defaults) {
		const { said, makefile } = configure(platform, "");
		assert.ok(makefile.includes(`/boards/${board}.json`), `${platform}: ${said}`);
	}
	// A part of the family that no board file is for.
	assert.match(
		configure("esp32/esp32c6", "").said,
		/# error: board esp32-devkitc is a plain ESP32/,
	);
});
