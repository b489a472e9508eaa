/**
 * Chooses what to send next and hands it out in any pieces. Order: answers that the broker waits
 * for, then PUBREL (after a reconnect in turn with the publications that go again), PINGREQ, then
 * requests and publications in the order in which they were accepted (so that a publication never
 * overtakes the SUBSCRIBE before it), then DISCONNECT. Before CONNACK only CONNECT [MQTT-3.1.0-1]
 * [MQTT-3.1.4-5]. Must not know the transport.
 */

import { Code, PacketType, State } from "./codes";
import { type Connection, type Core, Sending } from "./core";
import { Deadline } from "./deadlines";
import { writeAck, writeEmpty } from "./encode";
import { NoSlot } from "./slots";
import { copyBytes } from "./wire";

/** In front of each packet in the queue. */
export const QueueTokenBytes = 4;

/** Whether `transmit` has something to give. */
export function wantsTransmit(core: Core): boolean {
	return core.connection.sending !== Sending.Nothing || choose(core) !== Sending.Nothing;
}

/** Copies into target[start, end); returns how many bytes. */
export function transmit(
	core: Core,
	target: Uint8Array,
	start: number,
	end: number,
	now: number,
): number {
	const connection = core.connection;
	let at = start;
	while (at < end) {
		if (connection.sending === Sending.Nothing && !begin(core)) break;
		const { bytes, sending, subject } = connection;
		const base = sending === Sending.Publish ? core.kept.outgoing.offset(subject) : 0;
		const from = base + connection.at;
		const taken = Math.min(connection.end - connection.at, end - at);
		at = copyBytes(target, at, bytes, from, from + taken);
		connection.at += taken;
		if (connection.at === connection.end) finish(core, now);
	}
	return at - start;
}

function choose(core: Core): number {
	const { connection, kept } = core;
	const { state, queue, disconnectDue } = connection;
	if (state === State.Closed) return Sending.Nothing;
	if (!connection.connectStarted) return Sending.Queue;
	if (state === State.Opening) return disconnectDue ? Sending.Disconnect : Sending.Nothing;
	if (kept.incoming.nextAnswer !== 0) return Sending.Answer;
	if (connection.replyCount > 0) return Sending.Reply;
	if (kept.outgoing.releaseCursor !== NoSlot) {
		return kept.outgoing.repeatsFirst ? Sending.Publish : Sending.Release;
	}
	if (connection.pingDue) return Sending.Ping;
	const publish = kept.outgoing.publishCursor;
	if (queue.count > 0) {
		if (publish === NoSlot) return Sending.Queue;
		// Tokens have 31 bits: their difference, moved to the top, has the sign of the order.
		const difference = queueToken(connection) - kept.outgoing.token(publish);
		if (difference << 1 < 0) return Sending.Queue;
	}
	if (publish !== NoSlot) return Sending.Publish;
	return disconnectDue ? Sending.Disconnect : Sending.Nothing;
}

function queueToken(connection: Connection): number {
	const { bytes, head } = connection.queue;
	return (
		((bytes[head] as number) << 24) |
		((bytes[head + 1] as number) << 16) |
		((bytes[head + 2] as number) << 8) |
		(bytes[head + 3] as number)
	);
}

/** Sets up the next packet; false when there is none. */
function begin(core: Core): boolean {
	const { connection, kept } = core;
	const { incoming, outgoing } = kept;
	const scratch = connection.scratch;
	const kind = choose(core);
	connection.sending = kind;
	connection.bytes = scratch;
	connection.at = 0;
	switch (kind) {
		case Sending.Nothing:
			return false;
		case Sending.Queue:
			beginQueue(connection);
			break;
		case Sending.Answer:
			connection.subject = incoming.nextAnswerId;
			connection.end = writeAck(scratch, 0, incoming.nextAnswer, connection.subject);
			break;
		case Sending.Reply: {
			const reply = connection.takeReply();
			connection.end = writeAck(scratch, 0, reply >> 16, reply & 0xffff);
			break;
		}
		case Sending.Release: {
			const slot = outgoing.releaseCursor;
			connection.subject = slot;
			connection.end = writeAck(scratch, 0, PacketType.Pubrel, outgoing.packetId(slot));
			outgoing.beginRelease();
			break;
		}
		case Sending.Publish: {
			const slot = outgoing.publishCursor;
			connection.subject = slot;
			connection.bytes = outgoing.bytes;
			connection.end = outgoing.length(slot);
			outgoing.beginPublish();
			break;
		}
		case Sending.Ping:
			connection.pingDue = false;
			connection.end = writeEmpty(scratch, 0, PacketType.Pingreq);
			break;
		default:
			connection.end = writeEmpty(scratch, 0, PacketType.Disconnect);
	}
	return true;
}

function beginQueue(connection: Connection): void {
	const { bytes, head } = connection.queue;
	let at = head + QueueTokenBytes + 1;
	let length = 0;
	for (let shift = 0; ; shift += 7) {
		const byte = bytes[at++] as number;
		length |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	connection.connectStarted = true;
	connection.bytes = bytes;
	connection.at = head + QueueTokenBytes;
	connection.end = at + length;
}

/** The last byte of a packet was handed out. */
function finish(core: Core, now: number): void {
	const { connection, settings } = core;
	const kind = connection.sending;
	connection.sending = Sending.Nothing;
	if (settings.keepAliveSeconds > 0) {
		connection.deadlines.arm(Deadline.Ping, now, pingDelayMs(settings.keepAliveSeconds));
	}
	if (kind === Sending.Queue) {
		connection.queue.free(connection.end - connection.queue.head);
	} else if (kind === Sending.Answer) {
		core.kept.incoming.finishAnswer(connection.subject);
	} else if (kind === Sending.Disconnect) {
		core.fail(Code.None); // [MQTT-3.14.4-1] [MQTT-3.14.4-2]
		return;
	}
	if (connection.state !== State.Opening) core.armAnswer(now, false);
}

/** An eighth before the keep-alive ends: timers are late [MQTT-3.1.2-23]. */
function pingDelayMs(keepAliveSeconds: number): number {
	return keepAliveSeconds * 875;
}
