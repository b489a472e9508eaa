/**
 * SUBSCRIBE and UNSUBSCRIBE packets that were not answered: a table of fixed size. Part of the
 * connection: they are not sent again ([MQTT-4.4.0-1] is about PUBLISH and PUBREL), but each one
 * that dies with its connection is reported. Must not know the packets themselves.
 */

import { NoSlot } from "./slots";

const Stride = 5;
const StateField = 0;
const TypeField = 1;
const IdField = 2;
const TokenField = 3;
const CountField = 4;

const Free = 0;
const Waiting = 1;
const Lost = 2;

export class Requests {
	/** Not answered on this connection. */
	waiting = 0;
	private lost = 0;
	private readonly rows: Int32Array;
	private readonly window: number;

	constructor(window: number) {
		this.window = window;
		this.rows = new Int32Array(window * Stride);
	}

	get hasRoom(): boolean {
		return this.waiting + this.lost < this.window;
	}

	/** @param type PacketType.Subscribe or PacketType.Unsubscribe */
	add(type: number, packetId: number, token: number, count: number): void {
		const row = this.row(Free) * Stride;
		this.rows[row + StateField] = Waiting;
		this.rows[row + TypeField] = type;
		this.rows[row + IdField] = packetId;
		this.rows[row + TokenField] = token;
		this.rows[row + CountField] = count;
		this.waiting += 1;
	}

	/** Slot of an id that waits for its answer, or NoSlot. */
	find(packetId: number): number {
		if (this.waiting === 0) return NoSlot;
		for (let slot = 0; slot < this.window; slot++) {
			const row = slot * Stride;
			if (this.rows[row + IdField] === packetId && this.rows[row + StateField] === Waiting) {
				return slot;
			}
		}
		return NoSlot;
	}

	type(slot: number): number {
		return this.rows[slot * Stride + TypeField] as number;
	}

	token(slot: number): number {
		return this.rows[slot * Stride + TokenField] as number;
	}

	/** Filters in the request. */
	filters(slot: number): number {
		return this.rows[slot * Stride + CountField] as number;
	}

	/** Answered. */
	finish(slot: number): void {
		this.rows[slot * Stride + StateField] = Free;
		this.waiting -= 1;
	}

	handleLost(): void {
		for (let slot = 0; slot < this.window; slot++) {
			const row = slot * Stride + StateField;
			if (this.rows[row] === Waiting) this.rows[row] = Lost;
		}
		this.lost += this.waiting;
		this.waiting = 0;
	}

	/** Slot of a lost request, which is free from now on, or NoSlot. */
	takeLost(): number {
		if (this.lost === 0) return NoSlot;
		const slot = this.row(Lost);
		this.rows[slot * Stride + StateField] = Free;
		this.lost -= 1;
		return slot;
	}

	private row(state: number): number {
		let slot = 0;
		while (this.rows[slot * Stride + StateField] !== state) slot += 1;
		return slot;
	}
}
