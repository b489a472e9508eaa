/**
 * All entities of a node: made in the order of the site, called when they are due, their states
 * kept over a reboot. Always holds: a state is written at most every WRITE_EVERY_MS, and the last
 * one always; contact is only told when it changes. Must not know topics, sessions or timers.
 */

import type { Json } from "../checker";
import type { Entity, EntityIo, EntityOwner } from "./entity";
import { isLoad, makeEntity } from "./kinds";

/** Where states live over a reboot. */
export interface StateStore {
	/** "" when there is none; also from another place. */
	read(place: number, id: string): string;
	isAt(place: number, id: string): boolean;
	write(place: number, id: string, text: string): void;
}

/** Who publishes. */
export interface EntityListener {
	now(): number;
	handleEntityChanged(): void;
	handleReport(entity: Entity, leaf: string, members: string, retain: boolean, ageMs: number): void;
}

const enum Const {
	/** Flash wears. */
	WRITE_EVERY_MS = 10_000,
}

export class Entities implements EntityOwner {
	readonly entities: Entity[] = [];
	/** Set before anything can be published. */
	declare listener: EntityListener;
	private readonly store: StateStore;
	/** What was written last, by place. */
	private readonly written: string[] = [];
	private writtenAt = 0;
	private online: boolean | undefined;

	/**
	 * Makes them; pins become outputs here.
	 * @param list the site's entries, checked
	 * @param loadsOnly nothing but what switches loads, for safe mode
	 */
	constructor(list: readonly Json[], io: EntityIo, store: StateStore, loadsOnly: boolean) {
		this.store = store;
		for (const options of list) {
			if (loadsOnly && !isLoad(options.kind)) continue;
			const read = store.read(this.entities.length, options.id as string);
			// A power cut between two writes may have kept both of a group on.
			const kept = this.hasPartnerOn(options) ? "" : read;
			const entity = makeEntity(options, io, kept);
			entity.owner = this;
			// What is found elsewhere is written anew: its place is somebody else's.
			this.written.push(store.isAt(this.entities.length, options.id as string) ? read : "");
			this.entities.push(entity);
		}
	}

	private hasPartnerOn({ interlock }: Json): boolean {
		if (interlock === undefined) return false;
		for (const { options, state, pending } of this.entities) {
			if (options.interlock === interlock && (state === "ON" || pending === "ON")) return true;
		}
		return false;
	}

	now(): number {
		return this.listener.now();
	}

	handleEntityChanged(): void {
		this.listener.handleEntityChanged();
	}

	report(entity: Entity, leaf: string, members: string, retain: boolean, ageMs = 0): void {
		this.listener.handleReport(entity, leaf, members, retain, ageMs);
	}

	find(id: string): Entity | undefined {
		for (const entity of this.entities) if (entity.id === id) return entity;
		return undefined;
	}

	/** All states are to be published: the broker may not know them. */
	forgetPublished(): void {
		for (const entity of this.entities) entity.forgetPublished();
	}

	/** Called often; only a change is told. */
	handleContact(online: boolean, now: number): void {
		if (online === this.online) return;
		if (this.online === undefined) this.writtenAt = (now - Const.WRITE_EVERY_MS) | 0;
		this.online = online;
		for (const entity of this.entities) entity.handleContact(online, now);
	}

	handleTimeout(now: number): void {
		for (const entity of this.entities)
			if (entity.pollTimeout(now) === 0) entity.handleTimeout(now);
		if (this.hasUnwritten && this.writeWaitMs(now) === 0) this.write(now);
	}

	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(now: number): number {
		let least = this.hasUnwritten ? this.writeWaitMs(now) : -1;
		for (const entity of this.entities) {
			const waitMs = entity.pollTimeout(now);
			if (waitMs >= 0 && (least < 0 || waitMs < least)) least = waitMs;
		}
		return least;
	}

	/** Writes what has to be kept, before a restart or after WRITE_EVERY_MS. */
	write(now: number): void {
		const { entities, written } = this;
		for (let i = 0; i < entities.length; i++) {
			const { id, kept } = entities[i];
			if (kept === written[i]) continue;
			this.store.write(i, id, kept);
			written[i] = kept;
		}
		this.writtenAt = now;
	}

	/** Unsigned: the last write may be longer ago than the sign allows, 24.9 days. */
	private writeWaitMs(now: number): number {
		return Math.max(0, Const.WRITE_EVERY_MS - ((now - this.writtenAt) >>> 0));
	}

	private get hasUnwritten(): boolean {
		const { entities, written } = this;
		for (let i = 0; i < entities.length; i++) if (entities[i].kept !== written[i]) return true;
		return false;
	}
}
