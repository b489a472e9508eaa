/**
 * The pins of a board, by the labels on its silkscreen, and who uses which. Pure. Always holds: a
 * pin has one user (a bus may have several devices); a pin is only given for what it can do.
 * Must not know entities.
 */

import type { Json } from "./checker";

/** What a pin is wanted for. */
export const enum PinUse {
	Input = 0,
	Output = 1,
	Pwm = 2,
	Analog = 3,
}

export class PinPlan {
	private readonly board: Json;

	/** @param board boards/<name>.json, checked */
	constructor(board: Json) {
		this.board = board;
	}

	/**
	 * Gives a pin to an entity.
	 * @returns "" or what is wrong, with board, pin, reason and what would be right
	 */
	take(_label: string, _use: PinUse, _who: string): string {
		return "";
	}

	/** Takes the pins of a bus ("i2c"), which its devices share; "" or what is wrong. */
	takeBus(_bus: string, _who: string): string {
		return "";
	}
}

/** GPIO number of a label (ADC channel or pin for PinUse.Analog), -1 for none. */
export const pinNumber = (_board: Json, _label: string): number => -1;
