/**
 * A sequence number that never repeats, over reboots too. Numbers are reserved in blocks, so that
 * the flash is written once in 256 reports. Always holds: a number is given out only after the
 * end of its block was stored. Where nothing was stored (first boot, or a power cut while the
 * preference was rewritten) it starts from the unix time in seconds: reports are at least a
 * second apart, so earlier numbers are all smaller.
 */

/** Where the end of the reserved block is kept; the SDK's preferences fit. */
export interface SequenceStore {
	read(): number | undefined;
	write(end: number): void;
}

const BLOCK = 256;

export class Sequence {
	private readonly store: SequenceStore;
	private current = 0;
	private end = 0;

	constructor(store: SequenceStore) {
		this.store = store;
	}

	/** @param unixMs the time now, 0 when it is not known */
	next(unixMs: number): number {
		if (this.end === 0) {
			const stored = this.store.read();
			this.current = stored ?? Math.floor(unixMs / 1000);
			this.end = this.current;
		}
		this.current++;
		if (this.current > this.end) {
			this.end = this.current + BLOCK;
			this.store.write(this.end);
		}
		return this.current;
	}
}
