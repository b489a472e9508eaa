/** Lines to paste: a node's own topics, the house's, Tasmota's, Home Assistant's. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { linesToPaste } from "../../../host-sim/start/introduction";
import { loadOf } from "../../../host-sim/start/things";

const access = { host: "127.0.0.1", port: 1883 };
const RELAY = { kind: "relay", id: "pump" };
const BUTTON = { kind: "button", id: "key" };

function lines(site: object, ...entities: Record<string, unknown>[]): string[] {
	const load = loadOf(entities);
	const what = { access, topics: "fieldmote/shed", node: "shed", site, entities, load };
	return linesToPaste(what).map((line) =>
		line.replace(/ -h 127\.0\.0\.1 -p 1883/, "").replace("mosquitto_", ""),
	);
}

test("the node's own, with and without something to switch", () => {
	assert.deepEqual(lines({}, BUTTON, RELAY), [
		"Watch it, and switch its relay, from another terminal:",
		"  sub -v -t 'fieldmote/shed/#'",
		"  pub -q 2 -t fieldmote/shed/pump/set -m TOGGLE",
	]);
	assert.deepEqual(lines({ homeAssistant: false }, BUTTON), [
		"Watch it from another terminal:",
		"  sub -v -t 'fieldmote/shed/#'",
	]);
});

test("topics that the site gives are watched, and the command goes there", () => {
	const topics = { set: "Room1/Pump", state: "Room1/Pump state" };
	const lamp = { kind: "light", id: "lamp", topics: { set: "Room1/Pump" } };
	assert.deepEqual(lines({}, { ...RELAY, topics, payloads: { toggle: "Flip" } }, lamp), [
		"Watch it, and switch its relay, from another terminal:",
		"  sub -v -t 'fieldmote/shed/#' -t Room1/Pump -t 'Room1/Pump state'",
		"  pub -q 2 -t Room1/Pump -m Flip",
	]);
});

test("Tasmota's topics, and its command where its number is sure", () => {
	const site = { tasmota: { topic: "garden" } };
	const watching = "  sub -v -t 'fieldmote/shed/#' -t '+/garden/#'";
	const own = "  pub -q 2 -t fieldmote/shed/pump/set -m TOGGLE";
	const power = "  pub -q 2 -t cmnd/garden/POWER1 -m TOGGLE";
	assert.deepEqual(lines(site, BUTTON, RELAY).slice(1), [watching, own, power]);
	assert.deepEqual(lines(site, { kind: "fan", id: "fan" }, RELAY).slice(1), [watching, own]);
});

test("what Home Assistant is told, at its prefix", () => {
	const told = (homeAssistant: unknown) => lines({ homeAssistant }, BUTTON).slice(2);
	const head = "What Home Assistant is told:";
	assert.deepEqual(told(true), [head, "  sub -v -t homeassistant/device/shed/config"]);
	assert.deepEqual(told({ prefix: "ha" }), [head, "  sub -v -t ha/device/shed/config"]);
});
