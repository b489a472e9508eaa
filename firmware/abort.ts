/**
 * Where XS says that it gives up: it calls a global function `abort` (`abortHook` in the
 * manifest), though not when a stack has overflowed. Always holds: what goes wrong in here does
 * not come here again. Must not know what is kept, or where.
 */

import type { Boots } from "./store/boots";

/** The global object, as XS calls abort() on it. */
interface Globals {
	abort?: (this: Globals, why: string, exception: unknown) => void;
	boots?: Boots | undefined;
}

/** From now on the end is kept in `boots`. */
export const keepAborts = (boots: Boots): void => {
	const globals = globalThis as Globals;
	globals.boots = boots;
	globals.abort = onAbort;
};

function onAbort(this: Globals, why: string, exception: unknown): void {
	const { boots } = this;
	this.boots = undefined;
	boots?.keepAbort(why, exception);
}
