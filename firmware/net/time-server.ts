/**
 * What is remembered about one time server: its name, and whether it asked to be left alone
 * (RFC 5905 section 7.4). Always holds: a server that sent DENY or RSTR is not asked for a day;
 * one that sent RATE is asked at most half as often each time. Pure: ticks are an argument.
 */

const enum Const {
	DAY_MS = 86_400_000,
	/** NTP's usual shortest interval between polls. */
	FIRST_REST_MS = 64_000,
}

export class TimeServer {
	/** As configured: "host" or "host:port". */
	readonly name: string;
	/** One that ever said RATE gets single requests instead of bursts. */
	isRateLimited = false;
	private restMs = 0;
	/** Ticks, undefined while it may be asked. */
	private restSince: number | undefined;

	constructor(name: string) {
		this.name = name;
	}

	/** What it said with stratum 0. Codes other than these four say nothing about asking again. */
	handleKiss(code: string, now: number): void {
		if (code === "DENY" || code === "RSTR") {
			this.rest(Const.DAY_MS, now);
		} else if (code === "RATE") {
			this.isRateLimited = true;
			const doubled = Math.max(Const.FIRST_REST_MS, this.restMs * 2);
			this.rest(Math.min(Const.DAY_MS, doubled), now);
		}
	}

	/** Milliseconds until it may be asked; 0: now. */
	restLeftMs(now: number): number {
		if (this.restSince === undefined) return 0;
		const passedMs = (now - this.restSince) | 0;
		if (passedMs >= 0 && passedMs < this.restMs) return this.restMs - passedMs;
		this.restSince = undefined;
		return 0;
	}

	private rest(restMs: number, now: number): void {
		this.restMs = restMs;
		this.restSince = now;
	}
}
