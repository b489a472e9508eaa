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
import { Head, makeRoom, type OutgoingHolder, Row, takeRow } from "./outgoing-table";
import { Place } from "./record";
import { findRequest } from "./requests";
import { append, clear, count, No, remove } from "./table";

/** `Code.TooLong` when a packet of that length can never fit, `Code.Full` when not now, or 0. */
export const checkOutgoingRoom = (holder: OutgoingHolder, length: number): number => {
	const { numbers, outgoing } = holder;
	const maximum = numbers[Place.ArenaBytes] as number;
	if (length > maximum) return Code.TooLong;
	if (outgoing === undefined) return Code.None;
	if (count(outgoing, Head.Order) >= (numbers[Place.Window] as number)) return Code.Full;
	return (outgoing[Head.Used] as number) + length > maximum ? Code.Full : Code.None;
};

/**
 * Takes a row and `length` bytes, which `checkOutgoingRoom` allowed, for a packet that the caller
 * writes into `packets` at `packetOffset`. Other packets may move. Returns the row.
 */
export const reserveOutgoing = (
	holder: OutgoingHolder,
	qos: number,
	packetId: number,
	token: number,
	length: number,
): number => {
	const row = takeRow(holder);
	const table = holder.outgoing as Int32Array;
	makeRoom(holder, table, length);
	const tail = table[Head.Tail] as number;
	table[row + Row.State] = qos === 1 ? Out.Queued1 : Out.Queued2;
	table[row + Row.Id] = packetId;
	table[row + Row.Token] = token;
	table[row + Row.Offset] = tail;
	table[row + Row.Length] = length;
	table[row + Row.Attempted] = 0;
	table[Head.Tail] = tail + length;
	table[Head.Used] = (table[Head.Used] as number) + length;
	append(table, Head.Order, Row.OrderLink, row);
	if (table[Head.PublishCursor] === No.Row) table[Head.PublishCursor] = row;
	return row;
};

/** Publications that are not done. */
export const outgoingCount = (holder: OutgoingHolder): number => {
	return holder.outgoing === undefined ? 0 : count(holder.outgoing, Head.Order);
};

export const outgoingWaiting = (holder: OutgoingHolder): number => {
	return holder.outgoing === undefined ? 0 : (holder.outgoing[Head.Waiting] as number);
};

/** Row of the next PUBLISH to send, or NoRow. */
export const nextPublish = (holder: OutgoingHolder): number => {
	return holder.outgoing === undefined ? No.Row : (holder.outgoing[Head.PublishCursor] as number);
};

/** Row of the next PUBREL to send, or NoRow. */
export const nextRelease = (holder: OutgoingHolder): number => {
	return holder.outgoing === undefined ? No.Row : (holder.outgoing[Head.ReleaseCursor] as number);
};

export const publicationId = (holder: OutgoingHolder, row: number): number => {
	return (holder.outgoing as Int32Array)[row + Row.Id] as number;
};

export const publicationToken = (holder: OutgoingHolder, row: number): number => {
	return (holder.outgoing as Int32Array)[row + Row.Token] as number;
};

/** Where in `packets` its packet is, until another is reserved. */
export const packetOffset = (holder: OutgoingHolder, row: number): number => {
	return (holder.outgoing as Int32Array)[row + Row.Offset] as number;
};

/** How much of its packet is there: all of it, or all but a payload that comes in pieces. */
export const storedLength = (holder: OutgoingHolder, row: number): number => {
	return (holder.outgoing as Int32Array)[row + Row.Length] as number;
};

export const packetLength = (holder: OutgoingHolder, row: number): number => {
	const table = holder.outgoing as Int32Array;
	const length = table[row + Row.Length] as number;
	return row === table[Head.PieceRow] ? length + (table[Head.PieceBytes] as number) : length;
};

/** Bytes of the PUBLISH and PUBREL packets that have to go out. */
export const outgoingBytes = (holder: OutgoingHolder): number => {
	const table = holder.outgoing;
	if (table === undefined) return 0;
	let bytes = 0;
	let row = table[Head.ReleaseCursor] as number;
	for (; row !== No.Row; row = table[row + Row.ReleaseLink] as number) bytes += 4;
	row = table[Head.PublishCursor] as number;
	for (; row !== No.Row; row = table[row + Row.OrderLink] as number) {
		if ((table[row + Row.State] as number) < Out.Release) {
			bytes += packetLength(holder, row);
		}
	}
	return bytes;
};

/** Row of an id, or NoRow. */
export const findOutgoing = (holder: OutgoingHolder, packetId: number): number => {
	const table = holder.outgoing;
	if (table === undefined) return No.Row;
	let row = table[Head.Order] as number;
	while (row !== No.Row && table[row + Row.Id] !== packetId)
		row = table[row + Row.OrderLink] as number;
	return row;
};

/**
 * Whether the PUBLISH at the cursor goes again and was accepted before the one whose PUBREL is
 * next: after a reconnect all that is not done goes in its old order.
 */
export const repeatsFirst = (holder: OutgoingHolder): boolean => {
	const table = holder.outgoing as Int32Array;
	const row = table[Head.PublishCursor] as number;
	if (row === No.Row) return false;
	const state = table[row + Row.State] as number;
	if (state !== Out.Again1 && state !== Out.Again2) return false;
	const release = table[Head.ReleaseCursor] as number;
	// Tokens have 31 bits, as in transmit.ts.
	return ((table[row + Row.Token] as number) - (table[release + Row.Token] as number)) << 1 < 0;
};

/** The first byte of the PUBLISH at the cursor goes out now. */
export const beginPublish = (holder: OutgoingHolder): void => {
	const table = holder.outgoing as Int32Array;
	const row = table[Head.PublishCursor] as number;
	if (table[row + Row.Attempted] !== 0) {
		markRepeated(holder.packets as Uint8Array, table[row + Row.Offset] as number);
	}
	table[row + Row.Attempted] = 1;
	table[Head.Waiting] = (table[Head.Waiting] as number) + 1;
	move(table, row, OutInput.Begin);
	table[Head.PublishCursor] = table[row + Row.OrderLink] as number;
	skipReleases(table);
};

/** The first byte of the PUBREL at the cursor goes out now. */
export const beginRelease = (holder: OutgoingHolder): void => {
	const table = holder.outgoing as Int32Array;
	const row = table[Head.ReleaseCursor] as number;
	move(table, row, OutInput.Begin);
	table[Head.ReleaseCursor] = table[row + Row.ReleaseLink] as number;
};

/**
 * An acknowledgement arrived: `input` is `OutInput.Puback`, `Pubrec` or `Pubcomp`. `row` is what
 * `findOutgoing` gave. Returns what is to be done; on `OutAction.Complete` the caller calls
 * `finishOutgoing` after it has read what it needs.
 */
export const acknowledgeOutgoing = (holder: OutgoingHolder, row: number, input: number): number => {
	const table = holder.outgoing;
	if (table === undefined || row === No.Row) return actionOf(step(OutgoingFlow, Out.None, input));
	const before = table[row + Row.State] as number;
	const action = actionOf(step(OutgoingFlow, before, input));
	if (action === OutAction.Violation || action === OutAction.Complete) return action;
	move(table, row, input);
	if (action !== OutAction.Release) return action;
	if (table[Head.PublishCursor] === row) {
		table[Head.PublishCursor] = table[row + Row.OrderLink] as number;
		skipReleases(table);
	}
	if (before === Out.Released) unlinkRelease(table, row);
	if (before === Out.Again2) table[Head.Waiting] = (table[Head.Waiting] as number) + 1;
	append(table, Head.Releases, Row.ReleaseLink, row);
	if (table[Head.ReleaseCursor] === No.Row) table[Head.ReleaseCursor] = row;
	return action;
};

/** Frees the place of a publication that is done. */
export const finishOutgoing = (holder: OutgoingHolder, row: number): void => {
	const table = holder.outgoing as Int32Array;
	if (table[Head.PieceRow] === row) {
		table[Head.PieceRow] = No.Row;
		holder.pieces = undefined;
	}
	if (count(table, Head.Order) === 1) {
		holder.outgoing = undefined;
		holder.packets = undefined;
		return;
	}
	const state = table[row + Row.State] as number;
	if (state >= Out.Release) unlinkRelease(table, row);
	else if (table[Head.PublishCursor] === row)
		table[Head.PublishCursor] = table[row + Row.OrderLink] as number;
	if (state !== Out.Again1 && state !== Out.Again2) {
		table[Head.Waiting] = (table[Head.Waiting] as number) - 1;
	}
	table[row + Row.State] = Out.None;
	remove(table, Head.Order, Row.OrderLink, row);
	table[Head.Used] = (table[Head.Used] as number) - (table[row + Row.Length] as number);
	skipReleases(table);
};

/** The connection is gone: everything goes out again, in order [MQTT-4.4.0-1]. */
export const loseOutgoing = (holder: OutgoingHolder): void => {
	const table = holder.outgoing;
	if (table === undefined) return;
	let row = table[Head.Order] as number;
	for (; row !== No.Row; row = table[row + Row.OrderLink] as number)
		move(table, row, OutInput.Lost);
	table[Head.Waiting] = count(table, Head.Releases);
	table[Head.PublishCursor] = table[Head.Order] as number;
	table[Head.ReleaseCursor] = table[Head.Releases] as number;
	skipReleases(table);
};

/**
 * The broker has no session: what it was sent and what is not done becomes new, under another
 * id [MQTT-3.1.2-6].
 */
export const forgetOutgoing = (holder: OutgoingHolder): void => {
	const table = holder.outgoing;
	if (table === undefined) return;
	let row = table[Head.Order] as number;
	for (; row !== No.Row; row = table[row + Row.OrderLink] as number) {
		move(table, row, OutInput.Forgotten);
		if (table[row + Row.Attempted] === 0) continue;
		const packetId = takePacketId(holder);
		table[row + Row.Id] = packetId;
		table[row + Row.Attempted] = 0;
		renumberPublish(holder.packets as Uint8Array, table[row + Row.Offset] as number, packetId);
	}
	table[Head.Waiting] = 0;
	clear(table, Head.Releases);
	table[Head.ReleaseCursor] = No.Row;
	table[Head.PublishCursor] = table[Head.Order] as number;
};

/**
 * A packet id that neither a publication nor a request uses, never 0 [MQTT-2.3.1-1]
 * [MQTT-2.3.1-2]. There are more ids than both tables have places.
 */
export const takePacketId = (holder: OutgoingHolder): number => {
	const { numbers } = holder;
	let packetId = numbers[Place.LastPacketId] as number;
	do packetId = packetId === 65_535 ? 1 : packetId + 1;
	while (findOutgoing(holder, packetId) !== No.Row || findRequest(holder, packetId) !== No.Row);
	numbers[Place.LastPacketId] = packetId;
	return packetId;
};

/** Keeps the cursor on a publication whose PUBLISH has to go out. */
const skipReleases = (table: Int32Array): void => {
	let row = table[Head.PublishCursor] as number;
	while (row !== No.Row && (table[row + Row.State] as number) >= Out.Release) {
		row = table[row + Row.OrderLink] as number;
	}
	table[Head.PublishCursor] = row;
};

const unlinkRelease = (table: Int32Array, row: number): void => {
	if (table[Head.ReleaseCursor] === row)
		table[Head.ReleaseCursor] = table[row + Row.ReleaseLink] as number;
	remove(table, Head.Releases, Row.ReleaseLink, row);
};

const move = (table: Int32Array, row: number, input: number): void => {
	const state = table[row + Row.State] as number;
	table[row + Row.State] = stateOf(step(OutgoingFlow, state, input));
};
