/**
 * Packets that go out once, in order, and are forgotten: CONNECT, SUBSCRIBE, UNSUBSCRIBE, PUBLISH
 * with QoS 0. One block of bytes that exists while a packet waits, and grows by need up to
 * `transmitBytes`. Part of the connection. A record is the token (4 bytes) and the packet; the
 * block may move while the first one is being sent, so that is counted from its beginning.
 * Must not know what is in the packets but their length.
 */

import { blockBytes } from "./block";
import { Code } from "./codes";
import { Place } from "./record";
import { copyBytes } from "./wire";

/** What the packets are kept in. */
export interface QueueHolder {
	readonly numbers: Int32Array;
	queue: Uint8Array | undefined;
}

/** In front of each packet. */
export const QueueTokenBytes = 4;

/** `Code.TooLong` when a packet of that length can never fit, `Code.Full` when not now, or 0. */
export const checkQueueRoom = (holder: QueueHolder, length: number): number => {
	const { numbers } = holder;
	const maximum = numbers[Place.TransmitBytes] as number;
	const recordBytes = QueueTokenBytes + length;
	if (recordBytes > maximum) return Code.TooLong;
	return queuedBytes(numbers) + recordBytes > maximum ? Code.Full : Code.None;
};

/** Takes `length` bytes, which `checkQueueRoom` allowed; returns the offset of the packet. */
export const queuePacket = (holder: QueueHolder, token: number, length: number): number => {
	const { numbers } = holder;
	const recordBytes = QueueTokenBytes + length;
	const queue = makeRoom(holder, recordBytes);
	const at = numbers[Place.QueueTail] as number;
	queue[at] = token >> 24;
	queue[at + 1] = (token >> 16) & 0xff;
	queue[at + 2] = (token >> 8) & 0xff;
	queue[at + 3] = token & 0xff;
	numbers[Place.QueueTail] = at + recordBytes;
	numbers[Place.QueueCount] = (numbers[Place.QueueCount] as number) + 1;
	return at + QueueTokenBytes;
};

/** Token of the first record. */
export const queueToken = (holder: QueueHolder): number => {
	const queue = holder.queue as Uint8Array;
	const head = holder.numbers[Place.QueueHead] as number;
	return (
		((queue[head] as number) << 24) |
		((queue[head + 1] as number) << 16) |
		((queue[head + 2] as number) << 8) |
		(queue[head + 3] as number)
	);
};

/** Length of the first record, its token included. */
export const firstRecordBytes = (holder: QueueHolder): number => {
	const queue = holder.queue as Uint8Array;
	const head = holder.numbers[Place.QueueHead] as number;
	let at = head + QueueTokenBytes + 1;
	let length = 0;
	for (let shift = 0; ; shift += 7) {
		const byte = queue[at++] as number;
		length |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	return at + length - head;
};

/** The first record has left. */
export const finishQueued = (holder: QueueHolder, recordBytes: number): void => {
	const { numbers } = holder;
	const count = (numbers[Place.QueueCount] as number) - 1;
	if (count === 0) {
		clearQueue(holder);
		return;
	}
	numbers[Place.QueueCount] = count;
	numbers[Place.QueueHead] = (numbers[Place.QueueHead] as number) + recordBytes;
};

export const clearQueue = (holder: QueueHolder): void => {
	const { numbers } = holder;
	holder.queue = undefined;
	numbers[Place.QueueHead] = 0;
	numbers[Place.QueueTail] = 0;
	numbers[Place.QueueCount] = 0;
};

/** Bytes of all records. */
export const queuedBytes = (numbers: Int32Array): number => {
	return (numbers[Place.QueueTail] as number) - (numbers[Place.QueueHead] as number);
};

/** The block, with room behind its last record. */
const makeRoom = (holder: QueueHolder, recordBytes: number): Uint8Array => {
	const { numbers, queue } = holder;
	const head = numbers[Place.QueueHead] as number;
	const tail = numbers[Place.QueueTail] as number;
	if (queue !== undefined && tail + recordBytes <= queue.length) return queue;
	const used = tail - head;
	numbers[Place.QueueHead] = 0;
	numbers[Place.QueueTail] = used;
	if (queue !== undefined && used + recordBytes <= queue.length) {
		queue.copyWithin(0, head, tail);
		return queue;
	}
	const maximum = numbers[Place.TransmitBytes] as number;
	const larger = new Uint8Array(blockBytes(queue, used + recordBytes, maximum));
	if (queue !== undefined) copyBytes(larger, 0, queue, head, tail);
	holder.queue = larger;
	return larger;
};
