/**
 * The few shapes that pictures of boards are made of, as SVG text. Pure. Always holds: the same
 * text on every machine; words of a board stay words. Must not know boards.
 */

export const INK = "#1b1f23";
export const FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** @param radius of its corners */
export function rectangle(
	x: number,
	y: number,
	width: number,
	height: number,
	fill: string,
	line: string,
	radius: number,
): string {
	const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
	return `<rect ${place} rx="${radius}" fill="${fill}" stroke="${line}"/>`;
}

/** @param y of the baseline */
export function text(
	x: number,
	y: number,
	words: string,
	anchor: "start" | "middle" | "end",
	ink: string,
	more = "",
): string {
	const place = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${ink}"`;
	return `<text ${place}${more === "" ? "" : ` ${more}`}>${xml(words)}</text>`;
}

/** To tenths: two machines must not differ in the last digit. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** A text as it may stand between tags and in quotes. */
export function xml(words: string): string {
	return words
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;");
}
