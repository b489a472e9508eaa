/**
 * How often a random test goes round: XS interprets, in a debug build, and takes a tenth of what
 * Node takes, from the same seeds.
 */
export function rounds(count: number): number {
	// Strings are UTF-8 on XS alone.
	const onXs = "😀".length === 1;
	return onXs ? Math.ceil(count / 10) : count;
}
