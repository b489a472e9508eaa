/**
 * Stands in for the module `mc/config`: what was given to mcconfig as name=value.
 */

import type { Board } from "../../world/board";
import { preloaded } from "../../world/preloaded";

export function create(board: Pick<Board, "config">): object {
	return { default: preloaded(board.config) };
}
