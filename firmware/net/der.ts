/**
 * Reads DER (ITU-T X.690) inside one buffer, element by element, without copies. Always holds:
 * what is read lies inside the range given; anything truncated, longer than its parent or not
 * DER (indefinite or padded lengths) throws an Error with the reason. Knows no certificate.
 */

/** Tags as they appear on the wire: class and constructed bit included. */
export const enum Tag {
	Boolean = 0x01,
	Integer = 0x02,
	BitString = 0x03,
	OctetString = 0x04,
	Null = 0x05,
	ObjectIdentifier = 0x06,
	UtcTime = 0x17,
	GeneralizedTime = 0x18,
	Sequence = 0x30,
	Set = 0x31,
}

const TRUNCATED = "malformed DER: truncated";

/** A cursor. After next(), `tag`, `headerStart`, `start` and `end` describe the element read. */
export class DerReader {
	readonly bytes: Uint8Array;
	/** Where the next element begins. */
	at: number;
	/** Where the range ends that elements are read from. */
	limit: number;
	tag = 0;
	headerStart = 0;
	/** First byte of the value. */
	start = 0;
	/** Behind the last byte of the value. */
	end = 0;

	constructor(bytes: Uint8Array, at: number, limit: number) {
		this.bytes = bytes;
		this.at = at;
		this.limit = limit;
	}

	get more(): boolean {
		return this.at < this.limit;
	}

	/** Tag of the next element, -1 when there is none. */
	peek(): number {
		return this.at < this.limit ? (this.bytes[this.at] ?? -1) : -1;
	}

	/**
	 * Reads one element and steps over it. X.690 10.1: lengths take the definite form with the
	 * least number of octets. One function, because stack is short where certificates are read.
	 */
	next(): void {
		const { bytes, limit } = this;
		let { at } = this;
		if (limit - at < 2) throw new Error(TRUNCATED);
		const tag = bytes[at] ?? 0;
		if ((tag & 0x1f) === 0x1f) throw new Error("malformed DER: long tag");
		let length = bytes[at + 1] ?? 0;
		at += 2;
		if (length >= 0x80) {
			const isLong = length === 0x82;
			if (!isLong && length !== 0x81) throw new Error("malformed DER: bad length");
			if (limit - at < 2) throw new Error(TRUNCATED);
			length = bytes[at++] ?? 0;
			if (length < (isLong ? 1 : 0x80)) throw new Error("malformed DER: padded length");
			if (isLong) length = (length << 8) | (bytes[at++] ?? 0);
		}
		if (length > limit - at) throw new Error(TRUNCATED);
		this.headerStart = this.at;
		this.tag = tag;
		this.start = at;
		this.end = at + length;
		this.at = this.end;
	}

	/** Reads one element, which must have this tag. */
	expect(tag: number, what: string): void {
		if (!this.more) throw new Error(`malformed DER: no ${what}`);
		this.next();
		if (this.tag !== tag) throw new Error(`malformed DER: ${what} has tag ${this.tag}`);
	}

	/**
	 * Reads one element and goes into it: what follows is read from its value.
	 * @returns the limit before, for leave()
	 */
	enter(tag: number, what: string): number {
		if (!this.more) throw new Error(`malformed DER: no ${what}`);
		this.next();
		if (this.tag !== tag) throw new Error(`malformed DER: ${what} has tag ${this.tag}`);
		const outer = this.limit;
		this.at = this.start;
		this.limit = this.end;
		return outer;
	}

	/** Goes on behind the element entered, which must have been read wholly. */
	leave(outer: number, what: string): void {
		if (this.at !== this.limit) throw new Error(`malformed DER: extra bytes in ${what}`);
		this.limit = outer;
	}
}

/** True when both ranges hold the same bytes. */
export const sameBytes = (
	left: Uint8Array,
	leftStart: number,
	leftEnd: number,
	right: Uint8Array,
	rightStart: number,
	rightEnd: number,
): boolean => {
	const length = leftEnd - leftStart;
	if (length !== rightEnd - rightStart) return false;
	for (let i = 0; i < length; i++) {
		if (left[leftStart + i] !== right[rightStart + i]) return false;
	}
	return true;
};

/** True when the range holds exactly these bytes. */
export const rangeIs = (
	bytes: Uint8Array,
	start: number,
	end: number,
	expected: Uint8Array,
): boolean => {
	return sameBytes(bytes, start, end, expected, 0, expected.length);
};
