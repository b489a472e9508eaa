/**
 * Text from files for a terminal. Always holds: a line stays a line, also when the name of a
 * network has a line feed in it, and nothing in it is an order to the terminal.
 */

export function printable(text: string): string {
	return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "·");
}
