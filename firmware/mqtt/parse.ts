/**
 * One received packet: the reused record and the checks of each type that a client may receive.
 * Works on a whole packet in place, copies nothing. Each failed check is a code, never a throw.
 * Must not know how the bytes were gathered, nor the session.
 */

import { Code, PacketType } from "./codes";
import { checkTopicBytes, readUint16 } from "./wire";

/**
 * What a packet said. Fields that a type does not have keep what an earlier packet said.
 * Room for MQTT 5: properties will be a range like the payload.
 */
export class Packet {
	type = 0;
	/** PUBLISH, the acks, SUBACK, UNSUBACK: 1 to 65,535; 0 for QoS 0. */
	packetId = 0;
	qos = 0;
	retain = false;
	dup = false;
	/** Ranges below are offsets in this buffer. */
	buffer: Uint8Array = new Uint8Array(0);
	topicStart = 0;
	topicEnd = 0;
	/** PUBLISH: the application's bytes. SUBACK: the return codes. */
	payloadStart = 0;
	payloadEnd = 0;
	/** CONNACK */
	sessionPresent = false;
	/** CONNACK: 0 accepted, otherwise refused. */
	returnCode = 0;
	/** PUBLISH: what `acknowledge` takes; 0 for QoS 0. The session gives it. */
	handle = 0;
	/** A PUBLISH that was too long: it has no topic and no payload. */
	skipped = false;
	/** Length of the whole packet. */
	bytes = 0;
}

/** Type and reserved flags of the first byte [MQTT-2.2.2-1] [MQTT-2.2.2-2]. */
export function checkFirstByte(first: number): number {
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
}

/** Whether a remaining length is possible for the type of the first byte. */
export function checkLength(first: number, length: number): number {
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
}

/**
 * Reads a packet that lies whole in buffer[start, end), its body from `body` on. First byte and
 * length were checked. Returns `Code.None` or the rule that is broken.
 */
export function parsePacket(
	packet: Packet,
	buffer: Uint8Array,
	start: number,
	body: number,
	end: number,
): number {
	const first = buffer[start] as number;
	const type = first >> 4;
	packet.type = type;
	packet.skipped = false;
	packet.bytes = end - start;
	if (type === PacketType.Publish) return parsePublish(packet, buffer, first, body, end);
	if (type === PacketType.Connack) return parseConnack(packet, buffer, body);
	if (type === PacketType.Pingresp) return Code.None;
	packet.packetId = readUint16(buffer, body);
	if (packet.packetId === 0) return Code.PacketIdZero; // [MQTT-2.3.1-1] [MQTT-2.3.1-6]
	if (type !== PacketType.Suback) return Code.None;
	packet.buffer = buffer;
	packet.payloadStart = body + 2;
	packet.payloadEnd = end;
	for (let at = body + 2; at < end; at++) {
		const granted = buffer[at] as number;
		if (granted > 2 && granted !== 0x80) return Code.SubackCode; // [MQTT-3.9.3-2]
	}
	return Code.None;
}

/** First byte of a PUBLISH into the record. */
export function parseFlags(packet: Packet, first: number): void {
	packet.qos = (first >> 1) & 3;
	packet.retain = (first & 1) !== 0;
	packet.dup = (first & 8) !== 0;
}

function parsePublish(
	packet: Packet,
	buffer: Uint8Array,
	first: number,
	body: number,
	end: number,
): number {
	parseFlags(packet, first);
	const topicStart = body + 2;
	const topicEnd = topicStart + readUint16(buffer, body);
	const payloadStart = packet.qos === 0 ? topicEnd : topicEnd + 2;
	if (payloadStart > end) return Code.WrongLength;
	const code = checkTopicBytes(buffer, topicStart, topicEnd);
	if (code !== Code.None) return code;
	packet.packetId = 0;
	if (packet.qos !== 0) {
		packet.packetId = readUint16(buffer, topicEnd);
		if (packet.packetId === 0) return Code.PacketIdZero; // [MQTT-2.3.1-1]
	}
	packet.buffer = buffer;
	packet.topicStart = topicStart;
	packet.topicEnd = topicEnd;
	packet.payloadStart = payloadStart;
	packet.payloadEnd = end;
	return Code.None;
}

function parseConnack(packet: Packet, buffer: Uint8Array, body: number): number {
	const flags = buffer[body] as number;
	if (flags > 1) return Code.ConnackFlags; // section 3.2.2.1, bits 7-1
	packet.sessionPresent = flags === 1;
	packet.returnCode = buffer[body + 1] as number;
	return Code.None;
}
