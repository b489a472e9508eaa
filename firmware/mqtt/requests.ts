/**
 * SUBSCRIBE and UNSUBSCRIBE packets that were not answered: a table, while there are any. Part of
 * the connection: they are not sent again ([MQTT-4.4.0-1] is about PUBLISH and PUBREL), but each
 * one that dies with its connection is reported. Must not know the packets themselves.
 */

import { RequestWindow } from "./record";
import { growTable, NoRow } from "./table";

/** What the requests are kept in. */
export interface RequestHolder {
	readonly numbers: Int32Array;
	/** While one is not answered or its loss is not told. */
	requests: Int32Array | undefined;
}

/** In front: requests that wait for an answer, and those whose loss has to be told. */
const WaitingPlace = 0;
const LostPlace = 1;
const HeadPlaces = 2;

/** A row. */
const Stride = 5;
const StatePlace = 0;
const TypePlace = 1;
const IdPlace = 2;
const TokenPlace = 3;
const FiltersPlace = 4;

const Free = 0;
const Waiting = 1;
const Lost = 2;

/** Not answered on this connection. */
export function requestsWaiting(holder: RequestHolder): number {
	return holder.requests === undefined ? 0 : (holder.requests[WaitingPlace] as number);
}

export function hasRequestRoom(holder: RequestHolder): boolean {
	const table = holder.requests;
	if (table === undefined) return true;
	const used = (table[WaitingPlace] as number) + (table[LostPlace] as number);
	return used < (holder.numbers[RequestWindow] as number);
}

/** @param type PacketType.Subscribe or PacketType.Unsubscribe */
export function addRequest(
	holder: RequestHolder,
	type: number,
	packetId: number,
	token: number,
	filters: number,
): void {
	let table = holder.requests;
	const row = table === undefined ? HeadPlaces : findState(table, Free);
	if (table === undefined || row >= table.length) {
		table = growTable(table, HeadPlaces, Stride, holder.numbers[RequestWindow] as number);
		holder.requests = table;
	}
	table[row] = Waiting;
	table[row + TypePlace] = type;
	table[row + IdPlace] = packetId;
	table[row + TokenPlace] = token;
	table[row + FiltersPlace] = filters;
	table[WaitingPlace] = (table[WaitingPlace] as number) + 1;
}

/** Row of an id that waits for its answer, or NoRow. */
export function findRequest(holder: RequestHolder, packetId: number): number {
	const table = holder.requests;
	if (table === undefined) return NoRow;
	for (let row = HeadPlaces; row < table.length; row += Stride) {
		if (table[row + IdPlace] === packetId && table[row + StatePlace] === Waiting) return row;
	}
	return NoRow;
}

export function requestType(holder: RequestHolder, row: number): number {
	return (holder.requests as Int32Array)[row + TypePlace] as number;
}

export function requestToken(holder: RequestHolder, row: number): number {
	return (holder.requests as Int32Array)[row + TokenPlace] as number;
}

/** Filters in the request. */
export function requestFilters(holder: RequestHolder, row: number): number {
	return (holder.requests as Int32Array)[row + FiltersPlace] as number;
}

/** Row of a lost request, or NoRow. */
export function lostRequest(holder: RequestHolder): number {
	const table = holder.requests;
	return table === undefined || table[LostPlace] === 0 ? NoRow : findState(table, Lost);
}

/** Answered, or its loss told. The last one takes the table with it. */
export function finishRequest(holder: RequestHolder, row: number): void {
	const table = holder.requests as Int32Array;
	const counter = table[row + StatePlace] === Lost ? LostPlace : WaitingPlace;
	table[counter] = (table[counter] as number) - 1;
	table[row + StatePlace] = Free;
	if (table[WaitingPlace] === 0 && table[LostPlace] === 0) holder.requests = undefined;
}

export function loseRequests(holder: RequestHolder): void {
	const table = holder.requests;
	if (table === undefined) return;
	for (let row = HeadPlaces; row < table.length; row += Stride) {
		if (table[row + StatePlace] === Waiting) table[row + StatePlace] = Lost;
	}
	table[LostPlace] = (table[LostPlace] as number) + (table[WaitingPlace] as number);
	table[WaitingPlace] = 0;
}

/** The first row in a state, or the end of the table. */
function findState(table: Int32Array, state: number): number {
	let row = HeadPlaces;
	while (row < table.length && table[row + StatePlace] !== state) row += Stride;
	return row;
}
