/**
 * Keeps the clock right: asks time servers in rounds, gives the best sample of each to the clock,
 * and comes back with jitter. While the clock is not set, the first sample counts at once. The
 * next server is asked when one fails, refuses, or contradicts by more than a second a clock that
 * is set: then the second opinion counts. Always holds: a failure says why and when the next try
 * is; a clock that no server has set is said every minute; the clock is folded at least hourly,
 * started or not, until close(). Must not know packets or sockets: time-exchange.ts does.
 */

import Time from "time";
import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./alarm";
import { Backoff } from "./backoff";
import { type Clock, Quality } from "./clock";
import type { NameResolver } from "./dns";
import { log, logFailure } from "./log";
import { type ExchangeOwner, type ServerSample, TimeExchange } from "./time-exchange";
import { TimeServer } from "./time-server";
import type { UdpConstructor } from "./udp";

const enum Const {
	/** The first interval; it doubles up to resyncMs, so that the drift is known soon. */
	FIRST_INTERVAL_MS = 120_000,
	DEFAULT_RESYNC_MS = 3_600_000,
	SUSPICIOUS_MS = 1000,
	MINUTE_MS = 60_000,
	HOUR_MS = 3_600_000,
}

const RETRY = Object.freeze({ baseMs: 2000, capMs: 300_000, stableMs: 0 });

export interface TimeKeeperOptions {
	readonly UDP: UdpConstructor;
	readonly resolver: NameResolver;
	/** "host" or "host:port", best first. */
	readonly servers: readonly string[];
	readonly clock: Clock;
	/** In [0, 1); good enough for 64 bits that nobody can guess. */
	random(): number;
	/** Longest interval between rounds, before jitter; default an hour. */
	readonly resyncMs?: number;
}

export interface TimeKeeperOwner {
	/** After each time that the clock was adjusted to a server. */
	handleClockSet(): void;
}

export class TimeKeeper implements AlarmOwner, ExchangeOwner {
	alarm: OwnedTimer | undefined;
	private readonly options: TimeKeeperOptions;
	private readonly owner: TimeKeeperOwner | undefined;
	private readonly servers: readonly TimeServer[];
	private readonly backoff = new Backoff(RETRY);
	/** The conversation under way. */
	private exchange: TimeExchange | undefined;
	private isRunning = false;
	private unsetMinutes = 0;
	private intervalMs = Const.FIRST_INTERVAL_MS;
	/** Ticks; undefined while a round is under way, or stopped. */
	private roundAt: number | undefined;
	/** Ticks: when the clock is looked after; undefined after close(). */
	private watchAt: number | undefined;
	/** Index of the server that answered last. */
	private preferred = 0;
	/** How many servers, from the preferred one on, this round is done with. */
	private tried = 0;
	/** The sample that the clock already has. */
	private applied: ServerSample | undefined;
	/** What a server said that nobody confirmed yet. */
	private suspect: ServerSample | undefined;

	constructor(options: TimeKeeperOptions, owner?: TimeKeeperOwner) {
		this.options = options;
		this.owner = owner;
		this.servers = options.servers.map((name) => new TimeServer(name));
		this.watchIn(Const.MINUTE_MS);
	}

	/** The network is there: sets the clock and keeps it set. */
	start(): void {
		if (this.isRunning) return;
		this.isRunning = true;
		this.backoff.reset();
		this.startRoundIn(0);
	}

	/** The network is gone. The clock goes on; start() asks again at once. */
	stop(): void {
		this.isRunning = false;
		this.exchange?.cancel();
		this.exchange = undefined;
		this.roundAt = undefined;
		this.schedule();
	}

	/** Ends it for good, with all timers. */
	close(): void {
		this.watchAt = undefined;
		this.stop();
	}

	handleAlarm(): void {
		const now = Time.ticks | 0;
		if (this.watchAt !== undefined && ((now - this.watchAt) | 0) >= 0) this.handleWatch();
		if (this.roundAt !== undefined && ((now - this.roundAt) | 0) >= 0) this.startRound();
		this.schedule();
	}

	/** From the exchange: while there is no time at all, any sample is better. */
	handleSample(sample: ServerSample): void {
		if (this.options.clock.quality !== Quality.Set) this.adjust(sample);
	}

	/** From the exchange: done with one server. */
	finishExchange(best: ServerSample | undefined, step: string, reason: string): void {
		this.exchange = undefined;
		this.tried++;
		const hasNext = this.skipResting();
		if (best !== undefined) {
			const aheadMs = this.contradictionMs(best);
			if (aheadMs === 0 || this.suspect !== undefined) {
				this.accept(best);
				return;
			}
			// Without a second opinion this one is all there is.
			this.suspect = best;
			const by = `contradicts the clock by ${formatOffset(aheadMs)}`;
			if (hasNext) logFailure("clock", `${best.server} (${best.address}): ${by}`, 0);
		} else {
			const isLast = !hasNext && this.suspect === undefined;
			const delayMs = isLast ? this.retryDelayMs() : 0;
			logFailure(step, reason, delayMs);
			if (isLast) this.startRoundIn(delayMs);
		}
		if (hasNext) this.askNextServer();
		else if (this.suspect !== undefined) this.accept(this.suspect);
	}

	private startRound(): void {
		this.roundAt = undefined;
		this.tried = 0;
		this.suspect = undefined;
		this.applied = undefined;
		if (this.skipResting()) {
			this.askNextServer();
			return;
		}
		const delayMs = this.retryDelayMs();
		const reason =
			this.servers.length === 0 ? "no server configured" : "all servers refuse for now";
		logFailure("clock", reason, delayMs);
		this.startRoundIn(delayMs);
	}

	/** Moves on to a server that may be asked; false when none is left. */
	private skipResting(): boolean {
		const now = Time.ticks | 0;
		for (; this.tried < this.servers.length; this.tried++) {
			if (this.serverAt(this.tried).restLeftMs(now) === 0) return true;
		}
		return false;
	}

	private askNextServer(): void {
		this.exchange = new TimeExchange(this.options, this, this.serverAt(this.tried));
		this.exchange.start();
	}

	private serverAt(index: number): TimeServer {
		return this.servers[(this.preferred + index) % this.servers.length];
	}

	/** How far beyond doubt the sample is from a clock that was set before; 0: not at all. */
	private contradictionMs(sample: ServerSample): number {
		const { clock } = this.options;
		const now = Time.ticks | 0;
		const aheadMs = sample.unixMs + ((now - sample.tick) | 0) - clock.estimateMs(now);
		const limitMs = sample.errorMs + clock.estimateErrorMs(now) + Const.SUSPICIOUS_MS;
		return Math.abs(aheadMs) > limitMs ? aheadMs : 0;
	}

	private accept(sample: ServerSample): void {
		const index = this.servers.findIndex((server) => server.name === sample.server);
		this.preferred = Math.max(0, index);
		this.backoff.reset();
		const { random, resyncMs = Const.DEFAULT_RESYNC_MS } = this.options;
		const intervalMs = Math.min(this.intervalMs, resyncMs);
		this.intervalMs = Math.min(intervalMs * 2, resyncMs);
		const restMs = this.servers[this.preferred].restLeftMs(Time.ticks | 0);
		this.startRoundIn(Math.max(restMs, intervalMs * (0.75 + random() / 2)));
		if (sample !== this.applied) this.adjust(sample);
		this.applied = undefined;
		this.suspect = undefined;
	}

	private retryDelayMs(): number {
		const now = Time.ticks | 0;
		let restMs = Const.HOUR_MS;
		for (const server of this.servers) restMs = Math.min(restMs, server.restLeftMs(now));
		return Math.max(1, restMs, this.backoff.nextDelayMs(this.options.random()));
	}

	private startRoundIn(delayMs: number): void {
		this.roundAt = ((Time.ticks | 0) + Math.ceil(delayMs)) | 0;
		this.schedule();
	}

	private watchIn(delayMs: number): void {
		this.watchAt = ((Time.ticks | 0) + delayMs) | 0;
		this.schedule();
	}

	/** One alarm for the round and the watch. */
	private schedule(): void {
		const now = Time.ticks | 0;
		const roundMs = this.roundAt === undefined ? Const.HOUR_MS : (this.roundAt - now) | 0;
		const watchMs = this.watchAt === undefined ? Const.HOUR_MS : (this.watchAt - now) | 0;
		if (this.roundAt === undefined && this.watchAt === undefined) clearAlarm(this);
		else setAlarm(this, Math.max(0, Math.min(roundMs, watchMs)));
	}

	private adjust(sample: ServerSample): void {
		const { clock } = this.options;
		const now = Time.ticks | 0;
		const word = clock.quality === Quality.Set ? "adjusted" : "set";
		clock.adjust(sample, now);
		this.applied = sample;
		const error = clock.estimateErrorMs(now).toFixed(1);
		const from = `server ${sample.server} (${sample.address}), stratum ${sample.stratum}`;
		log("clock", `${word}, offset ${formatOffset(clock.offsetMs)}, error ±${error} ms, ${from}`);
		this.owner?.handleClockSet();
	}

	/** Says what has to be said every minute, and keeps the clock folded. */
	private handleWatch(): void {
		const { clock } = this.options;
		const now = Time.ticks | 0;
		clock.fold(now);
		if (clock.quality === Quality.Set) {
			this.watchIn(Const.HOUR_MS);
			return;
		}
		this.watchIn(Const.MINUTE_MS);
		this.unsetMinutes++;
		const text = `not set by any server for ${this.unsetMinutes} min`;
		if (!this.isRunning) log("clock", `${text}; waiting for the network`);
		else logFailure("clock", text, Math.max(0, ((this.roundAt ?? now) - now) | 0));
	}
}

/** "+12.3 ms", "-14.2 s", "+3.5 d". */
const formatOffset = (offsetMs: number): string => {
	const sign = offsetMs < 0 ? "-" : "+";
	const amount = Math.abs(offsetMs);
	if (amount < 10_000) return `${sign}${amount.toFixed(1)} ms`;
	if (amount < 86_400_000) return `${sign}${(amount / 1000).toFixed(1)} s`;
	return `${sign}${(amount / 86_400_000).toFixed(1)} d`;
};
