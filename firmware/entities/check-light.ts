/**
 * Checks what a light's entry has of its own. Pure. Always holds: after no problem a Light can be
 * made of it. Apart from light.ts because of its length.
 */

import type { Checker, Json } from "../checker";
import { type PinPlan, PinUse } from "../pins";
import { COMMAND_KEYS } from "./common";
import { checkRestore } from "./restore";
import { takePin } from "./take-pin";

const KEYS = Object.freeze([
	"pin",
	"pins",
	"activeLow",
	"dimmable",
	"hz",
	"gamma",
	"transitionMs",
	"restore",
	"onLossOfContact",
]);
const CHANNELS = Object.freeze(["red", "green", "blue"]);
/** Of no use to a light that is only switched. */
const DIMMED_KEYS = Object.freeze(["hz", "gamma", "transitionMs", "pins"]);

const enum Const {
	/** Below, it flickers; above, the ESP8266's PWM, made in software, takes the processor. */
	HZ_LEAST = 50,
	HZ_LIMIT = 20_000,
	GAMMA_LIMIT = 4,
	HOUR_MS = 3_600_000,
}

export const checkLight = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	check.keys(options, path, KEYS, COMMAND_KEYS);
	check.flag(options, path, "activeLow");
	const hz = check.integer(options, path, "hz", 1000, Const.HZ_LEAST, Const.HZ_LIMIT);
	check.number(options, path, "gamma", 2.2, 1, Const.GAMMA_LIMIT);
	check.integer(options, path, "transitionMs", 0, 0, Const.HOUR_MS);
	checkRestore(check, options, path);
	const isDimmable = check.flag(options, path, "dimmable", true);
	if (options.pins === undefined && options.pin === undefined) {
		const rest = isDimmable ? ", or pins {red, green, blue}" : "";
		check.problem(path, undefined, `missing: pin${rest}`);
	} else if (options.pins === undefined) {
		const use = isDimmable ? PinUse.Pwm : PinUse.Output;
		takePin(check, options, path, "pin", pins, use, options.id);
	} else checkChannels(check, options, path, pins);
	if (isDimmable) {
		const problem = pins.takeFrequency(hz, options.id as string);
		if (problem !== "") check.problem(`${path}.hz`, hz, problem);
		return;
	}
	for (const key of DIMMED_KEYS) {
		if (options[key] === undefined) continue;
		check.problem(`${path}.${key}`, undefined, "is of no use where dimmable is false");
	}
};

const checkChannels = (check: Checker, options: Json, path: string, pins: PinPlan): void => {
	const channels = check.object(options, "pins", path);
	const at = `${path}.pins`;
	if (options.pin !== undefined) {
		check.problem(`${path}.pin`, options.pin, "must not be given beside pins");
	}
	check.keys(channels, at, CHANNELS);
	for (const channel of CHANNELS) {
		takePin(check, channels, at, channel, pins, PinUse.Pwm, options.id);
	}
};
