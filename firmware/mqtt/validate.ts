/**
 * Checks of what the application asks for, before anything is sent: topic names, topic filters,
 * other strings. Each returns the number of UTF-8 bytes (so that the text is walked once) or a
 * negative code; a text with more places than there may be bytes is not walked at all. Must not
 * know packets or state.
 */

import { Code } from "./codes";
import { Maximum, utf8Bytes } from "./wire";

const enum Const {
	Hash = 0x23,
	Plus = 0x2b,
	Slash = 0x2f,
}

/**
 * Bytes of a topic name to publish to. At least one character [MQTT-4.7.3-1], no wildcard
 * [MQTT-3.3.2-2], no NUL [MQTT-4.7.3-2], Unicode that UTF-8 can carry [MQTT-1.5.3-1], at most
 * 65,535 bytes [MQTT-4.7.3-3].
 */
export const topicNameBytes = (topic: string): number => {
	const places = topic.length;
	if (places === 0) return Code.InvalidTopic;
	if (places > Maximum.TextBytes) return Code.TooLong;
	let ascii = true;
	for (let place = 0; place < places; place++) {
		const point = topic.codePointAt(place) as number;
		if (point === 0 || point === Const.Hash || point === Const.Plus) return Code.InvalidTopic;
		if (point >= 0x80) ascii = false;
	}
	return checkBytes(ascii ? places : utf8Bytes(topic));
};

/**
 * Checks and writes in one walk a topic name that is plain ASCII, as most are. Returns the offset
 * behind it, or -1 when it is not, or not valid: then `topicNameBytes` says what it is.
 */
export const writeAsciiTopic = (target: Uint8Array, offset: number, topic: string): number => {
	const places = topic.length;
	if (places === 0 || places > Maximum.TextBytes) return -1;
	for (let place = 0; place < places; place++) {
		const unit = topic.charCodeAt(place);
		if (unit >= 0x80 || unit === 0 || unit === Const.Hash || unit === Const.Plus) return -1;
		target[offset + place] = unit;
	}
	return offset + places;
};

/**
 * Bytes of a topic filter. `#` alone or behind a `/`, and last [MQTT-4.7.1-2]; `+` alone in its
 * level [MQTT-4.7.1-3]; the rest as for names.
 */
export const topicFilterBytes = (filter: string): number => {
	const places = filter.length;
	if (places === 0) return Code.InvalidFilter;
	if (places > Maximum.TextBytes) return Code.TooLong;
	let before = Const.Slash;
	for (let place = 0; place < places; place++) {
		const point = filter.codePointAt(place) as number;
		if (point === 0) return Code.InvalidFilter;
		if (point === Const.Hash && (before !== Const.Slash || place !== places - 1))
			return Code.InvalidFilter;
		if (point === Const.Plus && before !== Const.Slash) return Code.InvalidFilter;
		if (before === Const.Plus && point !== Const.Slash) return Code.InvalidFilter;
		// A plus is only remembered where it stood alone so far; both tests above need no more.
		before = point;
	}
	return checkBytes(utf8Bytes(filter));
};

/** Bytes of any other string: client id, user name [MQTT-3.1.3-4] [MQTT-3.1.3-11]. */
export const textBytes = (text: string): number => {
	const places = text.length;
	if (places > Maximum.TextBytes) return Code.TooLong;
	for (let place = 0; place < places; place++) {
		if (text.codePointAt(place) === 0) return Code.InvalidText;
	}
	return checkBytes(utf8Bytes(text));
};

/** Bytes of a payload or of a password: any bytes, or any text that UTF-8 can carry. */
export const payloadBytes = (payload: Uint8Array | string): number => {
	if (typeof payload !== "string") return payload.length;
	const bytes = utf8Bytes(payload);
	return bytes < 0 ? Code.InvalidText : bytes;
};

const checkBytes = (bytes: number): number => {
	if (bytes < 0) return Code.InvalidText;
	return bytes > Maximum.TextBytes ? Code.TooLong : bytes;
};
