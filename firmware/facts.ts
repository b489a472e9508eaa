/**
 * What a profile may know about the node that it runs on, gathered from the parts that know.
 * Always holds: asking changes nothing but the uptime, which is folded at each call so that a
 * wrap of the ticks (49 days) does not matter.
 */

import { type Session, State } from "./mqtt/session";
import { type Clock, Quality } from "./net/clock";
import type { WifiStation } from "./net/wifi";
import type { NodeFacts } from "./profiles/profile";
import type { Sequence } from "./store/sequence";

export interface FactParts {
	readonly session: Session;
	readonly clock: Clock;
	readonly sequence: Sequence;
	readonly wifi: WifiStation;
	readonly freeBytes: () => number | undefined;
}

export class Facts implements NodeFacts {
	readonly session: Session;
	/** The last failure of Wi-Fi or broker, as `step: reason`. */
	error = "";
	/** Connections that were up and went down. */
	reconnects = 0;
	private readonly parts: FactParts;
	private uptimeMs = 0;
	private uptimeAt: number;

	constructor(parts: FactParts, now: number) {
		this.parts = parts;
		this.session = parts.session;
		this.uptimeAt = now;
	}

	online(): boolean {
		return this.session.state === State.Up;
	}

	clockState(): string {
		const { quality } = this.parts.clock;
		return quality === Quality.Set ? "set" : quality === Quality.Assumed ? "unset" : "";
	}

	unixMs(now: number): number {
		return Math.floor(this.parts.clock.unixMs(now));
	}

	offsetMs(): number {
		return this.parts.clock.offsetMs;
	}

	errorBoundMs(now: number): number {
		return this.parts.clock.errorBoundMs(now);
	}

	driftPpm(): number {
		return this.parts.clock.driftPpm;
	}

	timeServer(): string {
		return this.parts.clock.server;
	}

	stratum(): number {
		return this.parts.clock.stratum;
	}

	uptimeSeconds(now: number): number {
		this.uptimeMs += (now - this.uptimeAt) | 0;
		this.uptimeAt = now;
		return Math.floor(this.uptimeMs / 1000);
	}

	rssi(): number | undefined {
		return this.parts.wifi.rssi;
	}

	freeBytes(): number | undefined {
		return this.parts.freeBytes();
	}

	random(): number {
		return Math.random();
	}

	nextSequence(now: number): number {
		return this.parts.sequence.next(this.clockState() === "" ? 0 : this.unixMs(now));
	}
}
