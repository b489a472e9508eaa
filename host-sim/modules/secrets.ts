/**
 * Stands in for the module `secrets`: secrets.json as a module, what the site refers to by
 * `{"secret": name}`.
 */

import type { Board } from "../world/board";
import { preloaded } from "../world/preloaded";

export function create(board: Pick<Board, "secrets">): object {
	return { default: preloaded(board.secrets) };
}
