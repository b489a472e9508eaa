/**
 * A set of packet ids, 1 to 65,535: the incoming QoS 2 messages whose PUBREC has gone and whose
 * PUBREL has not come. It has to take any id at any time: refusing one would stop the stream in
 * front of the very PUBREL that makes room. So it is a bitmap, in pages of 2,048 ids that are made
 * on first use: nothing before the first QoS 2 message, 352 bytes for ids in a row, and at most
 * 8,288 bytes however many ids a broker leaves open. An empty page is used again.
 * Must not know what the ids stand for.
 */

const PageBits = 2048;
const PageBytes = PageBits / 8;
const PageCount = 65_536 / PageBits;
/** Behind the directory of places: ids per page, two bytes each. */
const CountsOffset = PageCount;
const HeaderBytes = PageCount * 3;

export class IdSet {
	/** Ids in the set. */
	count = 0;
	/** Directory (page number to place + 1), counts, then the pages. Empty until needed. */
	private store: Uint8Array = new Uint8Array(0);

	has(id: number): boolean {
		if (this.count === 0) return false;
		const at = this.find(id);
		return at >= 0 && ((this.store[at] as number) & (1 << (id & 7))) !== 0;
	}

	add(id: number): void {
		if (this.has(id)) return;
		let at = this.count === 0 && this.store.length === 0 ? -1 : this.find(id);
		if (at < 0) {
			this.openPage(id);
			at = this.find(id);
		}
		this.store[at] = (this.store[at] as number) | (1 << (id & 7));
		this.change(id, 1);
	}

	delete(id: number): boolean {
		if (!this.has(id)) return false;
		const at = this.find(id);
		this.store[at] = (this.store[at] as number) & ~(1 << (id & 7));
		this.change(id, -1);
		return true;
	}

	/** The least id over `id` in the set, or 0. `next(0)` is the first. */
	next(id: number): number {
		for (let candidate = id + 1; candidate < 65_536; candidate++) {
			if (this.has(candidate)) return candidate;
		}
		return 0;
	}

	clear(): void {
		this.store.fill(0);
		this.count = 0;
	}

	/** Offset of the byte that holds the id, or -1 when its page does not exist. */
	private find(id: number): number {
		const place = this.store[id >> 11] as number;
		if (place === 0) return -1;
		return HeaderBytes + (place - 1) * PageBytes + ((id & (PageBits - 1)) >> 3);
	}

	/** A place for the page of `id`: that of an empty page, else one more. */
	private openPage(id: number): void {
		const length = this.store.length;
		if (length === 0) this.store = new Uint8Array(HeaderBytes + PageBytes);
		const store = this.store;
		let places = 0;
		for (let page = 0; page < PageCount; page++) {
			const place = store[page] as number;
			if (place === 0) continue;
			places += 1;
			if (this.pageCount(page) === 0) {
				store[page] = 0;
				store[id >> 11] = place;
				return;
			}
		}
		if (HeaderBytes + places * PageBytes === store.length) {
			this.store = new Uint8Array(store.length + PageBytes);
			this.store.set(store);
		}
		this.store[id >> 11] = places + 1;
	}

	private pageCount(page: number): number {
		const at = CountsOffset + 2 * page;
		return ((this.store[at] as number) << 8) | (this.store[at + 1] as number);
	}

	private change(id: number, by: number): void {
		const page = id >> 11;
		const count = this.pageCount(page) + by;
		this.store[CountsOffset + 2 * page] = count >> 8;
		this.store[CountsOffset + 2 * page + 1] = count & 0xff;
		this.count += by;
	}
}
