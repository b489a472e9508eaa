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
import { Place } from "./record";
import { append, clear, growTable, No, remove } from "./table";

/** What the messages are kept in. */
export interface IncomingHolder extends IdHolder {
	/** While there is a message. */
	incoming: Int32Array | undefined;
}

/** In front of the rows. */
const enum Head {
	/** The messages of this connection, oldest first. */
	Arrivals = 0,
	/** Rows in use, and of these the ones that are Done. */
	Count = 3,
	Done = 4,
	Places = 5,
}

const enum Row {
	State = 0,
	Id = 1,
	Generation = 2,
	OrderLink = 3,
	Places = 5,
}

const enum Const {
	/** A handle is generation * 65,536 + number of the row + 1, and stays in 31 bits. */
	GenerationMask = 0x7fff,
}

/** Messages that are held or wait for their turn. */
export const incomingCount = (holder: IncomingHolder): number => {
	return holder.incoming === undefined ? 0 : (holder.incoming[Head.Count] as number);
};

/** Whether one more message with QoS > 0 can be taken. */
export const hasIncomingRoom = (holder: IncomingHolder): boolean => {
	const table = holder.incoming;
	if (table === undefined) return true;
	const held = (table[Head.Count] as number) - (table[Head.Done] as number);
	return held < (holder.numbers[Place.IncomingWindow] as number);
};

/**
 * A PUBLISH with QoS 1 or 2 arrived, and there is room. Returns what is to be done, and leaves its
 * handle in the record where it is to be delivered.
 */
export const receiveIncoming = (holder: IncomingHolder, packetId: number, qos: number): number => {
	let row = find(holder.incoming, packetId);
	const before = stateBefore(holder, row, packetId);
	const input = qos === 1 ? InInput.Publish1 : InInput.Publish2;
	const cell = step(IncomingFlow, before, input);
	const action = actionOf(cell);
	if (action === InAction.Nothing || action === InAction.Violation) return action;
	if (before === In.Received2 && stateOf(cell) !== In.Repeated2) deleteId(holder, packetId);
	if (row === No.Row) row = take(holder, packetId);
	const table = holder.incoming as Int32Array;
	if (before === In.Done1) {
		change(table, Head.Done, -1);
		// Under the same id at QoS 2 it is another message, with another handle.
		if (action === InAction.Deliver) renew(holder, table, row);
	}
	table[row + Row.State] = stateOf(cell);
	append(table, Head.Arrivals, Row.OrderLink, row);
	holder.numbers[Place.Handle] = handleOf(table, row);
	return action;
};

/** A PUBREL arrived. Returns InAction.Answer or InAction.Violation. */
export const releaseIncoming = (holder: IncomingHolder, packetId: number): number => {
	const table = holder.incoming;
	const row = find(table, packetId);
	const before = stateBefore(holder, row, packetId);
	const action = actionOf(step(IncomingFlow, before, InInput.Pubrel));
	if (action === InAction.Violation) return action;
	deleteId(holder, packetId);
	if (before === In.Repeated2 && table !== undefined) {
		remove(table, Head.Arrivals, Row.OrderLink, row);
		drop(holder, table, row);
	}
	return action;
};

/** The application is done with a message. Returns 0 or Code.UnknownHandle. */
export const acknowledgeIncoming = (holder: IncomingHolder, handle: number): number => {
	const table = holder.incoming;
	if (table === undefined || handle <= 0) return Code.UnknownHandle;
	const row = Head.Places + ((handle - 1) & 0xffff) * Row.Places;
	if (row >= table.length || handleOf(table, row) !== handle) return Code.UnknownHandle;
	const before = table[row + Row.State] as number;
	if (before === In.None || before === In.Repeated2) return Code.UnknownHandle;
	move(table, row, InInput.Acknowledge);
	if (before === In.Held1) change(table, Head.Done, 1);
	if (before === In.Held2) free(holder, table, row);
	return Code.None;
};

/** Type of the answer whose turn it is, PUBACK or PUBREC, or 0. */
export const nextAnswer = (holder: IncomingHolder): number => {
	const table = holder.incoming;
	return table === undefined ? 0 : answerOf(table, table[Head.Arrivals] as number);
};

/** Id of the answer whose turn it is. */
export const nextAnswerId = (holder: IncomingHolder): number => {
	const table = holder.incoming as Int32Array;
	return table[(table[Head.Arrivals] as number) + Row.Id] as number;
};

/** How many answers can leave one behind the other. */
export const answersReady = (holder: IncomingHolder): number => {
	const table = holder.incoming;
	if (table === undefined) return 0;
	let ready = 0;
	let row = table[Head.Arrivals] as number;
	while (answerOf(table, row) !== 0) {
		ready += 1;
		row = table[row + Row.OrderLink] as number;
	}
	return ready;
};

/** The answer that `nextAnswer` named has left. */
export const finishAnswer = (holder: IncomingHolder, packetId: number): void => {
	const table = holder.incoming;
	if (table === undefined) return;
	const row = table[Head.Arrivals] as number;
	if (row === No.Row || table[row + Row.Id] !== packetId) return;
	move(table, row, InInput.Turn);
	remove(table, Head.Arrivals, Row.OrderLink, row);
	free(holder, table, row);
};

/** The connection is gone: no repeat has arrived on the next one yet. */
export const loseIncoming = (holder: IncomingHolder): void => {
	const table = holder.incoming;
	if (table === undefined) return;
	clear(table, Head.Arrivals);
	for (let row = Head.Places; row < table.length; row += Row.Places) {
		const before = table[row + Row.State] as number;
		if (before === In.None) continue;
		move(table, row, InInput.Lost);
		const after = table[row + Row.State] as number;
		if (after === In.Done1 && before !== In.Done1) change(table, Head.Done, 1);
		if (after === In.Received2) free(holder, table, row);
	}
};

/** The session is gone: ids mean nothing any more [MQTT-3.1.2-6]. */
export const forgetIncoming = (holder: IncomingHolder): void => {
	holder.incoming = undefined;
	clearIds(holder);
};

const answerOf = (table: Int32Array, row: number): number => {
	if (row === No.Row) return 0;
	const state = table[row + Row.State] as number;
	if (state === In.Ready1) return PacketType.Puback;
	return state === In.Ready2 || state === In.Repeated2 ? PacketType.Pubrec : 0;
};

const stateBefore = (holder: IncomingHolder, row: number, packetId: number): number => {
	if (row !== No.Row) return (holder.incoming as Int32Array)[row + Row.State] as number;
	return hasId(holder, packetId) ? In.Received2 : In.None;
};

const handleOf = (table: Int32Array, row: number): number => {
	return ((table[row + Row.Generation] as number) << 16) + (row - Head.Places) / Row.Places + 1;
};

const find = (table: Int32Array | undefined, packetId: number): number => {
	if (table === undefined) return No.Row;
	for (let row = Head.Places; row < table.length; row += Row.Places) {
		if (table[row + Row.Id] === packetId && table[row + Row.State] !== In.None) return row;
	}
	return No.Row;
};

/** A row for another message: a free one, one more, else one that is Done. */
const take = (holder: IncomingHolder, packetId: number): number => {
	const maximum = holder.numbers[Place.IncomingWindow] as number;
	let table = holder.incoming;
	let row = Head.Places;
	if (table === undefined || (table[Head.Count] as number) < maximum) {
		if (table !== undefined) row = findState(table, In.None);
		if (table === undefined || row >= table.length) {
			table = growTable(table, Head.Places, Row.Places, maximum);
			holder.incoming = table;
		}
		change(table, Head.Count, 1);
	} else {
		row = findState(table, In.Done1);
		change(table, Head.Done, -1);
	}
	table[row + Row.Id] = packetId;
	renew(holder, table, row);
	return row;
};

/** The first row in a state, or the end of the table. */
const findState = (table: Int32Array, state: number): number => {
	let row = Head.Places;
	while (row < table.length && table[row + Row.State] !== state) row += Row.Places;
	return row;
};

const renew = (holder: IncomingHolder, table: Int32Array, row: number): void => {
	const generation = ((holder.numbers[Place.Generation] as number) + 1) & Const.GenerationMask;
	holder.numbers[Place.Generation] = generation;
	table[row + Row.Generation] = generation;
};

/** Frees a row; a QoS 2 id whose answer has left, or may leave, is remembered. */
const free = (holder: IncomingHolder, table: Int32Array, row: number): void => {
	if (table[row + Row.State] === In.Received2) addId(holder, table[row + Row.Id] as number);
	drop(holder, table, row);
};

/** Frees a row; the last one takes the table with it. */
const drop = (holder: IncomingHolder, table: Int32Array, row: number): void => {
	table[row + Row.State] = In.None;
	change(table, Head.Count, -1);
	if (table[Head.Count] === 0) holder.incoming = undefined;
};

const move = (table: Int32Array, row: number, input: number): void => {
	const state = table[row + Row.State] as number;
	table[row + Row.State] = stateOf(step(IncomingFlow, state, input));
};

const change = (table: Int32Array, place: number, by: number): void => {
	table[place] = (table[place] as number) + by;
};
