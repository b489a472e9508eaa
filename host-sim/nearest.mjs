/**
 * The right word for a wrong one, for messages about unknown commands and options. Plain
 * JavaScript, because the launcher uses it before anything is built.
 */

/** How many letters have to be changed, added or taken away to make `b` of `a`. */
function distance(a, b) {
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 0; i < a.length; i++) {
		const next = [i + 1];
		for (let j = 0; j < b.length; j++) {
			next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (a[i] === b[j] ? 0 : 1)));
		}
		row = next;
	}
	return row[b.length];
}

/**
 * The nearest of several words: one that begins as this one does (`cafile`, `ca`), or the one with
 * the least to change; of equally near ones the first.
 * @param {string} word
 * @param {readonly string[]} allowed one or more
 * @returns {string} "" when none is near
 */
export function nearest(word, allowed) {
	const begun = allowed.filter((one) => one.startsWith(word) || word.startsWith(one));
	const best = (begun.length > 0 ? begun : allowed).reduce((a, b) =>
		distance(word, b) < distance(word, a) ? b : a,
	);
	const isNear = begun.length > 0 || distance(word, best) <= Math.max(2, word.length / 2);
	return isNear ? best : "";
}
