/**
 * The whole firmware in the simulator and who plays Home Assistant at a real Mosquitto: the message
 * fits the schema, and each topic, payload and template in it fits what the node really says.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Ajv } from "ajv";
import { SocketClient } from "../firmware/mqtt/socket-client";
import { componentsOf, expanded } from "../support/homeassistant";
import { skipWithout, startMosquitto } from "../support/mosquitto";
import { startSimulator } from "../support/simulator";

const skip = skipWithout("mosquitto");
const folder = mkdtempSync(join(tmpdir(), "fieldmote discovery "));
after(() => rmSync(folder, { recursive: true }));

const ENTITIES = [
	{ kind: "relay", id: "pump", name: "Pumpe", pin: "GPIO1", icon: "mdi:pump" },
	{
		kind: "relay",
		id: "room1",
		pin: "GPIO9",
		topics: { set: "Room1/Light/set", state: "Room1/Light" },
		payloads: { on: "Turn On", off: "Turn Off" },
	},
	{ kind: "light", id: "lamp", pin: "GPIO2" },
	{ kind: "light", id: "strip", pins: { red: "GPIO3", green: "GPIO4", blue: "GPIO5" } },
	{ kind: "light", id: "bulb", pin: "GPIO10", dimmable: false },
	{ kind: "button", id: "knob", pin: "GPIO6", controls: "lamp" },
	{ kind: "binary", id: "door", pin: "GPIO7", deviceClass: "door" },
	{ kind: "analog", id: "soil", pin: "A0", unit: "%", deviceClass: "moisture" },
	{ kind: "pulse", id: "water", pin: "GPIO8", perUnit: 450, unit: "L", deviceClass: "water" },
	{
		kind: "sensor",
		id: "climate",
		driver: "embedded:sensor/Humidity-Temperature/SHT3x",
		readings: {
			temperature: { unit: "°C", deviceClass: "temperature", decimals: 1 },
			humidity: { unit: "%", deviceClass: "humidity" },
		},
	},
];

type Component = Record<string, unknown>;

/** What somebody at the broker sees. */
class Home {
	readonly client = new SocketClient({ clientId: "home", receiveBytes: 16_384 });

	async open(port: number): Promise<void> {
		await this.client.open(port);
		for (const filter of ["homeassistant/device/+/config", "fieldmote/#", "Room1/#"]) {
			await this.client.subscribe(filter, 1);
		}
	}

	/** The last payload on a topic. */
	last(topic: string): string | undefined {
		return this.client.messages.findLast((message) => message.topic === topic)?.payload;
	}

	async until(topic: string, payload: RegExp): Promise<void> {
		await this.client.until(() => payload.test(this.last(topic) ?? ""));
	}
}

/** As Jinja renders templates of this form; the others are not for it. */
function rendered(template: unknown, payload: string): unknown {
	const key = /^\{\{value_json\.get\('(\w+)',''\)\}\}$/.exec(String(template))?.[1];
	assert.ok(key, String(template));
	return (JSON.parse(payload) as Component)[key];
}

async function checkStates(home: Home, components: Record<string, Component>): Promise<void> {
	for (const [key, component] of Object.entries(components)) {
		if (component.platform === "event") continue;
		const topic = component.state_topic as string;
		await home.client.until(() => home.last(topic) !== undefined);
		const payload = home.last(topic) as string;
		switch (component.platform) {
			case "switch":
				assert.equal(payload, component.payload_off ?? "OFF", key);
				break;
			case "light":
				assert.equal((JSON.parse(payload) as Component).state, "OFF", key);
				break;
			case "binary_sensor":
				assert.match(String(rendered(component.value_template, payload)), /^(ON|OFF)$/, key);
				break;
			default:
				assert.equal(typeof rendered(component.value_template, payload), "number", key);
		}
	}
}

async function checkCommands(home: Home, components: Record<string, Component>): Promise<void> {
	const send = async (key: string, command: string, answer: RegExp): Promise<void> => {
		const { command_topic, state_topic } = components[key];
		await home.client.publish(command_topic as string, command, 1);
		await home.until(state_topic as string, answer);
	};
	await send("s_pump", "ON", /^ON$/);
	await send("s_room1", "Turn On", /^Turn On$/);
	await send("s_room1", "Turn Off", /^Turn Off$/);
	// As components/mqtt/light/schema_json.py composes them.
	await send("l_lamp", '{"state": "ON"}', /"state":"ON"/);
	await send(
		"l_lamp",
		'{"state": "ON", "brightness": 128}',
		/"brightness":128,"color_mode":"brightness"/,
	);
	await send("l_lamp", '{"state": "OFF", "transition": 1.0}', /"state":"OFF"/);
	const red = '{"state": "ON", "color": {"r": 255, "g": 0, "b": 0}, "transition": 0.5}';
	await send("l_strip", red, /"color_mode":"rgb","color":\{"r":255,"g":0,"b":0\}/);
	await send("l_bulb", '{"state": "ON"}', /^\{"state":"ON"\}$/);
}

test("what Home Assistant is told is true", { skip, timeout: 120_000 }, async (t) => {
	const broker = await startMosquitto();
	t.after(() => broker.discard());
	const site = join(folder, "site.json");
	writeFileSync(site, JSON.stringify({ homeAssistant: true, entities: ENTITIES }));
	const home = new Home();
	await home.open(broker.port);
	const url = `mqtt://127.0.0.1:${broker.port}`;
	const simulator = await startSimulator("start", "--broker", url, "--node", "n1", "--site", site);
	await simulator.until(/n1 +node: announced to Home Assistant/);
	const config = "homeassistant/device/n1/config";
	await home.client.until(() => home.last(config) !== undefined);
	const text = home.last(config) as string;
	const path = new URL("../vectors/homeassistant-discovery.schema.json", import.meta.url);
	const ajv = new Ajv({ strict: false, allErrors: true });
	const validate = ajv.compile(JSON.parse(readFileSync(path, "utf8")));
	assert.ok(validate(expanded(text)), JSON.stringify(validate.errors));
	const components = componentsOf(text);
	assert.equal(Object.keys(components).length, 2 + ENTITIES.length + 1);
	assert.equal(home.last(expanded(text).availability_topic as string), "online");
	await checkStates(home, components);
	await checkCommands(home, components);
	const before = home.client.messages.length;
	await home.client.publish("homeassistant/status", "online", 0);
	await simulator.until(/announced to Home Assistant[\s\S]*announced to Home Assistant/, 20_000);
	const more = home.client.messages.slice(before).filter(({ topic }) => topic === config);
	assert.deepEqual(
		more.map(({ payload }) => payload),
		[text],
	);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	await home.until("fieldmote/n1/availability", /^offline$/);
	await home.client.close();
});
