/**
 * When a node tells Home Assistant what it has: once after each start, again in a session that the
 * broker began anew and to another broker, and after Home Assistant says that it has started, each
 * node after a time of its own. Always holds: one message at a time, retained, at QoS 1; what was
 * in the last one that a broker took and is in the configuration no more is taken away first, and
 * remembered until the broker has that message; nothing of a message is held while there is none.
 * Must not know what is in it. Only made where the site asks for it, and never in safe mode, where
 * entities are missing.
 */

import { Code, codeName } from "../mqtt/codes";
import { log } from "../net/log";
import { listed, missing, type NodeCard } from "./discovery-components";
import { DiscoveryMessage } from "./discovery-message";
import type { NodeFacts, Subscription } from "./profile";

/** Where the list of what was announced outlives a reboot. */
export interface DiscoveryStore {
	/** "" when there is none. */
	read(): string;
	/** Printable ASCII, 400 characters at most. */
	write(text: string): void;
}

export interface DiscoveryOptions extends NodeCard {
	/** Home Assistant's discovery prefix, "homeassistant" unless changed there. */
	readonly prefix: string;
	readonly store: DiscoveryStore;
}

const enum Const {
	/** All nodes hear of Home Assistant's start in the same moment. */
	LEAST_DELAY_MS = 1000,
	MOST_DELAY_MS = 15_000,
	/** There was no room in the window. */
	RETRY_MS = 500,
}

const enum Due {
	No = 0,
	/** As soon as there is room. */
	Now = 1,
	/** At `dueAt`. */
	Later = 2,
}

export class Discovery {
	readonly subscriptions: readonly Subscription[];
	private readonly options: DiscoveryOptions;
	private readonly facts: NodeFacts;
	private message: DiscoveryMessage | undefined;
	private due = Due.Now as number;
	private dueAt = 0;
	/** That it was connected to last. */
	private broker = -1;

	constructor(options: DiscoveryOptions, facts: NodeFacts) {
		this.options = options;
		this.facts = facts;
		// At QoS 0, so that what was said while the node was away is not queued.
		this.subscriptions = [{ topic: `${options.prefix}/status`, qos: 0 }];
	}

	/** Nothing waits for room; what is under way the session knows. */
	get idle(): boolean {
		return this.due !== Due.Now || !this.facts.online();
	}

	/** @param sessionPresent as CONNACK said, whoever began that session */
	handleConnected(sessionPresent: boolean, _now: number): void {
		const { broker } = this.facts.session;
		const isKnown = sessionPresent && broker === this.broker;
		this.broker = broker;
		// One that is under way goes again by itself.
		if (!isKnown && this.message === undefined) this.due = Due.Now;
	}

	/** Names or intervals have changed: they are told again. */
	handleChanged(now: number): void {
		if (this.due === Due.No) this.delay(now);
	}

	/** True when the message was for us. Only of the session's current message. */
	handleMessage(topic: string, text: string, now: number): boolean {
		if (topic !== this.subscriptions[0].topic) return false;
		// A retained one comes at each connect and says nothing new: our message is retained, too.
		const { retain } = this.facts.session.message;
		if (text === "online" && !retain && this.due === Due.No) this.delay(now);
		return true;
	}

	/** True when it was our publication that is done. */
	handlePublished(token: number, now: number): boolean {
		const { message } = this;
		if (message === undefined || message.token !== token) return false;
		this.message = undefined;
		const { store, entities } = this.options;
		const list = listed(entities);
		if (store.read() !== list) store.write(list);
		log("node", "announced to Home Assistant");
		// Then once more without what was taken away, as its documentation asks for.
		if (message.removed !== "") this.delay(now);
		return true;
	}

	/** Publishes when it is time to and there is room: last of all that the node has to say. */
	handleTimeout(now: number): void {
		if (this.due === Due.Later && ((now - this.dueAt) | 0) >= 0) this.due = Due.Now;
		if (this.due !== Due.Now || this.message !== undefined || !this.facts.online()) return;
		const { options } = this;
		const { entities, store, prefix, node } = options;
		const message = new DiscoveryMessage(options, missing(store.read(), listed(entities)));
		const topic = `${prefix}/device/${node}/config`;
		const { session } = this.facts;
		const token = session.publishPieces(topic, message.bytes, 1, true, message, now);
		if (token === Code.Full) return;
		this.due = Due.No;
		if (token < 0) {
			log("node", `not announced to Home Assistant: ${codeName(token)}`);
			return;
		}
		message.token = token;
		this.message = message;
	}

	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(now: number): number {
		if (this.due === Due.No || this.message !== undefined || !this.facts.online()) return -1;
		return this.due === Due.Now ? Const.RETRY_MS : Math.max(0, (this.dueAt - now) | 0);
	}

	private delay(now: number): void {
		const spanMs = Const.MOST_DELAY_MS - Const.LEAST_DELAY_MS;
		const delayMs = Const.LEAST_DELAY_MS + Math.floor(this.facts.random() * (spanMs + 1));
		this.dueAt = (now + delayMs) | 0;
		this.due = Due.Later;
	}
}
