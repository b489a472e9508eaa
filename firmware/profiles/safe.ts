/**
 * What is left of a node in safe mode, after crashes that followed each other too quickly: it
 * says that it is there, how it is, and refuses every command. Always holds: nothing of a message
 * is looked at, so that one that made the node crash is acknowledged and gone; no output changes.
 * Must not use what the normal profiles are made of: the fault may be there.
 */

import { Code } from "../mqtt/codes";
import { type NodeTopics, setTopic, stateTopic } from "../topics";
import { diagPayload, refusedPayload } from "./payloads";
import type { NodeFacts, Profile, Subscription } from "./profile";

const enum Const {
	RETRY_MS = 500,
}

export interface SafeOptions {
	readonly topics: NodeTopics;
	/** Undefined: the board has none. It has its restore level, which is off. */
	readonly relay: { readonly id: string } | undefined;
	readonly diagIntervalMs: number;
}

export class SafeProfile implements Profile {
	readonly subscriptions: readonly Subscription[];
	private readonly options: SafeOptions;
	private readonly facts: NodeFacts;
	private availabilityDue = false;
	private stateDue = false;
	private stopping = false;
	/** Results that had no room. */
	private dropped = 0;
	private diagDue: number;

	constructor(options: SafeOptions, facts: NodeFacts, now: number) {
		const { relay, topics } = options;
		this.options = options;
		this.facts = facts;
		this.subscriptions = relay === undefined ? [] : [{ topic: setTopic(topics, relay.id), qos: 2 }];
		this.diagDue = now;
	}

	get idle(): boolean {
		if (!this.facts.online()) return true;
		return !this.availabilityDue && this.facts.session.inFlight === 0;
	}

	handleConnected(now: number): void {
		this.availabilityDue = true;
		this.stateDue = this.options.relay !== undefined;
		this.diagDue = now;
		this.handleTimeout(now);
	}

	handleSubscribed(): void {}

	handleMessage(now: number): void {
		const { session } = this.facts;
		const { handle } = session.message;
		if (this.stopping) return;
		this.refuse(now);
		if (handle > 0) session.acknowledge(handle, now);
	}

	handleSkipped(_bytes: number, now: number): void {
		this.refuse(now);
	}

	handlePublished(_token: number, now: number): void {
		this.flush(now);
	}

	handleTimeout(now: number): void {
		if (this.stopping || !this.facts.online()) return;
		this.flush(now);
		if (((now - this.diagDue) | 0) < 0) return;
		const { topics, diagIntervalMs } = this.options;
		const payload = diagPayload(this.facts, topics.diag, 0, this.dropped, now);
		const code = this.facts.session.publish(topics.diag, payload, 0, false, now);
		this.diagDue = (now + (code === Code.Full ? Const.RETRY_MS : diagIntervalMs)) | 0;
	}

	pollTimeout(now: number): number {
		if (this.stopping || !this.facts.online()) return -1;
		return Math.max(0, (this.diagDue - now) | 0);
	}

	handleStop(now: number): void {
		this.stopping = true;
		this.availabilityDue = true;
		this.flush(now);
	}

	private refuse(now: number): void {
		const { relay, topics } = this.options;
		const reason = `safe mode after ${this.facts.boots.crashesInRow} crashes in a row`;
		const payload = refusedPayload(relay?.id ?? "", "", reason);
		if (this.facts.session.publish(topics.result, payload, 1, false, now) < 0) this.dropped++;
	}

	private flush(now: number): void {
		const { topics, relay } = this.options;
		const { session } = this.facts;
		if (this.availabilityDue) {
			const text = this.stopping ? "offline" : "online";
			if (session.publish(topics.availability, text, 1, true, now) < 0) return;
			this.availabilityDue = false;
		}
		if (this.stateDue && relay !== undefined) {
			this.stateDue = session.publish(stateTopic(topics, relay.id), "OFF", 1, true, now) < 0;
		}
	}
}
