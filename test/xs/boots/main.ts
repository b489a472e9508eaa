/**
 * One life after the other, each with another end: which one, the count of starts says. Prints
 * what is known of the life before, and `kept` when the hook has been there.
 */

import Preference from "preference";
import Timer from "timer";
import { keepAborts } from "../../../firmware/abort";
import chip from "../../../firmware/platform/chip";
import { Boots } from "../../../firmware/store/boots";

const boots = new Boots(Preference, chip.resetKind(), chip.resetName());
keepAborts(boots);
const { starts, crashes, reset, lastCrash, safeMode } = boots;
trace(`${JSON.stringify({ starts, crashes, reset, lastCrash, safeMode })}\n`);

const globals = globalThis as { abort?(this: object, why: string, exception: unknown): void };
const { abort } = globals;
globals.abort = function (this: object, why: string, exception: unknown): void {
	abort?.call(this, why, exception);
	trace("kept\n");
};

function overflow(depth: number): number {
	return 1 + overflow(depth + 1);
}

const ENDS: readonly (() => void)[] = [
	() => {
		throw new TypeError("in a timer");
	},
	() => {
		void Promise.reject(new Error("nobody listens"));
		// XS sees that nobody does when the promise is collected.
		Timer.repeat(() => new ArrayBuffer(100_000), 1);
	},
	() => {
		// Longer than any memory of XS's can be: it gives up before it takes some.
		trace(`${"xx".repeat(0x7fffffff).length}\n`);
	},
	() => {
		overflow(0);
	},
	() => {
		boots.keepRestart("asked for");
		trace("kept\n");
		chip.restart();
	},
];

trace(`stack ${chip.machineFigure(2) === undefined ? "unknown" : "known"}\n`);
Timer.set(() => {
	const end = ENDS[starts - 1];
	if (end === undefined) trace("kept\n");
	else end();
}, 10);
