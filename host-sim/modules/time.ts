/**
 * Stands in for the SDK's `time` (modules/base/time/esp): ticks are an int32 that wraps.
 */

import type { Board } from "../world/board";

export function create(board: Pick<Board, "ticks" | "setUnixMs">): object {
	const Time = {
		get ticks(): number {
			return board.ticks();
		},
		delta(start: number, end: number = board.ticks()): number {
			return (end - start) | 0;
		},
		/** Sets the board's calendar: what Date says. */
		set(unixSeconds: number): void {
			board.setUnixMs(unixSeconds * 1000);
		},
	};
	return { default: Time };
}
