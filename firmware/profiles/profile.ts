/**
 * What a node does with its connection, seen from the runtime: a profile is told what happens
 * and uses the session; the runtime sends and receives. Must not know sockets or timers.
 */

import type { Session } from "../mqtt/session";
import type { Chip } from "../platform/figures";
import type { Boots } from "../store/boots";

/** A filter to subscribe to after each connect. */
export interface Subscription {
	readonly topic: string;
	readonly qos: number;
}

export interface Profile {
	readonly subscriptions: readonly Subscription[];
	/**
	 * CONNACK came. Publishing does not wait for SUBACK.
	 * @param sessionPresent the broker kept the session: what waited there comes now
	 */
	handleConnected(sessionPresent: boolean, now: number): void;
	/** The connection to the broker is gone, or none came up. */
	handleDisconnected(now: number): void;
	/** SUBACK came: what is published from now on comes back, where subscribed. */
	handleSubscribed(now: number): void;
	/** session.message holds a message; every one with a handle has to be acknowledged. */
	handleMessage(now: number): void;
	/** A message of so many bytes was larger than the node takes; the engine acknowledged it. */
	handleSkipped(bytes: number, now: number): void;
	/** A publish with this token is done, so there may be room for more. */
	handlePublished(token: number, now: number): void;
	handleTimeout(now: number): void;
	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(now: number): number;
	/** The node is going down: say good-bye. */
	handleStop(now: number): void;
	/** Nothing more waits to be sent or acknowledged. */
	readonly idle: boolean;
}

/** An expression of Jinja for the JSON of a state topic, as Home Assistant has it. */
export const PLAIN_MEMBERS = "value_json";

/** The shorter of two delays, the second of which may be -1 for none. */
export const sooner = (delayMs: number, otherMs: number): number => {
	return otherMs >= 0 && (delayMs < 0 || otherMs < delayMs) ? otherMs : delayMs;
};

/** What a profile may ask about the node. Times in milliseconds. */
export interface NodeFacts {
	readonly session: Session;
	/** CONNACK has come and the connection still stands. */
	online(): boolean;
	/** "set" by a server, "unset" when only assumed, "" when there is no time at all. */
	clockState(): string;
	unixMs(now: number): number;
	offsetMs(): number;
	errorBoundMs(now: number): number;
	driftPpm(): number;
	timeServer(): string;
	stratum(): number;
	uptimeSeconds(now: number): number;
	/** Connections that were up and went down. */
	readonly reconnects: number;
	/** The last failure of Wi-Fi or broker as `step: reason`, "" for none. */
	readonly error: string;
	readonly chip: Chip;
	readonly boots: Boots;
	/** Undefined where the platform does not tell. */
	rssi(): number | undefined;
	random(): number;
	/** The next number of a sequence that goes on over reboots. */
	nextSequence(now: number): number;
}
