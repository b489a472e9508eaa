/**
 * Blocks of bytes that exist only while they hold something and grow by need: how long the next one
 * is. Must not know what is in them.
 */

/**
 * Length of a block for `wanted` bytes, at most `maximum`: no more than that for the first, twice
 * the length of one that is outgrown, so that many small pieces cost few copies.
 */
export const blockBytes = (
	outgrown: Uint8Array | undefined,
	wanted: number,
	maximum: number,
): number => {
	const doubled = outgrown === undefined ? 0 : 2 * outgrown.length;
	return Math.min(maximum, Math.max(wanted, doubled));
};
