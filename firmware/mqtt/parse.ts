/**
 * One received packet: what is kept of it in the numbers of the session, and the checks of each
 * type that a client may receive. Works on a body in place, copies nothing. Each failed check is a
 * code, never a throw. Must not know how the bytes were gathered, nor the session.
 */

import { Code, PacketType } from "./codes";
import { Flag, Place } from "./record";
import { checkTopicBytes, readUint16 } from "./wire";

/** What a packet is kept in. */
export interface PacketHolder {
	readonly numbers: Int32Array;
	/** The bytes of the last packet or, while it comes in pieces, of its body; while needed. */
	source: Uint8Array | undefined;
}

/**
 * What a packet said, read where it is kept. Fields that a type does not have say nothing.
 * Room for MQTT 5: properties will be a range like the payload.
 */
export class Packet {
	private readonly holder: PacketHolder;

	constructor(holder: PacketHolder) {
		this.holder = holder;
	}

	get type(): number {
		return this.number(Place.PacketFirst) >> 4;
	}

	/** PUBLISH, the acks, SUBACK, UNSUBACK: 1 to 65,535; 0 for QoS 0. */
	get packetId(): number {
		return this.number(Place.PacketId);
	}

	get qos(): number {
		return (this.number(Place.PacketFirst) >> 1) & 3;
	}

	get retain(): boolean {
		return (this.number(Place.PacketFirst) & 1) !== 0;
	}

	get dup(): boolean {
		return (this.number(Place.PacketFirst) & 8) !== 0;
	}

	/** Ranges below are offsets in this buffer. */
	get buffer(): Uint8Array {
		return this.holder.source ?? new Uint8Array(0);
	}

	get topicStart(): number {
		return this.number(Place.TopicStart);
	}

	get topicEnd(): number {
		return this.number(Place.TopicEnd);
	}

	/** PUBLISH: the application's bytes. SUBACK: the return codes. */
	get payloadStart(): number {
		return payloadStart(this.holder.numbers);
	}

	get payloadEnd(): number {
		return this.number(Place.PayloadEnd);
	}

	/** CONNACK */
	get sessionPresent(): boolean {
		return (this.number(Place.Flags) & Flag.SessionPresent) !== 0;
	}

	/** CONNACK: 0 accepted, otherwise refused. */
	get returnCode(): number {
		return this.number(Place.ReturnCode);
	}

	/** PUBLISH: what `acknowledge` takes; 0 for QoS 0. The session gives it. */
	get handle(): number {
		return this.number(Place.Handle);
	}

	/** A PUBLISH that was too long: it has no topic and no payload. */
	get skipped(): boolean {
		return (this.number(Place.Flags) & Flag.PacketSkipped) !== 0;
	}

	/** Length of the whole packet. */
	get bytes(): number {
		return this.number(Place.PacketLength);
	}

	private number(place: number): number {
		return this.holder.numbers[place] as number;
	}
}

/** Where the payload of the last PUBLISH begins, or the return codes of the last SUBACK. */
export const payloadStart = (numbers: Int32Array): number => {
	const first = numbers[Place.PacketFirst] as number;
	const hasId = first >> 4 === PacketType.Publish && (first & 0x06) !== 0;
	return (numbers[Place.TopicEnd] as number) + (hasId ? 2 : 0);
};

/** Type and reserved flags of the first byte [MQTT-2.2.2-1] [MQTT-2.2.2-2]. */
export const checkFirstByte = (first: number): number => {
	const type = first >> 4;
	const flags = first & 0x0f;
	switch (type) {
		case PacketType.Publish:
			// [MQTT-3.3.1-4]
			return (flags & 0x06) === 0x06 ? Code.PublishQos3 : Code.None;
		case PacketType.Pubrel:
			return flags === 2 ? Code.None : Code.ReservedFlags;
		case PacketType.Connack:
		case PacketType.Puback:
		case PacketType.Pubrec:
		case PacketType.Pubcomp:
		case PacketType.Suback:
		case PacketType.Unsuback:
		case PacketType.Pingresp:
			return flags === 0 ? Code.None : Code.ReservedFlags;
		case 0:
		case 15:
			return Code.ReservedType;
		default:
			return Code.ClientPacket; // table 2.1, direction of flow [MQTT-4.8.0-1]
	}
};

/** Whether a remaining length is possible for the type of the first byte. */
export const checkLength = (first: number, length: number): number => {
	let fits: boolean;
	switch (first >> 4) {
		case PacketType.Publish:
			fits = length >= ((first & 0x06) === 0 ? 2 : 4);
			break;
		case PacketType.Suback:
			fits = length >= 3;
			break;
		case PacketType.Pingresp:
			fits = length === 0;
			break;
		default:
			fits = length === 2;
	}
	return fits ? Code.None : Code.WrongLength;
};

/**
 * Reads a packet whose body is buffer[body, end). First byte and length were checked. Returns
 * `Code.None` or the rule that is broken.
 */
export const parsePacket = (
	holder: PacketHolder,
	first: number,
	buffer: Uint8Array,
	body: number,
	end: number,
): number => {
	const { numbers } = holder;
	const type = first >> 4;
	numbers[Place.PacketFirst] = first;
	numbers[Place.Flags] = (numbers[Place.Flags] as number) & ~Flag.PacketSkipped;
	if (type === PacketType.Publish) return parsePublish(holder, first, buffer, body, end);
	if (type === PacketType.Connack) return parseConnack(numbers, buffer, body);
	if (type === PacketType.Pingresp) return Code.None;
	const packetId = readUint16(buffer, body);
	numbers[Place.PacketId] = packetId;
	if (packetId === 0) return Code.PacketIdZero; // [MQTT-2.3.1-1] [MQTT-2.3.1-6]
	if (type !== PacketType.Suback) return Code.None;
	holder.source = buffer;
	numbers[Place.TopicStart] = body + 2;
	numbers[Place.TopicEnd] = body + 2;
	numbers[Place.PayloadEnd] = end;
	for (let at = body + 2; at < end; at++) {
		const granted = buffer[at] as number;
		if (granted > 2 && granted !== 0x80) return Code.SubackCode; // [MQTT-3.9.3-2]
	}
	return Code.None;
};

const parsePublish = (
	holder: PacketHolder,
	first: number,
	buffer: Uint8Array,
	body: number,
	end: number,
): number => {
	const { numbers } = holder;
	const hasId = (first & 0x06) !== 0;
	const topicStart = body + 2;
	const topicEnd = topicStart + readUint16(buffer, body);
	if (topicEnd + (hasId ? 2 : 0) > end) return Code.WrongLength;
	const code = checkTopicBytes(buffer, topicStart, topicEnd);
	if (code !== Code.None) return code;
	const packetId = hasId ? readUint16(buffer, topicEnd) : 0;
	if (hasId && packetId === 0) return Code.PacketIdZero; // [MQTT-2.3.1-1]
	holder.source = buffer;
	numbers[Place.PacketId] = packetId;
	numbers[Place.TopicStart] = topicStart;
	numbers[Place.TopicEnd] = topicEnd;
	numbers[Place.PayloadEnd] = end;
	return Code.None;
};

const parseConnack = (numbers: Int32Array, buffer: Uint8Array, body: number): number => {
	const flags = buffer[body] as number;
	if (flags > 1) return Code.ConnackFlags; // section 3.2.2.1, bits 7-1
	const others = (numbers[Place.Flags] as number) & ~Flag.SessionPresent;
	numbers[Place.Flags] = flags === 1 ? others | Flag.SessionPresent : others;
	numbers[Place.ReturnCode] = buffer[body + 1] as number;
	return Code.None;
};
