/**
 * Runs mcconfig and shows what goes on: one line that changes at a terminal, a line per stage
 * elsewhere, and the errors when it fails. Always holds: all that it printed is in build.log; a
 * build that failed, or was for something else, leaves nothing that the next one could take.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
	createWriteStream,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Plan, Step } from "./plan";

const TAIL_LINES = 15;
/** Names of the inputs of what is in the folder; there only when the build was good. */
const STAMP = "built-for.json";

export interface Terminal {
	readonly isTTY?: boolean;
	write(text: string): unknown;
}

/** mcconfig ended badly; the message has its errors. */
export class BuildError extends Error {}

/** Empties the folder unless it holds a good build of the same things. */
export function prepareOutput(plan: Plan): void {
	const wanted = stampOf(plan);
	const path = join(plan.output, STAMP);
	if (!existsSync(path) || readFileSync(path, "utf8") !== wanted) {
		rmSync(plan.output, { recursive: true, force: true });
	}
	// The image has the node's key in it.
	mkdirSync(plan.output, { recursive: true, mode: 0o700 });
	rmSync(path, { force: true });
	if (plan.drivers !== undefined) writeFileSync(plan.drivers.path, plan.drivers.text);
}

/** Says that what is in the folder is good. */
export function confirmOutput(plan: Plan): void {
	writeFileSync(join(plan.output, STAMP), stampOf(plan));
}

function stampOf(plan: Plan): string {
	const { UPLOAD_PORT: _, ...variables } = plan.variables;
	return JSON.stringify({ variables, words: plan.steps[0].words, drivers: plan.drivers?.text });
}

/**
 * Runs one step of a plan. Throws BuildError.
 * @param environment of mcconfig
 * @param all show every line instead of progress
 */
export async function runStep(
	plan: Plan,
	step: Step,
	environment: NodeJS.ProcessEnv,
	terminal: Terminal,
	all: boolean,
): Promise<void> {
	const logPath = join(plan.output, `${step.what}.log`);
	const log = createWriteStream(logPath);
	const child = spawn("mcconfig", step.words, {
		cwd: plan.folder,
		env: environment,
		stdio: ["ignore", "pipe", "pipe"],
	});
	const show = all || step.what !== "build" ? undefined : new Progress(terminal);
	const lines: string[] = [];
	readLines(
		child,
		(bytes) => {
			log.write(bytes);
			if (show === undefined) terminal.write(bytes);
		},
		(line) => {
			lines.push(line);
			show?.line(line);
		},
	);
	const code = await ended(child);
	show?.end();
	log.end();
	if (code !== 0)
		throw new BuildError(`${failure(step, code)}\n${shown(lines)}\nall of it: ${logPath}`);
}

function failure(step: Step, code: number | NodeJS.Signals | null): string {
	const how = typeof code === "number" ? `exit code ${code}` : `${code}`;
	const hint =
		step.what === "flash"
			? "; if it could not connect, hold the board's FLASH or BOOT button while it starts"
			: "";
	return `mcconfig failed: ${step.what}, ${how}${hint}`;
}

/** What ended it, without the warnings about the SDK's C. */
function shown(lines: readonly string[]): string {
	const wrong = /error( TS\d+)?:|### (?!warning|\d+ inst)|will not fit|undefined reference/i;
	// tsc runs once for each module and says the same each time.
	const errors = [...new Set(lines.filter((line) => wrong.test(line)))];
	const text = (errors.length > 0 ? errors.slice(0, TAIL_LINES) : lines.slice(-TAIL_LINES)).join(
		"\n",
	);
	return /will not fit/.test(text) ? `${text}\nthe image is too large; --release is smaller` : text;
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
	return new Promise((done, reject) => {
		child.on("error", (error) =>
			reject(new BuildError(`mcconfig does not start: ${error.message}`)),
		);
		child.on("close", (code, signal) => done(code ?? signal));
	});
}

function readLines(
	child: ChildProcess,
	onBytes: (text: string) => void,
	onLine: (line: string) => void,
): void {
	for (const stream of [child.stdout, child.stderr]) {
		let rest = "";
		stream?.setEncoding("utf8");
		stream?.on("data", (text: string) => {
			onBytes(text);
			const lines = (rest + text).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) onLine(line);
		});
		stream?.on("end", () => rest !== "" && onLine(rest));
	}
}

/** `# xsc mqtt/wire.xsb` is a step of the stage `xsc`. */
class Progress {
	private readonly terminal: Terminal;
	private readonly stages = new Map<string, number>();
	private steps = 0;

	constructor(terminal: Terminal) {
		this.terminal = terminal;
	}

	line(line: string): void {
		const warning = /^### warning: /.test(line);
		const match = /^# (tsc|xsc|xsl|mcrez|cc|cpp|ld|ar)\b ?(.*)$/.exec(line);
		if (warning) this.print(line);
		if (match === null) return;
		const [, stage, what] = match;
		this.steps++;
		const isNew = !this.stages.has(stage);
		this.stages.set(stage, (this.stages.get(stage) ?? 0) + 1);
		if (this.terminal.isTTY) {
			this.terminal.write(`\r\x1b[K  ${this.steps} ${stage} ${what.slice(0, 50)}`);
		} else if (isNew) this.terminal.write(`  ${stage} …\n`);
	}

	end(): void {
		if (this.terminal.isTTY && this.steps > 0) this.terminal.write("\r\x1b[K");
	}

	private print(line: string): void {
		this.terminal.write(`${this.terminal.isTTY ? "\r\x1b[K" : ""}  ${line}\n`);
	}
}
