/** The discovery message against a schema written from Home Assistant's documentation. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import type { Json } from "../../../firmware/checker";
import { expanded } from "../../support/homeassistant";
import { cardOf, HOUSE, wholeOf } from "./discovery-house";

const path = new URL("../../vectors/homeassistant-discovery.schema.json", import.meta.url);
const ajv = new Ajv({ strict: false, allErrors: true });
const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")));

function problemsOf(message: unknown): string {
	if (validate(message)) return "";
	return (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message}`).join("; ");
}

test("every kind of entity, alone and together, with and without what is gone", () => {
	const configurations: Json[][] = [[], [...HOUSE], ...HOUSE.map((one) => [one])];
	for (const list of configurations) {
		for (const tasmota of ["", "shed"]) {
			for (const removed of ["", "s_gone", "n_climate_dew l_gone number_dial"]) {
				const text = wholeOf(cardOf(list, tasmota), removed);
				assert.equal(problemsOf(expanded(text)), "", text);
			}
		}
	}
});

test("long ids, other letters, and names that have to be escaped", () => {
	const name = `\\"\n\u0001 é 你好 🏠`.repeat(3);
	const list = HOUSE.map((one, i) => ({ ...one, id: `${i}-`.padEnd(32, "z"), name }));
	const text = wholeOf(cardOf(list, "", { node: "n".repeat(32), model: name, version: name }));
	const message = expanded(text);
	assert.equal(problemsOf(message), "");
	const components = Object.values(message.components as Record<string, Json>);
	assert.ok(components.some((one) => one.name === name));
	const ids = components.map((one) => one.unique_id);
	assert.equal(new Set(ids).size, ids.length, "unique ids are unique");
});

/** A change of the good message, and what is to be said of it. */
const WRONG: [string, (message: Record<string, Json>) => void, RegExp][] = [
	["no device", (m) => delete m.device, /'device'/],
	["no origin", (m) => delete m.origin, /'origin'/],
	["no components", (m) => delete m.components, /'components'/],
	["a device without id", (m) => delete keysOf(m.device).identifiers, /identifiers/],
	["an origin without name", (m) => delete keysOf(m.origin).name, /'name'/],
	["a URL that is none", (m) => set(m.origin, "support_url", "fieldmote"), /support_url/],
	["a key at the top", (m) => set(m, "~", "base"), /additional/],
	["an abbreviation unknown", (m) => set(m.components.s_pump, "stat_top", "x"), /additional/],
	["no platform", (m) => delete part(m, "s_pump").platform, /'platform'/],
	["an unknown platform", (m) => set(m.components.s_pump, "platform", "relay"), /platform/],
	["no unique_id", (m) => delete part(m, "b_door").unique_id, /'unique_id'/],
	["a switch without command", (m) => delete part(m, "s_pump").command_topic, /command_topic/],
	["a sensor without state", (m) => delete part(m, "n_soil").state_topic, /state_topic/],
	["a wildcard", (m) => set(m.components.s_pump, "command_topic", "a/+"), /command_topic/],
	["an icon without set", (m) => set(m.components.s_pump, "icon", "lamp"), /icon/],
	["a class unknown", (m) => set(m.components.n_soil, "device_class", "soil"), /device_class/],
	[
		"a unit of another",
		(m) => set(m.components.n_climate_humidity, "unit_of_measurement", "g"),
		/unit/,
	],
	[
		"a state class of another",
		(m) => set(m.components.n_water, "state_class", "measurement"),
		/state_class/,
	],
	[
		"a color mode beside onoff",
		(m) => set(m.components.l_bulb, "supported_color_modes", ["onoff", "rgb"]),
		/supported_color_modes/,
	],
	["a light in words", (m) => set(m.components.l_bulb, "schema", "default"), /additional/],
	["an event without types", (m) => delete part(m, "e_knob").event_types, /event_types/],
	["no event types", (m) => set(m.components.e_knob, "event_types", []), /event_types/],
	["a fraction of a second", (m) => set(m.components.n_soil, "expire_after", 1.5), /expire_after/],
	[
		"a category for a sensor",
		(m) => set(m.components.n_soil, "entity_category", "config"),
		/entity_category/,
	],
	[
		"a key with a blank",
		(m) => set(m.components, "s pump", { platform: "switch" }),
		/property name/,
	],
];

const keysOf = (record: unknown): Record<string, unknown> => record as Record<string, unknown>;
const part = (message: Record<string, Json>, key: string): Record<string, unknown> =>
	keysOf(message.components[key]);
function set(record: unknown, key: string, value: unknown): void {
	(record as Record<string, unknown>)[key] = value;
}

for (const [what, change, expected] of WRONG) {
	test(`the schema refuses ${what}`, () => {
		const message = structuredClone(expanded(wholeOf(cardOf(HOUSE))));
		assert.equal(problemsOf(message), "");
		change(message as Record<string, Json>);
		assert.match(problemsOf(message), expected);
	});
}
