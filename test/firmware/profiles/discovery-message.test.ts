/** The text of the discovery message: its bytes, and what it says of each kind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { listed, missing } from "../../../firmware/profiles/discovery-components";
import { DiscoveryMessage } from "../../../firmware/profiles/discovery-message";
import { componentsOf, expanded } from "../../support/homeassistant";
import { cardOf, entitiesOf, HOUSE, wholeOf } from "./discovery-house";

test("pieces of any length are the same message, from any offset and again", () => {
	const card = cardOf(HOUSE);
	const whole = wholeOf(card, "s_gone number_dial");
	const bytes = Buffer.from(whole);
	assert.ok(bytes.length > 3500 && bytes.length > whole.length, `${bytes.length} bytes`);
	JSON.parse(whole);
	for (const pieceBytes of [1, 2, 3, 17, 100, 255, 1000, 10_000]) {
		assert.equal(wholeOf(card, "s_gone number_dial", pieceBytes), whole);
	}
	const message = new DiscoveryMessage(card, "s_gone number_dial");
	assert.equal(message.bytes, bytes.length);
	for (const offset of [3000, 10, 2999, 0, bytes.length - 5, 512]) {
		const target = new Uint8Array(50).fill(7);
		const end = Math.min(40, bytes.length - offset);
		message.write(target, 3, 3 + end, offset);
		const expected = bytes.subarray(offset, offset + end);
		assert.deepEqual(Buffer.from(target.subarray(3, 3 + end)), expected);
		assert.deepEqual([target[2], target[3 + end]], [7, 7], "nothing beside it");
	}
});

test("from its beginning to its end, a piece is made again for each cut in it and no more", () => {
	const message = new DiscoveryMessage(cardOf(HOUSE), "");
	const { bytes } = message;
	const spied = message as unknown as { piece(index: number): string };
	const original = spied.piece;
	let made = 0;
	// On XS what an object inherits from flash cannot be assigned over.
	Object.defineProperty(message, "piece", {
		value: (index: number) => {
			made += 1;
			return original.call(message, index);
		},
	});
	const target = new Uint8Array(256);
	let cuts = 0;
	for (let at = 0; at < bytes; at += 256, cuts++) {
		message.write(target, 0, Math.min(256, bytes - at), at);
	}
	assert.ok(made <= 3 + 16 + 1 + cuts, `${made} for ${cuts} cuts`);
});

test("no piece is much longer than 300 bytes", () => {
	const message = new DiscoveryMessage(cardOf(HOUSE), "s_gone") as unknown as {
		piece(index: number): string;
	};
	let pieces = 0;
	for (; message.piece(pieces) !== ""; pieces++) {
		assert.ok(message.piece(pieces).length <= 320, message.piece(pieces));
	}
	assert.equal(pieces, 3 + 16 + 2);
});

test("a message that becomes shorter while it leaves ends in blanks", () => {
	const entities = entitiesOf(HOUSE);
	const message = new DiscoveryMessage(cardOf([], "", { entities }), "");
	const { bytes } = message;
	entities.pop();
	entities.shift();
	const target = new Uint8Array(bytes);
	message.write(target, 0, bytes, 0);
	const text = Buffer.from(target).toString();
	assert.match(text, /\}\} {100,}$/);
	JSON.parse(text);
});

test("device, origin and availability", () => {
	const { components, ...head } = expanded(wholeOf(cardOf([])));
	assert.deepEqual(head, {
		device: {
			identifiers: "shed",
			name: "shed",
			manufacturer: "fieldmote",
			model: "NodeMCU v2",
			sw_version: "0.1.0",
		},
		origin: { name: "fieldmote", sw_version: "0.1.0" },
		availability_topic: "fieldmote/shed/availability",
	});
	const { n_diag_uptime: uptime, n_diag_rssi: rssi, ...none } = componentsOf(wholeOf(cardOf([])));
	assert.deepEqual(none, {});
	assert.deepEqual(uptime, {
		platform: "sensor",
		unique_id: "shed_diag_uptime",
		name: "Uptime",
		state_topic: "fieldmote/shed/diag",
		value_template: "{{value_json.get('uptime_s','')}}",
		device_class: "duration",
		unit_of_measurement: "s",
		entity_category: "diagnostic",
	});
	assert.equal(rssi.device_class, "signal_strength");
	assert.equal(rssi.unit_of_measurement, "dBm");
});

test("each kind becomes what it is", () => {
	const all = componentsOf(wholeOf(cardOf(HOUSE)));
	const at = (id: string, leaf: string) => `fieldmote/shed/${id}/${leaf}`;
	assert.deepEqual(all.s_pump, {
		platform: "switch",
		unique_id: "shed_pump",
		command_topic: at("pump", "set"),
		qos: 1,
		state_topic: at("pump", "state"),
		name: "pump",
	});
	assert.deepEqual(all.s_room1, {
		platform: "switch",
		unique_id: "shed_room1",
		command_topic: "Room1/Light/set",
		qos: 1,
		state_topic: "Room1/Light",
		icon: "mdi:lamp",
		name: 'Room "1"',
		device_class: "outlet",
		payload_on: "Turn On",
		payload_off: "Turn Off",
	});
	const { schema, brightness, supported_color_modes, transition, flash } = all.l_lamp;
	assert.deepEqual([schema, brightness, transition, flash], ["json", true, true, false]);
	assert.deepEqual(supported_color_modes, ["brightness"]);
	assert.deepEqual(all.l_strip.supported_color_modes, ["rgb"]);
	assert.deepEqual(all.l_bulb.supported_color_modes, ["onoff"]);
	assert.equal(all.l_bulb.transition, false);
	assert.deepEqual(all.e_knob.event_types, ["single", "double", "long"]);
	assert.deepEqual(all.e_stop.event_types, ["single"]);
	assert.equal(all.b_door.value_template, "{{value_json.get('state','')}}");
	assert.equal(all.b_door.name, "Tür");
	assert.equal(all.n_soil.state_class, "measurement");
	assert.equal(all.n_soil.suggested_display_precision, 2);
	assert.equal(all.n_raw.state_class, "total");
	assert.equal(all.n_raw.suggested_display_precision, 0);
	assert.equal(all.n_water.state_class, "total_increasing");
	assert.equal(all.n_climate_temperature.name, "Küche 🌡 temperature");
	assert.equal(all.n_climate_temperature.suggested_display_precision, 1);
	assert.equal(all.n_climate_humidity.name, "Feuchte");
	assert.equal(all.n_climate_humidity.unique_id, "shed_climate_humidity");
	assert.equal(all.n_sky_items.name, "sky");
	assert.equal(all.n_sky_items.value_template, "{{value_json.get('items','')}}");
	assert.deepEqual(all.number_valve, {
		platform: "number",
		min: 0,
		max: 90,
		step: 5,
		unique_id: "shed_valve",
		command_topic: at("valve", "set"),
		qos: 1,
		state_topic: at("valve", "state"),
		name: "valve",
	});
	assert.equal(Object.keys(all).length, 2 + 16);
});

test("a value counts as gone after three reports that did not come, a minute at least", () => {
	const all = componentsOf(wholeOf(cardOf(HOUSE)));
	const seconds = Object.entries(all)
		.filter(([, { expire_after }]) => expire_after !== undefined)
		.map(([key, { expire_after }]) => `${key} ${expire_after}`);
	assert.deepEqual(seconds, [
		"n_soil 180",
		"n_raw 900",
		"n_water 60",
		"n_turns 60",
		"n_climate_temperature 900",
		"n_climate_humidity 900",
		"n_sky_items 60",
	]);
});

test("with Tasmota's topics: its words, its LWT, and values where its JSON has them", () => {
	const text = wholeOf(cardOf(HOUSE, "shed"));
	const { availability_topic, payload_available, payload_not_available } = expanded(text);
	assert.deepEqual(
		[availability_topic, payload_available, payload_not_available],
		["tele/shed/LWT", "Online", "Offline"],
	);
	const all = componentsOf(text);
	assert.equal(all.s_pump.command_topic, "cmnd/shed/POWER");
	assert.equal(all.l_lamp.schema, undefined, "POWER says ON and OFF, no JSON");
	assert.equal(all.s_room1.payload_on, undefined, "nor other words");
	const template = "{{value_json.get('soil',{}).get('value','')}}";
	assert.equal(all.n_soil.value_template, template);
	assert.equal(all.n_soil.state_topic, "tele/shed/SENSOR");
	assert.equal(
		all.e_knob.value_template,
		`{%set e=value_json.get('knob',{}).get('event')%}{%if e%}{"event_type":"{{e}}"}{%endif%}`,
	);
});

test("what is no more is there with its platform and nothing else", () => {
	const all = componentsOf(
		wholeOf(cardOf([]), "s_a l_b e_c b_d n_climate_x text_box binary_sensor_y"),
	);
	assert.deepEqual(all.s_a, { platform: "switch" });
	assert.deepEqual(all.l_b, { platform: "light" });
	assert.deepEqual(all.e_c, { platform: "event" });
	assert.deepEqual(all.b_d, { platform: "binary_sensor" });
	assert.deepEqual(all.n_climate_x, { platform: "sensor" });
	assert.deepEqual(all.text_box, { platform: "text" });
	assert.deepEqual(all.binary_sensor_y, { platform: "binary_sensor" });
});

test("the list of what is announced is short, and two lists are compared", () => {
	assert.equal(
		listed(entitiesOf(HOUSE)),
		"s_pump s_room1 l_lamp l_strip l_bulb e_knob e_stop b_door n_soil n_raw n_water n_turns n_climate_temperature n_climate_humidity n_sky_items number_valve",
	);
	assert.equal(missing("s_a l_b n_c_d", "l_b"), "s_a n_c_d");
	assert.equal(missing("s_a", "s_ab b_s_a"), "s_a");
	assert.equal(missing("", "s_a"), "");
	assert.equal(missing("s_a", ""), "s_a");
	const many = Array.from({ length: 30 }, (_, i) => ({
		kind: "relay",
		id: `${i}`.padEnd(32, "x"),
	}));
	assert.ok(listed(entitiesOf(many)).length <= 400);
	assert.match(listed(entitiesOf(many)), /^(s_\d+x+ ?){11}$/);
});
