/**
 * Makes an entity of its entry in the site. Always holds: a kind that is not in the table is the
 * module `entity/<kind>` of the image. Must not check: check.ts did.
 */

import type { Json } from "../checker";
import { Analog } from "./analog";
import { Binary } from "./binary";
import { Button } from "./button";
import type { Entity, EntityIo } from "./entity";
import { Light } from "./light";
import { Pulse } from "./pulse";
import { Relay } from "./relay";
import { Sensor } from "./sensor";

/** Class of an entity; `kept` is what the entity's `kept` was before the reboot, "" for none. */
export type EntityClass = new (options: Json, io: EntityIo, kept: string) => Entity;

/** Kinds that switch loads; in safe mode there are no others. */
export const isLoad = (kind: unknown): boolean => kind === "relay" || kind === "light";

export const makeEntity = (options: Json, io: EntityIo, kept: string): Entity => {
	const Kind = classOf(options.kind as string, io);
	return new Kind(options, io, kept);
};

const classOf = (kind: string, io: EntityIo): EntityClass => {
	switch (kind) {
		case "relay":
			return Relay;
		case "light":
			return Light;
		case "button":
			return Button;
		case "binary":
			return Binary;
		case "analog":
			return Analog;
		case "pulse":
			return Pulse;
		case "sensor":
			return Sensor;
		default:
			return io.load(`entity/${kind}`) as EntityClass;
	}
};
