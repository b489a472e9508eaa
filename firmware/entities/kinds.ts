/**
 * Makes an entity of its entry in the site. Always holds: a kind that is none of the firmware's is
 * the module `entity/<kind>` of the image. Must not check: check.ts did.
 */

import type { Json } from "../checker";
import PARTS from "../parts/all";
import type { EntityClass } from "../parts/parts";
import type { Entity, EntityIo } from "./entity";

/** The firmware's own, in any image or not. */
export const KINDS: readonly string[] = Object.freeze([
	"relay",
	"light",
	"button",
	"binary",
	"analog",
	"pulse",
	"sensor",
]);

/** Kinds that switch loads; in safe mode there are no others. */
export const isLoad = (kind: unknown): boolean => kind === "relay" || kind === "light";

export const makeEntity = (options: Json, io: EntityIo, kept: string): Entity => {
	const kind = options.kind as string;
	const Kind = KINDS.includes(kind)
		? PARTS.classes[kind]
		: (io.load(`entity/${kind}`) as EntityClass);
	return new Kind(options, io, kept);
};
