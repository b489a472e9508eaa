/**
 * What the application asks for: publish, subscribe, unsubscribe. Everything is checked before a
 * single byte is written; each returns a token over 0, or a negative code and nothing has changed.
 * Must not know when or how the packets leave.
 */

import { Code, PacketType, State } from "./codes";
import { type Core, hasFlag, takeToken } from "./core";
import {
	packetBytes,
	publishLength,
	type SubscribeRequest,
	subscribeLength,
	unsubscribeLength,
	writePublish,
	writeSubscribe,
	writeUnsubscribe,
} from "./encode";
import { checkOutgoingRoom, packetOffset, reserveOutgoing, takePacketId } from "./outgoing";
import { checkQueueRoom, queuePacket } from "./queue";
import { Flag, Place } from "./record";
import { addRequest, hasRequestRoom } from "./requests";
import { payloadBytes, topicFilterBytes, topicNameBytes } from "./validate";

export const publish = (
	core: Core,
	topic: string,
	payload: Uint8Array | string,
	qos: number,
	retain: boolean,
): number => {
	if (qos !== 0 && qos !== 1 && qos !== 2) return Code.InvalidQos;
	const topicBytes = topicNameBytes(topic);
	if (topicBytes < 0) return topicBytes;
	const contentBytes = payloadBytes(payload);
	if (contentBytes < 0) return contentBytes;
	const length = packetBytes(publishLength(topicBytes, contentBytes, qos));
	if (length < 0) return length;
	if (qos === 0) {
		const at = enqueue(core, length);
		if (at < 0) return at;
		const queue = core.queue as Uint8Array;
		writePublish(queue, at, topic, topicBytes, payload, contentBytes, 0, retain, 0);
		return core.numbers[Place.LastToken] as number;
	}
	const room = checkOutgoingRoom(core, length);
	if (room < 0) return room;
	const packetId = takePacketId(core);
	const token = takeToken(core);
	const at = packetOffset(core, reserveOutgoing(core, qos, packetId, token, length));
	const packets = core.packets as Uint8Array;
	writePublish(packets, at, topic, topicBytes, payload, contentBytes, qos, retain, packetId);
	return token;
};

export const subscribe = (core: Core, filters: readonly SubscribeRequest[]): number => {
	const count = filters.length;
	if (count === 0) return Code.NoFilters; // [MQTT-3.8.3-3]
	// SUBACK has to fit as well: 1 + 4 + 2 + one byte per filter.
	if (count + 7 > (core.numbers[Place.ReceiveBytes] as number)) return Code.TooLong;
	let filterBytes = 0;
	for (let index = 0; index < count; index++) {
		const filter = filters[index] as SubscribeRequest;
		const { qos } = filter;
		if (qos !== 0 && qos !== 1 && qos !== 2) return Code.InvalidQos; // [MQTT-3.8.3-4]
		const bytes = topicFilterBytes(filter.topic);
		if (bytes < 0) return bytes;
		filterBytes += bytes;
	}
	const length = packetBytes(subscribeLength(count, filterBytes));
	const at = reserveRequest(core, PacketType.Subscribe, count, length);
	if (at < 0) return at;
	const packetId = core.numbers[Place.LastPacketId] as number;
	writeSubscribe(core.queue as Uint8Array, at, filters, filterBytes, packetId);
	return core.numbers[Place.LastToken] as number;
};

export const unsubscribe = (core: Core, topics: readonly string[]): number => {
	const count = topics.length;
	if (count === 0) return Code.NoFilters; // [MQTT-3.10.3-2]
	let filterBytes = 0;
	for (let index = 0; index < count; index++) {
		const bytes = topicFilterBytes(topics[index] as string);
		if (bytes < 0) return bytes;
		filterBytes += bytes;
	}
	const length = packetBytes(unsubscribeLength(count, filterBytes));
	const at = reserveRequest(core, PacketType.Unsubscribe, count, length);
	if (at < 0) return at;
	const packetId = core.numbers[Place.LastPacketId] as number;
	writeUnsubscribe(core.queue as Uint8Array, at, topics, filterBytes, packetId);
	return core.numbers[Place.LastToken] as number;
};

/** A place in the table and in the queue; its packet id is the last one that was taken. */
const reserveRequest = (core: Core, type: number, count: number, length: number): number => {
	if (length < 0) return length;
	if (!hasRequestRoom(core)) return isOpen(core) ? Code.Full : Code.NotConnected;
	const at = enqueue(core, length);
	if (at < 0) return at;
	addRequest(core, type, takePacketId(core), core.numbers[Place.LastToken] as number, count);
	return at;
};

const isOpen = (core: Core): boolean => {
	const state = core.numbers[Place.ConnectionState];
	return (state === State.Opening || state === State.Up) && !hasFlag(core, Flag.DisconnectDue);
};

/** Room for a packet in the queue, behind a new token; its offset or a negative code. */
export const enqueue = (core: Core, length: number): number => {
	if (!isOpen(core)) return Code.NotConnected;
	const room = checkQueueRoom(core, length);
	return room < 0 ? room : queuePacket(core, takeToken(core), length);
};
