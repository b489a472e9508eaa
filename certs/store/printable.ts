/**
 * Text for a terminal. Names in certificates are whatever somebody wrote there: letters that move
 * the cursor, change colours or turn the direction of writing become visible. Pure.
 */

/** C0 but for tab and line feed, DEL, C1, and the marks of direction (Unicode 9.0, UAX 9). */
const UNSEEN = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** As JSON writes them too, such as \u001b, so that JSON stays JSON. */
export function printable(text: string): string {
	return text.replace(UNSEEN, (letter) => {
		return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
	});
}
