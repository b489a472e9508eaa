/**
 * What the simulator writes to the terminal: a line has the time since the start, who says it,
 * and what. Colour only where somebody sees it (NO_COLOR, https://no-color.org). Must not know
 * what lines mean, but for failures, which it makes stand out.
 */

const RESET = "\x1b[0m";
const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const RED = "\x1b[31m";
const CYAN = "\x1b[36m";
const PATCH = "    ";
/** Room for names, so that texts stand in a column. */
const NAME_WIDTH = 8;

export interface Terminal {
	readonly isTTY?: boolean;
	write(text: string): unknown;
}

export class Printer {
	private readonly terminal: Terminal;
	private readonly nowMs: () => number;
	private readonly startMs: number;
	private readonly colour: boolean;

	constructor(terminal: Terminal, environment: NodeJS.ProcessEnv, nowMs: () => number) {
		this.terminal = terminal;
		this.nowMs = nowMs;
		this.startMs = nowMs();
		const wanted = !environment.NO_COLOR && environment.TERM !== "dumb";
		this.colour = terminal.isTTY === true && wanted;
	}

	/** `  1.234 name     text` */
	line(name: string, text: string): void {
		const seconds = ((this.nowMs() - this.startMs) / 1000).toFixed(3).padStart(8);
		const step = /^[a-z]+( failed)?:/.exec(text)?.[0] ?? "";
		const style = step.endsWith(" failed:") ? RED : BOLD;
		const marked = this.style(style, step) + text.slice(step.length);
		const who = this.style(CYAN, name.padEnd(NAME_WIDTH));
		this.terminal.write(`${this.style(DIM, seconds)} ${who} ${marked}\n`);
	}

	/** A patch of a colour, each part 0 to 1; "" where nobody would see it. */
	paint(parts: readonly [number, number, number]): string {
		if (!this.colour) return "";
		const [red, green, blue] = parts.map((part) => Math.round(part * 255));
		return this.style(`\x1b[48;2;${red};${green};${blue}m`, PATCH);
	}

	/** What is being typed, without a line's end. */
	echo(text: string): void {
		this.terminal.write(text);
	}

	/** Text as it is, such as a line to paste. */
	plain(text = ""): void {
		this.terminal.write(`${text}\n`);
	}

	private style(code: string, text: string): string {
		return this.colour && text !== "" ? code + text + RESET : text;
	}
}
