/** Where a file is no JSON, and that nothing of it is quoted. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { findJsonProblem } from "../../../device/site/json-place";

const WRONG: readonly (readonly [text: string, place: string, reason: RegExp])[] = [
	["", "1:1", /^the file ends too early$/],
	["  \n ", "2:2", /^the file ends too early$/],
	["{", "1:2", /a "}" is missing$/],
	['{"a":1', "1:7", /a "}" is missing$/],
	["[1", "1:3", /a "\]" is missing$/],
	['{"a": 1,}', "1:8", /^JSON has no "," before "}"$/],
	["[1,\n 2,\n]", "2:3", /^JSON has no "," before "\]"$/],
	['{"a" 1}', "1:6", /^expected ":" after the key$/],
	['{"a": 1 "b": 2}', "1:9", /^expected "," or "}"$/],
	["{a: 1}", "1:2", /^expected a key in double quotes$/],
	["{'a': 1}", "1:2", /^expected a key in double quotes$/],
	["['a']", "1:2", /^texts stand in double quotes$/],
	["[tru]", "1:2", /^expected a value$/],
	["[,]", "1:2", /^expected a value$/],
	['["a\nb"]', "1:2", /^a text that does not end in its line/],
	['["a\\x"]', "1:2", /wrong \\ in it$/],
	['{\n\t// secret\n\t"a": 1\n}', "2:2", /^JSON has no comments$/],
	["[1] x", "1:5", /^something follows after the end$/],
	["[01]", "1:3", /^expected "," or "\]"$/],
	['{"a": 1,\n "b": 2, "a": 3}', "2:10", /^the key "a" stands here a second time$/],
	["[".repeat(100), "1:66", /^too deeply nested$/],
];

for (const [text, place, pattern] of WRONG) {
	test(`no JSON: ${JSON.stringify(text.slice(0, 30))}`, () => {
		const problem = findJsonProblem(text);
		assert.ok(problem !== undefined);
		assert.match(problem.reason, pattern);
		assert.equal(`${problem.line}:${problem.column}`, place);
	});
}

test("what JSON.parse() takes is JSON, keys given twice aside", () => {
	const values = [
		'{"a":[1,-0.5e+10,true,false,null,"\\u00e4\\"\\\\\\/"],"":{}}',
		" [ ] ",
		"5",
		'"ä😀"',
		'"\u2028"',
		'"\u007f"',
		'{"a":{"a":1}}',
	];
	for (const text of values) {
		JSON.parse(text);
		assert.equal(findJsonProblem(text), undefined, text);
	}
});
