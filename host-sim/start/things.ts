/**
 * The things of a simulated world that a node's entities see: their names, pins and sensors. Always
 * holds: what an entity calls off is off at first. Takes entries as they are: what is wrong with
 * them is for the firmware to say.
 */

import { pinNumber } from "../../firmware/pins";
import { analogKey } from "../world/chips";
import type { Pins } from "../world/pins";
import type { Sensors } from "../world/sensors";
import type { InputThing, PinThing, Thing } from "../world/stage";

type Json = Readonly<Record<string, unknown>>;

/** The entries that the firmware will take: the site's, or the board's where it names none. */
export function entitiesOf(site: object, boardFile: object): readonly Json[] {
	const { entities } = site as { entities?: unknown };
	const found = entities ?? (boardFile as { entities?: unknown }).entities;
	return Array.isArray(found) ? found.filter(isRecord) : [];
}

/** What can be switched from outside, for a line to paste. */
export interface Load {
	readonly kind: string;
	readonly id: string;
	/** Whole; undefined: the node's own for that entity. */
	readonly topic: string | undefined;
	readonly toggle: string;
}

/** The first relay or light. */
export function loadOf(entities: readonly Json[]): Load | undefined {
	const found = entities.find(({ kind, id }) => {
		return (kind === "relay" || kind === "light") && typeof id === "string";
	});
	if (found === undefined) return undefined;
	const topic = textOf(found.topics, "set");
	const toggle = textOf(found.payloads, "toggle") ?? "TOGGLE";
	return { kind: found.kind as string, id: found.id as string, topic, toggle };
}

function textOf(record: unknown, key: string): string | undefined {
	const value = isRecord(record) ? record[key] : undefined;
	return typeof value === "string" ? value : undefined;
}

/** @param pins and @param sensors the board's */
export function thingsOf(
	entities: readonly Json[],
	boardFile: object,
	pins: Pins,
	sensors: Sensors,
): Thing[] {
	return entities.flatMap((entity): Thing[] => {
		const { kind, id } = entity;
		if (typeof id !== "string") return [];
		if (kind === "sensor") {
			const { driver, address } = entity;
			if (typeof driver !== "string") return [];
			const place = typeof address === "number" ? address : undefined;
			const sensor = sensors.add(id, driver, place);
			if (sensor === undefined) return [];
			const { readings } = entity;
			const keys = isRecord(readings) ? Object.keys(readings) : [];
			const first = keys.find((key) => sensor.nameOf(key) !== undefined);
			return [{ kind, name: id, sensor, first }];
		}
		const pin = numberOf(boardFile, entity.pin);
		if (pin < 0) return [];
		if (kind === "analog") return [{ kind, name: id, key: analogKey(pins.chip, pin) }];
		if (kind !== "button" && kind !== "binary" && kind !== "pulse") return [];
		return [inputOf(kind, id, pin, entity)];
	});
}

/** The board's pins by their labels. */
export function labelsOf(boardFile: object, pins: Pins): PinThing[] {
	const labels = (boardFile as { pins?: Record<string, { gpio?: number; adc?: number }> }).pins;
	return Object.entries(labels ?? {}).map(([name, { gpio, adc }]) => {
		const key = adc === undefined ? -1 : analogKey(pins.chip, gpio ?? adc);
		return { kind: "pin", name, pin: gpio ?? -1, key };
	});
}

/** As firmware/entities/debounce.ts and button.ts: pulled up, and a button is active when low. */
function inputOf(kind: InputThing["kind"], name: string, pin: number, entity: Json): InputThing {
	const active = (entity.activeLow ?? kind === "button") ? 0 : 1;
	const { pull } = entity;
	const rest = pull === "down" ? 0 : 1;
	return { kind, name, pin, active, isPulledOutside: pull === "none" || rest === active };
}

/** GPIO number or ADC channel of a label; -1 for none. */
export function numberOf(boardFile: object, label: unknown): number {
	return typeof label === "string" ? pinNumber(boardFile as Json, label) : -1;
}

function isRecord(value: unknown): value is Json {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
