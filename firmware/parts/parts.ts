/** What the firmware asks an image for: kinds of entities, what a site may turn on. Types only. */

import type { Checker, Json } from "../checker";
import type { Entity, EntityIo } from "../entities/entity";
import type { PinPlan } from "../pins";
import type { Dialect, DialectOptions } from "../profiles/dialect";
import type { Discovery } from "../profiles/discovery";
import type { NodeFacts } from "../profiles/profile";
import type { RemoteConfig } from "../profiles/remote-config";

/** Class of an entity; `kept` is what the entity's `kept` was before the reboot, "" for none. */
export type EntityClass = new (options: Json, io: EntityIo, kept: string) => Entity;

/** Whether the image has a module of that name. */
export type HasModule = (name: string) => boolean;

/** Checks the keys of a kind. */
export type KindCheck = (
	check: Checker,
	options: Json,
	path: string,
	pins: PinPlan,
	hasModule: HasModule,
) => void;

export interface ImageParts {
	/** By kind; others are the user's own. */
	readonly classes: Readonly<Record<string, EntityClass>>;
	readonly checks: Readonly<Record<string, KindCheck>>;
	/** Each undefined where the image has it not. */
	readonly makeDialect: ((options: DialectOptions, facts: NodeFacts) => Dialect) | undefined;
	readonly Discovery: typeof Discovery | undefined;
	readonly RemoteConfig: typeof RemoteConfig | undefined;
}
