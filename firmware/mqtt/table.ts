/**
 * A table of numbers that exists only while it holds something: one Int32Array (7 slots in XS,
 * whatever its length) with counters and list heads in front and rows behind them. A row is known
 * by the index of its first number, so that 0 is no row and a new table is an empty one. Rows keep
 * their index while the table grows. Lists go through links in the rows themselves; append, remove
 * and step are constant in time and make nothing. Must not know what else is in a row.
 */

/** No row. */
export const enum No {
	Row = 0,
}

/** A list in the head of a table: three places. */
const enum List {
	First = 0,
	Last = 1,
	Count = 2,
}

const enum Const {
	/** Rows of a new table. */
	FirstRows = 2,
}

/** The table with more rows, at most `maximum`; a new one when there was none. */
export const growTable = (
	table: Int32Array | undefined,
	headPlaces: number,
	stride: number,
	maximum: number,
): Int32Array => {
	const rows = table === undefined ? Const.FirstRows : ((table.length - headPlaces) / stride) * 2;
	const grown = new Int32Array(headPlaces + Math.min(rows, maximum) * stride);
	if (table !== undefined) grown.set(table);
	return grown;
};

/**
 * @param list index of the list's head
 * @param link place in a row for the next row; the one behind it is for the row before
 */
export const append = (table: Int32Array, list: number, link: number, row: number): void => {
	const tail = table[list + List.Last] as number;
	table[row + link] = No.Row;
	table[row + link + 1] = tail;
	table[tail === No.Row ? list + List.First : tail + link] = row;
	table[list + List.Last] = row;
	table[list + List.Count] = (table[list + List.Count] as number) + 1;
};

export const remove = (table: Int32Array, list: number, link: number, row: number): void => {
	const after = table[row + link] as number;
	const before = table[row + link + 1] as number;
	table[before === No.Row ? list + List.First : before + link] = after;
	table[after === No.Row ? list + List.Last : after + link + 1] = before;
	table[list + List.Count] = (table[list + List.Count] as number) - 1;
};

export const clear = (table: Int32Array, list: number): void => {
	table[list + List.First] = No.Row;
	table[list + List.Last] = No.Row;
	table[list + List.Count] = 0;
};

export const count = (table: Int32Array, list: number): number => {
	return table[list + List.Count] as number;
};
