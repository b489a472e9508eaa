/**
 * Incoming messages with QoS > 0 that are not finished: a table of fixed size for those that the
 * application holds, and the set of QoS 2 ids that wait for PUBREL, which take no place in that
 * table: the PUBRELs that end them come behind further messages in the same stream, and a table
 * that they could fill would never empty. Part of what survives a connection. Answers leave in the
 * order of arrival. What to do is decided in `inflight.ts`. Must not know the transport or time.
 */

import { Code, PacketType } from "./codes";
import { IdSet } from "./idset";
import { actionOf, In, InAction, IncomingFlow, InInput, stateOf, step } from "./inflight";
import { NoSlot, SlotList } from "./slots";

/** Fields of a row. */
const Stride = 5;
const StateField = 0;
const IdField = 1;
/** Counts the messages that had this row, so that an old handle is noticed. */
const GenerationField = 2;
const OrderLink = 3;

/** A handle is generation * 65,536 + slot + 1, and stays in 31 bits. */
const GenerationMask = 0x7fff;

export class Incoming {
	/** Ids whose PUBREC has gone. */
	readonly received = new IdSet();
	/** Slot of the message that the last `receive` was about, or NoSlot. */
	slot: number = NoSlot;
	/** Rows in use. */
	count = 0;

	private readonly rows: Int32Array;
	private readonly window: number;
	/** Messages of this connection, oldest first. */
	private readonly arrivals: SlotList;
	/** Rows in use that may be given up: Done. */
	private done = 0;

	/** @param window messages that the application may hold */
	constructor(window: number) {
		this.window = window;
		this.rows = new Int32Array(window * Stride);
		this.arrivals = new SlotList(this.rows, Stride, OrderLink);
	}

	/** Whether one more message with QoS > 0 can be taken. */
	get hasRoom(): boolean {
		return this.count - this.done < this.window;
	}

	/** A PUBLISH with QoS 1 or 2 arrived, and there is room. Returns what is to be done. */
	receive(packetId: number, qos: number): number {
		const slot = this.count === 0 ? NoSlot : this.find(packetId);
		const before = this.stateOf(slot, packetId);
		const input = qos === 1 ? InInput.Publish1 : InInput.Publish2;
		const cell = step(IncomingFlow, before, input);
		const action = actionOf(cell);
		this.slot = slot;
		if (action === InAction.Nothing || action === InAction.Violation) return action;
		if (before === In.Received2 && stateOf(cell) !== In.Repeated2) this.received.delete(packetId);
		this.slot = slot === NoSlot ? this.take(packetId) : slot;
		if (before === In.Done1) {
			this.done -= 1;
			// Under the same id at QoS 2 it is another message, with another handle.
			if (action === InAction.Deliver) this.renew(this.slot);
		}
		this.rows[this.slot * Stride + StateField] = stateOf(cell);
		this.arrivals.append(this.slot);
		return action;
	}

	/** A PUBREL arrived. Returns InAction.Answer or InAction.Violation. */
	release(packetId: number): number {
		const slot = this.count === 0 ? NoSlot : this.find(packetId);
		const before = this.stateOf(slot, packetId);
		const action = actionOf(step(IncomingFlow, before, InInput.Pubrel));
		if (action === InAction.Violation) return action;
		this.received.delete(packetId);
		if (before === In.Repeated2) {
			this.arrivals.remove(slot);
			this.clear(slot);
		}
		return action;
	}

	/** Handle of the message in a slot, over 0. */
	handle(slot: number): number {
		return ((this.rows[slot * Stride + GenerationField] as number) << 16) + slot + 1;
	}

	/** The application is done with a message. Returns 0 or Code.UnknownHandle. */
	acknowledge(handle: number): number {
		const slot = (handle - 1) & 0xffff;
		if (handle <= 0 || slot >= this.window || this.handle(slot) !== handle) {
			return Code.UnknownHandle;
		}
		const before = this.state(slot);
		if (before === In.None || before === In.Repeated2) return Code.UnknownHandle;
		this.move(slot, InInput.Acknowledge);
		if (before === In.Held1) this.done += 1;
		if (before === In.Held2) this.free(slot);
		return Code.None;
	}

	/** Type of the answer whose turn it is, PUBACK or PUBREC, or 0. */
	get nextAnswer(): number {
		const slot = this.arrivals.head;
		if (slot === NoSlot) return 0;
		const state = this.state(slot);
		if (state === In.Ready1) return PacketType.Puback;
		return state === In.Ready2 || state === In.Repeated2 ? PacketType.Pubrec : 0;
	}

	/** Id of the answer whose turn it is. */
	get nextAnswerId(): number {
		return this.rows[this.arrivals.head * Stride + IdField] as number;
	}

	/** The answer that `nextAnswer` named has left. */
	finishAnswer(packetId: number): void {
		const slot = this.arrivals.head;
		if (slot === NoSlot || this.nextAnswerId !== packetId) return;
		this.move(slot, InInput.Turn);
		this.arrivals.remove(slot);
		this.free(slot);
	}

	/** The connection is gone: no repeat has arrived on the next one yet. */
	handleLost(): void {
		this.arrivals.clear();
		for (let slot = 0; slot < this.window; slot++) {
			const before = this.state(slot);
			if (before === In.None) continue;
			this.move(slot, InInput.Lost);
			const after = this.state(slot);
			if (after === In.Done1 && before !== In.Done1) this.done += 1;
			if (after === In.Received2) this.free(slot);
		}
	}

	/** The session is gone: ids mean nothing any more [MQTT-3.1.2-6]. */
	handleForgotten(): void {
		this.arrivals.clear();
		this.received.clear();
		for (let slot = 0; slot < this.window; slot++) {
			if (this.state(slot) !== In.None) this.clear(slot);
		}
		this.done = 0;
	}

	private state(slot: number): number {
		return this.rows[slot * Stride + StateField] as number;
	}

	private stateOf(slot: number, packetId: number): number {
		if (slot !== NoSlot) return this.state(slot);
		return this.received.has(packetId) ? In.Received2 : In.None;
	}

	private find(packetId: number): number {
		for (let slot = 0; slot < this.window; slot++) {
			const row = slot * Stride;
			if (this.rows[row + IdField] === packetId && this.rows[row + StateField] !== In.None) {
				return slot;
			}
		}
		return NoSlot;
	}

	/** A row for another message: a free one, else one that is Done. */
	private take(packetId: number): number {
		const wanted = this.count < this.window ? In.None : In.Done1;
		let slot = 0;
		while (this.state(slot) !== wanted) slot += 1;
		if (wanted === In.Done1) this.done -= 1;
		else this.count += 1;
		this.rows[slot * Stride + IdField] = packetId;
		this.renew(slot);
		return slot;
	}

	private renew(slot: number): void {
		const row = slot * Stride + GenerationField;
		this.rows[row] = ((this.rows[row] as number) + 1) & GenerationMask;
	}

	/** Frees a row; a QoS 2 id whose answer has left, or may leave, is remembered. */
	private free(slot: number): void {
		if (this.state(slot) === In.Received2) {
			this.received.add(this.rows[slot * Stride + IdField] as number);
		}
		this.clear(slot);
	}

	private clear(slot: number): void {
		this.rows[slot * Stride + StateField] = In.None;
		this.count -= 1;
	}

	private move(slot: number, input: number): void {
		const row = slot * Stride + StateField;
		this.rows[row] = stateOf(step(IncomingFlow, this.rows[row] as number, input));
	}
}
