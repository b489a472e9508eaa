/**
 * How a node talks about its entities: which topics are commands to which entity, where its state
 * goes and in what words. This is fieldmote's own way, with the topics and payloads that a site
 * replaces; tasmota.ts is another. Must not know whether a command may be carried out.
 */

import type { Json } from "../checker";
import { type Command, parseCommand } from "../entities/command";
import type { Entities } from "../entities/entities";
import type { Entity } from "../entities/entity";
import { Code, codeName, type Session } from "../mqtt/session";
import { log } from "../net/log";
import type { Outbox } from "../store/outbox";
import { entityOf, leafTopic, type NodeTopics, setTopic, syncTopic } from "../topics";
import { PLAIN_MEMBERS, type Subscription } from "./profile";

export interface DialectOptions {
	readonly topics: NodeTopics;
	readonly entities: Entities;
	/** Commands to all nodes come below it; "" where the node does not listen. */
	readonly broadcast: string;
	/** Topic of Tasmota's dialect, "" for none. */
	readonly tasmota: string;
}

const enum Const {
	/** Commands: exactly once, as far as MQTT can. */
	QOS = 2,
}

export class Dialect {
	protected readonly options: DialectOptions;

	constructor(options: DialectOptions) {
		this.options = options;
	}

	/** Adds the filters by which commands come; none where nothing takes any. */
	subscribe(list: Subscription[]): void {
		const { topics, entities, broadcast } = this.options;
		for (const entity of entities.entities) {
			if (!entity.takesCommands) continue;
			if (list.length === 0) {
				list.push({ topic: setTopic(topics, "+"), qos: Const.QOS });
				// What waits comes before the nonce that is sent behind the first packet.
				list.push({ topic: syncTopic(topics), qos: 1 });
				if (broadcast !== "") list.push({ topic: `${broadcast}+/set`, qos: Const.QOS });
			}
			const own = replacedTopic(entity, "set");
			if (own !== "") list.push({ topic: own, qos: Const.QOS });
		}
	}

	/** Whether a topic is a command of ours, to an entity that there is or not. */
	isCommand(topic: string): boolean {
		return entityOf(topic, this.options.topics.prefix) !== "" || this.route(topic) !== undefined;
	}

	/** The entity that a topic is a command to. */
	route(topic: string): Entity | undefined {
		const { topics, entities, broadcast } = this.options;
		let id = entityOf(topic, topics.prefix);
		if (id === "" && broadcast !== "") id = entityOf(topic, broadcast);
		for (const entity of entities.entities) {
			if (!entity.takesCommands) continue;
			if (entity.id === id || replacedTopic(entity, "set") === topic) return entity;
		}
		return undefined;
	}

	/** Whether the state is said after each command, also when it was that before. */
	get answers(): boolean {
		return false;
	}

	/** Undefined: nothing is asked for, as when a retained command is cleared; the state is said. */
	parse(entity: Entity, _topic: string, text: string): Command | undefined {
		if (text === "") return undefined;
		return parseCommand(text, entity.options.payloads as Json | undefined);
	}

	/** Topic of commands; what Home Assistant is told. */
	setTopic(entity: Entity): string {
		const own = replacedTopic(entity, "set");
		return own === "" ? setTopic(this.options.topics, entity.id) : own;
	}

	/** @param leaf "state" or "problem" */
	stateTopic(entity: Entity, leaf: string): string {
		const own = leaf === "state" ? replacedTopic(entity, leaf) : "";
		return own === "" ? leafTopic(this.options.topics, entity.id, leaf) : own;
	}

	/** Where in the JSON of a state an entity's own members are: an expression of Jinja. */
	membersAt(_entity: Entity): string {
		return PLAIN_MEMBERS;
	}

	/** The word for ON or OFF; anything else as it is. */
	word(entity: Entity, state: string): string {
		const words = entity.options.payloads as Json | undefined;
		const own = state === "ON" ? words?.on : state === "OFF" ? words?.off : undefined;
		return (own as string | undefined) ?? state;
	}

	/** Publishes an entity's state, retained; false: later. What can never go out is said. */
	publishState(entity: Entity, session: Session, _outbox: Outbox, now: number): boolean {
		const { state } = entity;
		if (state === "") return true;
		const topic = this.stateTopic(entity, "state");
		return isOut(session.publish(topic, this.word(entity, state), 1, true, now), topic);
	}

	/** Puts into the outbox what is said now and then, beside time and diag. */
	handleTimeout(_outbox: Outbox, _now: number): void {}

	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(_now: number): number {
		return -1;
	}

	/**
	 * Puts a report of an entity into the outbox.
	 * @param leaf "state" or "problem"
	 * @param members JSON without the braces
	 * @param time more members: when
	 */
	report(
		outbox: Outbox,
		entity: Entity,
		leaf: string,
		members: string,
		time: string,
		retain: boolean,
	): void {
		outbox.push(this.stateTopic(entity, leaf), `{${members},${time}}`, retain);
	}
}

/** Whether publish() took it, or never will. */
export const isOut = (code: number, topic: string): boolean => {
	if (code === Code.Full) return false;
	if (code < 0) log("node", `${topic} is not published: ${codeName(code)}`);
	return true;
};

/** What the site puts in the place of a topic; "" where it does not. */
export const replacedTopic = (entity: Entity, key: string): string => {
	const topics = entity.options.topics as Json | undefined;
	return (topics?.[key] as string | undefined) ?? "";
};
