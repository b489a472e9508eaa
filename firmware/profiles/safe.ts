/**
 * What is left of a node in safe mode, after crashes that followed each other too quickly: it
 * says that it is there, how it is, and refuses every command. Always holds: nothing of a message
 * is looked at, so that one that made the node crash is acknowledged and gone; loads keep their
 * times (an automatic off, the loss of contact), nothing else changes an output. Must not use more
 * of the normal profiles than how a state is said: the fault may be there.
 */

import type { EntityListener } from "../entities/entities";
import { Code } from "../mqtt/codes";
import PARTS from "../parts/all";
import { Outbox } from "../store/outbox";
import { entityOf, setTopic } from "../topics";
import { Dialect, type DialectOptions } from "./dialect";
import { diagPayload, refusedOutcome, resultPayload } from "./payloads";
import { type NodeFacts, type Profile, type Subscription, sooner } from "./profile";

const enum Const {
	RETRY_MS = 500,
}

export interface SafeOptions extends DialectOptions {
	readonly diagIntervalMs: number;
	readonly owner: { now(): number };
}

export class SafeProfile implements Profile, EntityListener {
	readonly subscriptions: readonly Subscription[];
	private readonly options: SafeOptions;
	private readonly facts: NodeFacts;
	private availabilityDue = false;
	private stopping = false;
	/** Results that had no room. */
	private dropped = 0;
	private diagDue: number;
	private readonly dialect: Dialect;
	/** What a dialect says beside the state is left unsaid. */
	private readonly unsaid = new Outbox(1);

	constructor(options: SafeOptions, facts: NodeFacts, now: number) {
		const { entities, topics } = options;
		this.options = options;
		this.facts = facts;
		this.subscriptions =
			entities.entities.length === 0 ? [] : [{ topic: setTopic(topics, "+"), qos: 2 }];
		this.diagDue = now;
		this.dialect = PARTS.makeDialect?.(options, facts) ?? new Dialect(options);
		entities.listener = this;
		entities.handleContact(false, now);
	}

	get idle(): boolean {
		if (!this.facts.online()) return true;
		return !this.availabilityDue && this.facts.session.inFlight === 0;
	}

	handleDisconnected(now: number): void {
		this.options.entities.handleContact(false, now);
	}

	now(): number {
		return this.options.owner.now();
	}

	/** There is nothing here that has pins' events or reports. */
	handleEntityChanged(): void {}
	handleReport(): void {}

	handleConnected(_sessionPresent: boolean, now: number): void {
		this.availabilityDue = true;
		this.options.entities.forgetPublished();
		this.options.entities.handleContact(true, now);
		this.diagDue = now;
		this.handleTimeout(now);
	}

	handleSubscribed(): void {}

	handleMessage(now: number): void {
		const { session } = this.facts;
		const { handle } = session.message;
		if (this.stopping) return;
		this.refuse(entityOf(session.messageTopic(), this.options.topics.prefix), now);
		if (handle > 0) session.acknowledge(handle, now);
	}

	handleSkipped(_bytes: number, now: number): void {
		this.refuse("", now);
	}

	handlePublished(_token: number, now: number): void {
		this.flush(now);
	}

	handleTimeout(now: number): void {
		this.options.entities.handleTimeout(now);
		if (this.stopping || !this.facts.online()) return;
		this.flush(now);
		if (((now - this.diagDue) | 0) < 0) return;
		const { topics, diagIntervalMs } = this.options;
		const payload = diagPayload(this.facts, topics.diag, 0, this.dropped, now);
		const code = this.facts.session.publish(topics.diag, payload, 0, false, now);
		this.diagDue = (now + (code === Code.Full ? Const.RETRY_MS : diagIntervalMs)) | 0;
	}

	pollTimeout(now: number): number {
		const entityMs = this.options.entities.pollTimeout(now);
		if (this.stopping || !this.facts.online()) return entityMs;
		return sooner(Math.max(0, (this.diagDue - now) | 0), entityMs);
	}

	handleStop(now: number): void {
		this.stopping = true;
		this.availabilityDue = true;
		this.flush(now);
	}

	private refuse(entity: string, now: number): void {
		const reason = `safe mode after ${this.facts.boots.crashesInRow} crashes in a row`;
		const payload = resultPayload(entity, "", refusedOutcome(reason));
		const { result } = this.options.topics;
		if (this.facts.session.publish(result, payload, 1, false, now) < 0) this.dropped++;
	}

	private flush(now: number): void {
		const { topics, entities } = this.options;
		const { session } = this.facts;
		if (this.availabilityDue) {
			const text = this.stopping ? topics.offline : topics.online;
			if (session.publish(topics.availability, text, 1, true, now) < 0) return;
			this.availabilityDue = false;
		}
		for (const entity of entities.entities) {
			if (!entity.stateDue) continue;
			if (!this.dialect.publishState(entity, session, this.unsaid, now)) return;
			entity.stateDue = false;
		}
	}
}
