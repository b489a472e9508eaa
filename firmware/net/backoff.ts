/**
 * How long to wait before the next try: exponential with full jitter, capped. Always holds: many
 * nodes that lost the same thing at the same moment come back spread over the whole delay; a
 * connection that did not last changes nothing; refused credentials wait at the slow end.
 * Pure: randomness and time are given.
 */

/** A frozen constant of the owner: in flash on a board. */
export interface BackoffLimits {
	/** Upper limit of the first delay. */
	readonly baseMs: number;
	/** Upper limit of every delay. */
	readonly capMs: number;
	/** Up for at least this long counts as recovered. */
	readonly stableMs: number;
}

export class Backoff {
	private readonly limits: BackoffLimits;
	private ceilingMs: number;
	private floorMs = 0;
	/** Ticks, undefined while down. */
	private upSince: number | undefined;

	/** Throws RangeError unless 0 < baseMs <= capMs and stableMs >= 0. */
	constructor(limits: BackoffLimits) {
		const { baseMs, capMs, stableMs } = limits;
		if (!(baseMs > 0)) throw new RangeError(`baseMs ${baseMs}: must be above 0`);
		if (!(capMs >= baseMs)) throw new RangeError(`capMs ${capMs}: must be at least ${baseMs}`);
		if (!(stableMs >= 0)) throw new RangeError(`stableMs ${stableMs}: must be 0 or more`);
		this.limits = limits;
		this.ceilingMs = baseMs;
	}

	/**
	 * Milliseconds in [0, min(cap, base * 2^n)]; n grows by one with each call.
	 * @param random in [0, 1)
	 */
	nextDelayMs(random: number): number {
		const span = this.ceilingMs - this.floorMs;
		const delayMs = this.floorMs + Math.floor(random * (span + 1));
		this.floorMs = 0;
		this.ceilingMs = Math.min(this.limits.capMs, this.ceilingMs * 2);
		return delayMs;
	}

	/** It works. */
	handleUp(now: number): void {
		this.upSince = now;
	}

	/** It does not work any more. Only a connection that lasted starts the delays afresh. */
	handleDown(now: number): void {
		if (this.upSince === undefined) return;
		// Ticks wrap: above 24.8 days the difference is negative (long enough), above 49.7 it is
		// small again, and one connection in thousands is taken for a short one. That costs one
		// longer delay and no state.
		const upMs = (now - this.upSince) | 0;
		this.upSince = undefined;
		if (upMs < 0 || upMs >= this.limits.stableMs) this.reset();
	}

	/** Refused for what we are, not for when: the next delay is from the upper half of the cap. */
	slow(): void {
		this.ceilingMs = this.limits.capMs;
		this.floorMs = Math.ceil(this.limits.capMs / 2);
	}

	/** As new: for when the cause itself was removed. */
	reset(): void {
		this.ceilingMs = this.limits.baseMs;
		this.floorMs = 0;
	}
}
