/**
 * The normal life of a node at the broker: availability, timestamps, diagnostics, a relay.
 * Always holds: a report goes out in order or is counted as dropped; the state on `relay/state`
 * is the one the pin has; each command at QoS 1 or 2 gets its result, and is acknowledged only
 * when that is on its way, so that a flood waits at the broker. Must not know sockets, timers or
 * pins.
 */

import { parseCommand, refusal } from "../entities/command";
import type { Relay } from "../entities/relay";
import { Code, codeName } from "../mqtt/codes";
import { log } from "../net/log";
import { CommandHistory } from "../store/command-history";
import { Outbox } from "../store/outbox";
import { type NodeTopics, setTopic, stateTopic } from "../topics";
import { diagPayload, donePayload, refusedPayload, skippedPayload, timePayload } from "./payloads";
import type { NodeFacts, Profile, Subscription } from "./profile";
import { ResultQueue } from "./results";

const enum Const {
	/** Reports kept while there is no room in the window: 160 s at the default interval. */
	OUTBOX_LIMIT = 16,
	/** Results at QoS 0 that may wait; the others are bounded by the engine. */
	RESULT_LIMIT = 16,
	/** Ids of commands remembered. */
	HISTORY_SIZE = 16,
	/** When there is no room for a diag: it is tried again. */
	DIAG_RETRY_MS = 500,
	/** When results must not wait and the transport takes none: they are tried again. */
	URGENT_MS = 50,
	/** Bytes of a command; longer ones are refused. */
	COMMAND_LIMIT = 256,
}

export interface StandardOptions {
	readonly topics: NodeTopics;
	/** Undefined: the board has none. */
	readonly relay: Relay | undefined;
	readonly timeMinimumMs: number;
	readonly timeMaximumMs: number;
	readonly diagIntervalMs: number;
}

export class StandardProfile implements Profile {
	readonly subscriptions: readonly Subscription[];
	private readonly options: StandardOptions;
	private readonly facts: NodeFacts;
	private readonly outbox = new Outbox(Const.OUTBOX_LIMIT);
	private readonly results = new ResultQueue(Const.RESULT_LIMIT);
	private readonly history = new CommandHistory(Const.HISTORY_SIZE);
	private readonly commandTopic: string;
	private availabilityDue = false;
	private stateDue = false;
	private stopping = false;
	/** Token of the first report, 0 before there is one: who watches the console waits for it. */
	private firstReport = 0;
	private timeDue: number;
	private diagDue: number;

	constructor(options: StandardOptions, facts: NodeFacts, now: number) {
		this.options = options;
		this.facts = facts;
		const { relay, topics } = options;
		this.commandTopic = relay === undefined ? "" : setTopic(topics, relay.id);
		this.subscriptions = relay === undefined ? [] : [{ topic: this.commandTopic, qos: 2 }];
		this.timeDue = now;
		this.diagDue = now;
	}

	get idle(): boolean {
		const { session } = this.facts;
		if (!this.facts.online()) return true;
		const queued = this.outbox.length + this.results.length;
		const waiting = this.availabilityDue || this.stateDue || queued > 0;
		return !waiting && session.inFlight === 0;
	}

	handleConnected(now: number): void {
		this.availabilityDue = true;
		this.stateDue = this.options.relay !== undefined;
		this.diagDue = now;
		this.flush(now);
		this.handleTimeout(now);
	}

	handleSubscribed(): void {}

	handlePublished(token: number, now: number): void {
		if (token === this.firstReport) {
			log("node", "first report accepted by the broker");
			this.firstReport = -1;
		}
		this.flush(now);
	}

	handleTimeout(now: number): void {
		const { facts } = this;
		const { topics } = this.options;
		if (this.stopping) return;
		if (facts.clockState() === "") {
			// Without any time there is nothing to report, diag says so; due once there is one.
			this.timeDue = now;
		} else if (((now - this.timeDue) | 0) >= 0) {
			const sequence = facts.nextSequence(now);
			this.outbox.push(topics.time, timePayload(facts, sequence, now));
			log("node", `time ${new Date(facts.unixMs(now)).toISOString()}, sequence ${sequence}`);
			this.timeDue = (now + this.intervalMs()) | 0;
		}
		if (facts.online() && ((now - this.diagDue) | 0) >= 0) {
			const payload = diagPayload(facts, topics.diag, this.outbox.length, this.dropped, now);
			const code = facts.session.publish(topics.diag, payload, 0, false, now);
			const waitMs = code === Code.Full ? Const.DIAG_RETRY_MS : this.options.diagIntervalMs;
			this.diagDue = (now + waitMs) | 0;
		}
		this.flush(now);
	}

	pollTimeout(now: number): number {
		if (this.stopping) return -1;
		const unset = this.facts.clockState() === "";
		const timeMs = unset ? this.options.timeMinimumMs : (this.timeDue - now) | 0;
		const diagMs = this.facts.online() ? (this.diagDue - now) | 0 : timeMs;
		if (this.results.isUrgent) return Const.URGENT_MS;
		return Math.max(0, Math.min(timeMs, diagMs));
	}

	handleStop(now: number): void {
		this.stopping = true;
		this.availabilityDue = true;
		this.flush(now);
	}

	handleMessage(now: number): void {
		const { session } = this.facts;
		const { relay } = this.options;
		const { handle } = session.message;
		// Going down: what is not acknowledged now comes again when the node is back.
		if (this.stopping) return;
		if (relay !== undefined && session.messageTopic() === this.commandTopic) {
			this.results.push(this.carryOut(relay), handle);
		} else if (handle > 0) session.acknowledge(handle, now);
		this.flush(now);
	}

	handleSkipped(bytes: number, now: number): void {
		const limit = `a command has ${Const.COMMAND_LIMIT} at most`;
		this.results.push(skippedPayload(`a message of ${bytes} bytes is too large, ${limit}`), 0);
		this.flush(now);
	}

	/** Does what the current message asks for, or not; returns the result's payload. */
	private carryOut(relay: Relay): string {
		const { session } = this.facts;
		const { message } = session;
		const tooLong = message.payloadEnd - message.payloadStart > Const.COMMAND_LIMIT;
		// Neither too many bytes nor bytes that are not UTF-8 are a command.
		const command = parseCommand(tooLong ? "" : (session.messageText() ?? ""));
		const { qos, retain, dup } = message;
		const key = command.id === "" ? "" : `${relay.id}/${command.id}`;
		const before = key === "" ? "" : this.history.find(key);
		if (before !== "") return donePayload(relay.id, command.id, before);
		const arrival = { qos, retain, dup, inherited: session.inherited };
		const problem = command.problem !== "" ? command.problem : refusal(command, arrival);
		if (problem !== "") {
			log("relay", `command refused: ${problem}`);
			return refusedPayload(relay.id, command.id, problem);
		}
		const changed = relay.apply(command.state);
		const state = relay.on ? "ON" : "OFF";
		log("relay", `${command.state}${changed ? "" : ", already"} ${state}`);
		if (key !== "") this.history.remember(key, state);
		if (changed) this.stateDue = true;
		return donePayload(relay.id, command.id, state);
	}

	/** Hands to the engine what it has room for: availability first, then state, then reports. */
	private flush(now: number): void {
		const { topics, relay } = this.options;
		const { facts } = this;
		const { session } = facts;
		if (this.availabilityDue && facts.online()) {
			const text = this.stopping ? "offline" : "online";
			this.availabilityDue = session.publish(topics.availability, text, 1, true, now) < 0;
		}
		if (this.stateDue && relay !== undefined && !this.availabilityDue && facts.online()) {
			const topic = stateTopic(topics, relay.id);
			this.stateDue = session.publish(topic, relay.on ? "ON" : "OFF", 1, true, now) < 0;
		}
		// Also without room for the two above: see ResultQueue.
		if (!this.results.flush(session, topics.result, now)) return;
		if (this.availabilityDue || this.stateDue) return;
		while (this.outbox.length > 0) {
			const topic = this.outbox.firstTopic();
			const token = session.publish(topic, this.outbox.firstPayload(), 1, false, now);
			if (token === Code.Full) return;
			if (token < 0) {
				// It will never go out: the next ones must not wait for it.
				log("node", `a report is dropped: ${codeName(token)}`);
				this.outbox.dropped++;
			} else if (this.firstReport === 0 && topic === topics.time) this.firstReport = token;
			this.outbox.shift();
		}
	}

	private get dropped(): number {
		return this.outbox.dropped + this.results.dropped;
	}

	private intervalMs(): number {
		const { timeMinimumMs, timeMaximumMs } = this.options;
		return timeMinimumMs + Math.floor(this.facts.random() * (timeMaximumMs - timeMinimumMs + 1));
	}
}
