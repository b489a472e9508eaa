/**
 * What may be asked of the chip that a node runs on: the names of its figures, and the kinds of
 * its starts. Pure. Must not know any platform: chip.ts and the C beside it do.
 */

/** Bytes, from the C heap. */
export const enum Heap {
	Free = 0,
	/** The least that was ever free. */
	Least = 1,
	/** The largest block that is free. */
	Block = 2,
}

/** Bytes, from XS. */
export const enum Machine {
	/** In use, with garbage that was not collected yet. */
	Slots = 0,
	Chunks = 1,
	/** Deepest use of XS's stack since paintStack(). */
	Stack = 2,
	/** Of the machine's block, what neither slots nor chunks have claimed. */
	Room = 3,
}

/** How a life began, as far as the chip knows. */
export const enum Reset {
	/** Nothing is known. */
	Unknown = 0,
	/** Power, reset pin, wake-up, upload: nothing went wrong. */
	Clean = 1,
	/** By software: asked for, or XS gave up. */
	Software = 2,
	Crash = 3,
}

/** A figure that the platform cannot give is undefined. */
export interface Chip {
	heapFigure(which: number): number | undefined;
	machineFigure(which: number): number | undefined;
	/** Paints the unused part of XS's stack, so that its deepest use can be seen. */
	paintStack(): void;
	/** One of Reset. */
	resetKind(): number;
	/** In words; "" where nothing is known. */
	resetName(): string;
	/** Starts anew; does not return. On Linux the process ends. */
	restart(): void;
}
