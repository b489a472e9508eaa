/**
 * Stands in for the module `board`: boards/<name>.json as a module.
 */

import type { Board } from "../world/board";
import { preloaded } from "../world/preloaded";

export function create(board: Pick<Board, "boardFile">): object {
	return { default: preloaded(board.boardFile) };
}
