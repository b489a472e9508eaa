/**
 * Tasmota's way to talk about entities (https://tasmota.github.io/docs/MQTT/ and /Commands/):
 * `cmnd/<t>/POWER<x>` with on, off, toggle or their numbers, empty for a question; answers on
 * `stat/<t>/RESULT` and `stat/<t>/POWER<x>`; readings on `tele/<t>/SENSOR`; the node's state on
 * `tele/<t>/STATE` every 5 minutes; `tele/<t>/LWT`. fieldmote's own command topics work as well. x
 * counts what takes commands, in the order of the site; with one it is left out, and 1 is allowed.
 */

import { type Command, parseCommand, plainCommand } from "../entities/command";
import type { Entity } from "../entities/entity";
import type { Session } from "../mqtt/session";
import { Heap } from "../platform/figures";
import type { Outbox } from "../store/outbox";
import { Dialect, type DialectOptions, isOut, replacedTopic } from "./dialect";
import type { NodeFacts, Subscription } from "./profile";

const enum Const {
	/** Tasmota's default TelePeriod. */
	TELE_MS = 300_000,
	POWER_LENGTH = 5,
	TIME_LENGTH = 19,
}

const POWER = "POWER";

export class TasmotaDialect extends Dialect {
	private readonly facts: NodeFacts;
	private teleDue: number | undefined;

	constructor(options: DialectOptions, facts: NodeFacts) {
		super(options);
		this.facts = facts;
	}

	override subscribe(list: Subscription[]): void {
		const before = list.length;
		super.subscribe(list);
		if (list.length > before) list.push({ topic: this.topic("cmnd", "+"), qos: 2 });
	}

	override isCommand(topic: string): boolean {
		return super.isCommand(topic) || topic.startsWith(this.topic("cmnd", ""));
	}

	override route(topic: string): Entity | undefined {
		const start = this.topic("cmnd", "");
		if (!topic.startsWith(start)) return super.route(topic);
		const name = topic.slice(start.length).toUpperCase();
		if (!name.startsWith(POWER)) return undefined;
		const digits = name.slice(Const.POWER_LENGTH);
		let number = digits === "" ? 1 : Number(digits);
		if (digits !== "" && `${number}` !== digits) return undefined;
		for (const entity of this.options.entities.entities) {
			if (entity.takesCommands && --number === 0) return entity;
		}
		return undefined;
	}

	override get answers(): boolean {
		return true;
	}

	override parse(entity: Entity, topic: string, text: string): Command | undefined {
		if (!topic.startsWith(this.topic("cmnd", ""))) return super.parse(entity, topic, text);
		const own = super.parse(entity, topic, text);
		if (own === undefined || own.problem === "") return own;
		const word = text.trim().toUpperCase();
		if (word === "1" || word === "TRUE") return plainCommand("ON");
		if (word === "0" || word === "FALSE") return plainCommand("OFF");
		return word === "2" ? plainCommand("TOGGLE") : parseCommand(word);
	}

	override setTopic(entity: Entity): string {
		if (replacedTopic(entity, "set") !== "") return super.setTopic(entity);
		return this.topic("cmnd", this.power(entity));
	}

	override stateTopic(entity: Entity, leaf: string): string {
		if (this.isOwn(entity, leaf)) return super.stateTopic(entity, leaf);
		return entity.takesCommands
			? this.topic("stat", this.power(entity))
			: this.topic("tele", "SENSOR");
	}

	override membersAt(entity: Entity): string {
		if (this.isOwn(entity, "state")) return super.membersAt(entity);
		return `value_json.get('${entity.id}',{})`;
	}

	/** POWER, retained as with PowerRetain, and then RESULT from the outbox. */
	override publishState(entity: Entity, session: Session, outbox: Outbox, now: number): boolean {
		if (!entity.takesCommands || this.isOwn(entity, "state")) {
			return super.publishState(entity, session, outbox, now);
		}
		const power = this.power(entity);
		const { word } = entity;
		const topic = this.topic("stat", power);
		if (!isOut(session.publish(topic, word, 1, true, now), topic)) return false;
		outbox.push(this.topic("stat", "RESULT"), `{"${power}":"${word}"}`, false);
		return true;
	}

	/** `{"Time":"2026-11-21T19:00:00","climate":{"temperature":21.4}}` */
	override report(
		outbox: Outbox,
		entity: Entity,
		leaf: string,
		members: string,
		time: string,
		retain: boolean,
	): void {
		if (this.isOwn(entity, leaf)) super.report(outbox, entity, leaf, members, time, retain);
		else {
			const payload = `{"Time":"${this.time()}","${entity.id}":{${members}}}`;
			outbox.push(this.topic("tele", "SENSOR"), payload, false);
		}
	}

	override handleTimeout(outbox: Outbox, now: number): void {
		if (!this.facts.online()) this.teleDue = undefined;
		else this.teleDue ??= now;
		if (this.teleDue === undefined || ((now - this.teleDue) | 0) < 0) return;
		this.teleDue = (now + Const.TELE_MS) | 0;
		const { facts } = this;
		const seconds = facts.uptimeSeconds(now);
		let text = `{"Time":"${this.time()}","Uptime":"${uptime(seconds)}","UptimeSec":${seconds}`;
		const heap = facts.chip.heapFigure(Heap.Free);
		if (heap !== undefined) text += `,"Heap":${Math.floor(heap / 1024)}`;
		for (const entity of this.options.entities.entities) {
			if (entity.takesCommands) text += `,"${this.power(entity)}":"${entity.word}"`;
		}
		const signal = facts.rssi();
		if (signal !== undefined) text += `,"Wifi":{"Signal":${signal}}`;
		outbox.push(this.topic("tele", "STATE"), `${text}}`, false);
	}

	override pollTimeout(now: number): number {
		if (!this.facts.online()) return -1;
		return this.teleDue === undefined ? 0 : Math.max(0, (this.teleDue - now) | 0);
	}

	/** What the site says of an entity's topic goes before the dialect. */
	private isOwn(entity: Entity, leaf: string): boolean {
		return leaf !== "state" || replacedTopic(entity, leaf) !== "";
	}

	private topic(prefix: string, name: string): string {
		return `${prefix}/${this.options.tasmota}/${name}`;
	}

	/** POWER, or POWER<x> where there are several. */
	private power(entity: Entity): string {
		let takers = 0;
		let place = 0;
		for (const other of this.options.entities.entities) {
			if (!other.takesCommands) continue;
			takers++;
			if (other === entity) place = takers;
		}
		return takers === 1 ? POWER : POWER + place;
	}

	/** Tasmota's time: seconds, no zone; ours is UTC. */
	private time(): string {
		const { facts } = this;
		const unixMs = facts.clockState() === "" ? 0 : facts.unixMs(this.options.entities.now());
		return new Date(unixMs).toISOString().slice(0, Const.TIME_LENGTH);
	}
}

/** The dialect that the site asks for. */
export const makeDialect = (options: DialectOptions, facts: NodeFacts): Dialect => {
	return options.tasmota === "" ? new Dialect(options) : new TasmotaDialect(options, facts);
};

/** `1T02:03:04` */
const uptime = (seconds: number): string => {
	const iso = new Date((seconds % 86_400) * 1000).toISOString();
	return `${Math.floor(seconds / 86_400)}T${iso.slice(11, Const.TIME_LENGTH)}`;
};
