/**
 * What happens around a board, by the clock: steps of a JSON array, or one step per line (JSONL).
 * Always holds: a script is checked whole before its first step; an error says file, line and key.
 * Must not know what steps do: the stage plans them.
 */

import type { WorldClock } from "./clock";
import { type Stage, StageError } from "./stage";

/** `{"atMs": 5000, "what": "soil", "value": 0.42, "everyMs": 60000}` */
interface Step {
	readonly atMs: number;
	/** Missing: once. */
	readonly everyMs: number | undefined;
	readonly act: () => void;
}

const KEYS = ["atMs", "what", "value", "everyMs"];
const LONGEST_MS = 7 * 86_400_000;
const SHORTEST_REPEAT_MS = 10;

/** A script that cannot be played, in words for people. */
export class ScriptError extends Error {}

export class Script {
	private readonly steps: readonly Step[];
	private readonly cancels = new Set<() => void>();

	/**
	 * @param text of the file
	 * @param file as it is to be called in errors
	 * @throws ScriptError
	 */
	constructor(text: string, file: string, stage: Stage) {
		this.steps = stepsOf(text, file).map(({ line, value }) => {
			try {
				return stepOf(value, stage);
			} catch (error) {
				if (!(error instanceof StageError)) throw error;
				throw new ScriptError(`${file}: line ${line}: ${error.message}`);
			}
		});
	}

	get length(): number {
		return this.steps.length;
	}

	/** Begins; what is due at 0 is done at once, in order. */
	start(clock: WorldClock): void {
		for (const step of this.steps) this.play(clock, step, step.atMs);
	}

	stop(): void {
		for (const cancel of this.cancels) cancel();
		this.cancels.clear();
	}

	private play(clock: WorldClock, step: Step, delayMs: number): void {
		const act = () => {
			step.act();
			if (step.everyMs !== undefined) this.play(clock, step, step.everyMs);
		};
		if (delayMs === 0) {
			act();
			return;
		}
		const cancel = clock.setTimer(() => {
			this.cancels.delete(cancel);
			act();
		}, delayMs);
		this.cancels.add(cancel);
	}
}

function stepOf(value: unknown, stage: Stage): Step {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new StageError('must be a record like {"atMs": 1000, "what": "soil", "value": 0.42}');
	}
	const step = value as Record<string, unknown>;
	for (const key of Object.keys(step)) {
		if (!KEYS.includes(key)) {
			throw new StageError(`"${key}" is no key of a step; there is ${KEYS.join(", ")}`);
		}
	}
	const atMs = msOf(step, "atMs", 0);
	const everyMs =
		step.everyMs === undefined ? undefined : msOf(step, "everyMs", SHORTEST_REPEAT_MS);
	if (typeof step.what !== "string") throw new StageError("what: must be a name");
	if (step.value === undefined) throw new StageError("value: is missing");
	return { atMs, everyMs, act: stage.plan(step.what, step.value) };
}

function msOf(step: Record<string, unknown>, key: string, lowest: number): number {
	const value = step[key];
	if (typeof value !== "number" || !(value >= lowest && value <= LONGEST_MS)) {
		const shown = value === undefined ? "is missing; " : "";
		throw new StageError(`${key}: ${shown}must be ${lowest} to ${LONGEST_MS} milliseconds`);
	}
	return value;
}

interface Placed {
	readonly line: number;
	readonly value: unknown;
}

function stepsOf(text: string, file: string): Placed[] {
	const plain = text.replace(/^\ufeff/, "");
	if (!/^\s*\[/.test(plain)) return linesOf(plain, file);
	let steps: unknown[];
	try {
		steps = JSON.parse(plain) as unknown[];
	} catch (error) {
		throw new ScriptError(`${file}: is no JSON: ${(error as Error).message}`);
	}
	const lines = elementLines(plain);
	return steps.map((value, i) => ({ line: lines[i], value }));
}

function linesOf(text: string, file: string): Placed[] {
	return text.split("\n").flatMap((part, i) => {
		if (part.trim() === "") return [];
		try {
			return [{ line: i + 1, value: JSON.parse(part) as unknown }];
		} catch (error) {
			throw new ScriptError(`${file}: line ${i + 1}: is no JSON: ${(error as Error).message}`);
		}
	});
}

/** The lines on which the elements of an array begin; the text is JSON already. */
function elementLines(text: string): number[] {
	const lines: number[] = [];
	let [depth, line, isWaiting] = [0, 1, false];
	for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\n|[[\]{},]|[^\s[\]{},"]+/g)) {
		if (token === "\n") {
			line++;
			continue;
		}
		if (isWaiting && token !== "]") {
			lines.push(line);
			isWaiting = false;
		}
		if (token === "[" || token === "{") depth++;
		if (token === "]" || token === "}") depth--;
		if (depth === 1 && (token === "," || (token === "[" && lines.length === 0))) isWaiting = true;
	}
	return lines;
}
