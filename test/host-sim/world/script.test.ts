/** Scripts: steps by the clock, as JSON or a line each; errors that name line and key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Script, ScriptError } from "../../../host-sim/world/script";
import { makeStage, watchInput } from "../../support/stage";

const ARRAY = `[
	{ "atMs": 0, "what": "soil", "value": 0.3 },

	{
		"atMs": 1000,
		"what": "button",
		"value": "press"
	}, { "atMs": 2500, "what": "climate", "value": { "temperature": 30 } },
	{ "atMs": 500, "everyMs": 1000, "what": "meter", "value": "pulse" }
]`;

test("steps happen in their time, repeated ones again and again", async () => {
	const lines = (JSON.parse(ARRAY) as object[]).map((step) => JSON.stringify(step)).join("\n\n");
	for (const text of [ARRAY, `${lines}\n`, `\ufeff${lines}`]) {
		const { stage, clock, pins, climate } = makeStage();
		const button = watchInput(pins, 0, 1, clock);
		const meter = watchInput(pins, 5, 0, clock);
		const script = new Script(text, "story.json", stage);
		assert.equal(script.length, 4);
		assert.equal(pins.voltage(0), 0.5, "not before it starts");
		script.start(clock);
		assert.equal(pins.voltage(0), 0.3, "what is due at 0 is done at once");
		await clock.advance(3_000);
		assert.deepEqual(button, ["1000:0", "1100:1"]);
		assert.equal(climate.reading("temperature"), 30);
		assert.deepEqual(
			meter.filter((edge) => edge.endsWith(":1")),
			["500:1", "1500:1", "2500:1"],
		);
		script.stop();
		stage.close();
		assert.equal(clock.pending, 0);
	}
});

test("what is wrong is named with file, line and key; nothing is played", () => {
	const ok = '{"atMs": 0, "what": "soil", "value": 0.3}';
	const wrong: [string, RegExp][] = [
		[`${ok}\n{"atMs": 1, "what": "soil", "value": 2}`, /^s: line 2: soil: 2 must be 0 to 1/],
		[`\n\n{"atMs": -1, "what": "soil", "value": 1}`, /^s: line 3: atMs: must be 0 to 604800000/],
		['{"what": "soil", "value": 1}', /^s: line 1: atMs: is missing; must be/],
		['{"atMs": 0, "value": 1}', /^s: line 1: what: must be a name$/],
		['{"atMs": 0, "what": "soil"}', /^s: line 1: value: is missing$/],
		[
			'{"atMs": 0, "what": "soil", "vaule": 1}',
			/^s: line 1: "vaule" is no key of a step; there is atMs, what, value, everyMs$/,
		],
		['{"atMs": 0, "everyMs": 1, "what": "soil", "value": 1}', /everyMs: must be 10 to/],
		['{"atMs": 0, "what": "sail", "value": 1}', /^s: line 1: "sail" is not here/],
		[`${ok}\n{"atMs": 0,`, /^s: line 2: is no JSON: /],
		["7", /^s: line 1: must be a record like/],
		["[1,", /^s: is no JSON: /],
		[`[\n${ok},\n\n[]]`, /^s: line 4: must be a record/],
		[`[${ok},\n{"atMs":\n0,"what":"wifi","value":"[,\\"]"}]`, /^s: line 2: wifi: must be/],
		[ARRAY.replace("30", '"30°"'), /^s: line 8: climate: temperature: "30°" must be a number$/],
	];
	for (const [text, reason] of wrong) {
		const { stage, pins } = makeStage();
		assert.throws(
			() => new Script(text, "s", stage),
			(error) => error instanceof ScriptError && reason.test(error.message),
			text,
		);
		assert.equal(pins.voltage(0), 0.5);
	}
	const { stage } = makeStage();
	assert.equal(new Script("\n", "s", stage).length, 0);
});
