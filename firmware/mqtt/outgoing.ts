/**
 * Publications with QoS > 0 that are not done: a table of fixed size and one block of bytes that
 * holds the packet of each, moved together when there is no room behind the last. Part of what
 * survives a connection. The order of acceptance is the order of sending and of sending again
 * [MQTT-4.6.0-1]; PUBRELs go in the order of their PUBRECs [MQTT-4.6.0-4]. What to do is decided
 * in `inflight.ts`. Must not know the transport or time.
 */

import { Code } from "./codes";
import { markRepeated, renumberPublish } from "./encode";
import { actionOf, Out, OutAction, OutgoingFlow, OutInput, stateOf, step } from "./inflight";
import type { Requests } from "./requests";
import { NoSlot, SlotList } from "./slots";

/** Fields of a row. */
const Stride = 10;
const StateField = 0;
const IdField = 1;
const TokenField = 2;
const OffsetField = 3;
const LengthField = 4;
/** 1 when a byte of the PUBLISH was ever handed out under this id: the next attempt has DUP. */
const AttemptedField = 5;
const OrderLink = 6;
const ReleaseLink = 8;

export class Outgoing {
	/** All publications, oldest first. */
	readonly order: SlotList;
	/** Those with PUBREC received, in that order. */
	readonly releases: SlotList;
	/** Next PUBLISH and next PUBREL to send. */
	publishCursor: number = NoSlot;
	releaseCursor: number = NoSlot;
	/** Sent and not done: answers that the broker owes us. */
	waiting = 0;

	private readonly rows: Int32Array;
	/** Holds the packets, in order, with gaps where some are done. */
	readonly bytes: Uint8Array;
	/** Where the last packet ends, and how many bytes are not gaps. */
	private tail = 0;
	private used = 0;
	private nextId: number;
	/** Unused rows, chained through OrderLink. */
	private spare = 0;

	/**
	 * @param window publications at once
	 * @param arenaBytes bytes for their packets
	 * @param firstPacketId 1 to 65,535
	 */
	constructor(window: number, arenaBytes: number, firstPacketId: number) {
		this.nextId = firstPacketId;
		const rows = new Int32Array(window * Stride);
		for (let slot = 0; slot < window; slot++) {
			rows[slot * Stride + OrderLink] = slot + 1 < window ? slot + 1 : NoSlot;
		}
		this.rows = rows;
		this.order = new SlotList(rows, Stride, OrderLink);
		this.releases = new SlotList(rows, Stride, ReleaseLink);
		this.bytes = new Uint8Array(arenaBytes);
	}

	/** `Code.TooLong` when a packet of that length can never fit, `Code.Full` when not now, or 0. */
	checkRoom(length: number): number {
		const size = this.bytes.length;
		if (length > size) return Code.TooLong;
		if (this.spare === NoSlot || this.used + length > size) return Code.Full;
		return Code.None;
	}

	/**
	 * Takes a place and `length` bytes, which `checkRoom` allowed, for a packet that the caller
	 * writes at `offset(slot)`. Other packets may move. Returns the slot.
	 */
	reserve(qos: number, packetId: number, token: number, length: number): number {
		const slot = this.spare;
		if (this.tail + length > this.bytes.length) this.compact();
		const rows = this.rows;
		const row = slot * Stride;
		this.spare = rows[row + OrderLink] as number;
		rows[row + StateField] = qos === 1 ? Out.Queued1 : Out.Queued2;
		rows[row + IdField] = packetId;
		rows[row + TokenField] = token;
		rows[row + OffsetField] = this.tail;
		rows[row + LengthField] = length;
		rows[row + AttemptedField] = 0;
		this.tail += length;
		this.used += length;
		this.order.append(slot);
		if (this.publishCursor === NoSlot) this.publishCursor = slot;
		return slot;
	}

	state(slot: number): number {
		return this.rows[slot * Stride + StateField] as number;
	}

	packetId(slot: number): number {
		return this.rows[slot * Stride + IdField] as number;
	}

	token(slot: number): number {
		return this.rows[slot * Stride + TokenField] as number;
	}

	offset(slot: number): number {
		return this.rows[slot * Stride + OffsetField] as number;
	}

	length(slot: number): number {
		return this.rows[slot * Stride + LengthField] as number;
	}

	/** Slot of an id, or NoSlot. */
	find(packetId: number): number {
		let slot = this.order.head;
		while (slot !== NoSlot && this.packetId(slot) !== packetId) slot = this.order.next(slot);
		return slot;
	}

	/**
	 * Whether the PUBLISH at the cursor goes again and was accepted before the one whose PUBREL is
	 * next: after a reconnect all that is not done goes in its old order.
	 */
	get repeatsFirst(): boolean {
		const publish = this.publishCursor;
		if (publish === NoSlot) return false;
		const state = this.state(publish);
		if (state !== Out.Again1 && state !== Out.Again2) return false;
		// Tokens have 31 bits, as in transmit.ts.
		return (this.token(publish) - this.token(this.releaseCursor)) << 1 < 0;
	}

	/** The first byte of the PUBLISH at the cursor goes out now. */
	beginPublish(): void {
		const slot = this.publishCursor;
		const row = slot * Stride;
		if (this.rows[row + AttemptedField] !== 0) markRepeated(this.bytes, this.offset(slot));
		this.rows[row + AttemptedField] = 1;
		this.waiting += 1;
		this.move(slot, OutInput.Begin);
		this.publishCursor = this.order.next(slot);
		this.skipReleases();
	}

	/** The first byte of the PUBREL at the cursor goes out now. */
	beginRelease(): void {
		const slot = this.releaseCursor;
		this.move(slot, OutInput.Begin);
		this.releaseCursor = this.releases.next(slot);
	}

	/**
	 * An acknowledgement arrived: `input` is `OutInput.Puback`, `Pubrec` or `Pubcomp`. `slot` is
	 * what `find` gave. Returns what is to be done; on `OutAction.Complete` the caller calls
	 * `finish` after it has read what it needs.
	 */
	acknowledge(slot: number, input: number): number {
		if (slot === NoSlot) return actionOf(step(OutgoingFlow, Out.None, input));
		const before = this.state(slot);
		const action = actionOf(step(OutgoingFlow, before, input));
		if (action === OutAction.Violation || action === OutAction.Complete) return action;
		this.move(slot, input);
		if (action !== OutAction.Release) return action;
		if (this.publishCursor === slot) {
			this.publishCursor = this.order.next(slot);
			this.skipReleases();
		}
		if (before === Out.Released) this.unlinkRelease(slot);
		if (before === Out.Again2) this.waiting += 1;
		this.releases.append(slot);
		if (this.releaseCursor === NoSlot) this.releaseCursor = slot;
		return action;
	}

	/** Frees the place of a publication that is done. */
	finish(slot: number): void {
		const rows = this.rows;
		const row = slot * Stride;
		const state = rows[row + StateField] as number;
		if (state >= Out.Release) this.unlinkRelease(slot);
		else if (this.publishCursor === slot) this.publishCursor = this.order.next(slot);
		if (state !== Out.Again1 && state !== Out.Again2) this.waiting -= 1;
		rows[row + StateField] = Out.None;
		this.order.remove(slot);
		this.used -= this.length(slot);
		if (this.used === 0) this.tail = 0;
		rows[row + OrderLink] = this.spare;
		this.spare = slot;
		this.skipReleases();
	}

	/** The connection is gone: everything goes out again, in order [MQTT-4.4.0-1]. */
	handleLost(): void {
		for (let slot = this.order.head; slot !== NoSlot; slot = this.order.next(slot)) {
			this.move(slot, OutInput.Lost);
		}
		this.waiting = this.releases.count;
		this.publishCursor = this.order.head;
		this.releaseCursor = this.releases.head;
		this.skipReleases();
	}

	/**
	 * The broker has no session: what it was sent and what is not done becomes new, under another
	 * id [MQTT-3.1.2-6]. `requests` holds the other ids in use.
	 */
	handleForgotten(requests: Requests): void {
		for (let slot = this.order.head; slot !== NoSlot; slot = this.order.next(slot)) {
			const row = slot * Stride;
			this.move(slot, OutInput.Forgotten);
			if (this.rows[row + AttemptedField] === 0) continue;
			const packetId = this.takeId(requests);
			this.rows[row + IdField] = packetId;
			this.rows[row + AttemptedField] = 0;
			renumberPublish(this.bytes, this.offset(slot), packetId);
		}
		this.waiting = 0;
		this.releases.clear();
		this.releaseCursor = NoSlot;
		this.publishCursor = this.order.head;
	}

	/**
	 * A packet id that neither a publication nor a request uses, never 0 [MQTT-2.3.1-1]
	 * [MQTT-2.3.1-2]. There are more ids than both tables have places.
	 */
	takeId(requests: Requests): number {
		let packetId = this.nextId;
		while (this.find(packetId) !== NoSlot || requests.find(packetId) !== NoSlot) {
			packetId = packetId === 65_535 ? 1 : packetId + 1;
		}
		this.nextId = packetId === 65_535 ? 1 : packetId + 1;
		return packetId;
	}

	/** Closes the gaps. */
	private compact(): void {
		let at = 0;
		for (let slot = this.order.head; slot !== NoSlot; slot = this.order.next(slot)) {
			const offset = this.offset(slot);
			const end = offset + this.length(slot);
			if (offset !== at) this.bytes.copyWithin(at, offset, end);
			this.rows[slot * Stride + OffsetField] = at;
			at += end - offset;
		}
		this.tail = at;
	}

	/** Keeps the cursor on a publication whose PUBLISH has to go out. */
	private skipReleases(): void {
		let slot = this.publishCursor;
		while (slot !== NoSlot && this.state(slot) >= Out.Release) slot = this.order.next(slot);
		this.publishCursor = slot;
	}

	private unlinkRelease(slot: number): void {
		if (this.releaseCursor === slot) this.releaseCursor = this.releases.next(slot);
		this.releases.remove(slot);
	}

	private move(slot: number, input: number): void {
		const row = slot * Stride + StateField;
		this.rows[row] = stateOf(step(OutgoingFlow, this.rows[row] as number, input));
	}
}
