/** Types of nearest.mjs. */

/** The nearest of several words, "" when none is near; of equally near ones the first. */
export function nearest(word: string, allowed: readonly string[]): string;
