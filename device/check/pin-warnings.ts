/**
 * What will happen at each reset at a pin that the chip looks at, or drives, before the firmware
 * runs. Pure. Always holds: a pin that is not fit at all is not its business (firmware/pins.ts
 * refuses it). Must not know sites.
 */

import type { Json } from "../../firmware/checker";
import { PinUse } from "../../firmware/pins";

/** As far as it concerns the time before the firmware runs: boards/schema.json. */
interface Pin {
	readonly gpio?: number;
	readonly adc?: number;
	readonly strap?: string;
	readonly reset?: string;
}

/**
 * @param board boards/<name>.json
 * @param label a pin's, or GPIO<n>
 * @param kind of the entity: "relay", "button", …
 * @returns a sentence without label and full stop, "" when there is nothing to say
 */
export function pinWarning(board: Json, label: string, use: PinUse, kind: string): string {
	const pin = findPin(board, label);
	if (pin === undefined) return "";
	const isOutput = use === PinUse.Output || use === PinUse.Pwm;
	const parts: string[] = [];
	if (pin.reset !== undefined && isOutput) {
		parts.push(`at each reset it ${pin.reset}, and the ${kind} with it`);
	}
	if (pin.strap !== undefined) {
		const who = isOutput ? `what the ${kind} has on it` : `the ${kind}`;
		parts.push(`at each reset it has to be ${pin.strap}; ${who} must not pull it elsewhere`);
	}
	return parts.join("; ");
}

/**
 * True when a part is soldered to that pin, so that the maker saw to the time before the firmware
 * runs; not for a relay on a pin that moves then.
 */
export function isSoldered(board: Json, label: string): boolean {
	const pin = findPin(board, label);
	if (pin === undefined) return false;
	const parts = (board.parts ?? {}) as Record<string, { readonly pin: string }>;
	return Object.entries(parts).some(
		([part, { pin: at }]) =>
			findPin(board, at) === pin && !(part === "relay" && pin.reset !== undefined),
	);
}

/** What the board says of a label, or of GPIO<n>. */
export function findPin(board: Json, label: string): Pin | undefined {
	const pins = (board.pins ?? {}) as Record<string, Pin>;
	const own = Object.hasOwn(pins, label) ? pins[label] : undefined;
	return own ?? Object.values(pins).find((pin) => `GPIO${pin.gpio}` === label);
}
