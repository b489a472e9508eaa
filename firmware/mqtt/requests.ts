/**
 * SUBSCRIBE and UNSUBSCRIBE packets that were not answered: a table, while there are any. Part of
 * the connection: they are not sent again ([MQTT-4.4.0-1] is about PUBLISH and PUBREL), but each
 * one that dies with its connection is reported. Must not know the packets themselves.
 */

import { Place } from "./record";
import { growTable, No } from "./table";

/** What the requests are kept in. */
export interface RequestHolder {
	readonly numbers: Int32Array;
	/** While one is not answered or its loss is not told. */
	requests: Int32Array | undefined;
}

/** In front of the rows: how many wait for an answer, and of how many the loss has to be told. */
const enum Head {
	Waiting = 0,
	Lost = 1,
	Places = 2,
}

const enum Row {
	State = 0,
	Type = 1,
	Id = 2,
	Token = 3,
	Filters = 4,
	Places = 5,
}

const enum Request {
	Free = 0,
	Waiting = 1,
	Lost = 2,
}

/** Not answered on this connection. */
export const requestsWaiting = (holder: RequestHolder): number => {
	return holder.requests === undefined ? 0 : (holder.requests[Head.Waiting] as number);
};

export const hasRequestRoom = (holder: RequestHolder): boolean => {
	const table = holder.requests;
	if (table === undefined) return true;
	const used = (table[Head.Waiting] as number) + (table[Head.Lost] as number);
	return used < (holder.numbers[Place.RequestWindow] as number);
};

/** @param type PacketType.Subscribe or PacketType.Unsubscribe */
export const addRequest = (
	holder: RequestHolder,
	type: number,
	packetId: number,
	token: number,
	filters: number,
): void => {
	let table = holder.requests;
	const row = table === undefined ? Head.Places : findState(table, Request.Free);
	if (table === undefined || row >= table.length) {
		table = growTable(
			table,
			Head.Places,
			Row.Places,
			holder.numbers[Place.RequestWindow] as number,
		);
		holder.requests = table;
	}
	table[row + Row.State] = Request.Waiting;
	table[row + Row.Type] = type;
	table[row + Row.Id] = packetId;
	table[row + Row.Token] = token;
	table[row + Row.Filters] = filters;
	table[Head.Waiting] = (table[Head.Waiting] as number) + 1;
};

/** Row of an id that waits for its answer, or NoRow. */
export const findRequest = (holder: RequestHolder, packetId: number): number => {
	const table = holder.requests;
	if (table === undefined) return No.Row;
	for (let row = Head.Places; row < table.length; row += Row.Places) {
		if (table[row + Row.Id] === packetId && table[row + Row.State] === Request.Waiting) return row;
	}
	return No.Row;
};

export const requestType = (holder: RequestHolder, row: number): number => {
	return (holder.requests as Int32Array)[row + Row.Type] as number;
};

export const requestToken = (holder: RequestHolder, row: number): number => {
	return (holder.requests as Int32Array)[row + Row.Token] as number;
};

/** Filters in the request. */
export const requestFilters = (holder: RequestHolder, row: number): number => {
	return (holder.requests as Int32Array)[row + Row.Filters] as number;
};

/** Row of a lost request, or NoRow. */
export const lostRequest = (holder: RequestHolder): number => {
	const table = holder.requests;
	return table === undefined || table[Head.Lost] === 0 ? No.Row : findState(table, Request.Lost);
};

/** Answered, or its loss told. The last one takes the table with it. */
export const finishRequest = (holder: RequestHolder, row: number): void => {
	const table = holder.requests as Int32Array;
	const counter = table[row + Row.State] === Request.Lost ? Head.Lost : Head.Waiting;
	table[counter] = (table[counter] as number) - 1;
	table[row + Row.State] = Request.Free;
	if (table[Head.Waiting] === 0 && table[Head.Lost] === 0) holder.requests = undefined;
};

export const loseRequests = (holder: RequestHolder): void => {
	const table = holder.requests;
	if (table === undefined) return;
	for (let row = Head.Places; row < table.length; row += Row.Places) {
		if (table[row + Row.State] === Request.Waiting) table[row + Row.State] = Request.Lost;
	}
	table[Head.Lost] = (table[Head.Lost] as number) + (table[Head.Waiting] as number);
	table[Head.Waiting] = 0;
};

/** The first row in a state, or the end of the table. */
const findState = (table: Int32Array, state: number): number => {
	let row = Head.Places;
	while (row < table.length && table[row + Row.State] !== state) row += Row.Places;
	return row;
};
