/**
 * Checks one pin of an entity's entry and takes it from the board's plan. Pure. Always holds: a
 * pin that is refused is said with its label. Must not know kinds.
 */

import type { Checker, Json } from "../checker";
import type { PinPlan, PinUse } from "../pins";

/**
 * @param parent holds `key`; the entry itself, or its `pins`
 * @param who the entity's id
 */
export const takePin = (
	check: Checker,
	parent: Json,
	path: string,
	key: string,
	pins: PinPlan,
	use: PinUse,
	who: unknown,
): void => {
	const label = parent[key];
	const problem =
		typeof label === "string"
			? pins.take(label, use, who as string)
			: "must be a label of the board";
	if (problem !== "") check.problem(`${path}.${key}`, label, problem);
};
