/** docs/boards.md and its pictures are what the generator makes of the boards. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LAYOUTS } from "../../device/check/layouts";
import { drawBoard } from "../../device/check/picture";
import type { Json } from "../../firmware/checker";

const board = (name: string): Json => JSON.parse(readFileSync(`boards/${name}.json`, "utf8"));

test("docs/boards.md and the pictures are up to date: node docs/boards.mjs", async () => {
	const { files } = (await import("../../docs/boards.mjs" as string)) as {
		files(): Promise<Map<string, string>>;
	};
	const made = await files();
	const boards = readdirSync("boards").filter((file) => file !== "schema.json");
	assert.equal(made.size, boards.length + 1);
	for (const [path, text] of made) {
		assert.ok(existsSync(path), `${path} is missing: node docs/boards.mjs`);
		assert.ok(readFileSync(path, "utf8") === text, `${path} is old: node docs/boards.mjs`);
	}
	const pictures = readdirSync("docs/boards").map((file) => `docs/boards/${file}`);
	assert.deepEqual(
		pictures.filter((path) => !made.has(path)),
		[],
	);
});

test("a layout names every pin of its board once, and power pins", () => {
	const power = /^(3V3|5V|GND|G|Vin|VBUS|VCC|EN|RST|RSV|CH_PD)$/;
	for (const [name, { left, right, inside }] of Object.entries(LAYOUTS)) {
		const pins = Object.keys(board(name).pins as object);
		const words = [left, right, inside]
			.join(" ")
			.split(" ")
			.filter((word) => word !== "");
		const labels = words.filter((word) => !power.test(word));
		assert.deepEqual([...labels].sort(), [...pins].sort(), name);
	}
});

test("a picture has the entities of the site on their pins, and what is unknown harms nothing", () => {
	const nodemcu = board("nodemcu-v2");
	const entities: Json[] = [
		{ kind: "light", id: "lamp", pins: { red: "D5", green: "D6", blue: "GPIO13" } },
		{ kind: "sensor", id: "climate", driver: "embedded:sensor/x" },
		{ kind: "relay", id: "pump", pin: "nowhere" },
		{ kind: "own-kind", id: "own" },
	];
	const picture = drawBoard(nodemcu, entities);
	for (const words of [
		"lamp red (light)",
		"lamp green (light)",
		"lamp blue (light)",
		"climate data (sensor)",
	]) {
		assert.ok(picture.includes(`>${words}</text>`), words);
	}
	assert.ok(!picture.includes("pump"));
	// D7 is the row of GPIO13: the tag stands between its label and the next one's.
	const row = picture.split("\n").find((line) => line.includes(">D7</text>")) ?? "";
	assert.ok(row.includes(">lamp blue (light)</text>"));
	assert.equal(drawBoard(nodemcu, entities), picture);
});

test("only what nothing is on is shown as free, and a pin without a resistor says so", () => {
	const picture = drawBoard(board("nodemcu-v2"), []);
	const devkitc = drawBoard(board("esp32-devkitc"), []);
	const row = (drawn: string, label: string) => {
		return drawn.split("\n").find((line) => line.includes(`>${label}</text>`)) ?? "";
	};
	const [, free = ""] = /fill="(#\w+)"[^>]*\/><text[^>]*>free</.exec(devkitc) ?? [];
	assert.notEqual(free, "");
	assert.ok(row(devkitc, "IO23").includes(free));
	// Buses, and a soldered relay; the relay of a DevKitC is on a wire.
	for (const label of ["IO21", "IO22"]) assert.ok(!row(devkitc, label).includes(free), label);
	for (const label of ["D1", "D2"]) assert.ok(!row(picture, label).includes(free), label);
	const shelly = drawBoard(board("shelly-1"), []);
	assert.ok(!row(shelly, "GPIO4").includes(free));
	assert.match(row(picture, "D0"), /no interrupt, no pull</);
	assert.match(row(devkitc, "IO34"), /no pull, 0\.15/);
	assert.doesNotMatch(row(picture, "D1"), /pull/);
});

test("text of a board stays text in a picture", () => {
	const evil: Json = { ...board("host"), title: '<script>"&' };
	const picture = drawBoard(evil, [{ kind: "relay", id: "a<b", pin: "GPIO5" }]);
	assert.ok(picture.includes("<title>&lt;script&gt;&quot;&amp;</title>"));
	assert.ok(picture.includes("a&lt;b"));
	assert.ok(!picture.includes("<script"));
});

test("pictures are well-formed", () => {
	for (const file of readdirSync("docs/boards")) {
		const picture = readFileSync(`docs/boards/${file}`, "utf8");
		const open: string[] = [];
		for (const [, end, name, self] of picture.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
			if (end !== "") assert.equal(open.pop(), name, file);
			else if (self === "") open.push(name);
		}
		assert.deepEqual(open, [], file);
		assert.doesNotMatch(picture, /NaN|undefined|&(?!amp;|lt;|gt;|quot;)/, file);
	}
});
