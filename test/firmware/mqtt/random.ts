/** A small seeded generator (mulberry32), so that a failed run can be run again. */

export class Random {
	private state: number;

	constructor(seed: number) {
		this.state = seed | 0;
	}

	/** 32 bits, unsigned. */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return (mixed ^ (mixed >>> 14)) >>> 0;
	}

	/** 0 to `bound` - 1. */
	below(bound: number): number {
		return this.next() % bound;
	}

	/** True once in `every` times. */
	once(every: number): boolean {
		return this.below(every) === 0;
	}
}
