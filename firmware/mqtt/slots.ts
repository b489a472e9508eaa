/**
 * A list through the rows of a fixed table: which rows belong to it, in which order. Append,
 * remove and step are constant in time and allocate nothing. The links live in two fields of the
 * rows themselves, so that a whole table is one typed array (7 slots in XS, whatever its length).
 * Must not know what else is in a row.
 */

/** No row. */
export const NoSlot = -1;

export class SlotList {
	head: number = NoSlot;
	tail: number = NoSlot;
	count = 0;
	private readonly rows: Int32Array;
	private readonly stride: number;
	private readonly link: number;

	/**
	 * @param rows the table
	 * @param stride fields in a row
	 * @param link index of the field for the next row; the one behind it is for the row before
	 */
	constructor(rows: Int32Array, stride: number, link: number) {
		this.rows = rows;
		this.stride = stride;
		this.link = link;
	}

	next(slot: number): number {
		return this.rows[slot * this.stride + this.link] as number;
	}

	append(slot: number): void {
		const { rows, stride, link, tail } = this;
		rows[slot * stride + link] = NoSlot;
		rows[slot * stride + link + 1] = tail;
		if (tail === NoSlot) this.head = slot;
		else rows[tail * stride + link] = slot;
		this.tail = slot;
		this.count += 1;
	}

	remove(slot: number): void {
		const { rows, stride, link } = this;
		const after = rows[slot * stride + link] as number;
		const before = rows[slot * stride + link + 1] as number;
		if (before === NoSlot) this.head = after;
		else rows[before * stride + link] = after;
		if (after === NoSlot) this.tail = before;
		else rows[after * stride + link + 1] = before;
		this.count -= 1;
	}

	clear(): void {
		this.head = NoSlot;
		this.tail = NoSlot;
		this.count = 0;
	}
}
