/**
 * The lines that a node prints on its console: `step: text` and
 * `step failed: reason; next try in 2.5 s`. The simulator and its `--once` rely on this form.
 * Must not know any secret: callers pass names, addresses and reasons, never credentials.
 */

/** Prints one line about a step that went well. */
export const log = (step: string, text: string): void => {
	trace(`${step}: ${text}\n`);
};

/**
 * Prints one line about a step that did not.
 * @param nextTryMs delay until the next try in milliseconds; negative: none is planned
 */
export const logFailure = (step: string, reason: string, nextTryMs: number): void => {
	trace(`${step} failed: ${reason}; ${describeNextTry(nextTryMs)}\n`);
};

const describeNextTry = (nextTryMs: number): string => {
	if (nextTryMs < 0) return "no next try";
	return `next try in ${(Math.ceil(nextTryMs / 100) / 10).toFixed(1)} s`;
};
