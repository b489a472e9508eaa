/**
 * The normal life of a node at the broker: availability, timestamps, diagnostics, entities and
 * their commands. Always holds: a report goes out in order or is counted as dropped; a state topic
 * says what the pin has, after the pin had it; a broker that lost its memory is told all states.
 * Must not know sockets, timers or pins.
 */

import type { Entities, EntityListener } from "../entities/entities";
import type { Entity } from "../entities/entity";
import { Code, codeName } from "../mqtt/codes";
import { log } from "../net/log";
import PARTS from "../parts/all";
import { Outbox } from "../store/outbox";
import { configTopic } from "../topics";
import { Commands, type CommandsOptions } from "./commands";
import { Dialect } from "./dialect";
import type { Discovery, DiscoveryOptions } from "./discovery";
import { diagPayload, stamped, timeMembers, timePayload } from "./payloads";
import { type NodeFacts, type Profile, type Subscription, sooner } from "./profile";
import type { RemoteConfig } from "./remote-config";

const enum Const {
	/** Reports kept while there is no room in the window: 160 s at the default interval. */
	OUTBOX_LIMIT = 16,
	/** When there is no room for a diag: it is tried again. */
	DIAG_RETRY_MS = 500,
}

export interface StandardOptions extends CommandsOptions {
	readonly timeMinimumMs: number;
	readonly timeMaximumMs: number;
	readonly diagIntervalMs: number;
	/** Undefined: Home Assistant is told nothing. */
	readonly announcement: Announcement | undefined;
	/** Undefined: the topic `config` is not listened to. */
	readonly remote: RemoteConfig | undefined;
	/** The runtime: called from a pin's event. */
	readonly owner: StandardOwner;
}

/** What of discovery the profile does not know by itself. */
export type Announcement = Pick<
	DiscoveryOptions,
	"prefix" | "store" | "node" | "model" | "version"
>;

export interface StandardOwner {
	/** Something may have to be sent, or is due sooner. */
	handleProfileChanged(): void;
	now(): number;
}

export class StandardProfile implements Profile, EntityListener {
	readonly subscriptions: readonly Subscription[];
	private readonly options: StandardOptions;
	private readonly facts: NodeFacts;
	private readonly outbox = new Outbox(Const.OUTBOX_LIMIT);
	private readonly dialect: Dialect;
	private readonly commands: Commands;
	private readonly discovery: Discovery | undefined;
	private availabilityDue = false;
	private stopping = false;
	/** The broker that was told the states last. */
	private broker = -1;
	/** Token of the first report, 0 before there is one: who watches the console waits for it. */
	private firstReport = 0;
	private timeDue: number;
	private diagDue: number;
	/** Reports given up when the states were told last. */
	private droppedThen = 0;

	constructor(options: StandardOptions, facts: NodeFacts, now: number) {
		const subscriptions: Subscription[] = [];
		this.options = options;
		this.facts = facts;
		this.dialect = PARTS.makeDialect?.(options, facts) ?? new Dialect(options);
		this.commands = new Commands(options, this.dialect, facts);
		this.commands.subscribe(subscriptions);
		if (options.remote !== undefined) {
			subscriptions.push({ topic: configTopic(options.topics), qos: 1 });
		}
		this.discovery = this.makeDiscovery(options.announcement);
		if (this.discovery !== undefined) subscriptions.push(this.discovery.subscriptions[0]);
		this.subscriptions = subscriptions;
		this.timeDue = now;
		this.diagDue = now;
		options.entities.listener = this;
		options.entities.handleContact(false, now);
	}

	get idle(): boolean {
		const { session } = this.facts;
		if (!this.facts.online()) return true;
		const queued = this.outbox.length + this.commands.length;
		if (this.availabilityDue || this.stateDue || queued > 0) return false;
		return session.inFlight === 0;
	}

	handleConnected(sessionPresent: boolean, now: number): void {
		const { entities } = this.options;
		this.availabilityDue = true;
		// A broker without our session may have lost retained messages too, or be another one.
		const { broker } = this.facts.session;
		const { dropped } = this.outbox;
		const isKnown = sessionPresent && broker === this.broker;
		if (!isKnown || dropped !== this.droppedThen) entities.forgetPublished();
		this.broker = broker;
		this.droppedThen = dropped;
		entities.handleContact(true, now);
		this.discovery?.handleConnected(sessionPresent, now);
		this.commands.handleConnected(sessionPresent, now);
		// Makes it due at once: here, below TLS and the link, there is little stack left.
		this.diagDue = now;
	}

	handleDisconnected(now: number): void {
		this.options.entities.handleContact(false, now);
	}

	handleSubscribed(): void {}

	handlePublished(token: number, now: number): void {
		this.discovery?.handlePublished(token, now);
		if (token === this.firstReport) {
			log("node", "first report accepted by the broker");
			this.firstReport = -1;
		}
		this.flush(now);
	}

	handleTimeout(now: number): void {
		const { facts } = this;
		const { topics, entities, remote } = this.options;
		entities.handleTimeout(now);
		if (this.stopping) return;
		if (this.availabilityDue) this.flush(now);
		if (remote !== undefined) this.configure(remote, now);
		this.commands.handleTimeout(now);
		if (facts.clockState() === "") {
			// Without any time there is nothing to report, diag says so; due once there is one.
			this.timeDue = now;
		} else if (((now - this.timeDue) | 0) >= 0) {
			const sequence = facts.nextSequence(now);
			this.outbox.push(topics.time, timePayload(facts, sequence, now), false);
			log("node", `time ${new Date(facts.unixMs(now)).toISOString()}, sequence ${sequence}`);
			this.timeDue = (now + this.intervalMs()) | 0;
		}
		this.dialect.handleTimeout(this.outbox, now);
		if (facts.online() && ((now - this.diagDue) | 0) >= 0) {
			const payload = diagPayload(facts, topics.diag, this.outbox.length, this.dropped, now);
			const code = facts.session.publish(topics.diag, payload, 0, false, now);
			const intervalMs = remote?.diagMs || this.options.diagIntervalMs;
			const waitMs = code === Code.Full ? Const.DIAG_RETRY_MS : intervalMs;
			this.diagDue = (now + waitMs) | 0;
		}
		this.flush(now);
		this.discovery?.handleTimeout(now);
	}

	pollTimeout(now: number): number {
		const entityMs = this.options.entities.pollTimeout(now);
		if (this.stopping) return entityMs;
		const unset = this.facts.clockState() === "";
		const timeMs = unset ? this.options.timeMinimumMs : (this.timeDue - now) | 0;
		const diagMs = this.facts.online() ? (this.diagDue - now) | 0 : timeMs;
		let least = sooner(Math.max(0, Math.min(timeMs, diagMs)), entityMs);
		least = sooner(least, this.commands.pollTimeout(now));
		least = sooner(least, this.dialect.pollTimeout(now));
		least = sooner(least, this.options.remote?.pollTimeout(now) ?? -1);
		return sooner(least, this.discovery?.pollTimeout(now) ?? -1);
	}

	handleStop(now: number): void {
		this.stopping = true;
		this.availabilityDue = true;
		this.options.entities.write(now);
		this.flush(now);
	}

	handleMessage(now: number): void {
		// Going down: what is not acknowledged now comes again when the node is back.
		if (this.stopping) return;
		const { session } = this.facts;
		const topic = session.messageTopic();
		const { remote, topics } = this.options;
		if (remote !== undefined && topic === configTopic(topics)) {
			remote.receive(session.messageText() ?? "?");
			if (session.message.handle > 0) session.acknowledge(session.message.handle, now);
		}
		// At QoS 0: nothing to acknowledge.
		else if (!this.discovery?.handleMessage(topic, session.messageText() ?? "", now)) {
			this.commands.handleMessage(topic, now);
		}
		this.flush(now);
	}

	handleSkipped(bytes: number, now: number): void {
		this.commands.handleSkipped(bytes);
		this.flush(now);
	}

	now(): number {
		return this.options.owner.now();
	}

	handleEntityChanged(): void {
		this.flush(this.now());
		this.options.owner.handleProfileChanged();
	}

	handleReport(
		entity: Entity,
		leaf: string,
		members: string,
		retain: boolean,
		ageMs: number,
	): void {
		const time = timeMembers(this.facts, this.now(), ageMs);
		this.dialect.report(this.outbox, entity, leaf, members, time, retain);
	}

	private makeDiscovery(announcement: Announcement | undefined): Discovery | undefined {
		if (announcement === undefined) return undefined;
		const { prefix, store, node, model, version } = announcement;
		const { topics, entities } = this.options;
		const places = this.dialect;
		const list = entities.entities;
		const card = { prefix, store, node, model, version, topics, places, entities: list };
		return PARTS.Discovery && new PARTS.Discovery(card, this.facts);
	}

	private configure(remote: RemoteConfig, now: number): void {
		const before = remote.entities;
		const result = remote.handleTimeout(now);
		if (result === "") return;
		log("config", result);
		this.commands.pushResult(result, 0);
		// The new intervals count from now.
		this.timeDue = now;
		this.diagDue = now;
		if (remote.entities === before) return;
		for (const entity of this.options.entities.entities) {
			entity.options = remote.optionsOf(entity.id) ?? entity.options;
		}
		this.discovery?.handleChanged(now);
	}

	private get stateDue(): boolean {
		for (const entity of this.options.entities.entities) if (entity.stateDue) return true;
		return false;
	}

	/** Hands to the engine what it has room for: availability first, then states, then reports. */
	private flush(now: number): void {
		const { topics, entities } = this.options;
		const { facts, outbox } = this;
		const { session } = facts;
		if (this.availabilityDue && facts.online()) {
			const text = this.stopping ? topics.offline : topics.online;
			this.availabilityDue = session.publish(topics.availability, text, 1, true, now) < 0;
		}
		if (!this.availabilityDue && facts.online()) this.flushStates(entities, now);
		// Also without room for the two above: see ResultQueue.
		if (!this.commands.flush(now)) return;
		if (facts.online() && (this.availabilityDue || this.stateDue)) return;
		while (outbox.length > 0) {
			const topic = outbox.firstTopic();
			const payload = stamped(facts, outbox.firstPayload(), now);
			const token = session.publish(topic, payload, 1, outbox.firstRetain(), now);
			if (token === Code.Full) return;
			if (token < 0) {
				// It will never go out: the next ones must not wait for it.
				log("node", `a report is dropped: ${codeName(token)}`);
				outbox.dropped++;
			} else if (this.firstReport === 0 && topic === topics.time) this.firstReport = token;
			outbox.shift();
		}
	}

	private flushStates({ entities }: Entities, now: number): void {
		for (const entity of entities) {
			if (!entity.stateDue) continue;
			if (!this.dialect.publishState(entity, this.facts.session, this.outbox, now)) return;
			entity.stateDue = false;
		}
	}

	private get dropped(): number {
		return this.outbox.dropped + this.commands.dropped;
	}

	private intervalMs(): number {
		const { timeMinimumMs, timeMaximumMs, remote } = this.options;
		if (remote !== undefined && remote.timeMs > 0) return remote.timeMs;
		return timeMinimumMs + Math.floor(this.facts.random() * (timeMaximumMs - timeMinimumMs + 1));
	}
}
