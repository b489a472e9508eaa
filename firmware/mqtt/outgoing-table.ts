/**
 * What publications with QoS > 0 are kept in: the layout of their table, and how table and block
 * of packets grow. Both are there only while there is a publication. Must not know what happens to
 * a publication: that is in outgoing.ts.
 */

import { blockBytes } from "./block";
import { Out } from "./inflight";
import { ArenaBytes, Window } from "./record";
import type { RequestHolder } from "./requests";
import { growTable, ListPlaces, NoRow } from "./table";
import { copyBytes } from "./wire";

/** What the publications are kept in; the requests, because they share the packet ids. */
export interface OutgoingHolder extends RequestHolder {
	/** Both while there is a publication. */
	outgoing: Int32Array | undefined;
	/** The packets, in order, with gaps where some are done. */
	packets: Uint8Array | undefined;
}

/** In front: all publications, oldest first; those with PUBREC received, in that order. */
export const Order = 0;
export const Releases = ListPlaces;
/** Next PUBLISH and next PUBREL to send. */
export const PublishCursor = 2 * ListPlaces;
export const ReleaseCursor = PublishCursor + 1;
/** Sent and not done: answers that the broker owes us. */
export const WaitingPlace = PublishCursor + 2;
/** Where the last packet ends, and how many bytes are not gaps. */
export const TailPlace = PublishCursor + 3;
export const UsedPlace = PublishCursor + 4;
export const HeadPlaces = PublishCursor + 5;

/** A row. */
export const Stride = 10;
export const StatePlace = 0;
export const IdPlace = 1;
export const TokenPlace = 2;
export const OffsetPlace = 3;
export const LengthPlace = 4;
/** 1 when a byte of the PUBLISH was ever handed out under this id: the next attempt has DUP. */
export const AttemptedPlace = 5;
export const OrderLink = 6;
export const ReleaseLink = 8;

/** A row that is free, in a larger table when all are taken. */
export function takeRow(holder: OutgoingHolder): number {
	let table = holder.outgoing;
	let row = HeadPlaces;
	if (table !== undefined) {
		while (row < table.length && table[row + StatePlace] !== Out.None) row += Stride;
	}
	if (table === undefined || row >= table.length) {
		table = growTable(table, HeadPlaces, Stride, holder.numbers[Window] as number);
		holder.outgoing = table;
	}
	return row;
}

/** Room for `length` bytes behind the last packet: the gaps are closed, or the block grows. */
export function makeRoom(holder: OutgoingHolder, table: Int32Array, length: number): void {
	const { numbers, packets } = holder;
	if (packets !== undefined && (table[TailPlace] as number) + length <= packets.length) return;
	const wanted = (table[UsedPlace] as number) + length;
	let target = packets;
	if (target === undefined || wanted > target.length) {
		target = new Uint8Array(blockBytes(packets, wanted, numbers[ArenaBytes] as number));
		holder.packets = target;
	}
	let at = 0;
	let row = table[Order] as number;
	for (; row !== NoRow; row = table[row + OrderLink] as number) {
		const offset = table[row + OffsetPlace] as number;
		const end = offset + (table[row + LengthPlace] as number);
		if (target === packets) target.copyWithin(at, offset, end);
		else if (packets !== undefined) copyBytes(target, at, packets, offset, end);
		table[row + OffsetPlace] = at;
		at += end - offset;
	}
	table[TailPlace] = at;
}
