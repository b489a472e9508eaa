/**
 * What an entity that switches a load does at power-on and when nobody can reach it any more: the
 * words of `restore` and `onLossOfContact`. Pure.
 */

import type { Checker, Json } from "../checker";

/** Values of `restore`; the first is the default. */
export const RESTORE_MODES = Object.freeze(["off", "on", "last", "inverted-last", "retained"]);
/** Values of `onLossOfContact.state`. */
export const LOSS_STATES = Object.freeze(["keep", "off", "on"]);

/** What happens so long after the connection to the broker was lost, or never came up. */
export interface Loss {
	readonly state?: string;
	readonly afterMs?: number;
}

/**
 * Whether an entity is on at power-on.
 * @param mode one of RESTORE_MODES, undefined for the default
 * @param kept "ON", "OFF" at the beginning of what was kept; anything else: nobody knows, so off
 */
export const startsOn = (mode: unknown, kept: string): boolean => {
	if (mode === "on") return true;
	if (mode === "last") return kept.startsWith("ON");
	return mode === "inverted-last" && kept.startsWith("OFF");
};

/** Whether the state has to be kept over a reboot. */
export const keepsState = (mode: unknown): boolean => mode === "last" || mode === "inverted-last";

/**
 * What has to be kept: "" for nothing.
 * @param hasEnd on for so long only: nobody will know for how much longer, so it comes back off
 */
export const keptState = (mode: unknown, on: boolean, hasEnd: boolean): string => {
	if (!keepsState(mode)) return "";
	return (hasEnd ? mode === "inverted-last" : on) ? "ON" : "OFF";
};

const LOSS_KEYS = Object.freeze(["state", "afterMs"]);

const enum Const {
	WEEK_MS = 604_800_000,
}

/** Checks `restore` and `onLossOfContact`. */
export const checkRestore = (check: Checker, options: Json, path: string): void => {
	check.word(options, path, "restore", RESTORE_MODES);
	const loss = check.object(options, "onLossOfContact", path);
	const at = `${path}.onLossOfContact`;
	check.keys(loss, at, LOSS_KEYS);
	check.word(loss, at, "state", LOSS_STATES);
	check.integer(loss, at, "afterMs", 0, 0, Const.WEEK_MS);
};
