/**
 * Where a world's time comes from. Boards see it through their own ticks and their own calendar
 * only. Here is the one that follows the machine; a virtual one is a matter of another class.
 */

import { performance } from "node:perf_hooks";

export interface WorldClock {
	/** Milliseconds since some start, with fractions; never goes back. */
	nowMs(): number;
	/** Calls back once; returns what cancels it. */
	setTimer(callback: () => void, delayMs: number): () => void;
}

/** setTimeout() takes no longer delays: it would fire at once. */
const LONGEST_MS = 0x7fffffff;

/** The machine's time. */
export const liveClock: WorldClock = Object.freeze({
	nowMs: () => performance.now(),
	setTimer(callback: () => void, delayMs: number): () => void {
		const timer = setTimeout(callback, Math.min(delayMs, LONGEST_MS));
		return () => clearTimeout(timer);
	},
});
