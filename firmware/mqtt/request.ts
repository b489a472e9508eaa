/**
 * What the application asks for: publish, subscribe, unsubscribe. Everything is checked before a
 * single byte is written; each returns a token over 0, or a negative code and nothing has changed.
 * Must not know when or how the packets leave.
 */

import { Code, PacketType, State } from "./codes";
import type { Core } from "./core";
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
import { QueueTokenBytes } from "./transmit";
import { payloadBytes, topicFilterBytes, topicNameBytes } from "./validate";

export function publish(
	core: Core,
	topic: string,
	payload: Uint8Array | string,
	qos: number,
	retain: boolean,
): number {
	if (qos !== 0 && qos !== 1 && qos !== 2) return Code.InvalidQos;
	const topicBytes = topicNameBytes(topic);
	if (topicBytes < 0) return topicBytes;
	const contentBytes = payloadBytes(payload);
	if (contentBytes < 0) return contentBytes;
	const length = packetBytes(publishLength(topicBytes, contentBytes, qos));
	if (length < 0) return length;
	const kept = core.kept;
	if (qos === 0) {
		const at = enqueue(core, length);
		if (at < 0) return at;
		const bytes = core.connection.queue.bytes;
		writePublish(bytes, at, topic, topicBytes, payload, contentBytes, 0, retain, 0);
		return kept.lastToken;
	}
	const outgoing = kept.outgoing;
	const room = outgoing.checkRoom(length);
	if (room < 0) return room;
	const packetId = outgoing.takeId(core.connection.requests);
	const token = kept.takeToken();
	const slot = outgoing.reserve(qos, packetId, token, length);
	const at = outgoing.offset(slot);
	writePublish(outgoing.bytes, at, topic, topicBytes, payload, contentBytes, qos, retain, packetId);
	return token;
}

export function subscribe(core: Core, filters: readonly SubscribeRequest[]): number {
	const count = filters.length;
	if (count === 0) return Code.NoFilters; // [MQTT-3.8.3-3]
	// SUBACK has to fit as well: 1 + 4 + 2 + one byte per filter.
	if (count + 7 > core.settings.receiveBytes) return Code.TooLong;
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
	if (core.event.granted.length < count) core.event.granted = new Uint8Array(count);
	writeSubscribe(core.connection.queue.bytes, at, filters, filterBytes, core.requestId);
	return core.kept.lastToken;
}

export function unsubscribe(core: Core, topics: readonly string[]): number {
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
	writeUnsubscribe(core.connection.queue.bytes, at, topics, filterBytes, core.requestId);
	return core.kept.lastToken;
}

/** A place in the table and in the queue; `core.requestId` is the packet id to write. */
function reserveRequest(core: Core, type: number, count: number, length: number): number {
	if (length < 0) return length;
	const { requests } = core.connection;
	if (!requests.hasRoom) return isOpen(core) ? Code.Full : Code.NotConnected;
	const at = enqueue(core, length);
	if (at < 0) return at;
	core.requestId = core.kept.outgoing.takeId(requests);
	requests.add(type, core.requestId, core.kept.lastToken, count);
	return at;
}

function isOpen(core: Core): boolean {
	const { state, disconnectDue } = core.connection;
	return (state === State.Opening || state === State.Up) && !disconnectDue;
}

/** Room for a packet in the queue, behind a new token; its offset or a negative code. */
export function enqueue(core: Core, length: number): number {
	if (!isOpen(core)) return Code.NotConnected;
	const queue = core.connection.queue;
	const recordBytes = QueueTokenBytes + length;
	if (recordBytes > queue.bytes.length) return Code.TooLong;
	const at = queue.allocate(recordBytes);
	if (at < 0) return Code.Full;
	const token = core.kept.takeToken();
	queue.bytes[at] = token >> 24;
	queue.bytes[at + 1] = (token >> 16) & 0xff;
	queue.bytes[at + 2] = (token >> 8) & 0xff;
	queue.bytes[at + 3] = token & 0xff;
	return at + QueueTokenBytes;
}
