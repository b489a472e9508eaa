/** The example of a site and all boards, by their schemas and by the firmware. Node only. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import { checkBoard, checkSite } from "../../firmware/config";

function readJson(path: string): Record<string, unknown> {
	return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

test("the example site is right, by the schema and by the firmware", () => {
	const validate = new Ajv({ strict: true }).compile(readJson("site.schema.json"));
	const example = readJson("site.example.json");
	assert.ok(validate(example), JSON.stringify(validate.errors));
	const board = readJson("boards/nodemcu-v2.json");
	assert.deepEqual(checkSite(example, {}, {}, board).problems, []);
	assert.ok(!validate({ wify: [] }));
});

test("every board is right, by the schema and by the firmware, and named as its file", () => {
	const validate = new Ajv({ strict: true }).compile(readJson("boards/schema.json"));
	const files = readdirSync("boards").filter((name) => name !== "schema.json");
	assert.ok(files.length >= 3);
	for (const file of files) {
		const board = readJson(`boards/${file}`);
		assert.ok(validate(board), `${file}: ${JSON.stringify(validate.errors)}`);
		assert.deepEqual(checkBoard(board).problems, []);
		const soldered = checkSite({}, {}, {}, board);
		assert.deepEqual(soldered.problems, []);
		assert.equal(soldered.value.entities.length, (board.entities as [] | undefined)?.length ?? 0);
		assert.equal(`${String(board.name)}.json`, file);
	}
});
