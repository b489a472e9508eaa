/**
 * A table of numbers that exists only while it holds something: one Int32Array (7 slots in XS,
 * whatever its length) with counters and list heads in front and rows behind them. A row is known
 * by the index of its first number, so that 0 is no row and a new table is an empty one. Rows keep
 * their index while the table grows. Lists go through links in the rows themselves; append, remove
 * and step are constant in time and make nothing. Must not know what else is in a row.
 */

/** No row. */
export const NoRow = 0;

/** A list in the head of a table: its first row, its last, how many. */
export const ListPlaces = 3;
const Tail = 1;
const Count = 2;

/** Rows of a new table. */
const FirstRows = 2;

/** The table with more rows, at most `maximum`; a new one when there was none. */
export function growTable(
	table: Int32Array | undefined,
	headPlaces: number,
	stride: number,
	maximum: number,
): Int32Array {
	const rows = table === undefined ? FirstRows : ((table.length - headPlaces) / stride) * 2;
	const grown = new Int32Array(headPlaces + Math.min(rows, maximum) * stride);
	if (table !== undefined) grown.set(table);
	return grown;
}

/**
 * @param list index of the list's head
 * @param link place in a row for the next row; the one behind it is for the row before
 */
export function append(table: Int32Array, list: number, link: number, row: number): void {
	const tail = table[list + Tail] as number;
	table[row + link] = NoRow;
	table[row + link + 1] = tail;
	table[tail === NoRow ? list : tail + link] = row;
	table[list + Tail] = row;
	table[list + Count] = (table[list + Count] as number) + 1;
}

export function remove(table: Int32Array, list: number, link: number, row: number): void {
	const after = table[row + link] as number;
	const before = table[row + link + 1] as number;
	table[before === NoRow ? list : before + link] = after;
	table[after === NoRow ? list + Tail : after + link + 1] = before;
	table[list + Count] = (table[list + Count] as number) - 1;
}

export function clear(table: Int32Array, list: number): void {
	table[list] = NoRow;
	table[list + Tail] = NoRow;
	table[list + Count] = 0;
}

export function count(table: Int32Array, list: number): number {
	return table[list + Count] as number;
}
