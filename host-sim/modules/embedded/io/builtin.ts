/**
 * What the SDK's I/O classes have in common when they read their options
 * (modules/io/common/builtinCommon.c). No module of its own: other stand-ins use it.
 */

/** builtinGetPin(): an integer that is there and is not negative. */
export function pinOf(value: unknown): number {
	if (value === undefined) throw new Error("invalid");
	const pin = integerOf(value);
	if (pin < 0) throw new RangeError("negative");
	return pin;
}

/** As XS converts to an integer. */
export function integerOf(value: unknown): number {
	return Number(value) | 0;
}

/** xsmcHas(): also where the value is undefined. */
export function isGiven(options: object, name: string): boolean {
	return name in options;
}
