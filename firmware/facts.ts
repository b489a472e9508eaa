/**
 * What a profile may know about the node that it runs on, gathered from the parts that know.
 * Always holds: asking changes nothing but the uptime, which is folded at each call so that a
 * wrap of the ticks (49 days) does not matter.
 */

import { type Session, State } from "./mqtt/session";
import { type Clock, Quality } from "./net/clock";
import type { WifiStation } from "./net/wifi";
import type { Chip } from "./platform/figures";
import type { NodeFacts } from "./profiles/profile";
import type { Boots } from "./store/boots";
import type { Sequence } from "./store/sequence";

export interface FactSources {
	readonly session: Session;
	readonly clock: Clock;
	readonly sequence: Sequence;
	readonly chip: Chip;
	readonly boots: Boots;
	/** In [0, 1). */
	random(): number;
}

export class Facts implements NodeFacts {
	/** The last failure of Wi-Fi or broker, as `step: reason`. */
	error = "";
	/** Connections that were up and went down. */
	reconnects = 0;
	private readonly sources: FactSources;
	private readonly wifi: WifiStation;
	private uptimeMs = 0;
	private uptimeAt: number;

	constructor(sources: FactSources, wifi: WifiStation, now: number) {
		this.sources = sources;
		this.wifi = wifi;
		this.uptimeAt = now;
	}

	get session(): Session {
		return this.sources.session;
	}

	get chip(): Chip {
		return this.sources.chip;
	}

	get boots(): Boots {
		return this.sources.boots;
	}

	online(): boolean {
		return this.session.state === State.Up;
	}

	clockState(): string {
		const { quality } = this.sources.clock;
		return quality === Quality.Set ? "set" : quality === Quality.Assumed ? "unset" : "";
	}

	unixMs(now: number): number {
		return Math.floor(this.sources.clock.unixMs(now));
	}

	offsetMs(): number {
		return this.sources.clock.offsetMs;
	}

	errorBoundMs(now: number): number {
		return this.sources.clock.errorBoundMs(now);
	}

	driftPpm(): number {
		return this.sources.clock.driftPpm;
	}

	timeServer(): string {
		return this.sources.clock.server;
	}

	stratum(): number {
		return this.sources.clock.stratum;
	}

	uptimeSeconds(now: number): number {
		this.uptimeMs += (now - this.uptimeAt) | 0;
		this.uptimeAt = now;
		return Math.floor(this.uptimeMs / 1000);
	}

	rssi(): number | undefined {
		return this.wifi.rssi;
	}

	random(): number {
		return this.sources.random();
	}

	nextSequence(now: number): number {
		return this.sources.sequence.next(this.clockState() === "" ? 0 : this.unixMs(now));
	}
}
