/**
 * What modules that are data have in common: on a board they are preloaded, so their value is
 * frozen all the way down, and it is made of the board's own objects.
 */

/** A frozen copy of plain data. */
export function preloaded(value: object): object {
	return frozen(JSON.parse(JSON.stringify(value)) as object);
}

function frozen(value: object): object {
	for (const part of Object.values(value) as unknown[]) {
		if (typeof part === "object" && part !== null) frozen(part);
	}
	return Object.freeze(value);
}
