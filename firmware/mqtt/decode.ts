/**
 * Cuts received bytes into packets, whatever their split. A packet that lies whole in the caller's
 * buffer is read there, without a copy; a packet in pieces is gathered in a buffer of fixed size;
 * a PUBLISH that is larger than that buffer is skipped, keeping its id. The same bytes give the
 * same packets however they are split. Never throws. Must not know the session.
 *
 * `hold` says that there is no room for another PUBLISH with QoS > 0. Then its last byte (or all
 * of it) stays with the caller, so that whoever owns the bytes sees that some are left.
 */

import { Code, PacketType } from "./codes";
import { checkFirstByte, checkLength, Packet, parseFlags, parsePacket } from "./parse";
import { copyBytes } from "./wire";

const MaximumHeaderBytes = 5;

export class Decoder {
	readonly packet = new Packet();
	/** Whether the last call completed a packet; `packet` holds it until the next call. */
	complete = false;
	/** Whether the last call stopped because of `hold`. */
	held = false;
	/** The rule that the bytes broke. Nothing can be decoded after that but by `reset`. */
	code: number = Code.None;

	private readonly store: Uint8Array;
	private filled = 0;
	/** Length of the packet being gathered or skipped; 0 while its header is incomplete. */
	private total = 0;
	private headerBytes = 0;
	private skipping = false;
	/** Skipping: position in the packet, and what was found of the topic and the id. */
	private position = 0;
	private topicBytes = 0;

	/** @param receiveBytes length of the largest packet that is taken whole */
	constructor(receiveBytes: number) {
		this.store = new Uint8Array(receiveBytes);
	}

	/** Forgets a packet in pieces and any error: a new connection. */
	reset(): void {
		this.complete = false;
		this.held = false;
		this.code = Code.None;
		this.filled = 0;
		this.total = 0;
		this.skipping = false;
	}

	/** Takes bytes up to the end of one packet; returns how many of buffer[start, end). */
	decode(buffer: Uint8Array, start: number, end: number, hold: boolean): number {
		this.complete = false;
		this.held = false;
		if (this.filled === 0 && end - start >= 2) {
			const first = buffer[start] as number;
			let length = buffer[start + 1] as number;
			let body = start + 2;
			if (length >= 0x80) {
				length &= 0x7f;
				for (let shift = 7; ; shift += 7) {
					// Cut or over four bytes: the slow path sorts that out.
					const byte = body < end && shift <= 21 ? (buffer[body++] as number) : -1;
					length = byte < 0 ? this.store.length : length | ((byte & 0x7f) << shift);
					if (byte < 0x80) break;
				}
			}
			const last = body + length;
			if (last <= end && last - start <= this.store.length) {
				const publish = first >> 4 === PacketType.Publish;
				if (hold && publish && (first & 0x06) !== 0) {
					this.held = true;
					return 0;
				}
				let code = checkFirstByte(first);
				if (code === Code.None) code = checkLength(first, length);
				if (code === Code.None) code = parsePacket(this.packet, buffer, start, body, last);
				this.code = code;
				this.complete = code === Code.None;
				return last - start;
			}
		}
		return this.gather(buffer, start, end, hold) - start;
	}

	/** Returns the offset behind the last byte taken. */
	private gather(buffer: Uint8Array, start: number, end: number, hold: boolean): number {
		let at = start;
		while (this.total === 0) {
			if (at >= end) return at;
			this.takeHeaderByte(buffer[at++] as number);
			if (this.complete || this.code !== Code.None) return at;
		}
		if (this.skipping) return this.skip(buffer, at, end, hold);
		const missing = this.total - this.filled;
		let taken = end - at;
		if (taken >= missing) {
			taken = missing;
			if (hold && this.isHeldBack()) {
				taken -= 1;
				this.held = true;
			}
		}
		this.filled = copyBytes(this.store, this.filled, buffer, at, at + taken);
		if (this.filled === this.total) this.finish();
		return at + taken;
	}

	private isHeldBack(): boolean {
		const first = this.store[0] as number;
		return first >> 4 === PacketType.Publish && (first & 0x06) !== 0;
	}

	private takeHeaderByte(byte: number): void {
		const store = this.store;
		const index = this.filled++;
		store[index] = byte;
		if (index === 0) {
			this.code = checkFirstByte(byte);
			return;
		}
		if (byte >= 0x80) {
			// Section 2.2.3: at most four bytes.
			if (index === MaximumHeaderBytes - 1) this.code = Code.RemainingLengthOverflow;
			return;
		}
		let length = 0;
		for (let at = index; at > 0; at--) length = (length << 7) | ((store[at] as number) & 0x7f);
		const first = store[0] as number;
		this.code = checkLength(first, length);
		if (this.code !== Code.None) return;
		this.headerBytes = index + 1;
		this.total = this.headerBytes + length;
		if (this.total <= store.length) {
			if (length === 0) this.finish();
		} else if (first >> 4 === PacketType.Publish) {
			this.skipping = true;
			this.position = this.headerBytes;
			this.topicBytes = 0;
		} else {
			this.code = Code.PacketTooLong;
		}
	}

	private finish(): void {
		const { store, headerBytes, total } = this;
		this.filled = 0;
		this.total = 0;
		this.code = parsePacket(this.packet, store, 0, headerBytes, total);
		this.complete = this.code === Code.None;
	}

	/**
	 * Skips a PUBLISH. Of its body only the length of the topic and the id are looked at; the topic
	 * is not checked, as nobody will see it.
	 */
	private skip(buffer: Uint8Array, start: number, end: number, hold: boolean): number {
		const packet = this.packet;
		const qos = ((this.store[0] as number) >> 1) & 3;
		let at = start;
		while (at < end) {
			const left = this.total - this.position;
			if (left === 1 && hold && qos !== 0) {
				this.held = true;
				return at;
			}
			const index = this.position - this.headerBytes;
			const idIndex = 2 + this.topicBytes;
			if (index < 2 || (qos !== 0 && index >= idIndex && index < idIndex + 2)) {
				this.skipByte(index, buffer[at] as number, qos);
				if (this.code !== Code.None) return at + 1;
				this.position += 1;
				at += 1;
			} else {
				const bound = qos !== 0 && index < idIndex ? idIndex - index : Math.max(left - 1, 1);
				const step = Math.min(bound, end - at);
				this.position += step;
				at += step;
			}
			if (this.position === this.total) {
				parseFlags(packet, this.store[0] as number);
				packet.type = PacketType.Publish;
				packet.skipped = true;
				packet.bytes = this.total;
				if (qos === 0) packet.packetId = 0;
				this.reset();
				this.complete = true;
				return at;
			}
		}
		return at;
	}

	private skipByte(index: number, byte: number, qos: number): void {
		const packet = this.packet;
		if (index === 0) {
			this.topicBytes = byte << 8;
		} else if (index === 1) {
			this.topicBytes |= byte;
			const needed = 2 + this.topicBytes + (qos === 0 ? 0 : 2);
			if (this.topicBytes === 0) this.code = Code.TopicEmpty;
			else if (this.headerBytes + needed > this.total) this.code = Code.WrongLength;
		} else if (index === 2 + this.topicBytes) {
			packet.packetId = byte << 8;
		} else {
			packet.packetId |= byte;
			if (packet.packetId === 0) this.code = Code.PacketIdZero;
		}
	}
}
