/**
 * Incoming messages with QoS > 0 that are not finished: a table, while there are any, for those
 * that the application holds, and the set of QoS 2 ids that wait for PUBREL, which take no place in
 * that table: the PUBRELs that end them come behind further messages in the same stream, and a
 * table that they could fill would never empty. Part of what survives a connection. Answers leave
 * in the order of arrival. What to do is decided in `inflight.ts`. Must not know the transport or
 * time.
 */

import { Code, PacketType } from "./codes";
import { addId, clearIds, deleteId, hasId, type IdHolder } from "./idset";
import { actionOf, In, InAction, IncomingFlow, InInput, stateOf, step } from "./inflight";
import { Generation, Handle, IncomingWindow } from "./record";
import { append, clear, growTable, ListPlaces, NoRow, remove } from "./table";

/** What the messages are kept in. */
export interface IncomingHolder extends IdHolder {
	/** While there is a message. */
	incoming: Int32Array | undefined;
}

/** In front: the messages of this connection, oldest first; rows in use; of these, Done ones. */
const Arrivals = 0;
const CountPlace = ListPlaces;
const DonePlace = ListPlaces + 1;
const HeadPlaces = ListPlaces + 2;

/** A row. */
const Stride = 5;
const StatePlace = 0;
const IdPlace = 1;
const GenerationPlace = 2;
const OrderLink = 3;

/** A handle is generation * 65,536 + number of the row + 1, and stays in 31 bits. */
const GenerationMask = 0x7fff;

/** Messages that are held or wait for their turn. */
export function incomingCount(holder: IncomingHolder): number {
	return holder.incoming === undefined ? 0 : (holder.incoming[CountPlace] as number);
}

/** Whether one more message with QoS > 0 can be taken. */
export function hasIncomingRoom(holder: IncomingHolder): boolean {
	const table = holder.incoming;
	if (table === undefined) return true;
	const held = (table[CountPlace] as number) - (table[DonePlace] as number);
	return held < (holder.numbers[IncomingWindow] as number);
}

/**
 * A PUBLISH with QoS 1 or 2 arrived, and there is room. Returns what is to be done, and leaves its
 * handle in the record where it is to be delivered.
 */
export function receiveIncoming(holder: IncomingHolder, packetId: number, qos: number): number {
	let row = find(holder.incoming, packetId);
	const before = stateBefore(holder, row, packetId);
	const input = qos === 1 ? InInput.Publish1 : InInput.Publish2;
	const cell = step(IncomingFlow, before, input);
	const action = actionOf(cell);
	if (action === InAction.Nothing || action === InAction.Violation) return action;
	if (before === In.Received2 && stateOf(cell) !== In.Repeated2) deleteId(holder, packetId);
	if (row === NoRow) row = take(holder, packetId);
	const table = holder.incoming as Int32Array;
	if (before === In.Done1) {
		change(table, DonePlace, -1);
		// Under the same id at QoS 2 it is another message, with another handle.
		if (action === InAction.Deliver) renew(holder, table, row);
	}
	table[row + StatePlace] = stateOf(cell);
	append(table, Arrivals, OrderLink, row);
	holder.numbers[Handle] = handleOf(table, row);
	return action;
}

/** A PUBREL arrived. Returns InAction.Answer or InAction.Violation. */
export function releaseIncoming(holder: IncomingHolder, packetId: number): number {
	const table = holder.incoming;
	const row = find(table, packetId);
	const before = stateBefore(holder, row, packetId);
	const action = actionOf(step(IncomingFlow, before, InInput.Pubrel));
	if (action === InAction.Violation) return action;
	deleteId(holder, packetId);
	if (before === In.Repeated2 && table !== undefined) {
		remove(table, Arrivals, OrderLink, row);
		drop(holder, table, row);
	}
	return action;
}

/** The application is done with a message. Returns 0 or Code.UnknownHandle. */
export function acknowledgeIncoming(holder: IncomingHolder, handle: number): number {
	const table = holder.incoming;
	if (table === undefined || handle <= 0) return Code.UnknownHandle;
	const row = HeadPlaces + ((handle - 1) & 0xffff) * Stride;
	if (row >= table.length || handleOf(table, row) !== handle) return Code.UnknownHandle;
	const before = table[row + StatePlace] as number;
	if (before === In.None || before === In.Repeated2) return Code.UnknownHandle;
	move(table, row, InInput.Acknowledge);
	if (before === In.Held1) change(table, DonePlace, 1);
	if (before === In.Held2) free(holder, table, row);
	return Code.None;
}

/** Type of the answer whose turn it is, PUBACK or PUBREC, or 0. */
export function nextAnswer(holder: IncomingHolder): number {
	const table = holder.incoming;
	return table === undefined ? 0 : answerOf(table, table[Arrivals] as number);
}

/** Id of the answer whose turn it is. */
export function nextAnswerId(holder: IncomingHolder): number {
	const table = holder.incoming as Int32Array;
	return table[(table[Arrivals] as number) + IdPlace] as number;
}

/** How many answers can leave one behind the other. */
export function answersReady(holder: IncomingHolder): number {
	const table = holder.incoming;
	if (table === undefined) return 0;
	let ready = 0;
	let row = table[Arrivals] as number;
	while (answerOf(table, row) !== 0) {
		ready += 1;
		row = table[row + OrderLink] as number;
	}
	return ready;
}

/** The answer that `nextAnswer` named has left. */
export function finishAnswer(holder: IncomingHolder, packetId: number): void {
	const table = holder.incoming;
	if (table === undefined) return;
	const row = table[Arrivals] as number;
	if (row === NoRow || table[row + IdPlace] !== packetId) return;
	move(table, row, InInput.Turn);
	remove(table, Arrivals, OrderLink, row);
	free(holder, table, row);
}

/** The connection is gone: no repeat has arrived on the next one yet. */
export function loseIncoming(holder: IncomingHolder): void {
	const table = holder.incoming;
	if (table === undefined) return;
	clear(table, Arrivals);
	for (let row = HeadPlaces; row < table.length; row += Stride) {
		const before = table[row + StatePlace] as number;
		if (before === In.None) continue;
		move(table, row, InInput.Lost);
		const after = table[row + StatePlace] as number;
		if (after === In.Done1 && before !== In.Done1) change(table, DonePlace, 1);
		if (after === In.Received2) free(holder, table, row);
	}
}

/** The session is gone: ids mean nothing any more [MQTT-3.1.2-6]. */
export function forgetIncoming(holder: IncomingHolder): void {
	holder.incoming = undefined;
	clearIds(holder);
}

function answerOf(table: Int32Array, row: number): number {
	if (row === NoRow) return 0;
	const state = table[row + StatePlace] as number;
	if (state === In.Ready1) return PacketType.Puback;
	return state === In.Ready2 || state === In.Repeated2 ? PacketType.Pubrec : 0;
}

function stateBefore(holder: IncomingHolder, row: number, packetId: number): number {
	if (row !== NoRow) return (holder.incoming as Int32Array)[row + StatePlace] as number;
	return hasId(holder, packetId) ? In.Received2 : In.None;
}

function handleOf(table: Int32Array, row: number): number {
	return ((table[row + GenerationPlace] as number) << 16) + (row - HeadPlaces) / Stride + 1;
}

function find(table: Int32Array | undefined, packetId: number): number {
	if (table === undefined) return NoRow;
	for (let row = HeadPlaces; row < table.length; row += Stride) {
		if (table[row + IdPlace] === packetId && table[row + StatePlace] !== In.None) return row;
	}
	return NoRow;
}

/** A row for another message: a free one, one more, else one that is Done. */
function take(holder: IncomingHolder, packetId: number): number {
	const maximum = holder.numbers[IncomingWindow] as number;
	let table = holder.incoming;
	let row = HeadPlaces;
	if (table === undefined || (table[CountPlace] as number) < maximum) {
		if (table !== undefined) row = findState(table, In.None);
		if (table === undefined || row >= table.length) {
			table = growTable(table, HeadPlaces, Stride, maximum);
			holder.incoming = table;
		}
		change(table, CountPlace, 1);
	} else {
		row = findState(table, In.Done1);
		change(table, DonePlace, -1);
	}
	table[row + IdPlace] = packetId;
	renew(holder, table, row);
	return row;
}

/** The first row in a state, or the end of the table. */
function findState(table: Int32Array, state: number): number {
	let row = HeadPlaces;
	while (row < table.length && table[row + StatePlace] !== state) row += Stride;
	return row;
}

function renew(holder: IncomingHolder, table: Int32Array, row: number): void {
	const generation = ((holder.numbers[Generation] as number) + 1) & GenerationMask;
	holder.numbers[Generation] = generation;
	table[row + GenerationPlace] = generation;
}

/** Frees a row; a QoS 2 id whose answer has left, or may leave, is remembered. */
function free(holder: IncomingHolder, table: Int32Array, row: number): void {
	if (table[row + StatePlace] === In.Received2) addId(holder, table[row + IdPlace] as number);
	drop(holder, table, row);
}

/** Frees a row; the last one takes the table with it. */
function drop(holder: IncomingHolder, table: Int32Array, row: number): void {
	table[row + StatePlace] = In.None;
	change(table, CountPlace, -1);
	if (table[CountPlace] === 0) holder.incoming = undefined;
}

function move(table: Int32Array, row: number, input: number): void {
	const state = table[row + StatePlace] as number;
	table[row + StatePlace] = stateOf(step(IncomingFlow, state, input));
}

function change(table: Int32Array, place: number, by: number): void {
	table[place] = (table[place] as number) + by;
}
