/** docs/entities.md says what the schema and the firmware's check say, and its examples work. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Checker, type Json } from "../../../firmware/checker";
import { checkEntities } from "../../../firmware/entities/check";

const PAGE = readFileSync("docs/entities.md", "utf8");
const { definitions } = JSON.parse(readFileSync("site.schema.json", "utf8"));
const BOARD = JSON.parse(readFileSync("boards/nodemcu-v2.json", "utf8")) as Json;
const KINDS = ["relay", "light", "button", "binary", "analog", "pulse", "sensor"];

/** Text below a heading, to the next one. */
function section(heading: string): string {
	const text = PAGE.split(`\n## ${heading}\n`)[1];
	assert.ok(text, `no section ${heading}`);
	return text.split("\n## ")[0];
}

/** Keys in the first column of a section's tables, with what the last column says. */
function keysOf(heading: string): Map<string, string> {
	const found = new Map<string, string>();
	const [table] = section(heading)
		.trim()
		.split("\n\n")
		.filter((block) => block.startsWith("| key"));
	for (const row of table.split("\n").slice(2)) {
		const cells = row.split("|").map((cell) => cell.trim());
		for (const [, key] of cells[1].matchAll(/`([A-Za-z]+)`/g)) found.set(key, cells[3] ?? "");
	}
	return found;
}

/** All problems of a list of entities on a NodeMCU whose image has every driver. */
function problemsOf(entities: unknown): string[] {
	const check = new Checker("site.json");
	checkEntities(check, entities, BOARD, "fieldmote/node/", () => true);
	return check.problems;
}

/** The schema of a key, behind its reference. */
function schemaOf(kind: string, key: string): Json {
	const property = definitions[kind].properties[key];
	return property.$ref ? definitions[property.$ref.split("/").at(-1)] : property;
}

test("the page has each key of each kind, and no other", () => {
	const common = [...keysOf("Keys of all kinds").keys()];
	const commands = ["payloads", "whileAway", "rate"];
	for (const kind of KINDS) {
		const keys = Object.keys(definitions[kind].properties);
		const own = keys.filter((key) => !common.includes(key) && !commands.includes(key));
		assert.deepEqual([...keysOf(kind).keys()].sort(), own.sort(), kind);
	}
	for (const key of commands) assert.ok(section("Keys of all kinds").includes(`| \`${key}\` |`));
});

test("defaults on the page are the schema's", () => {
	let compared = 0;
	const headings = [...KINDS, "When there are reports"];
	for (const heading of headings) {
		for (const [key, said] of keysOf(heading)) {
			const wanted = schemaOf(
				heading === "When there are reports" ? "analog" : heading,
				key,
			).default;
			if (wanted === undefined || said === "" || key === "onLossOfContact") continue;
			assert.equal(said.split(",")[0].replaceAll("`", ""), `${wanted}`, `${heading}: ${key}`);
			compared++;
		}
	}
	assert.ok(compared >= 25, `${compared}`);
});

test("its examples are right", () => {
	const blocks = [...PAGE.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text.trim());
	const lists = blocks.filter((text) => text.startsWith('"entities":'));
	const single = blocks.filter((text) => text.includes('"kind"') && text.startsWith("{"));
	assert.equal(lists.length, 2);
	assert.equal(single.length, 3);
	for (const text of lists) assert.deepEqual(problemsOf(JSON.parse(`{${text}}`).entities), []);
	for (const text of single) assert.deepEqual(problemsOf([JSON.parse(text)]), []);
	// The check is a check.
	assert.equal(problemsOf([{ kind: "light", id: "a", pin: "D99" }]).length, 1);
});
