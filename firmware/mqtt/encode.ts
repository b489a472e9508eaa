/**
 * Packets that a client sends, written into the caller's buffer. The length of each is known
 * before its first byte is written; arguments were checked before. Allocates nothing.
 * Must not know state, time or queues.
 */

import { Code, PacketType } from "./codes";
import { payloadBytes, topicNameBytes, writeAsciiTopic } from "./validate";
import {
	copyBytes,
	Maximum,
	utf8Bytes,
	varintBytes,
	writeUint16,
	writeUtf8,
	writeVarint,
} from "./wire";

/** Flags in the first byte of a PUBLISH (MQTT 3.1.1, section 3.3.1). */
export const enum PublishFlag {
	Dup = 0x08,
	Retain = 0x01,
}

export interface SubscribeRequest {
	topic: string;
	/** 0, 1 or 2 */
	qos: number;
}

/** Length of a whole packet, fixed header included, or `Code.TooLong`. */
export const packetBytes = (remainingLength: number): number => {
	if (remainingLength > Maximum.RemainingLength) return Code.TooLong;
	return 1 + varintBytes(remainingLength) + remainingLength;
};

/** Remaining length of a PUBLISH; an id only with QoS > 0 [MQTT-2.3.1-5]. */
export const publishLength = (topicBytes: number, contentBytes: number, qos: number): number => {
	return 2 + topicBytes + (qos === 0 ? 0 : 2) + contentBytes;
};

/**
 * Writes a PUBLISH whose parts were measured; returns the offset behind it. DUP is 0: this is
 * always the first attempt [MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1].
 */
export const writePublish = (
	target: Uint8Array,
	start: number,
	topic: string,
	topicBytes: number,
	payload: Uint8Array | string,
	contentBytes: number,
	qos: number,
	retain: boolean,
	packetId: number,
): number => {
	const length = publishLength(topicBytes, contentBytes, qos);
	const at = writePublishHead(target, start, topicBytes, length, qos, retain);
	const topicEnd = writeUtf8(target, at, topic);
	return writePublishTail(target, topicEnd, payload, contentBytes, qos, packetId);
};

const writePublishHead = (
	target: Uint8Array,
	start: number,
	topicBytes: number,
	length: number,
	qos: number,
	retain: boolean,
): number => {
	target[start] = (PacketType.Publish << 4) | (qos << 1) | (retain ? PublishFlag.Retain : 0);
	return writeUint16(target, writeVarint(target, start + 1, length), topicBytes);
};

const writePublishTail = (
	target: Uint8Array,
	start: number,
	payload: Uint8Array | string,
	contentBytes: number,
	qos: number,
	packetId: number,
): number => {
	const at = qos === 0 ? start : writeUint16(target, start, packetId);
	if (typeof payload === "string") return writeUtf8(target, at, payload);
	return copyBytes(target, at, payload, 0, contentBytes);
};

/**
 * Writes a PUBLISH into target[start, end); returns the offset behind it, or a negative code:
 * invalid topic, text or QoS, or `Code.TooLong` when it does not fit. After a negative code the
 * bytes behind the first may have changed.
 */
export const encodePublish = (
	target: Uint8Array,
	start: number,
	end: number,
	topic: string,
	payload: Uint8Array | string,
	qos: number,
	retain: boolean,
	packetId: number,
): number => {
	if (qos !== 0 && qos !== 1 && qos !== 2) return Code.InvalidQos;
	const contentBytes = payloadBytes(payload);
	if (contentBytes < 0) return contentBytes;
	const length = publishLength(topic.length, contentBytes, qos);
	const bytes = packetBytes(length);
	if (bytes > 0 && bytes <= end - start) {
		const at = start + bytes - length + 2;
		const topicEnd = writeAsciiTopic(target, at, topic);
		if (topicEnd > 0) {
			writePublishHead(target, start, topicEnd - at, length, qos, retain);
			return writePublishTail(target, topicEnd, payload, contentBytes, qos, packetId);
		}
	}
	const topicBytes = topicNameBytes(topic);
	if (topicBytes < 0) return topicBytes;
	const least = packetBytes(publishLength(topicBytes, contentBytes, qos));
	if (least < 0 || least > end - start) return Code.TooLong;
	return writePublish(
		target,
		start,
		topic,
		topicBytes,
		payload,
		contentBytes,
		qos,
		retain,
		packetId,
	);
};

/** Sets DUP in a PUBLISH that goes out again [MQTT-3.3.1-1]. */
export const markRepeated = (packet: Uint8Array, start: number): void => {
	packet[start] = (packet[start] as number) | PublishFlag.Dup;
};

/** Makes a PUBLISH with QoS > 0 a new publication: another id, DUP 0. */
export const renumberPublish = (packet: Uint8Array, start: number, packetId: number): void => {
	packet[start] = (packet[start] as number) & ~PublishFlag.Dup;
	let at = start + 1;
	while ((packet[at++] as number) >= 0x80);
	const topicBytes = ((packet[at] as number) << 8) | (packet[at + 1] as number);
	writeUint16(packet, at + 2 + topicBytes, packetId);
};

/**
 * Writes PUBACK, PUBREC, PUBREL or PUBCOMP: four bytes; returns the offset behind them.
 * PUBREL carries the reserved flags 0010 [MQTT-3.6.1-1].
 */
export const writeAck = (
	target: Uint8Array,
	start: number,
	type: number,
	packetId: number,
): number => {
	target[start] = (type << 4) | (type === PacketType.Pubrel ? 2 : 0);
	target[start + 1] = 2;
	return writeUint16(target, start + 2, packetId);
};

/** Writes PINGREQ or DISCONNECT: two bytes; returns the offset behind them. */
export const writeEmpty = (target: Uint8Array, start: number, type: number): number => {
	target[start] = type << 4;
	target[start + 1] = 0;
	return start + 2;
};

/** Remaining length of a SUBSCRIBE whose filters take `filterBytes` bytes of text in all. */
export const subscribeLength = (count: number, filterBytes: number): number => {
	return 2 + 3 * count + filterBytes;
};

/** Writes a SUBSCRIBE, flags 0010 [MQTT-3.8.1-1]; returns the offset behind it. */
export const writeSubscribe = (
	target: Uint8Array,
	start: number,
	filters: readonly SubscribeRequest[],
	filterBytes: number,
	packetId: number,
): number => {
	target[start] = (PacketType.Subscribe << 4) | 2;
	let at = writeVarint(target, start + 1, subscribeLength(filters.length, filterBytes));
	at = writeUint16(target, at, packetId);
	for (let index = 0; index < filters.length; index++) {
		const filter = filters[index] as SubscribeRequest;
		at = writeString(target, at, filter.topic);
		target[at++] = filter.qos;
	}
	return at;
};

/** Remaining length of an UNSUBSCRIBE whose filters take `filterBytes` bytes of text in all. */
export const unsubscribeLength = (count: number, filterBytes: number): number => {
	return 2 + 2 * count + filterBytes;
};

/** Writes an UNSUBSCRIBE, flags 0010 [MQTT-3.10.1-1]; returns the offset behind it. */
export const writeUnsubscribe = (
	target: Uint8Array,
	start: number,
	topics: readonly string[],
	filterBytes: number,
	packetId: number,
): number => {
	target[start] = (PacketType.Unsubscribe << 4) | 2;
	let at = writeVarint(target, start + 1, unsubscribeLength(topics.length, filterBytes));
	at = writeUint16(target, at, packetId);
	for (let index = 0; index < topics.length; index++) {
		at = writeString(target, at, topics[index] as string);
	}
	return at;
};

/** Writes a text or bytes with a length of two bytes in front; returns the offset behind it. */
export const writeString = (
	target: Uint8Array,
	start: number,
	content: string | Uint8Array,
): number => {
	const text = typeof content === "string";
	const bytes = text ? utf8Bytes(content) : content.length;
	const at = writeUint16(target, start, bytes);
	return text ? writeUtf8(target, at, content) : copyBytes(target, at, content, 0, bytes);
};
