/**
 * Draws a board: its pins by their labels, what each may be used for by colour and sign, what is
 * soldered on, and which entity is on which pin. Pure: an SVG as text, the same for the same board
 * and entities. Always holds: no colour says what no sign or word says too. Not to scale.
 */

import type { Json } from "../../firmware/checker";
import { pinFacts } from "./entity-facts";
import { LAYOUTS, type Layout } from "./layouts";
import { FONT, INK, rectangle, round, text, xml } from "./svg";

interface Pin {
	readonly gpio?: number;
	readonly adc?: number;
	readonly volts?: readonly [number, number];
	readonly never?: string;
	readonly inputOnly?: boolean;
	readonly pwm?: boolean;
	readonly interrupt?: boolean;
	readonly pull?: string;
	readonly strap?: string;
	readonly reset?: string;
}

/** What a pin is good for. */
type Duty = "free" | "used" | "boot" | "input" | "never" | "power";

const COLOURS: Readonly<Record<Duty, { fill: string; line: string; sign: string; word: string }>> =
	{
		free: { fill: "#d9f0dd", line: "#2c7a3f", sign: "", word: "free" },
		used: { fill: "#f1e6fa", line: "#7a4fa3", sign: "•", word: "• soldered on, or a bus" },
		boot: { fill: "#fdebc8", line: "#a86400", sign: "!", word: "! a duty at reset" },
		input: { fill: "#dbe8fb", line: "#2a5db0", sign: "→", word: "→ input only" },
		never: { fill: "#f6d9d9", line: "#b3261e", sign: "×", word: "× must not be used" },
		power: { fill: "#eceff1", line: "#78838a", sign: "", word: "power, reset" },
	};

const PALE = "#57606a";
const LINE = "#49545c";
const LABEL = 'font-size="13" font-weight="bold"';
const PLAIN = { fill: "#ffffff", line: LINE, ink: INK };
const FILLED = { fill: "#24425c", line: "#24425c", ink: "#ffffff" };

const WORDS: Readonly<Record<string, string>> = {
	relay: "relay",
	button: "button",
	led: "LED",
	led2: "LED",
	pixel: "RGB LED",
	infrared: "infrared LED",
};

const WIDTH_MINIMUM = 860;
const BOARD_WIDTH = 190;
const ROW = 30;
const TOP = 62;
/** Widths of a letter at 11 and at 10 points, with some air: fonts differ. */
const LETTER = 6.8;
const NOTE_LETTER = 6.3;
const GAP = 6;

/** A label beside a pin. */
interface Tag {
	readonly text: string;
	readonly fill: string;
	readonly line: string;
	readonly ink: string;
}

/** What a board says beside its pins, by their labels. */
interface Marks {
	/** Soldered parts, buses and entities. */
	readonly tags: ReadonlyMap<string, readonly Tag[]>;
	/** Pins that have a part or a bus already. */
	readonly used: ReadonlySet<string>;
	/** The only resistor that its pins have inside; undefined: both. */
	readonly pull: string | undefined;
}

/** What stands beside a pin, from the board outwards. */
interface Row {
	readonly label: string;
	readonly duty: Duty;
	readonly tags: readonly Tag[];
	readonly note: string;
	readonly side: -1 | 1;
	readonly y: number;
	readonly isInside: boolean;
}

/**
 * @param board boards/<name>.json
 * @param entities as a site has them, checked
 * @returns SVG
 */
export function drawBoard(board: Json, entities: readonly Json[]): string {
	const rows = rowsOf(board, marksOf(board, entities));
	const bottom = Math.max(...rows.map(({ y }) => y)) + ROW / 2;
	const width = Math.max(WIDTH_MINIMUM, BOARD_WIDTH + 2 * Math.max(...rows.map(extentOf)) + 20);
	const height = bottom + 78;
	const left = -width / 2;
	const size = `width="${round(width)}" height="${height}"`;
	return [
		'<svg xmlns="http://www.w3.org/2000/svg" role="img" ' +
			`viewBox="${round(left)} 0 ${round(width)} ${height}" ${size} ` +
			`font-family="${FONT}" font-size="11">`,
		`<title>${xml(String(board.title))}</title>`,
		rectangle(left, 0, width, height, "#ffffff", "none", 0),
		text(0, 26, String(board.title), "middle", INK, 'font-size="16" font-weight="bold"'),
		text(0, 44, subtitle(board), "middle", PALE),
		rectangle(-BOARD_WIDTH / 2, TOP - 6, BOARD_WIDTH, bottom - TOP + 12, "#f4f6f7", LINE, 10),
		...rows.map(drawRow),
		legend(height - 34),
		"</svg>",
		"",
	].join("\n");
}

function extentOf({ tags, note }: Row): number {
	const widths = tags.map(widthOf);
	return 22 + widths.reduce((sum, one) => sum + one + GAP, 0) + note.length * NOTE_LETTER;
}

const widthOf = (tag: Tag): number => tag.text.length * LETTER + 12;

function rowsOf(board: Json, { tags, used, pull }: Marks): Row[] {
	const pins = (board.pins ?? {}) as Record<string, Pin>;
	const { left, right, inside } = layoutOf(String(board.name), Object.keys(pins));
	const row = (label: string, i: number, side: -1 | 1, isInside: boolean): Row => {
		const pin = Object.hasOwn(pins, label) ? pins[label] : undefined;
		const y = TOP + i * ROW + ROW / 2;
		const own = tags.get(label) ?? [];
		const duty = dutyOf(pin, used.has(label));
		const numbers = pin === undefined ? [] : [numberTag(pin, duty)];
		const note = pin === undefined ? "" : noteOf(pin, pull);
		return { label, duty, tags: [...numbers, ...own], note, side, y, isInside };
	};
	const start = right.length === 0 ? 0 : right.length + 1;
	return [
		...left.map((label, i) => row(label, i, -1, false)),
		...right.map((label, i) => row(label, i, 1, false)),
		...inside.map((label, i) => row(label, start + i, 1, true)),
	];
}

function layoutOf(
	name: string,
	labels: readonly string[],
): { left: string[]; right: string[]; inside: string[] } {
	const layout: Layout | undefined = Object.hasOwn(LAYOUTS, name) ? LAYOUTS[name] : undefined;
	if (layout === undefined) {
		const half = Math.ceil(labels.length / 2);
		return { left: labels.slice(0, half), right: labels.slice(half), inside: [] };
	}
	const words = (row: string) => row.split(" ").filter((word) => word !== "");
	return { left: words(layout.left), right: words(layout.right), inside: words(layout.inside) };
}

function numberTag(pin: Pin, duty: Duty): Tag {
	const { fill, line } = COLOURS[duty];
	const number = pin.gpio === undefined ? "" : `GPIO${pin.gpio} `;
	const channel = pin.adc === undefined ? "" : `ADC${pin.adc}`;
	return { text: `${number}${channel}`.trim(), fill, line, ink: INK };
}

function subtitle(board: Json): string {
	const bytes = board.flashBytes as number | undefined;
	const size = bytes === undefined ? "" : `, ${bytes / 1048576} MB of flash`;
	return `boards/${board.name}.json: ${board.chip}${size}`;
}

function marksOf(board: Json, entities: readonly Json[]): Marks {
	const tags = new Map<string, Tag[]>();
	const pins = (board.pins ?? {}) as Record<string, Pin>;
	const add = (label: string, tag: Tag) => {
		const own = Object.hasOwn(pins, label)
			? label
			: Object.keys(pins).find((key) => `GPIO${pins[key].gpio}` === label);
		if (own !== undefined) tags.set(own, [...(tags.get(own) ?? []), tag]);
	};
	const parts = (board.parts ?? {}) as Record<string, { pin: string; activeLow?: boolean }>;
	for (const [part, { pin, activeLow }] of Object.entries(parts)) {
		const low = part === "button" ? ", low is pressed" : ", low is on";
		add(pin, { text: `${WORDS[part] ?? part}${activeLow ? low : ""}`, ...PLAIN });
	}
	const buses = (board.buses ?? {}) as Record<string, { data: string; clock: string }>;
	for (const [bus, { data, clock }] of Object.entries(buses)) {
		add(data, { text: `${bus} data`, ...PLAIN });
		add(clock, { text: `${bus} clock`, ...PLAIN });
	}
	const used = new Set(tags.keys());
	for (const options of entities) {
		for (const { label, part } of pinFacts(options, board)) {
			const what = `${options.id}${part === "" ? "" : ` ${part}`}`;
			const kind = options.kind === options.id ? "" : ` (${options.kind})`;
			add(label, { text: `${what}${kind}`, ...FILLED });
		}
	}
	return { tags, used, pull: board.pull as string | undefined };
}

function dutyOf(pin: Pin | undefined, isUsed: boolean): Duty {
	if (pin === undefined) return "power";
	if (pin.never !== undefined) return "never";
	if (pin.inputOnly || pin.gpio === undefined) return "input";
	if (pin.strap !== undefined || pin.reset !== undefined) return "boot";
	return isUsed ? "used" : "free";
}

/** What is peculiar about a pin, in a few words. */
function noteOf(pin: Pin, boardPull: string | undefined): string {
	if (pin.never !== undefined) return pin.never;
	const atReset: string[] = [];
	if (pin.reset !== undefined) atReset.push(pin.reset);
	if (pin.strap !== undefined) atReset.push(`needs ${pin.strap.replace(/, else .*/, "")}`);
	const parts: string[] = atReset.length === 0 ? [] : [`at reset ${atReset.join("; ")}`];
	if (pin.pwm === false) parts.push("no PWM");
	if (pin.interrupt === false) parts.push("no interrupt");
	if (pin.pull !== undefined && pin.pull !== boardPull) {
		parts.push(pin.pull === "none" ? "no pull" : `pull-${pin.pull} only`);
	}
	if (pin.volts !== undefined) parts.push(`${pin.volts[0]} to ${pin.volts[1]} V`);
	return parts.join(", ");
}

/** One pin: pad and label on the board, tags and a note beside it. */
function drawRow({ label, duty, tags, note, side, y, isInside }: Row): string {
	const edge = (side * BOARD_WIDTH) / 2;
	const { fill, line, sign } = COLOURS[duty];
	const parts = [
		isInside
			? rectangle(edge - 7, y - 7, 14, 14, fill, line, 2)
			: `<circle cx="${edge}" cy="${y}" r="7" fill="${fill}" stroke="${line}" stroke-width="1.5"/>`,
		text(edge - side * 14, y + 4, label, side < 0 ? "start" : "end", INK, LABEL),
	];
	if (sign !== "") parts.push(text(edge, y + 4, sign, "middle", line, 'font-weight="bold"'));
	let x = edge + side * 16;
	for (const tag of tags) {
		const width = widthOf(tag);
		const from = side < 0 ? x - width : x;
		parts.push(
			rectangle(from, y - 9, width, 18, tag.fill, tag.line, 4),
			text(from + width / 2, y + 4, tag.text, "middle", tag.ink),
		);
		x += side * (width + GAP);
	}
	const outer = side < 0 ? "end" : "start";
	if (note !== "") parts.push(text(x + side * 2, y + 4, note, outer, PALE, 'font-size="10"'));
	return parts.join("");
}

function legend(y: number): string {
	const tags: readonly Tag[] = [
		...Object.values(COLOURS).map(({ word, fill, line }) => ({ text: word, fill, line, ink: INK })),
		{ text: "entity", ...FILLED },
	];
	let x = -tags.reduce((sum, tag) => sum + widthOf(tag) + 10, -10) / 2;
	return tags
		.map((tag) => {
			const width = widthOf(tag);
			const from = x;
			x += width + 10;
			return (
				rectangle(from, y, width, 20, tag.fill, tag.line, 4) +
				text(from + width / 2, y + 14, tag.text, "middle", tag.ink)
			);
		})
		.join("");
}
