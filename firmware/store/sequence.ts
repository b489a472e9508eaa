/**
 * A sequence number that never repeats, over reboots too. Numbers are reserved in blocks, so that
 * the flash is written once in 256 reports. It starts above the stored end and above the unix
 * time in tenths of a second: reports are at least a second apart, so where the store was lost
 * (first boot, a power cut while the preference was rewritten, worn flash) earlier numbers are all
 * smaller. Only both lost at once, store and clock, would repeat; and a store lost after so many
 * quick reboots that reserved blocks ran ahead of the time.
 */

/** Where the end of the reserved block is kept; the SDK's preferences fit. */
export interface SequenceStore {
	read(): number | undefined;
	write(end: number): void;
}

const enum Const {
	BLOCK = 256,
}

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
			this.current = Math.max(this.store.read() ?? 0, Math.floor(unixMs / 100));
			this.end = this.current;
		}
		this.current++;
		if (this.current > this.end) {
			this.end = this.current + Const.BLOCK;
			this.store.write(this.end);
		}
		return this.current;
	}
}
