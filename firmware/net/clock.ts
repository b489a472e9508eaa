/**
 * The node's clock: what time it is by the samples given to it, how sure that is, and what to
 * publish meanwhile. Two clocks in one. The estimate follows the samples at once, forward or
 * back. The published one follows the estimate without ever going back: it steps forward over
 * more than a second, slews (5 %) over less, and goes at half speed when it is more than a second
 * ahead. Always holds: published time never decreases; true time is within errorBoundMs of what
 * is published, as long as servers are honest and the oscillator stays within tolerancePpm and
 * changes by no more than WANDER_PPM from one sample to the next. Pure: ticks are an argument;
 * they wrap, so some method has to be called at least every 24 days (TimeKeeper does, hourly).
 */

export const enum Quality {
	/** Nobody knows the time: it counts from 1970 at power-on. */
	Unset = 0,
	/** Build time or last good time; to be published as unset. */
	Assumed = 1,
	/** From a server. */
	Set = 2,
}

/** What one exchange with a time server said. */
export interface ClockSample {
	/** Ticks at which unixMs held. */
	readonly tick: number;
	/** Milliseconds since 1970, UTC, with fraction. */
	readonly unixMs: number;
	/** True time was within this of unixMs. */
	readonly errorMs: number;
	/** Round trip without the time in the server. */
	readonly delayMs: number;
	/** As configured. */
	readonly server: string;
	readonly stratum: number;
}

const enum Const {
	/** Slewing adds or takes this much of the time that passes. */
	SLEW_RATE = 0.05,
	/** More than this far ahead, the published clock goes at this part of its speed less. */
	BRAKE_RATE = 0.5,
	/** Beyond this slewing would take too long. */
	STEP_MS = 1000,
	/** How much a crystal's rate may change between two samples (temperature). */
	WANDER_PPM = 5,
	/** Ticks are whole milliseconds, and so is what is published. */
	READING_MS = 2,
	/** Ticks this far back are an older `now`, not a wrap or a platform's clock that was set. */
	STALE_TICKS = 1000,
}

export class Clock {
	quality: number = Quality.Unset;
	/** How far the estimate was off when the last sample came; 0 for the first. */
	offsetMs = 0;
	/** By how much true time runs faster than ticks. */
	driftPpm = 0;
	/** Where the last sample came from. */
	server = "";
	stratum = 0;
	private readonly tolerancePpm: number;
	private driftErrorPpm: number;
	private hasTick = false;
	private lastTick = 0;
	/** Ticks since the start, unwrapped. */
	private elapsedMs = 0;
	// The estimate is a line: referenceUnixMs at referenceElapsedMs, rising by 1 + drift.
	private referenceElapsedMs = 0;
	private referenceUnixMs = 0;
	private referenceErrorMs = 0;
	// The last sample alone, without what was known before: the drift is measured from it.
	private anchorElapsedMs = 0;
	private anchorUnixMs = 0;
	private anchorErrorMs = 0;
	/** Estimate minus published clock. */
	private lagMs = 0;
	private isPublished = false;

	/** @param options.tolerancePpm how far from nominal the oscillator may run; default 200 */
	constructor(options: { readonly tolerancePpm?: number } = {}) {
		this.tolerancePpm = options.tolerancePpm ?? 200;
		this.driftErrorPpm = this.tolerancePpm;
	}

	/** Takes a time that is not from a server. Ignored once one has spoken. */
	assume(unixMs: number, now: number): void {
		if (this.quality === Quality.Set) return;
		this.fold(now);
		this.follow(unixMs, 0);
		this.quality = Quality.Assumed;
	}

	/** Takes a sample from a server. `sample.tick` may lie somewhat before `now`. */
	adjust(sample: ClockSample, now: number): void {
		this.fold(now);
		const ageMs = (now - sample.tick) | 0;
		const sampleElapsedMs = this.elapsedMs - ageMs;
		const unixMs = sample.unixMs + ageMs * (1 + this.driftPpm * 1e-6);
		const errorMs = sample.errorMs + Math.abs(ageMs) * this.driftLimitPpm * 1e-6;
		if (this.quality === Quality.Set) {
			const estimateMs = this.estimateAtElapsed();
			const ownErrorMs = this.errorAtElapsed();
			this.offsetMs = unixMs - estimateMs;
			// From here on the line has another slope: it starts where it is now.
			this.referenceElapsedMs = this.elapsedMs;
			this.referenceUnixMs = estimateMs;
			this.measureDrift(sampleElapsedMs, sample);
			const low = Math.max(estimateMs - ownErrorMs, unixMs - errorMs);
			const high = Math.min(estimateMs + ownErrorMs, unixMs + errorMs);
			// Both hold: the truth is where they overlap. They contradict: the server is believed.
			if (low <= high) this.follow((low + high) / 2, (high - low) / 2);
			else this.follow(unixMs, errorMs);
		} else {
			this.offsetMs = this.quality === Quality.Assumed ? unixMs - this.estimateAtElapsed() : 0;
			this.follow(unixMs, errorMs);
		}
		this.anchorElapsedMs = sampleElapsedMs;
		this.anchorUnixMs = sample.unixMs;
		this.anchorErrorMs = sample.errorMs;
		this.server = sample.server;
		this.stratum = sample.stratum;
		this.quality = Quality.Set;
	}

	/** To publish: whole milliseconds since 1970, never less than before. */
	unixMs(now: number): number {
		this.fold(now);
		this.isPublished = true;
		return Math.floor(this.estimateAtElapsed() - this.lagMs);
	}

	/** True time is within this of unixMs(now); Infinity unless a server has set the clock. */
	errorBoundMs(now: number): number {
		this.fold(now);
		if (this.quality !== Quality.Set) return Number.POSITIVE_INFINITY;
		return this.errorAtElapsed() + Math.abs(this.lagMs) + Const.READING_MS;
	}

	/**
	 * The best guess, which may go back: for the dates in certificates and for storing as last
	 * good time, never to be published.
	 */
	estimateMs(now: number): number {
		this.fold(now);
		return this.estimateAtElapsed();
	}

	/** True time is within this of estimateMs(now), once a server has set it. */
	estimateErrorMs(now: number): number {
		this.fold(now);
		return this.errorAtElapsed();
	}

	/** Brings the clock to `now`. Needed at least every 24 days. */
	fold(now: number): void {
		if (!this.hasTick) {
			this.hasTick = true;
			this.lastTick = now;
			return;
		}
		const passedMs = (now - this.lastTick) | 0;
		if (passedMs < 0) {
			if (passedMs > -Const.STALE_TICKS) return;
			// Linux alone: ticks are its wall clock there, and somebody set it back.
			this.referenceErrorMs -= passedMs;
			this.lastTick = now;
			return;
		}
		this.lastTick = now;
		this.elapsedMs += passedMs;
		if (this.lagMs === 0) return;
		const rate = this.lagMs < -Const.STEP_MS ? Const.BRAKE_RATE : Const.SLEW_RATE;
		const mostMs = passedMs * rate;
		if (Math.abs(this.lagMs) <= mostMs) this.lagMs = 0;
		else this.lagMs -= Math.sign(this.lagMs) * mostMs;
	}

	private get driftLimitPpm(): number {
		return this.driftErrorPpm + Const.WANDER_PPM;
	}

	private estimateAtElapsed(): number {
		const sinceMs = this.elapsedMs - this.referenceElapsedMs;
		return this.referenceUnixMs + sinceMs * (1 + this.driftPpm * 1e-6);
	}

	private errorAtElapsed(): number {
		const sinceMs = this.elapsedMs - this.referenceElapsedMs;
		return this.referenceErrorMs + sinceMs * this.driftLimitPpm * 1e-6;
	}

	/** The estimate is unixMs now; what was published follows as it may. */
	private follow(unixMs: number, errorMs: number): void {
		if (this.isPublished) {
			const publishedMs = this.estimateAtElapsed() - this.lagMs;
			this.lagMs = unixMs - publishedMs;
			if (this.lagMs > Const.STEP_MS) this.lagMs = 0;
		}
		this.referenceElapsedMs = this.elapsedMs;
		this.referenceUnixMs = unixMs;
		this.referenceErrorMs = errorMs;
	}

	/** Narrows the drift down to what this sample and the one before leave possible. */
	private measureDrift(sampleElapsedMs: number, sample: ClockSample): void {
		const baselineMs = sampleElapsedMs - this.anchorElapsedMs;
		if (baselineMs <= 0) return;
		const ratePpm = ((sample.unixMs - this.anchorUnixMs) / baselineMs - 1) * 1e6;
		const errorPpm = ((sample.errorMs + this.anchorErrorMs) / baselineMs) * 1e6;
		const lowest = Math.max(-this.tolerancePpm, ratePpm - errorPpm);
		const highest = Math.min(this.tolerancePpm, ratePpm + errorPpm);
		if (lowest > highest) {
			// No oscillator does that: a server stepped, or one of the two was wrong.
			this.driftPpm = 0;
			this.driftErrorPpm = this.tolerancePpm;
			return;
		}
		const low = Math.max(lowest, this.driftPpm - this.driftLimitPpm);
		const high = Math.min(highest, this.driftPpm + this.driftLimitPpm);
		const agrees = low <= high;
		this.driftPpm = agrees ? (low + high) / 2 : (lowest + highest) / 2;
		this.driftErrorPpm = agrees ? (high - low) / 2 : (highest - lowest) / 2;
	}
}
