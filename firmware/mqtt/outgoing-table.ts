/**
 * What publications with QoS > 0 are kept in: the layout of their table, and how table and block
 * of packets grow. Both are there only while there is a publication. Must not know what happens to
 * a publication: that is in outgoing.ts.
 */

import { blockBytes } from "./block";
import { Out } from "./inflight";
import type { PieceSource } from "./pieces";
import { Place } from "./record";
import type { RequestHolder } from "./requests";
import { growTable, No } from "./table";
import { copyBytes } from "./wire";

/** What the publications are kept in; the requests, because they share the packet ids. */
export interface OutgoingHolder extends RequestHolder {
	/** Both while there is a publication. */
	outgoing: Int32Array | undefined;
	/** The packets, in order, with gaps where some are done. */
	packets: Uint8Array | undefined;
	/** Of the publication whose payload is not in `packets`; missing where there never was one. */
	pieces?: PieceSource | undefined;
}

/** In front of the rows. */
export const enum Head {
	/** All publications, oldest first; those with PUBREC received, in that order. */
	Order = 0,
	Releases = 3,
	/** Next PUBLISH and next PUBREL to send. */
	PublishCursor = 6,
	ReleaseCursor = 7,
	/** Sent and not done: answers that the broker owes us. */
	Waiting = 8,
	/** Where the last packet ends, and how many bytes are not gaps. */
	Tail = 9,
	Used = 10,
	/** The row whose payload is not in the block but comes from `pieces`, and its length. */
	PieceRow = 11,
	PieceBytes = 12,
	Places = 13,
}

export const enum Row {
	State = 0,
	Id = 1,
	Token = 2,
	Offset = 3,
	/** Of what is in the block. */
	Length = 4,
	/** 1 when a byte of the PUBLISH was ever handed out under this id: the next has DUP. */
	Attempted = 5,
	OrderLink = 6,
	ReleaseLink = 8,
	Places = 10,
}

/** A row that is free, in a larger table when all are taken. */
export const takeRow = (holder: OutgoingHolder): number => {
	let table = holder.outgoing;
	let row = Head.Places;
	if (table !== undefined) {
		while (row < table.length && table[row + Row.State] !== Out.None) row += Row.Places;
	}
	if (table === undefined || row >= table.length) {
		table = growTable(table, Head.Places, Row.Places, holder.numbers[Place.Window] as number);
		holder.outgoing = table;
	}
	return row;
};

/** Room for `length` bytes behind the last packet: the gaps are closed, or the block grows. */
export const makeRoom = (holder: OutgoingHolder, table: Int32Array, length: number): void => {
	const { numbers, packets } = holder;
	if (packets !== undefined && (table[Head.Tail] as number) + length <= packets.length) return;
	const wanted = (table[Head.Used] as number) + length;
	let target = packets;
	if (target === undefined || wanted > target.length) {
		target = new Uint8Array(blockBytes(packets, wanted, numbers[Place.ArenaBytes] as number));
		holder.packets = target;
	}
	let at = 0;
	let row = table[Head.Order] as number;
	for (; row !== No.Row; row = table[row + Row.OrderLink] as number) {
		const offset = table[row + Row.Offset] as number;
		const end = offset + (table[row + Row.Length] as number);
		if (target === packets) target.copyWithin(at, offset, end);
		else if (packets !== undefined) copyBytes(target, at, packets, offset, end);
		table[row + Row.Offset] = at;
		at += end - offset;
	}
	table[Head.Tail] = at;
};
