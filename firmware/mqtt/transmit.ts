/**
 * Chooses what to send next and hands it out in any pieces. Order: answers that the broker waits
 * for, then PUBREL (after a reconnect in turn with the publications that go again), PINGREQ, then
 * requests and publications in the order in which they were accepted (so that a publication never
 * overtakes the SUBSCRIBE before it), then DISCONNECT. Before CONNACK only CONNECT [MQTT-3.1.0-1]
 * [MQTT-3.1.4-5]. Must not know the transport.
 */

import { Code, PacketType, State } from "./codes";
import {
	armAnswer,
	type Core,
	clearFlag,
	fail,
	hasFlag,
	Sending,
	setFlag,
	takeReply,
} from "./core";
import { arm, Deadline, isArmed } from "./deadlines";
import { answersReady, finishAnswer, nextAnswer, nextAnswerId } from "./incoming";
import {
	beginPublish,
	beginRelease,
	nextPublish,
	nextRelease,
	outgoingBytes,
	packetLength,
	packetOffset,
	publicationId,
	publicationToken,
	repeatsFirst,
	storedLength,
} from "./outgoing";
import { writePieces } from "./pieces";
import { finishQueued, firstRecordBytes, QueueTokenBytes, queuedBytes, queueToken } from "./queue";
import { Flag, Place } from "./record";
import { No } from "./table";
import { copyBytes } from "./wire";

/** Whether `transmit` has something to give. */
export const wantsTransmit = (core: Core): boolean => {
	return core.numbers[Place.SendingKind] !== Sending.Nothing || choose(core) !== Sending.Nothing;
};

/** Copies into target[start, end); returns how many bytes. */
export const transmit = (
	core: Core,
	target: Uint8Array,
	start: number,
	end: number,
	now: number,
): number => {
	const { numbers } = core;
	let at = start;
	while (at < end) {
		if (numbers[Place.SendingKind] === Sending.Nothing && !begin(core)) break;
		const sent = numbers[Place.SendAt] as number;
		const taken = Math.min((numbers[Place.SendEnd] as number) - sent, end - at);
		at = copyOut(core, target, at, sent, sent + taken);
		numbers[Place.SendAt] = sent + taken;
		if (numbers[Place.SendAt] === numbers[Place.SendEnd]) finish(core, now);
		// Answers to what went before may be late because of this packet, as long as it moves.
		else if (isArmed(numbers, Deadline.Answer)) armAnswer(core, now, true);
	}
	return at - start;
};

/** Bytes that `transmit` would give if there were room for all. */
export const transmitBytes = (core: Core): number => {
	const { numbers } = core;
	const state = numbers[Place.ConnectionState];
	const sending = numbers[Place.SendingKind];
	const connecting = state === State.Opening;
	let bytes = 0;
	if (sending !== Sending.Nothing)
		bytes = (numbers[Place.SendEnd] as number) - (numbers[Place.SendAt] as number);
	else if (state === State.Closed) return 0;
	else if (!hasFlag(core, Flag.ConnectStarted)) bytes = firstRecordBytes(core) - QueueTokenBytes;
	if (hasFlag(core, Flag.DisconnectDue) && sending !== Sending.Disconnect) bytes += 2;
	if (connecting) return bytes;
	// The answer that is being sent is still the first.
	bytes += 4 * (answersReady(core) - (sending === Sending.Answer ? 1 : 0));
	bytes += 4 * (numbers[Place.ReplyCount] as number) + outgoingBytes(core);
	if (hasFlag(core, Flag.PingDue)) bytes += 2;
	bytes += queuedBytes(numbers) - QueueTokenBytes * (numbers[Place.QueueCount] as number);
	return sending === Sending.Queue
		? bytes - (numbers[Place.SendEnd] as number) + QueueTokenBytes
		: bytes;
};

const choose = (core: Core): number => {
	const { numbers } = core;
	const state = numbers[Place.ConnectionState];
	if (state === State.Closed) return Sending.Nothing;
	if (!hasFlag(core, Flag.ConnectStarted)) return Sending.Queue;
	const last = hasFlag(core, Flag.DisconnectDue) ? Sending.Disconnect : Sending.Nothing;
	if (state === State.Opening) return last;
	if (nextAnswer(core) !== 0) return Sending.Answer;
	if ((numbers[Place.ReplyCount] as number) > 0) return Sending.Reply;
	if (nextRelease(core) !== No.Row) return repeatsFirst(core) ? Sending.Publish : Sending.Release;
	if (hasFlag(core, Flag.PingDue)) return Sending.Ping;
	const publish = nextPublish(core);
	if ((numbers[Place.QueueCount] as number) > 0) {
		if (publish === No.Row) return Sending.Queue;
		// Tokens have 31 bits: their difference, moved to the top, has the sign of the order.
		const difference = queueToken(core) - publicationToken(core, publish);
		if (difference << 1 < 0) return Sending.Queue;
	}
	return publish === No.Row ? last : Sending.Publish;
};

/** Sets up the next packet; false when there is none. */
const begin = (core: Core): boolean => {
	const { numbers } = core;
	const kind = choose(core);
	numbers[Place.SendingKind] = kind;
	numbers[Place.SendAt] = 0;
	switch (kind) {
		case Sending.Nothing:
			return false;
		case Sending.Queue:
			setFlag(core, Flag.ConnectStarted);
			numbers[Place.SendAt] = QueueTokenBytes;
			numbers[Place.SendEnd] = firstRecordBytes(core);
			break;
		case Sending.Answer: {
			const packetId = nextAnswerId(core);
			numbers[Place.Subject] = packetId;
			beginAck(numbers, nextAnswer(core), packetId);
			break;
		}
		case Sending.Reply: {
			const reply = takeReply(core);
			beginAck(numbers, reply >> 16, reply & 0xffff);
			break;
		}
		case Sending.Release: {
			const row = nextRelease(core);
			numbers[Place.Subject] = row;
			beginAck(numbers, PacketType.Pubrel, publicationId(core, row));
			beginRelease(core);
			break;
		}
		case Sending.Publish: {
			const row = nextPublish(core);
			numbers[Place.Subject] = row;
			numbers[Place.SendEnd] = packetLength(core, row);
			beginPublish(core);
			break;
		}
		case Sending.Ping:
			clearFlag(core, Flag.PingDue);
			beginEmpty(numbers, PacketType.Pingreq);
			break;
		default:
			beginEmpty(numbers, PacketType.Disconnect);
	}
	return true;
};

/** PUBACK, PUBREC, PUBREL or PUBCOMP; PUBREL has the reserved flags 0010 [MQTT-3.6.1-1]. */
const beginAck = (numbers: Int32Array, type: number, packetId: number): void => {
	const flags = type === PacketType.Pubrel ? 2 : 0;
	numbers[Place.ShortPacket] = (type << 28) | (flags << 24) | (2 << 16) | packetId;
	numbers[Place.SendEnd] = 4;
};

/** PINGREQ or DISCONNECT. */
const beginEmpty = (numbers: Int32Array, type: number): void => {
	numbers[Place.ShortPacket] = type << 28;
	numbers[Place.SendEnd] = 2;
};

/** Copies bytes [from, to) of what is being sent; returns the offset behind them. */
const copyOut = (core: Core, target: Uint8Array, at: number, from: number, to: number): number => {
	const { numbers } = core;
	const kind = numbers[Place.SendingKind];
	if (kind === Sending.Queue) {
		const base = numbers[Place.QueueHead] as number;
		return copyBytes(target, at, core.queue as Uint8Array, base + from, base + to);
	}
	if (kind === Sending.Publish) {
		const row = numbers[Place.Subject] as number;
		const base = packetOffset(core, row);
		const stored = Math.min(to, storedLength(core, row));
		let end = at;
		if (from < stored) {
			end = copyBytes(target, at, core.packets as Uint8Array, base + from, base + stored);
		}
		return stored === to ? end : writePieces(core, row, target, end, Math.max(from, stored), to);
	}
	const packet = numbers[Place.ShortPacket] as number;
	for (let index = from; index < to; index++) {
		target[at + index - from] = (packet >> (24 - 8 * index)) & 0xff;
	}
	return at + to - from;
};

/** The last byte of a packet was handed out. */
const finish = (core: Core, now: number): void => {
	const { numbers } = core;
	const kind = numbers[Place.SendingKind];
	const { keepAliveSeconds } = core;
	numbers[Place.SendingKind] = Sending.Nothing;
	if (keepAliveSeconds > 0) arm(numbers, Deadline.Ping, now, pingDelayMs(keepAliveSeconds));
	if (kind === Sending.Queue) {
		finishQueued(core, numbers[Place.SendEnd] as number);
	} else if (kind === Sending.Answer) {
		finishAnswer(core, numbers[Place.Subject] as number);
	} else if (kind === Sending.Disconnect) {
		fail(core, Code.None); // [MQTT-3.14.4-1] [MQTT-3.14.4-2]
		return;
	}
	if (numbers[Place.ConnectionState] !== State.Opening) armAnswer(core, now, false);
};

/** An eighth before the keep-alive ends: timers are late [MQTT-3.1.2-23]. */
const pingDelayMs = (keepAliveSeconds: number): number => {
	return keepAliveSeconds * 875;
};
