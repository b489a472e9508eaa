/**
 * A set of packet ids, 1 to 65,535: the incoming QoS 2 messages whose PUBREC has gone and whose
 * PUBREL has not come. It has to take any id at any time: refusing one would stop the stream in
 * front of the very PUBREL that makes room. The first four are among the numbers of the session.
 * With a fifth it becomes a bitmap, in pages of 2,048 ids that are made on first use: 352 bytes for
 * ids in a row, and at most 8,288 however many a broker leaves open; an empty page is used again,
 * and with the last id all pages go. Must not know what the ids stand for.
 */

import { Place, Room } from "./record";

const enum Page {
	Bits = 2048,
	Bytes = 256,
	/** For all ids; also where, behind the directory of places, the ids per page begin. */
	Count = 32,
	/** Directory, a byte per page, and counts, two bytes per page. */
	HeaderBytes = 96,
}

/** What a set is kept in. */
export interface IdHolder {
	readonly numbers: Int32Array;
	/** Directory (page number to place + 1), counts, then the pages; while there are over four. */
	pages: Uint8Array | undefined;
}

export const hasId = (holder: IdHolder, id: number): boolean => {
	if ((holder.numbers[Place.IdCount] as number) === 0) return false;
	const { pages } = holder;
	if (pages === undefined) return findFew(holder.numbers, id) >= 0;
	const at = find(pages, id);
	return at >= 0 && ((pages[at] as number) & (1 << (id & 7))) !== 0;
};

export const addId = (holder: IdHolder, id: number): void => {
	if (hasId(holder, id)) return;
	const { numbers } = holder;
	const count = numbers[Place.IdCount] as number;
	if (holder.pages === undefined) {
		if (count < Room.FewIds) numbers[Place.FewIds + count] = id;
		else
			for (let few = 0; few < count; few++) addBit(holder, numbers[Place.FewIds + few] as number);
	}
	if (holder.pages !== undefined) addBit(holder, id);
	numbers[Place.IdCount] = count + 1;
};

export const deleteId = (holder: IdHolder, id: number): boolean => {
	if (!hasId(holder, id)) return false;
	const { numbers, pages } = holder;
	const count = (numbers[Place.IdCount] as number) - 1;
	if (pages === undefined) {
		numbers[Place.FewIds + findFew(numbers, id)] = numbers[Place.FewIds + count] as number;
	} else if (count === 0) {
		holder.pages = undefined;
	} else {
		const at = find(pages, id);
		pages[at] = (pages[at] as number) & ~(1 << (id & 7));
		change(pages, id, -1);
	}
	numbers[Place.IdCount] = count;
	return true;
};

/** The least id over `id` in the set, or 0. `nextId(holder, 0)` is the first. */
export const nextId = (holder: IdHolder, id: number): number => {
	for (let candidate = id + 1; candidate < 65_536; candidate++) {
		if (hasId(holder, candidate)) return candidate;
	}
	return 0;
};

export const clearIds = (holder: IdHolder): void => {
	holder.numbers[Place.IdCount] = 0;
	holder.pages = undefined;
};

/** Place of an id among the few, or -1. */
const findFew = (numbers: Int32Array, id: number): number => {
	const count = numbers[Place.IdCount] as number;
	for (let few = 0; few < count; few++) if (numbers[Place.FewIds + few] === id) return few;
	return -1;
};

/** Offset of the byte that holds the id, or -1 when its page does not exist. */
const find = (pages: Uint8Array, id: number): number => {
	const place = pages[id >> 11] as number;
	if (place === 0) return -1;
	return Page.HeaderBytes + (place - 1) * Page.Bytes + ((id & (Page.Bits - 1)) >> 3);
};

const addBit = (holder: IdHolder, id: number): void => {
	if (holder.pages === undefined) holder.pages = new Uint8Array(Page.HeaderBytes + Page.Bytes);
	if (find(holder.pages, id) < 0) openPage(holder, holder.pages, id);
	const { pages } = holder;
	const at = find(pages, id);
	pages[at] = (pages[at] as number) | (1 << (id & 7));
	change(pages, id, 1);
};

/** A place for the page of `id`: that of an empty page, else one more. */
const openPage = (holder: IdHolder, pages: Uint8Array, id: number): void => {
	let places = 0;
	for (let page = 0; page < Page.Count; page++) {
		const place = pages[page] as number;
		if (place === 0) continue;
		places += 1;
		if (pageCount(pages, page) === 0) {
			pages[page] = 0;
			pages[id >> 11] = place;
			return;
		}
	}
	if (Page.HeaderBytes + places * Page.Bytes === pages.length) {
		holder.pages = new Uint8Array(pages.length + Page.Bytes);
		holder.pages.set(pages);
	}
	(holder.pages as Uint8Array)[id >> 11] = places + 1;
};

const pageCount = (pages: Uint8Array, page: number): number => {
	const at = Page.Count + 2 * page;
	return ((pages[at] as number) << 8) | (pages[at + 1] as number);
};

const change = (pages: Uint8Array, id: number, by: number): void => {
	const page = id >> 11;
	const count = pageCount(pages, page) + by;
	pages[Page.Count + 2 * page] = count >> 8;
	pages[Page.Count + 2 * page + 1] = count & 0xff;
};
