/**
 * Many devices at once: `device PREFIX --count N`, `device --all`. Keys are made on all cores, a
 * few at a time. Always holds: a device that is there is kept and counted, so a run that was
 * stopped goes on where it was; what was begun when Ctrl-C came is finished.
 */

import { availableParallelism } from "node:os";
import { isId } from "../../firmware/topics";
import { UsageError } from "../../host-sim/words";
import type { CommandContext } from "../command";
import { type DeviceOptions, ensureDevice } from "../signing/issue";

const EXIT_BY_SIGNAL = 130;
const MAXIMUM_COUNT = 100_000;
/** Digits of a number, at least. */
const WIDTH = 4;
/** How often the progress is said: on a terminal, in a file. */
const TERMINAL_MS = 200;
const FILE_MS = 10_000;

/**
 * PREFIX-0001 and on, PREFIX-10000 behind PREFIX-9999: a name does not depend on how many there
 * are. Throws UsageError.
 * @param present ids that are there; one with more zeros keeps its name
 */
export function numberedIds(prefix: string, text: string, present: ReadonlySet<string>): string[] {
	const count = Number(text);
	if (!/^\d{1,6}$/.test(text) || count < 1 || count > MAXIMUM_COUNT) {
		throw new UsageError(`--count ${text}: must be 1 to ${MAXIMUM_COUNT}`);
	}
	const numbered = (number: number, width: number) => {
		return `${prefix}-${String(number).padStart(width, "0")}`;
	};
	const last = numbered(count, WIDTH);
	if (!isId(last)) {
		throw new UsageError(`"${last}": an id is 1 to 32 of a-z, 0-9 and -; a shorter prefix`);
	}
	return Array.from({ length: count }, (_, at) => {
		const names = [0, 1, 2].map((more) => numbered(at + 1, WIDTH + more));
		return names.find((name) => present.has(name)) ?? (names[0] as string);
	});
}

/** Makes or refreshes all of them, and says how it goes. */
export async function ensureDevices(
	ids: readonly string[],
	options: DeviceOptions,
	context: CommandContext,
): Promise<void> {
	const startMs = performance.now();
	const counts = { made: 0, refreshed: 0, kept: 0 };
	const progress = new Progress(ids.length);
	let next = 0;
	let failure: unknown;
	const work = async (): Promise<void> => {
		while (next < ids.length && failure === undefined && !context.isInterrupted()) {
			const id = ids[next++] as string;
			try {
				counts[await ensureDevice(context.store, id, options)]++;
			} catch (error) {
				failure ??= error;
			}
			progress.say(counts.made + counts.refreshed + counts.kept, counts.made);
		}
	};
	// One more than cores: while a key is made on each, somebody writes files.
	await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
	progress.end();
	const done = counts.made + counts.refreshed + counts.kept;
	const seconds = (performance.now() - startMs) / 1000;
	const each = counts.made === 0 ? "" : `, ${(seconds / counts.made).toFixed(2)} s for each made`;
	context.say(
		`${done} of ${ids.length} devices: ${counts.made} made, ${counts.kept + counts.refreshed} ` +
			`were there (${counts.refreshed} images brought up to date); ${seconds.toFixed(1)} s${each}`,
	);
	if (failure !== undefined) throw failure;
	if (done < ids.length) {
		context.say("stopped; the same command goes on where it was");
		process.exitCode = EXIT_BY_SIGNAL;
	}
}

/** One line that is written over on a terminal, a line now and then elsewhere; standard error. */
class Progress {
	private readonly total: number;
	private readonly startMs = performance.now();
	private saidMs = performance.now();
	private isOpen = false;

	constructor(total: number) {
		this.total = total;
	}

	say(done: number, made: number): void {
		const nowMs = performance.now();
		const { isTTY } = process.stderr;
		if (nowMs - this.saidMs < (isTTY ? TERMINAL_MS : FILE_MS)) return;
		this.saidMs = nowMs;
		const rate = made / ((nowMs - this.startMs) / 1000);
		const left = rate > 0 ? `, ${rate.toFixed(1)} a second, ${this.left(done, rate)} left` : "";
		const text = `${done} of ${this.total}${left}`;
		process.stderr.write(isTTY ? `\r${text}\u001b[K` : `${text}\n`);
		this.isOpen = isTTY;
	}

	end(): void {
		if (this.isOpen) process.stderr.write("\n");
	}

	private left(done: number, rate: number): string {
		const seconds = Math.ceil((this.total - done) / rate);
		return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
	}
}
