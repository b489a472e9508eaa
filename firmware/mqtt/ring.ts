/**
 * A ring of bytes that gives out pieces without a break in them. The oldest piece is freed first.
 * A piece never moves.
 * Must not know what is in the pieces.
 */

export class ByteRing {
	readonly bytes: Uint8Array;
	/** Pieces given out and not freed. */
	count = 0;
	/** Offset of the oldest piece. */
	head = 0;
	private tail = 0;
	/** Where the pieces in front of the wrap end. */
	private wrap = 0;

	constructor(length: number) {
		this.bytes = new Uint8Array(length);
	}

	/** Offset of `length` free bytes, or -1 when there are not so many in one piece. */
	allocate(length: number): number {
		if (this.count === 0) this.clear();
		const offset = this.place(length);
		if (offset < 0) return -1;
		if (offset !== this.tail) this.wrap = this.tail;
		this.tail = offset + length;
		this.count += 1;
		return offset;
	}

	private place(length: number): number {
		const size = this.bytes.length;
		if (this.count === 0) return length <= size ? 0 : -1;
		if (this.tail <= this.head) return this.head - this.tail >= length ? this.tail : -1;
		if (size - this.tail >= length) return this.tail;
		return this.head >= length ? 0 : -1;
	}

	/** Frees the oldest piece; `length` is what was asked for. */
	free(length: number): void {
		this.count -= 1;
		this.head += length;
		if (this.tail <= this.head && this.head === this.wrap) this.head = 0;
	}

	clear(): void {
		this.count = 0;
		this.head = 0;
		this.tail = 0;
		this.wrap = this.bytes.length;
	}
}
