/** Entities that only have options, and what a node says of them to Home Assistant. */

import type { Json } from "../../../firmware/checker";
import { Entity } from "../../../firmware/entities/entity";
import type { EntityPlaces, NodeCard } from "../../../firmware/profiles/discovery-components";
import { DiscoveryMessage } from "../../../firmware/profiles/discovery-message";
import { nodeTopics } from "../../../firmware/topics";

class Thing extends Entity {
	override get takesCommands(): boolean {
		return this.options.kind === "relay" || this.options.kind === "light";
	}
}

/** One of the user's own: says its members itself. */
class OwnThing extends Entity {
	override get discovery(): string {
		return this.options.members as string;
	}

	override get takesCommands(): boolean {
		return true;
	}
}

export function entitiesOf(list: readonly Json[]): Entity[] {
	return list.map((options) =>
		options.members === undefined ? new Thing(options) : new OwnThing(options),
	);
}

function replaced(entity: Entity, key: string): string | undefined {
	return (entity.options.topics as Json | undefined)?.[key] as string | undefined;
}

const PLAIN: EntityPlaces = {
	setTopic: (entity) => replaced(entity, "set") ?? `fieldmote/shed/${entity.id}/set`,
	stateTopic: (entity) => replaced(entity, "state") ?? `fieldmote/shed/${entity.id}/state`,
	membersAt: () => "value_json",
};

/** As profiles/tasmota.ts with one entity that takes commands. */
const TASMOTA: EntityPlaces = {
	setTopic: () => "cmnd/shed/POWER",
	stateTopic: (entity) => (entity.takesCommands ? "stat/shed/POWER" : "tele/shed/SENSOR"),
	membersAt: (entity) => `value_json.get('${entity.id}',{})`,
};

export function cardOf(
	list: readonly Json[],
	tasmota = "",
	more: Partial<NodeCard> = {},
): NodeCard {
	return {
		node: "shed",
		model: "NodeMCU v2",
		version: "0.1.0",
		topics: nodeTopics("fieldmote", "shed", tasmota),
		places: tasmota === "" ? PLAIN : TASMOTA,
		entities: entitiesOf(list),
		...more,
	};
}

/** The whole message, asked for in pieces of so many bytes. */
export function wholeOf(card: NodeCard, removed = "", pieceBytes = 256): string {
	const message = new DiscoveryMessage(card, removed);
	const { bytes } = message;
	const target = new Uint8Array(bytes);
	for (let at = 0; at < bytes; at += pieceBytes) {
		message.write(target, at, Math.min(at + pieceBytes, bytes), at);
	}
	return Buffer.from(target).toString();
}

/** One of each kind, and the same with everything that is said of them. */
export const HOUSE: readonly Json[] = [
	{ kind: "relay", id: "pump", pin: "D1" },
	{
		kind: "relay",
		id: "room1",
		name: 'Room "1"',
		icon: "mdi:lamp",
		deviceClass: "outlet",
		topics: { set: "Room1/Light/set", state: "Room1/Light" },
		payloads: { on: "Turn On", off: "Turn Off" },
	},
	{ kind: "light", id: "lamp", pin: "D2" },
	{ kind: "light", id: "strip", pins: { red: "D5", green: "D6", blue: "D7" }, transitionMs: 500 },
	{ kind: "light", id: "bulb", pin: "D8", dimmable: false },
	{ kind: "button", id: "knob", pin: "D3", deviceClass: "button", controls: "lamp" },
	{ kind: "button", id: "stop", pin: "D4", doubleMs: 0, longMs: 0 },
	{ kind: "binary", id: "door", pin: "D0", deviceClass: "door", name: "Tür" },
	{ kind: "analog", id: "soil", pin: "A0", unit: "%", deviceClass: "moisture", intervalMs: 60_000 },
	{ kind: "analog", id: "raw", pin: "A0", stateClass: "total", decimals: 0, delta: 0.1 },
	{ kind: "pulse", id: "water", pin: "D9", perUnit: 450, unit: "L", deviceClass: "water" },
	{ kind: "pulse", id: "turns", pin: "D10", decimals: 3, maximumMs: 1000, delta: 1 },
	{
		kind: "sensor",
		id: "climate",
		name: "Küche 🌡",
		driver: "embedded:sensor/Humidity-Temperature/SHT3x",
		readings: {
			temperature: { unit: "°C", deviceClass: "temperature", decimals: 1, delta: 0.2 },
			humidity: { unit: "%", deviceClass: "humidity", name: "Feuchte" },
		},
	},
	{
		kind: "sensor",
		id: "sky",
		driver: "embedded:sensor/Light/x",
		intervalMs: 1000,
		readings: { items: {} },
	},
	{ kind: "sensor", id: "mute", driver: "embedded:sensor/x" },
	{ kind: "valve", id: "valve", members: '"p":"number","min":0,"max":90,"step":5' },
	{ kind: "secret", id: "secret", members: "" },
];
