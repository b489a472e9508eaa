/**
 * Stands in for the firmware's `platform/chip`: a board that knows how it was started and can
 * start anew. This process's heap would say nothing about a board's, so there are no figures.
 */

import type { Board } from "../../world/board";

/** Of the firmware's platform/figures.ts. */
const CLEAN = 1;
const SOFTWARE = 2;

export function create(board: Pick<Board, "resetCause" | "restart">): object {
	const isSoftware = () => board.resetCause === "software";
	const chip = {
		heapFigure: () => undefined,
		machineFigure: () => undefined,
		paintStack: () => undefined,
		resetKind: () => (isSoftware() ? SOFTWARE : CLEAN),
		resetName: () => (isSoftware() ? "restart" : "power-on"),
		restart: () => {
			board.restart();
			// On a board nothing comes after it.
			throw new Error("the board restarts");
		},
	};
	return { default: chip };
}
