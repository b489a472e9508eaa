/**
 * Publications with QoS > 0 that are not done: a table, and one block of bytes that holds the
 * packet of each, both there only while there is one, both growing by need up to `window` and
 * `arenaBytes`. Part of what survives a connection. The order of acceptance is the order of sending
 * and of sending again [MQTT-4.6.0-1]; PUBRELs go in the order of their PUBRECs [MQTT-4.6.0-4].
 * What to do is decided in `inflight.ts`. Must not know the transport or time.
 */

import { Code } from "./codes";
import { markRepeated, renumberPublish } from "./encode";
import { actionOf, Out, OutAction, OutgoingFlow, OutInput, stateOf, step } from "./inflight";
import {
	AttemptedPlace,
	IdPlace,
	LengthPlace,
	makeRoom,
	OffsetPlace,
	Order,
	OrderLink,
	type OutgoingHolder,
	PublishCursor,
	ReleaseCursor,
	ReleaseLink,
	Releases,
	StatePlace,
	TailPlace,
	TokenPlace,
	takeRow,
	UsedPlace,
	WaitingPlace,
} from "./outgoing-table";
import { ArenaBytes, LastPacketId, Window } from "./record";
import { findRequest } from "./requests";
import { append, clear, count, NoRow, remove } from "./table";

/** `Code.TooLong` when a packet of that length can never fit, `Code.Full` when not now, or 0. */
export function checkOutgoingRoom(holder: OutgoingHolder, length: number): number {
	const { numbers, outgoing } = holder;
	const maximum = numbers[ArenaBytes] as number;
	if (length > maximum) return Code.TooLong;
	if (outgoing === undefined) return Code.None;
	if (count(outgoing, Order) >= (numbers[Window] as number)) return Code.Full;
	return (outgoing[UsedPlace] as number) + length > maximum ? Code.Full : Code.None;
}

/**
 * Takes a row and `length` bytes, which `checkOutgoingRoom` allowed, for a packet that the caller
 * writes into `packets` at `packetOffset`. Other packets may move. Returns the row.
 */
export function reserveOutgoing(
	holder: OutgoingHolder,
	qos: number,
	packetId: number,
	token: number,
	length: number,
): number {
	const row = takeRow(holder);
	const table = holder.outgoing as Int32Array;
	makeRoom(holder, table, length);
	const tail = table[TailPlace] as number;
	table[row + StatePlace] = qos === 1 ? Out.Queued1 : Out.Queued2;
	table[row + IdPlace] = packetId;
	table[row + TokenPlace] = token;
	table[row + OffsetPlace] = tail;
	table[row + LengthPlace] = length;
	table[row + AttemptedPlace] = 0;
	table[TailPlace] = tail + length;
	table[UsedPlace] = (table[UsedPlace] as number) + length;
	append(table, Order, OrderLink, row);
	if (table[PublishCursor] === NoRow) table[PublishCursor] = row;
	return row;
}

/** Publications that are not done. */
export function outgoingCount(holder: OutgoingHolder): number {
	return holder.outgoing === undefined ? 0 : count(holder.outgoing, Order);
}

export function outgoingWaiting(holder: OutgoingHolder): number {
	return holder.outgoing === undefined ? 0 : (holder.outgoing[WaitingPlace] as number);
}

/** Row of the next PUBLISH to send, or NoRow. */
export function nextPublish(holder: OutgoingHolder): number {
	return holder.outgoing === undefined ? NoRow : (holder.outgoing[PublishCursor] as number);
}

/** Row of the next PUBREL to send, or NoRow. */
export function nextRelease(holder: OutgoingHolder): number {
	return holder.outgoing === undefined ? NoRow : (holder.outgoing[ReleaseCursor] as number);
}

export function publicationId(holder: OutgoingHolder, row: number): number {
	return (holder.outgoing as Int32Array)[row + IdPlace] as number;
}

export function publicationToken(holder: OutgoingHolder, row: number): number {
	return (holder.outgoing as Int32Array)[row + TokenPlace] as number;
}

/** Where in `packets` its packet is, until another is reserved. */
export function packetOffset(holder: OutgoingHolder, row: number): number {
	return (holder.outgoing as Int32Array)[row + OffsetPlace] as number;
}

export function packetLength(holder: OutgoingHolder, row: number): number {
	return (holder.outgoing as Int32Array)[row + LengthPlace] as number;
}

/** Bytes of the PUBLISH and PUBREL packets that have to go out. */
export function outgoingBytes(holder: OutgoingHolder): number {
	const table = holder.outgoing;
	if (table === undefined) return 0;
	let bytes = 0;
	let row = table[ReleaseCursor] as number;
	for (; row !== NoRow; row = table[row + ReleaseLink] as number) bytes += 4;
	row = table[PublishCursor] as number;
	for (; row !== NoRow; row = table[row + OrderLink] as number) {
		if ((table[row + StatePlace] as number) < Out.Release) {
			bytes += table[row + LengthPlace] as number;
		}
	}
	return bytes;
}

/** Row of an id, or NoRow. */
export function findOutgoing(holder: OutgoingHolder, packetId: number): number {
	const table = holder.outgoing;
	if (table === undefined) return NoRow;
	let row = table[Order] as number;
	while (row !== NoRow && table[row + IdPlace] !== packetId) row = table[row + OrderLink] as number;
	return row;
}

/**
 * Whether the PUBLISH at the cursor goes again and was accepted before the one whose PUBREL is
 * next: after a reconnect all that is not done goes in its old order.
 */
export function repeatsFirst(holder: OutgoingHolder): boolean {
	const table = holder.outgoing as Int32Array;
	const row = table[PublishCursor] as number;
	if (row === NoRow) return false;
	const state = table[row + StatePlace] as number;
	if (state !== Out.Again1 && state !== Out.Again2) return false;
	const release = table[ReleaseCursor] as number;
	// Tokens have 31 bits, as in transmit.ts.
	return ((table[row + TokenPlace] as number) - (table[release + TokenPlace] as number)) << 1 < 0;
}

/** The first byte of the PUBLISH at the cursor goes out now. */
export function beginPublish(holder: OutgoingHolder): void {
	const table = holder.outgoing as Int32Array;
	const row = table[PublishCursor] as number;
	if (table[row + AttemptedPlace] !== 0) {
		markRepeated(holder.packets as Uint8Array, table[row + OffsetPlace] as number);
	}
	table[row + AttemptedPlace] = 1;
	table[WaitingPlace] = (table[WaitingPlace] as number) + 1;
	move(table, row, OutInput.Begin);
	table[PublishCursor] = table[row + OrderLink] as number;
	skipReleases(table);
}

/** The first byte of the PUBREL at the cursor goes out now. */
export function beginRelease(holder: OutgoingHolder): void {
	const table = holder.outgoing as Int32Array;
	const row = table[ReleaseCursor] as number;
	move(table, row, OutInput.Begin);
	table[ReleaseCursor] = table[row + ReleaseLink] as number;
}

/**
 * An acknowledgement arrived: `input` is `OutInput.Puback`, `Pubrec` or `Pubcomp`. `row` is what
 * `findOutgoing` gave. Returns what is to be done; on `OutAction.Complete` the caller calls
 * `finishOutgoing` after it has read what it needs.
 */
export function acknowledgeOutgoing(holder: OutgoingHolder, row: number, input: number): number {
	const table = holder.outgoing;
	if (table === undefined || row === NoRow) return actionOf(step(OutgoingFlow, Out.None, input));
	const before = table[row + StatePlace] as number;
	const action = actionOf(step(OutgoingFlow, before, input));
	if (action === OutAction.Violation || action === OutAction.Complete) return action;
	move(table, row, input);
	if (action !== OutAction.Release) return action;
	if (table[PublishCursor] === row) {
		table[PublishCursor] = table[row + OrderLink] as number;
		skipReleases(table);
	}
	if (before === Out.Released) unlinkRelease(table, row);
	if (before === Out.Again2) table[WaitingPlace] = (table[WaitingPlace] as number) + 1;
	append(table, Releases, ReleaseLink, row);
	if (table[ReleaseCursor] === NoRow) table[ReleaseCursor] = row;
	return action;
}

/** Frees the place of a publication that is done. */
export function finishOutgoing(holder: OutgoingHolder, row: number): void {
	const table = holder.outgoing as Int32Array;
	if (count(table, Order) === 1) {
		holder.outgoing = undefined;
		holder.packets = undefined;
		return;
	}
	const state = table[row + StatePlace] as number;
	if (state >= Out.Release) unlinkRelease(table, row);
	else if (table[PublishCursor] === row) table[PublishCursor] = table[row + OrderLink] as number;
	if (state !== Out.Again1 && state !== Out.Again2) {
		table[WaitingPlace] = (table[WaitingPlace] as number) - 1;
	}
	table[row + StatePlace] = Out.None;
	remove(table, Order, OrderLink, row);
	table[UsedPlace] = (table[UsedPlace] as number) - (table[row + LengthPlace] as number);
	skipReleases(table);
}

/** The connection is gone: everything goes out again, in order [MQTT-4.4.0-1]. */
export function loseOutgoing(holder: OutgoingHolder): void {
	const table = holder.outgoing;
	if (table === undefined) return;
	let row = table[Order] as number;
	for (; row !== NoRow; row = table[row + OrderLink] as number) move(table, row, OutInput.Lost);
	table[WaitingPlace] = count(table, Releases);
	table[PublishCursor] = table[Order] as number;
	table[ReleaseCursor] = table[Releases] as number;
	skipReleases(table);
}

/**
 * The broker has no session: what it was sent and what is not done becomes new, under another
 * id [MQTT-3.1.2-6].
 */
export function forgetOutgoing(holder: OutgoingHolder): void {
	const table = holder.outgoing;
	if (table === undefined) return;
	let row = table[Order] as number;
	for (; row !== NoRow; row = table[row + OrderLink] as number) {
		move(table, row, OutInput.Forgotten);
		if (table[row + AttemptedPlace] === 0) continue;
		const packetId = takePacketId(holder);
		table[row + IdPlace] = packetId;
		table[row + AttemptedPlace] = 0;
		renumberPublish(holder.packets as Uint8Array, table[row + OffsetPlace] as number, packetId);
	}
	table[WaitingPlace] = 0;
	clear(table, Releases);
	table[ReleaseCursor] = NoRow;
	table[PublishCursor] = table[Order] as number;
}

/**
 * A packet id that neither a publication nor a request uses, never 0 [MQTT-2.3.1-1]
 * [MQTT-2.3.1-2]. There are more ids than both tables have places.
 */
export function takePacketId(holder: OutgoingHolder): number {
	const { numbers } = holder;
	let packetId = numbers[LastPacketId] as number;
	do packetId = packetId === 65_535 ? 1 : packetId + 1;
	while (findOutgoing(holder, packetId) !== NoRow || findRequest(holder, packetId) !== NoRow);
	numbers[LastPacketId] = packetId;
	return packetId;
}

/** Keeps the cursor on a publication whose PUBLISH has to go out. */
function skipReleases(table: Int32Array): void {
	let row = table[PublishCursor] as number;
	while (row !== NoRow && (table[row + StatePlace] as number) >= Out.Release) {
		row = table[row + OrderLink] as number;
	}
	table[PublishCursor] = row;
}

function unlinkRelease(table: Int32Array, row: number): void {
	if (table[ReleaseCursor] === row) table[ReleaseCursor] = table[row + ReleaseLink] as number;
	remove(table, Releases, ReleaseLink, row);
}

function move(table: Int32Array, row: number, input: number): void {
	const state = table[row + StatePlace] as number;
	table[row + StatePlace] = stateOf(step(OutgoingFlow, state, input));
}
