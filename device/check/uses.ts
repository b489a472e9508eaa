/**
 * What an entity wants of its pin and of the image. Pure. Always holds: the same answer as the
 * entity's own check in firmware/entities. Must not know files.
 */

import type { Json } from "../../firmware/checker";
import { PinUse } from "../../firmware/pins";

export function useOf(options: Json): PinUse {
	switch (options.kind) {
		case "light":
			return options.dimmable === false ? PinUse.Output : PinUse.Pwm;
		case "button":
		case "binary":
		case "pulse":
			return PinUse.Input;
		case "analog":
			return PinUse.Analog;
		default:
			return PinUse.Output;
	}
}

/** Modules for input and output that only some entities need, in their order. */
export function modulesOf(entities: readonly Json[]): string[] {
	const modules = new Set<string>();
	for (const options of entities) {
		const { kind, driver } = options;
		if (kind === "light" && useOf(options) === PinUse.Pwm) modules.add("embedded:io/pwm");
		if (kind === "analog") modules.add("embedded:io/analog");
		if (kind === "sensor") modules.add("embedded:io/smbus").add(String(driver));
	}
	return [...modules].sort();
}
