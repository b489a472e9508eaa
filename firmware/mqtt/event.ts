/**
 * Details of the last event, read where they are kept; a view of two slots, made when asked for.
 * Must not know where events come from.
 */

import { PacketType } from "./codes";
import { type PacketHolder, payloadStart } from "./parse";
import { Flag, Place } from "./record";

export class EventRecord {
	private readonly holder: PacketHolder;

	constructor(holder: PacketHolder) {
		this.holder = holder;
	}

	/** Closed, Refused, and lost requests: why. */
	get code(): number {
		return this.holder.numbers[Place.EventCode] as number;
	}

	/** Published, Subscribed, Unsubscribed: what the request returned. */
	get token(): number {
		return this.holder.numbers[Place.EventToken] as number;
	}

	/** Published: the flow that ended, 1 or 2. */
	get qos(): number {
		return this.holder.numbers[Place.EventDetail] as number;
	}

	/** Connected */
	get sessionPresent(): boolean {
		return ((this.holder.numbers[Place.Flags] as number) & Flag.SessionPresent) !== 0;
	}

	/** Subscribed: per filter 0, 1, 2 or 0x80 (refused), in the order asked; a copy. */
	get granted(): Uint8Array {
		const { numbers, source } = this.holder;
		const isSuback = (numbers[Place.PacketFirst] as number) >> 4 === PacketType.Suback;
		if (!isSuback || source === undefined) return new Uint8Array(0);
		const start = payloadStart(numbers);
		return source.slice(start, start + this.grantedCount);
	}

	get grantedCount(): number {
		return this.holder.numbers[Place.EventDetail] as number;
	}

	/** Skipped: length of the whole packet. */
	get skippedBytes(): number {
		return this.holder.numbers[Place.PacketLength] as number;
	}

	/** Closed with `Code.Refused`: what CONNACK said. */
	get returnCode(): number {
		return this.holder.numbers[Place.Refusal] as number;
	}
}
