/**
 * The representations of data on the wire: remaining length, 16-bit integers, UTF-8 strings.
 * Writers never check room: callers measure first, and every packet's length is known before its
 * first byte is written. Works alike where strings are UTF-16 (Node) and where they are UTF-8 (XS):
 * no length of a string is ever taken for a number of bytes. Must not know any packet.
 */

import { Code } from "./codes";

export const enum Maximum {
	/** 0xFF 0xFF 0xFF 0x7F (MQTT 3.1.1, table 2.4). */
	RemainingLength = 268_435_455,
	/** A UTF-8 string carries its length in two bytes [MQTT-4.7.3-3]. */
	TextBytes = 65_535,
}

/** Places that one character beyond the basic plane takes in a string: 2 in UTF-16, 1 in XS. */
const AstralPlaces = "\u{1F600}".length;

const enum Const {
	/** From here on a call of `set` costs less than a loop over bytes. */
	SetThresholdBytes = 16,
	/** Beyond this a view (4 slots in XS) costs less than a loop over bytes. */
	ViewThresholdBytes = 96,
}

/** Bytes that a remaining length takes, 1 to 4. */
export const varintBytes = (value: number): number => {
	if (value < 0x80) return 1;
	if (value < 0x4000) return 2;
	return value < 0x200000 ? 3 : 4;
};

/** Writes a remaining length, 0 to 268,435,455; returns the offset behind it. */
export const writeVarint = (target: Uint8Array, offset: number, value: number): number => {
	let at = offset;
	let rest = value;
	while (rest >= 0x80) {
		target[at++] = (rest & 0x7f) | 0x80;
		rest >>>= 7;
	}
	target[at++] = rest;
	return at;
};

/** Writes 16 bits, most significant byte first; returns the offset behind them. */
export const writeUint16 = (target: Uint8Array, offset: number, value: number): number => {
	target[offset] = value >> 8;
	target[offset + 1] = value & 0xff;
	return offset + 2;
};

/** Reads 16 bits, most significant byte first. */
export const readUint16 = (source: Uint8Array, offset: number): number => {
	return ((source[offset] as number) << 8) | (source[offset + 1] as number);
};

/** UTF-8 bytes of a text, or -1 when it holds a surrogate alone, which UTF-8 cannot carry. */
export const utf8Bytes = (text: string): number => {
	const places = text.length;
	let bytes = 0;
	for (let place = 0; place < places; place++) {
		const point = text.codePointAt(place) as number;
		if (point < 0x80) bytes += 1;
		else if (point < 0x800) bytes += 2;
		else if (point >= 0x10000) {
			bytes += 4;
			place += AstralPlaces - 1;
		} else if (point >= 0xd800 && point < 0xe000) return -1;
		else bytes += 3;
	}
	return bytes;
};

/** Writes a text as UTF-8 without its length; returns the offset behind it. */
export const writeUtf8 = (target: Uint8Array, offset: number, text: string): number => {
	const places = text.length;
	let at = offset;
	for (let place = 0; place < places; place++) {
		const point = text.codePointAt(place) as number;
		if (point < 0x80) {
			target[at++] = point;
			continue;
		}
		if (point < 0x800) {
			target[at++] = 0xc0 | (point >> 6);
		} else {
			if (point < 0x10000) {
				target[at++] = 0xe0 | (point >> 12);
			} else {
				target[at++] = 0xf0 | (point >> 18);
				target[at++] = 0x80 | ((point >> 12) & 0x3f);
				place += AstralPlaces - 1;
			}
			target[at++] = 0x80 | ((point >> 6) & 0x3f);
		}
		target[at++] = 0x80 | (point & 0x3f);
	}
	return at;
};

/**
 * Length of the well-formed UTF-8 sequence of two or more bytes at `at`, or 0 when it is
 * ill-formed: overlong, a surrogate, over U+10FFFF, cut, or a lone continuation byte
 * [MQTT-1.5.3-1]; RFC 3629, section 4.
 */
const sequenceBytes = (source: Uint8Array, at: number, end: number): number => {
	const first = source[at] as number;
	if (first < 0xc2 || first > 0xf4) return 0;
	const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (at + length > end) return 0;
	const second = source[at + 1] as number;
	let low = 0x80;
	let high = 0xbf;
	if (first === 0xe0) low = 0xa0;
	else if (first === 0xed) high = 0x9f;
	else if (first === 0xf0) low = 0x90;
	else if (first === 0xf4) high = 0x8f;
	if (second < low || second > high) return 0;
	for (let index = 2; index < length; index++) {
		if (((source[at + index] as number) & 0xc0) !== 0x80) return 0;
	}
	return length;
};

/** Whether the bytes are well-formed UTF-8. NUL is allowed here: payloads may hold it. */
export const isUtf8 = (source: Uint8Array, start: number, end: number): boolean => {
	for (let at = start; at < end; ) {
		if ((source[at] as number) < 0x80) {
			at += 1;
			continue;
		}
		const length = sequenceBytes(source, at, end);
		if (length === 0) return false;
		at += length;
	}
	return true;
};

/**
 * Checks a received topic name; returns `Code.None` or the rule that it breaks: at least one
 * character [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2], no NUL [MQTT-1.5.3-2], well-formed UTF-8
 * [MQTT-1.5.3-1].
 */
export const checkTopicBytes = (source: Uint8Array, start: number, end: number): number => {
	if (start >= end) return Code.TopicEmpty;
	for (let at = start; at < end; ) {
		const byte = source[at] as number;
		if (byte < 0x80) {
			if (byte === 0x23 || byte === 0x2b) return Code.TopicWildcard;
			if (byte === 0) return Code.TopicNul;
			at += 1;
			continue;
		}
		const length = sequenceBytes(source, at, end);
		if (length === 0) return Code.TopicUtf8;
		at += length;
	}
	return Code.None;
};

/** Text of well-formed UTF-8 bytes; U+FEFF at the start stays [MQTT-1.5.3-3]. */
export const readUtf8 = (source: Uint8Array, start: number, end: number): string => {
	if (AstralPlaces === 1) {
		return String.fromArrayBuffer(source.slice(start, end).buffer);
	}
	let text = "";
	for (let at = start; at < end; ) {
		const first = source[at++] as number;
		if (first < 0x80) {
			text += String.fromCharCode(first);
			continue;
		}
		let more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		let point = first & (0x3f >> more);
		for (; more > 0; more--) point = (point << 6) | ((source[at++] as number) & 0x3f);
		text += String.fromCodePoint(point);
	}
	return text;
};

/** Copies source[start, end) to target[at, …); returns the offset behind it. */
export const copyBytes = (
	target: Uint8Array,
	at: number,
	source: Uint8Array,
	start: number,
	end: number,
): number => {
	const length = end - start;
	if (length === source.length && length >= Const.SetThresholdBytes) {
		target.set(source, at);
	} else if (length > Const.ViewThresholdBytes) {
		target.set(source.subarray(start, end), at);
	} else {
		for (let index = 0; index < length; index++)
			target[at + index] = source[start + index] as number;
	}
	return at + length;
};
