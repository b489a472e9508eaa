/**
 * Stands in for the SDK's `modules` (modules/base/modules): modules by name, loaded when asked
 * for. What an image for a board would have is here: the stand-ins, the sensor drivers, and the
 * entities that the simulator was given.
 */

import type { Board } from "../world/board";
import { driverClass } from "./sensor-driver";

/** Modules of the same power-on, from the loader. */
export interface ModuleSource {
	has(name: string): boolean;
	load(name: string): { readonly default: unknown };
}

export function create(board: Pick<Board, "sensors">, source: ModuleSource): object {
	const drivers = new Map<string, unknown>();

	function driver(name: string): unknown {
		if (!drivers.has(name)) drivers.set(name, driverClass(board, name));
		return drivers.get(name);
	}

	const Modules = {
		/** The default export; throws ReferenceError, as XS does. */
		importNow(specifier: string): unknown {
			const name = String(specifier);
			if (source.has(name)) return source.load(name).default;
			const found = driver(name);
			if (found === undefined) throw new ReferenceError(`module "${name}" not found`);
			return found;
		},
		has(specifier: string): boolean {
			const name = String(specifier);
			return source.has(name) || driver(name) !== undefined;
		},
	};
	return { default: Modules };
}
