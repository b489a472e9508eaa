/**
 * Stands in for the SDK's `timer` (modules/base/timer/modTimer.c). As there: the callback gets
 * the timer; a timer that has fired for good, or was cleared, cannot be scheduled again; clear()
 * of such a one, or of what is no timer, does nothing; schedule() without a delay stops it until
 * it is scheduled again. Delays are whole milliseconds.
 */

import type { Board } from "../world/board";

type Callback = (timer: object) => void;

export function create(board: Pick<Board, "setTimer">): object {
	class Timer {
		callback: Callback | undefined;
		repeatMs = 0;
		cancel: (() => void) | undefined;

		static set(callback: Callback, delayMs = 0, repeatMs = 0): Timer {
			if (typeof callback !== "function") throw new TypeError("callback is no function");
			const timer = new Timer();
			timer.callback = callback;
			arm(timer, delayMs, repeatMs);
			return timer;
		}

		static repeat(callback: Callback, intervalMs: number): Timer {
			return Timer.set(callback, intervalMs, intervalMs);
		}

		static schedule(timer: Timer, delayMs?: number, repeatMs = 0): void {
			if (!(timer instanceof Timer) || timer.callback === undefined) {
				throw new TypeError("invalid host object");
			}
			timer.cancel?.();
			timer.cancel = undefined;
			if (delayMs !== undefined) arm(timer, delayMs, repeatMs);
		}

		static clear(timer?: unknown): void {
			if (!(timer instanceof Timer)) return;
			timer.cancel?.();
			timer.cancel = undefined;
			timer.callback = undefined;
		}
	}

	function arm(timer: Timer, delayMs: number, repeatMs: number): void {
		timer.repeatMs = Math.max(0, repeatMs | 0);
		timer.cancel = board.setTimer(() => fire(timer), Math.max(0, delayMs | 0));
	}

	function fire(timer: Timer): void {
		const { callback } = timer;
		if (callback === undefined) return;
		timer.cancel = undefined;
		// Armed again first: repeats keep their pace, and schedule() in the callback wins.
		if (timer.repeatMs > 0) arm(timer, timer.repeatMs, timer.repeatMs);
		callback(timer);
		if (timer.cancel === undefined) timer.callback = undefined;
	}

	return { default: Timer };
}
