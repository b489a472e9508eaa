/**
 * site.schema.json and the firmware's own check say the same of the same sites: whoever believes
 * an editor is not refused at boot. What no schema can know is listed apart. Node only.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import { DRIVER_PREFIX, DRIVERS } from "../../device/site/drivers";
import type { Json } from "../../firmware/checker";
import { checkSite } from "../../firmware/config";
import { KINDS } from "../../firmware/entities/kinds";

const readJson = (path: string): Json => JSON.parse(readFileSync(path, "utf8")) as Json;

const BOARD = readJson("boards/nodemcu-v2.json");
const SECRETS = { s: "secret text" };
const validate = new Ajv({ strict: true, allErrors: true }).compile(readJson("site.schema.json"));

/** What each says: "" for right. */
function verdicts(site: Json): { schema: string; firmware: string } {
	const schema = validate(site) ? "" : JSON.stringify(validate.errors?.slice(0, 3));
	const { problems } = checkSite(site, {}, SECRETS, BOARD, (name) => !/typo$/.test(name));
	return { schema, firmware: problems.join("; ") };
}

const entity = (kind: string, more: object = {}) => ({ kind, id: "x", pin: "D1", ...more });
const relay = (more: object) => ({ entities: [entity("relay", more)] });
const light = (more: object) => ({ entities: [entity("light", more)] });
const button = (more: object) => ({
	entities: [entity("relay", { id: "r" }), entity("button", { pin: "D2", ...more })],
});
const binary = (more: object) => ({ entities: [entity("binary", more)] });
const analog = (more: object) => ({ entities: [entity("analog", { pin: "A0", ...more })] });
const pulse = (more: object) => ({ entities: [entity("pulse", more)] });
const sensor = (more: object) => {
	const driver = "embedded:sensor/Temperature/TMP117";
	return {
		entities: [{ kind: "sensor", id: "x", driver, readings: { temperature: {} }, ...more }],
	};
};
const FAN = { kind: "fan", id: "x", module: "./fan.ts" };
const own = (more: object) => ({ entities: [{ ...FAN, ...more }] });
const COLOURS = { red: "D1", green: "D2", blue: "D5" };

const GOOD: readonly object[] = [
	{},
	{ $schema: "./site.schema.json", node: "a-1", base: "a/b_C-1", profile: "demo" },
	{ wifi: [] },
	{ wifi: [{ ssid: "x" }, { ssid: { secret: "s" }, password: { secret: "s" } }] },
	{ ntp: { servers: ["a", "b:123"], allowUnset: true } },
	{ broker: { url: "mqtt://h", username: { secret: "s" }, password: { secret: "s" } } },
	{ broker: { url: ["mqtts://a", "mqtts://b:1"], keepAliveSeconds: 5 } },
	{ time: { intervalMs: 1000, minimumMs: 2000, maximumMs: 3000 }, diag: { intervalMs: 1000 } },
	{ supervisor: { wifiRestartMinutes: 0, clockRestartMinutes: 10, brokerRestartMinutes: 10_080 } },
	{ homeAssistant: true, tasmota: { topic: "a/b" }, broadcast: true, remoteConfig: false },
	{ homeAssistant: { prefix: "ha" } },
	{ homeAssistant: {} },
	{ homeAssistant: false },
	{ entities: [] },
	relay({}),
	relay({ name: "ä", deviceClass: "outlet", icon: "mdi:x", activeLow: true, restore: "retained" }),
	relay({ topics: { set: "a b/ö", state: "c" }, payloads: { on: "Turn On", off: "0" } }),
	relay({ whileAway: "execute", rate: { commands: 1, perMs: 100 } }),
	relay({ minimumOnMs: 1, minimumOffMs: 1, offAfterMs: 604_800_000, interlockDelayMs: 5 }),
	relay({ pulseMs: 500, restore: "off", onLossOfContact: { state: "off", afterMs: 0 } }),
	relay({ onLossOfContact: {} }),
	{
		entities: ["D1", "D2"].map((pin) =>
			entity("relay", { id: pin.toLowerCase(), pin, interlock: "m" }),
		),
	},
	...["off", "on", "last", "inverted-last"].map((restore) => relay({ restore })),
	{ entities: Array.from({ length: 16 }, (_, i) => ({ ...FAN, id: `fan-${i}` })) },
	light({}),
	light({ hz: 50, gamma: 1, transitionMs: 0, restore: "last", dimmable: true }),
	light({ dimmable: false, activeLow: true }),
	{ entities: [{ kind: "light", id: "x", pins: COLOURS, gamma: 4 }] },
	button({}),
	button({ activeLow: false, pull: "none", debounceMs: 0, longMs: 0, doubleMs: 0 }),
	button({ controls: "r", actions: { single: "ON", double: "OFF", long: "TOGGLE" } }),
	button({ controls: "r", actions: {}, topics: { state: "x" } }),
	binary({ activeLow: true, pull: "up", debounceMs: 10_000, deviceClass: "door" }),
	analog({ unit: "V", stateClass: "measurement", decimals: 0, samples: 64 }),
	analog({
		calibration: [
			[0, -5],
			[0.5, 0],
			[1, 1e9],
		],
	}),
	analog({ intervalMs: 100, delta: 0.001, minimumMs: 0, maximumMs: 300_000 }),
	pulse({ perUnit: 0.001, unit: "kWh", stateClass: "total_increasing", decimals: 9 }),
	sensor({}),
	sensor({ driver: "embedded:sensor/Own/Thing" }),
	sensor({ bus: "i2c", address: 8, configure: { a: [1] }, intervalMs: 60_000 }),
	sensor({ readings: { a_1: { name: "A", unit: "%", delta: 1, decimals: 2 }, B: {} } }),
	own({}),
	own({ pin: "D1", pins: ["D2"] }),
	own({ module: "./fan.js", blades: 5, payloads: { on: "1", off: "0" }, rate: {} }),
];

const BAD: readonly object[] = [
	{ nodes: "a" },
	{ node: "A" },
	{ node: "all" },
	{ node: "x".repeat(33) },
	{ base: "" },
	{ base: "a//b" },
	{ base: "x".repeat(65) },
	{ profile: "x" },
	{ wifi: {} },
	{ wifi: ["x"] },
	{ wifi: [{}] },
	{ wifi: [{ ssid: "" }] },
	{ wifi: [{ ssid: "x", password: "short" }] },
	{ wifi: [{ ssid: { secrt: "s" } }] },
	{ wifi: [{ ssid: "x", password: {} }] },
	{ broker: { url: "mqtt://h", username: { secret: 5 } } },
	{ wifi: [{ ssid: "x", password: { secret: 5 } }] },
	{ wifi: [{ ssid: "x", pasword: "x" }] },
	{ ntp: { servers: [] } },
	{ ntp: { servers: ["a", "b", "c", "d", "e"] } },
	{ ntp: { allowUnset: 1 } },
	{ broker: { url: "http://h" } },
	{ broker: { url: [] } },
	{ broker: { url: ["mqtt://a", "mqtts://b"] } },
	{ broker: { url: "mqtt://h", username: 5 } },
	{ broker: { keepAliveSeconds: 4 } },
	{ time: { intervalMs: 999 } },
	{ time: { intervalMs: 1000.5 } },
	{ diag: { interval: 1000 } },
	{ supervisor: { wifiRestartMinutes: 9 } },
	{ homeAssistant: "yes" },
	{ homeAssistant: { prefix: "" } },
	{ homeAssistant: { topic: "x" } },
	{ tasmota: {} },
	{ tasmota: { topic: "a/" } },
	{ tasmota: true },
	{ broadcast: "yes" },
	{ remoteConfig: 1 },
	{ entities: {} },
	{ entities: ["x"] },
	{ entities: Array.from({ length: 17 }, (_, i) => ({ ...FAN, id: `fan-${i}` })) },
	{ entities: [{}] },
	{ entities: [{ kind: "relay", pin: "D1" }] },
	{ entities: [{ kind: "relay", id: "x" }] },
	{ entities: [{ id: "x", pin: "D1" }] },
	{ entities: [{ kind: 5, id: "x" }] },
	{ entities: [{ kind: "Fan", id: "x" }] },
	{ entities: [entity("relay", { id: "X" })] },
	{ entities: [entity("relay", { id: "sync" })] },
	relay({ pin: 5 }),
	relay({ pni: "D1" }),
	relay({ name: "x".repeat(65) }),
	relay({ icon: 5 }),
	relay({ topics: { set: "a/#" } }),
	relay({ topics: { set: "+/a" } }),
	relay({ topics: { set: "" } }),
	relay({ topics: { set: "$SYS/a" } }),
	relay({ topics: { set: "x".repeat(129) } }),
	relay({ topics: { get: "x" } }),
	relay({ payloads: { on: "" } }),
	relay({ payloads: { on: " x" } }),
	relay({ payloads: { up: "x" } }),
	relay({ whileAway: "x" }),
	relay({ rate: { commands: 0 } }),
	relay({ rate: 5 }),
	relay({ activeLow: 1 }),
	relay({ restore: "keep" }),
	relay({ minimumOnMs: 0 }),
	relay({ offAfterMs: 604_800_001 }),
	relay({ pulseMs: 500, restore: "last" }),
	relay({ pulseMs: 500, offAfterMs: 500 }),
	relay({ interlock: 5 }),
	relay({ onLossOfContact: { state: "last" } }),
	relay({ onLossOfContact: { afterMs: -1 } }),
	relay({ onLossOfContact: "off" }),
	relay({ hz: 1000 }),
	light({ hz: 49 }),
	light({ gamma: 0.5 }),
	light({ pins: COLOURS }),
	{ entities: [{ kind: "light", id: "x", pins: { red: "D1", green: "D2" } }] },
	{ entities: [{ kind: "light", id: "x", pins: { ...COLOURS, white: "D6" } }] },
	{ entities: [{ kind: "light", id: "x" }] },
	light({ dimmable: false, hz: 1000 }),
	{ entities: [{ kind: "light", id: "x", pins: COLOURS, dimmable: false }] },
	button({ pull: "yes" }),
	button({ debounceMs: 10_001 }),
	button({ longMs: 60_001 }),
	button({ doubleMs: 5001 }),
	button({ actions: { single: "ON" } }),
	button({ controls: "r", actions: { triple: "ON" } }),
	button({ controls: "r", actions: { single: "on" } }),
	button({ controls: "r", doubleMs: 0, actions: { double: "ON" } }),
	button({ controls: "r", longMs: 0, actions: { long: "ON" } }),
	button({ payloads: { on: "x" } }),
	button({ topics: { set: "x" } }),
	binary({ rate: {} }),
	analog({ samples: 0 }),
	analog({ decimals: 10 }),
	analog({ stateClass: "x" }),
	analog({ unit: "x".repeat(25) }),
	analog({ calibration: [[0, 1]] }),
	analog({
		calibration: [
			[0, 1],
			[1.5, 2],
		],
	}),
	analog({ calibration: [[0, 1], [1]] }),
	analog({ intervalMs: 99 }),
	analog({ delta: 0 }),
	analog({ delta: -1 }),
	pulse({ perUnit: 0 }),
	pulse({ samples: 5 }),
	sensor({ driver: "" }),
	sensor({ driver: 5 }),
	sensor({ address: 0x78 }),
	sensor({ configure: 5 }),
	sensor({ readings: {} }),
	sensor({ readings: undefined }),
	sensor({ readings: { "1a": {} } }),
	sensor({ readings: { time: {} } }),
	sensor({ readings: { a: 5 } }),
	sensor({ readings: { a: { delta: 0 } } }),
	sensor({ readings: { a: { units: "x" } } }),
	own({ rate: { commands: 0 } }),
	own({ name: 5 }),
];

/** Right by the schema: other entities, pins, or numbers side by side decide. */
const ONLY_THE_FIRMWARE: readonly object[] = [
	{ wifi: [{ ssid: "ä".repeat(17) }] },
	{ wifi: [{ ssid: { secret: "missing" } }] },
	{ broker: { url: "mqtt://h:70000" } },
	{ broker: { url: "mqtt://h", password: "without a name" } },
	{ time: { minimumMs: 9000, maximumMs: 8000 } },
	relay({ pin: "D99" }),
	relay({ topics: { set: "ä".repeat(65) } }),
	relay({ topics: { set: "a", state: "a" } }),
	relay({ payloads: { on: "OFF" } }),
	relay({ interlock: "alone" }),
	{ entities: [entity("relay"), entity("relay", { pin: "D2" })] },
	button({ controls: "nobody" }),
	analog({ pin: "D1" }),
	analog({
		calibration: [
			[0.5, 1],
			[0.5, 2],
		],
	}),
	analog({ minimumMs: 5000, maximumMs: 4000, intervalMs: 1000 }),
	sensor({ bus: "spi" }),
	sensor({ driver: "embedded:sensor/typo" }),
	own({ kind: "typo" }),
];

/** Right for the firmware: the editor sees to what people get wrong. */
const ONLY_THE_SCHEMA: readonly object[] = [
	// An image by hand may have the module all the same.
	own({ module: undefined }),
	{ entities: [entity("rely")] },
	{ wifi: [{ ssid: { secret: "s", note: "x" } }] },
];

/** What an editor marks: one thing wrong, and nothing of other kinds. */
const MARKS: readonly (readonly [site: object, marks: readonly string[]])[] = [
	[{ entities: [entity("rely")] }, ["/entities/0 must have required property 'module'"]],
	[own({ kind: "Fan" }), ["/entities/0/kind must match pattern"]],
	[{ entities: [{}] }, ["/entities/0 must have required property 'kind'"]],
	[relay({ pni: "D1" }), ["/entities/0 must NOT have additional properties"]],
	[{ entities: [{ kind: "relay", id: "x" }] }, ["/entities/0 must have required property 'pin'"]],
	[{ entities: [{ kind: "light", id: "x" }] }, ["/entities/0 must have required property 'pin'"]],
	[light({ pins: COLOURS }), ["/entities/0/pin boolean schema is false"]],
	[{ wifi: [{ ssid: { secret: 5 } }] }, ["/wifi/0/ssid/secret must be string"]],
	[
		{ wifi: [{ ssid: { secrt: "s" } }] },
		[
			"/wifi/0/ssid must have required property 'secret'",
			"/wifi/0/ssid must NOT have additional properties",
		],
	],
	[{ wifi: [{ ssid: "" }] }, ["/wifi/0/ssid must NOT have fewer than 1 characters"]],
];

test("good sites are right for both", () => {
	for (const site of GOOD) {
		const { schema, firmware } = verdicts(site as Json);
		assert.deepEqual({ schema, firmware }, { schema: "", firmware: "" }, JSON.stringify(site));
	}
});

test("bad sites are wrong for both", () => {
	for (const site of BAD) {
		// As it would be in a file.
		const { schema, firmware } = verdicts(JSON.parse(JSON.stringify(site)) as Json);
		assert.notEqual(schema, "", `the schema takes ${JSON.stringify(site)}`);
		assert.notEqual(firmware, "", `the firmware takes ${JSON.stringify(site)}`);
	}
});

test("what no schema can know is wrong for the firmware alone", () => {
	for (const site of ONLY_THE_FIRMWARE) {
		const { schema, firmware } = verdicts(site as Json);
		assert.equal(schema, "", JSON.stringify(site));
		assert.notEqual(firmware, "", JSON.stringify(site));
	}
});

test("what people get wrong is wrong for the schema alone", () => {
	for (const site of ONLY_THE_SCHEMA) {
		const { schema, firmware } = verdicts(JSON.parse(JSON.stringify(site)) as Json);
		assert.notEqual(schema, "", JSON.stringify(site));
		assert.equal(firmware, "", JSON.stringify(site));
	}
});

test("an editor marks what is wrong, and not all that it might have been", () => {
	for (const [site, marks] of MARKS) {
		validate(JSON.parse(JSON.stringify(site)));
		const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== "if");
		const said = errors.map(({ instancePath, message }) => {
			return `${instancePath} ${message}`.replace(/ pattern .*/, " pattern");
		});
		assert.deepEqual([...new Set(said)], marks, JSON.stringify(site));
	}
});

test("an editor proposes each kind and each driver, and says what every key is", () => {
	const { definitions, properties } = readJson("site.schema.json") as {
		definitions: Record<string, Json>;
		properties: { entities: { items: { properties: { kind: { anyOf: Json[] } } } } };
	};
	const { anyOf } = properties.entities.items.properties.kind;
	assert.deepEqual(
		anyOf.flatMap((one) => one.const ?? []),
		KINDS,
	);
	for (const one of anyOf) assert.ok(one.description, JSON.stringify(one));
	const { driver } = definitions.sensor.properties as { driver: { anyOf: { enum?: string[] }[] } };
	assert.deepEqual(
		driver.anyOf[0].enum,
		Object.keys(DRIVERS).map((name) => DRIVER_PREFIX + name),
	);
	assert.deepEqual(undescribed({ definitions, properties } as unknown as Json, ""), []);
});

/** Keys of records that no word is said about. */
function undescribed(node: unknown, path: string): string[] {
	if (typeof node !== "object" || node === null) return [];
	const found: string[] = [];
	for (const [key, value] of Object.entries(node)) {
		// What is asked in an `if`, and what a `then` refuses, was described before.
		if (key === "if" || key === "then" || key === "else") continue;
		if (key === "properties" && path !== "") {
			for (const [name, one] of Object.entries(value as Record<string, Json>)) {
				const isSaid = one.description !== undefined || one.$ref !== undefined;
				if (!isSaid && name !== "kind") found.push(`${path}.${name}`);
			}
		}
		found.push(...undescribed(value, `${path}.${key}`));
	}
	return found;
}

test("whatever is a key for the schema is one for the firmware", () => {
	const { definitions } = readJson("site.schema.json") as { definitions: Record<string, Json> };
	for (const kind of KINDS) {
		for (const key of Object.keys(definitions[kind].properties as object)) {
			const site = { entities: [{ kind, id: "x", [key]: key === "kind" ? kind : null }] };
			const { firmware } = verdicts(site as Json);
			assert.ok(!firmware.includes(`.${key}: unknown key`), `${kind}: ${firmware}`);
		}
	}
	const { properties } = readJson("site.schema.json") as { properties: object };
	for (const key of Object.keys(properties)) {
		assert.ok(!verdicts({ [key]: null }).firmware.includes(`${key}: unknown key`), key);
	}
});
