/**
 * Cuts received bytes into packets, whatever their split. A packet that lies whole in the caller's
 * buffer is read there, without a copy; the body of one that comes in pieces is gathered in a
 * buffer of just its length; a PUBLISH over `receiveBytes` is skipped, keeping its id. The same
 * bytes give the same packets however they are split. Never throws. Must not know the session.
 *
 * `hold` says that there is no room for another PUBLISH with QoS > 0. Then its last byte (or all
 * of it) stays with the caller, so that whoever owns the bytes sees that some are left.
 */

import { Code, PacketType } from "./codes";
import { checkFirstByte, checkLength, type PacketHolder, parsePacket } from "./parse";
import { Flag, Place } from "./record";
import { copyBytes } from "./wire";

const enum Const {
	MaximumHeaderBytes = 5,
}

/** What came of a call, if not the code of a rule that the bytes broke. */
export const enum Decoded {
	/** All bytes were taken, and there is no packet yet. */
	More = 0,
	/** A packet: it can be read until the next call. */
	Packet = 1,
	/** Stopped because of `hold`. */
	Held = 2,
}

/** Forgets a packet in pieces: a new connection. */
export const resetDecoder = (numbers: Int32Array): void => {
	numbers[Place.HeaderBytes] = 0;
	numbers[Place.DecodeResult] = Decoded.More;
	numbers[Place.Flags] = (numbers[Place.Flags] as number) & ~(Flag.InBody | Flag.Skipping);
};

/** Lets go of the last packet's bytes. */
export const releasePacket = (holder: PacketHolder): void => {
	if (holder.numbers[Place.HeaderBytes] === 0) holder.source = undefined;
};

/**
 * Takes bytes up to the end of one packet; returns how many of buffer[start, end), and leaves in
 * the record what came of it. After a code only `resetDecoder` helps.
 */
export const decode = (
	holder: PacketHolder,
	buffer: Uint8Array,
	start: number,
	end: number,
	hold: boolean,
): number => {
	const { numbers } = holder;
	numbers[Place.DecodeResult] = Decoded.More;
	if (numbers[Place.HeaderBytes] !== 0 || end - start < 2) {
		return gather(holder, buffer, start, end, hold) - start;
	}
	const first = buffer[start] as number;
	const receiveBytes = numbers[Place.ReceiveBytes] as number;
	let length = buffer[start + 1] as number;
	let body = start + 2;
	if (length >= 0x80) {
		length &= 0x7f;
		for (let shift = 7; ; shift += 7) {
			// Cut or over four bytes: the slow path sorts that out.
			const byte = body < end && shift <= 21 ? (buffer[body++] as number) : -1;
			length = byte < 0 ? receiveBytes : length | ((byte & 0x7f) << shift);
			if (byte < 0x80) break;
		}
	}
	const last = body + length;
	if (last > end || last - start > receiveBytes) {
		return gather(holder, buffer, start, end, hold) - start;
	}
	if (hold && first >> 4 === PacketType.Publish && (first & 0x06) !== 0) {
		numbers[Place.DecodeResult] = Decoded.Held;
		return 0;
	}
	let code = checkFirstByte(first);
	if (code === Code.None) code = checkLength(first, length);
	if (code === Code.None) code = parsePacket(holder, first, buffer, body, last);
	numbers[Place.PacketLength] = last - start;
	numbers[Place.DecodeResult] = code === Code.None ? Decoded.Packet : code;
	return last - start;
};

/** The slow path; returns the offset behind the last byte taken. */
const gather = (
	holder: PacketHolder,
	buffer: Uint8Array,
	start: number,
	end: number,
	hold: boolean,
): number => {
	const { numbers } = holder;
	let at = start;
	while (((numbers[Place.Flags] as number) & Flag.InBody) === 0) {
		if (at >= end) return at;
		takeHeaderByte(holder, buffer[at++] as number);
		if (numbers[Place.DecodeResult] !== Decoded.More) return at;
	}
	const flags = numbers[Place.Flags] as number;
	if ((flags & Flag.Skipping) !== 0) return skip(holder, buffer, at, end, hold);
	const first = numbers[Place.FirstByte] as number;
	const filled = numbers[Place.BodyAt] as number;
	const missing = (numbers[Place.BodyBytes] as number) - filled;
	let taken = end - at;
	if (taken >= missing) {
		taken = missing;
		if (hold && first >> 4 === PacketType.Publish && (first & 0x06) !== 0) {
			taken -= 1;
			numbers[Place.DecodeResult] = Decoded.Held;
		}
	}
	copyBytes(holder.source as Uint8Array, filled, buffer, at, at + taken);
	numbers[Place.BodyAt] = filled + taken;
	if (taken === missing) finish(holder);
	return at + taken;
};

const takeHeaderByte = (holder: PacketHolder, byte: number): void => {
	const { numbers } = holder;
	const index = numbers[Place.HeaderBytes] as number;
	numbers[Place.HeaderBytes] = index + 1;
	if (index === 0) {
		numbers[Place.FirstByte] = byte;
		numbers[Place.BodyBytes] = 0;
		numbers[Place.DecodeResult] = checkFirstByte(byte);
		return;
	}
	const length = (numbers[Place.BodyBytes] as number) | ((byte & 0x7f) << (7 * (index - 1)));
	numbers[Place.BodyBytes] = length;
	if (byte >= 0x80) {
		// Section 2.2.3: at most four bytes.
		if (index === Const.MaximumHeaderBytes - 1)
			numbers[Place.DecodeResult] = Code.RemainingLengthOverflow;
		return;
	}
	const first = numbers[Place.FirstByte] as number;
	const code = checkLength(first, length);
	numbers[Place.DecodeResult] = code;
	if (code !== Code.None) return;
	numbers[Place.BodyAt] = 0;
	const total = index + 1 + length;
	if (total <= (numbers[Place.ReceiveBytes] as number)) {
		numbers[Place.Flags] = (numbers[Place.Flags] as number) | Flag.InBody;
		if (length === 0) finish(holder);
		else holder.source = new Uint8Array(length);
	} else if (first >> 4 === PacketType.Publish) {
		numbers[Place.Flags] = (numbers[Place.Flags] as number) | Flag.InBody | Flag.Skipping;
		numbers[Place.SkippedTopicBytes] = 0;
	} else {
		numbers[Place.DecodeResult] = Code.PacketTooLong;
	}
};

/** The body is complete. */
const finish = (holder: PacketHolder): void => {
	const { numbers, source } = holder;
	const length = numbers[Place.BodyBytes] as number;
	numbers[Place.PacketLength] = (numbers[Place.HeaderBytes] as number) + length;
	numbers[Place.HeaderBytes] = 0;
	numbers[Place.Flags] = (numbers[Place.Flags] as number) & ~Flag.InBody;
	const code = parsePacket(
		holder,
		numbers[Place.FirstByte] as number,
		source as Uint8Array,
		0,
		length,
	);
	numbers[Place.DecodeResult] = code === Code.None ? Decoded.Packet : code;
};

/**
 * Skips a PUBLISH. Of its body only the length of the topic and the id are looked at; the topic
 * is not checked, as nobody will see it.
 */
const skip = (
	holder: PacketHolder,
	buffer: Uint8Array,
	start: number,
	end: number,
	hold: boolean,
): number => {
	const { numbers } = holder;
	const hasId = ((numbers[Place.FirstByte] as number) & 0x06) !== 0;
	const bodyBytes = numbers[Place.BodyBytes] as number;
	let index = numbers[Place.BodyAt] as number;
	let at = start;
	while (at < end) {
		const left = bodyBytes - index;
		if (left === 1 && hold && hasId) {
			numbers[Place.DecodeResult] = Decoded.Held;
			break;
		}
		const idIndex = 2 + (numbers[Place.SkippedTopicBytes] as number);
		let taken = 1;
		if (index < 2 || (hasId && index >= idIndex && index < idIndex + 2)) {
			skipByte(numbers, index, buffer[at] as number, hasId);
			if (numbers[Place.DecodeResult] !== Decoded.More) return at + 1;
		} else {
			const bound = hasId && index < idIndex ? idIndex - index : Math.max(left - 1, 1);
			taken = Math.min(bound, end - at);
		}
		index += taken;
		at += taken;
		if (index === bodyBytes) {
			finishSkipped(holder, hasId);
			break;
		}
	}
	numbers[Place.BodyAt] = index;
	return at;
};

const skipByte = (numbers: Int32Array, index: number, byte: number, hasId: boolean): void => {
	if (index === 0) {
		numbers[Place.SkippedTopicBytes] = byte << 8;
	} else if (index === 1) {
		const topicBytes = (numbers[Place.SkippedTopicBytes] as number) | byte;
		numbers[Place.SkippedTopicBytes] = topicBytes;
		const needed = 2 + topicBytes + (hasId ? 2 : 0);
		if (topicBytes === 0) numbers[Place.DecodeResult] = Code.TopicEmpty;
		else if (needed > (numbers[Place.BodyBytes] as number))
			numbers[Place.DecodeResult] = Code.WrongLength;
	} else if (index === 2 + (numbers[Place.SkippedTopicBytes] as number)) {
		numbers[Place.PacketId] = byte << 8;
	} else {
		const packetId = (numbers[Place.PacketId] as number) | byte;
		numbers[Place.PacketId] = packetId;
		if (packetId === 0) numbers[Place.DecodeResult] = Code.PacketIdZero;
	}
};

const finishSkipped = (holder: PacketHolder, hasId: boolean): void => {
	const { numbers } = holder;
	numbers[Place.PacketFirst] = numbers[Place.FirstByte] as number;
	numbers[Place.PacketLength] =
		(numbers[Place.HeaderBytes] as number) + (numbers[Place.BodyBytes] as number);
	if (!hasId) numbers[Place.PacketId] = 0;
	resetDecoder(numbers);
	numbers[Place.Flags] = (numbers[Place.Flags] as number) | Flag.PacketSkipped;
	numbers[Place.DecodeResult] = Decoded.Packet;
};
