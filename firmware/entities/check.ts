/**
 * Checks the entities of a site as a whole: ids, kinds, pins, topics, and who refers to whom.
 * Pure. Always holds: every entry is looked at, so that all that is wrong is said at once; after
 * no problem each entity can be made. What a kind's own keys may be is in the kind's file.
 */

import { type Checker, isObject, type Json, nearest } from "../checker";
import PARTS from "../parts/all";
import type { HasModule } from "../parts/parts";
import { PinPlan } from "../pins";
import { isId } from "../topics";
import { checkCommon, checkTopics } from "./common";
import { KINDS } from "./kinds";

/** Leaves below `<base>/<node>/` that are the node's own, and `all` for broadcasts. */
const RESERVED = Object.freeze(["availability", "time", "diag", "result", "sync", "config", "all"]);

const NOT_IN_IMAGE = "is not in this image: PARTS=all";

const enum Const {
	ENTITY_LIMIT = 16,
}

/**
 * @param entities of a site or a board, as they stand in the file
 * @param board a checked board
 * @param own what all topics of the node begin with
 * @returns those that are records
 */
export const checkEntities = (
	check: Checker,
	entities: unknown,
	board: Json,
	own: string,
	hasModule: HasModule,
): readonly Json[] => {
	if (!Array.isArray(entities) || entities.length > Const.ENTITY_LIMIT) {
		const limit = Const.ENTITY_LIMIT;
		check.problem("entities", undefined, `must be a list of at most ${limit} entities`);
		return [];
	}
	const site = new SiteEntities(check, new PinPlan(board), own, hasModule);
	for (let i = 0; i < entities.length; i++) site.add(entities[i], `entities[${i}]`);
	for (let i = 0; i < entities.length; i++) site.relate(entities[i], `entities[${i}]`);
	// What stands in flash needs no copy.
	return site.good.length === entities.length ? (entities as readonly Json[]) : site.good;
};

/** What is known of the entities so far: in fields, because XS's stack is short. */
class SiteEntities {
	/** Those that are records. */
	readonly good: Json[] = [];
	private readonly check: Checker;
	private readonly pins: PinPlan;
	private readonly own: string;
	private readonly hasModule: HasModule;
	private readonly topics: string[] = [];

	constructor(check: Checker, pins: PinPlan, own: string, hasModule: HasModule) {
		this.check = check;
		this.pins = pins;
		this.own = own;
		this.hasModule = hasModule;
	}

	/** Checks an entry by itself, and against those before. */
	add(entry: unknown, path: string): void {
		const { check } = this;
		if (!isObject(entry)) {
			check.problem(path, entry, 'must be an object: {"kind", "id", …}');
			return;
		}
		checkId(check, this.good, entry.id, `${path}.id`);
		checkCommon(check, entry, path);
		checkTopics(check, entry, path, this.own, this.topics);
		const kind = entry.kind as string;
		if (KINDS.includes(kind)) {
			const checkKind = PARTS.checks[kind];
			if (checkKind === undefined) check.problem(`${path}.kind`, kind, NOT_IN_IMAGE);
			else checkKind(check, entry, path, this.pins, this.hasModule);
		} else {
			checkOwnKind(check, entry.kind, path, this.hasModule);
			this.noteOwnPins(entry, path);
		}
		this.good.push(entry);
	}

	/** What they are for is the class's business; that nobody else has them is not. */
	private noteOwnPins(entry: Json, path: string): void {
		this.notePin(entry, "pin", path, entry.id);
		// A record or a list.
		const { pins } = entry;
		if (typeof pins !== "object") return;
		for (const key in pins) this.notePin(pins as Json, key, `${path}.pins`, entry.id);
	}

	private notePin(parent: Json, key: string, path: string, who: unknown): void {
		const label = parent[key];
		if (typeof label !== "string") return;
		const problem = this.pins.note(label, `${who}`);
		if (problem !== "") this.check.problem(`${path}.${key}`, label, problem);
	}

	/** Checks what can only be said when all are known. */
	relate(entry: unknown, path: string): void {
		if (isObject(entry)) checkOthers(this.check, entry, path, this.good);
	}
}

/** @param before entities that have their ids already */
const checkId = (check: Checker, before: readonly Json[], id: unknown, path: string): void => {
	if (typeof id !== "string" || !isId(id)) {
		check.problem(path, id, "must be 1 to 32 of a-z, 0-9 and -");
	} else if (RESERVED.includes(id)) {
		check.problem(path, id, "is a topic of the node itself; take another id");
	} else if (entityOf(before, id) !== undefined) {
		check.problem(path, id, "is another entity's id already; each has its own");
	}
};

const entityOf = (entities: readonly Json[], id: unknown): Json | undefined => {
	for (const entity of entities) if (entity.id === id) return entity;
	return undefined;
};

const checkOwnKind = (check: Checker, kind: unknown, path: string, hasModule: HasModule): void => {
	const isText = typeof kind === "string";
	if (isText && isId(kind) && hasModule(`entity/${kind}`)) return;
	const near = isText ? nearest(kind, KINDS, (kind.length + 1) / 2) : "";
	const right = near === "" ? "" : `, did you mean "${near}"?`;
	const known = KINDS.join(", ");
	check.problem(`${path}.kind`, kind, `must be ${known} or of a module entity/<kind>${right}`);
};

const checkOthers = (
	check: Checker,
	options: Json,
	path: string,
	entities: readonly Json[],
): void => {
	const { controls, interlock } = options;
	if (controls !== undefined && !takesCommands(entityOf(entities, controls))) {
		check.problem(`${path}.controls`, controls, "must be the id of an entity that takes commands");
	}
	const topics = options.topics;
	if (isObject(topics) && topics.set !== undefined && !takesCommands(options)) {
		check.problem(`${path}.topics.set`, undefined, "is of no use: it takes no commands");
	}
	if (interlock !== undefined) checkInterlock(check, options, path, entities);
};

/** Whoever is of the user's own may take some. */
const takesCommands = (options: Json | undefined): boolean => {
	if (options === undefined) return false;
	const { kind } = options;
	return kind === "relay" || kind === "light" || !KINDS.includes(kind as string);
};

/** Of a group no two may be on: not at boot either, when nobody is asked. */
const checkInterlock = (
	check: Checker,
	options: Json,
	path: string,
	entities: readonly Json[],
): void => {
	const { interlock, restore } = options;
	let others = 0;
	let mayBeOn = 0;
	let goOn = 0;
	for (const other of entities) {
		if (other === options || other.interlock !== interlock) continue;
		others++;
		if (other.restore !== undefined && other.restore !== "off") mayBeOn++;
		if (goesOn(other)) goOn++;
	}
	if (others === 0)
		check.problem(`${path}.interlock`, interlock, "no other relay is in that group");
	if (mayBeOn > 0 && (restore === "on" || restore === "inverted-last")) {
		const allowed = 'of an interlock group only where all others restore to "off"';
		check.problem(`${path}.restore`, restore, allowed);
	}
	if (goOn > 0 && goesOn(options)) {
		check.problem(`${path}.onLossOfContact.state`, "on", "of one relay of an interlock group only");
	}
};

/** Whether it is switched on when contact is lost. */
const goesOn = ({ onLossOfContact }: Json): boolean => {
	return isObject(onLossOfContact) && onLossOfContact.state === "on";
};
