/**
 * Stands in for the module `site`: site.json as a module.
 */

import type { Board } from "../world/board";
import { preloaded } from "../world/preloaded";

export function create(board: Pick<Board, "site">): object {
	return { default: preloaded(board.site) };
}
