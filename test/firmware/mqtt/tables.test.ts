import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../../../firmware/mqtt/codes";
import { arm, nextDeadlineMs, takeDue } from "../../../firmware/mqtt/deadlines";
import {
	addId,
	clearIds,
	deleteId,
	hasId,
	type IdHolder,
	nextId,
} from "../../../firmware/mqtt/idset";
import {
	checkQueueRoom,
	finishQueued,
	type QueueHolder,
	QueueTokenBytes,
	queuePacket,
	queueToken,
} from "../../../firmware/mqtt/queue";
import { Place } from "../../../firmware/mqtt/record";
import {
	addRequest,
	findRequest,
	finishRequest,
	hasRequestRoom,
	loseRequests,
	lostRequest,
	type RequestHolder,
	requestsWaiting,
	requestToken,
} from "../../../firmware/mqtt/requests";
import { append, count, growTable, No, remove } from "../../../firmware/mqtt/table";
import { Random } from "./random";

function emptyIds(): IdHolder {
	return { numbers: new Int32Array(Place.RecordPlaces), pages: undefined };
}

test("the set of ids agrees with a plain set", () => {
	const random = new Random(1);
	const ids = emptyIds();
	const model = new Set<number>();
	for (let round = 0; round < 20_000; round++) {
		// Near each other, as brokers count, with a jump now and then.
		const id = 1 + ((random.below(300) + (round >> 3) * 40) % 65_535);
		if (random.once(2)) {
			addId(ids, id);
			model.add(id);
		} else {
			assert.equal(deleteId(ids, id), model.delete(id));
		}
		assert.equal(hasId(ids, id), model.has(id));
		assert.equal(ids.numbers[Place.IdCount], model.size);
		if (random.once(5000)) {
			clearIds(ids);
			model.clear();
		}
	}
	for (let id = 1; id <= 65_535; id++) assert.equal(hasId(ids, id), model.has(id), String(id));
	const sorted = [...model].sort((a, b) => a - b);
	let id = 0;
	for (const expected of sorted) {
		id = nextId(ids, id);
		assert.equal(id, expected);
	}
	assert.equal(nextId(ids, id), 0);
});

test("the set of ids takes every id, and is empty again", () => {
	const ids = emptyIds();
	for (let id = 65_535; id > 0; id--) addId(ids, id);
	assert.equal(ids.numbers[Place.IdCount], 65_535);
	for (let id = 1; id <= 65_535; id++) assert.equal(deleteId(ids, id), true);
	assert.equal(ids.numbers[Place.IdCount], 0);
	assert.equal(ids.pages, undefined);
	assert.equal(deleteId(ids, 7), false);
});

test("four ids need no page, and with the last id the pages go", () => {
	const ids = emptyIds();
	for (let id = 1; id <= 4; id++) addId(ids, id * 10_000);
	assert.equal(ids.pages, undefined);
	addId(ids, 50_000);
	assert.notEqual(ids.pages, undefined);
	for (let id = 1; id <= 5; id++) assert.equal(hasId(ids, id * 10_000), true);
	for (let id = 1; id <= 4; id++) assert.equal(deleteId(ids, id * 10_000), true);
	assert.notEqual(ids.pages, undefined);
	assert.equal(deleteId(ids, 50_000), true);
	assert.equal(ids.pages, undefined);
});

test("the set of ids stays small for ids in a row", () => {
	const ids = emptyIds();
	const bytes = (): number => ids.pages?.length ?? 0;
	assert.equal(bytes(), 0);
	let newest = 0;
	for (let round = 0; round < 200_000; round++) {
		newest = (newest % 65_535) + 1;
		addId(ids, newest);
		const old = newest - 60;
		if (round >= 60) assert.equal(deleteId(ids, old > 0 ? old : old + 65_535), true);
	}
	assert.equal(ids.numbers[Place.IdCount], 60);
	assert.ok(bytes() <= 96 + 2 * 256, String(bytes()));
});

/** Records of a queue keep their order and bytes. Returns the most bytes that were in use. */
function runQueue(size: number, seed: number): number {
	const random = new Random(seed);
	const numbers = new Int32Array(Place.RecordPlaces);
	numbers[Place.TransmitBytes] = size;
	const holder: QueueHolder = { numbers, queue: undefined };
	const model: { token: number; length: number }[] = [];
	let used = 0;
	let most = 0;
	for (let round = 1; round <= 5000; round++) {
		if (random.below(3) > 0) {
			const length = 1 + random.below(size >> 2);
			const record = QueueTokenBytes + length;
			const fits = used + record <= size;
			assert.equal(checkQueueRoom(holder, length), fits ? Code.None : Code.Full);
			if (fits) {
				const token = random.next() & 0x7fffffff;
				const at = queuePacket(holder, token, length);
				holder.queue?.fill(token & 0xff, at, at + length);
				model.push({ token, length });
				used += record;
			}
		} else if (model.length > 0) {
			const { token, length } = model.shift() as { token: number; length: number };
			const at = (numbers[Place.QueueHead] as number) + QueueTokenBytes;
			assert.equal(queueToken(holder), token);
			const bytes = (holder.queue as Uint8Array).subarray(at, at + length);
			assert.ok(bytes.every((byte) => byte === (token & 0xff)));
			finishQueued(holder, QueueTokenBytes + length);
			used -= QueueTokenBytes + length;
		}
		assert.equal(numbers[Place.QueueCount], model.length);
		assert.equal(holder.queue === undefined, model.length === 0);
		assert.ok((holder.queue?.length ?? 0) <= size);
		most = Math.max(most, used);
	}
	return most;
}

test("a queue keeps order and bytes, takes what fits, and holds nothing when empty", () => {
	for (let seed = 1; seed <= 20; seed++) {
		assert.ok(runQueue(256, seed) > 200);
	}
	const numbers = new Int32Array(Place.RecordPlaces);
	numbers[Place.TransmitBytes] = 32;
	const holder: QueueHolder = { numbers, queue: undefined };
	assert.equal(checkQueueRoom(holder, 28), Code.None);
	assert.equal(checkQueueRoom(holder, 29), Code.TooLong);
});

test("a list of rows keeps its order, also while the table grows", () => {
	const random = new Random(3);
	const [list, stride, link] = [1, 5, 2];
	const head = list + 3;
	let table = growTable(undefined, head, stride, 10);
	const model: number[] = [];
	for (let round = 0; round < 2000; round++) {
		if (round % 100 === 0) {
			const before = table.length;
			table = growTable(table, head, stride, 10);
			assert.equal(table.length, Math.min(head + 10 * stride, 2 * (before - head) + head));
		}
		const row = head + random.below((table.length - head) / stride) * stride;
		const place = model.indexOf(row);
		if (place < 0) {
			append(table, list, link, row);
			model.push(row);
		} else {
			remove(table, list, link, row);
			model.splice(place, 1);
		}
		const seen: number[] = [];
		let at = table[list] as number;
		for (; at !== No.Row; at = table[at + link] as number) seen.push(at);
		assert.deepEqual(seen, model);
		assert.equal(table[list + 1], model.at(-1) ?? No.Row);
		assert.equal(count(table, list), model.length);
	}
	assert.equal(table[0], 0);
});

test("deadlines hold over the rollover of ticks", () => {
	const numbers = new Int32Array(Place.RecordPlaces);
	assert.equal(nextDeadlineMs(numbers, 0), -1);
	const start = 0x7ffffff0;
	arm(numbers, 0, start, 100);
	arm(numbers, 3, start, 50);
	assert.equal(nextDeadlineMs(numbers, start), 50);
	assert.equal(takeDue(numbers, 3, start), false);
	assert.equal(takeDue(numbers, 3, (start + 49) | 0), false);
	assert.equal(nextDeadlineMs(numbers, (start + 49) | 0), 1);
	assert.equal(takeDue(numbers, 3, (start + 50) | 0), true);
	assert.equal(takeDue(numbers, 3, (start + 51) | 0), false);
	assert.equal(nextDeadlineMs(numbers, (start + 60) | 0), 40);
	assert.equal(nextDeadlineMs(numbers, (start + 200) | 0), 0);
	assert.equal(takeDue(numbers, 0, (start + 200) | 0), true);
	assert.equal(nextDeadlineMs(numbers, start), -1);
});

test("requests are found by id, and those that are lost are told once", () => {
	const numbers = new Int32Array(Place.RecordPlaces);
	numbers[Place.RequestWindow] = 3;
	const holder: RequestHolder = { numbers, requests: undefined };
	addRequest(holder, 8, 10, 100, 2);
	addRequest(holder, 10, 11, 101, 1);
	assert.equal(requestToken(holder, findRequest(holder, 11)), 101);
	assert.equal(findRequest(holder, 12), No.Row);
	finishRequest(holder, findRequest(holder, 10));
	assert.equal(findRequest(holder, 10), No.Row);
	addRequest(holder, 8, 12, 102, 4);
	addRequest(holder, 8, 13, 103, 4);
	assert.equal(hasRequestRoom(holder), false);
	loseRequests(holder);
	assert.equal(requestsWaiting(holder), 0);
	assert.equal(hasRequestRoom(holder), false);
	assert.equal(findRequest(holder, 12), No.Row);
	const tokens: number[] = [];
	for (let row = lostRequest(holder); row !== No.Row; row = lostRequest(holder)) {
		tokens.push(requestToken(holder, row));
		finishRequest(holder, row);
	}
	assert.deepEqual(tokens.sort(), [101, 102, 103]);
	assert.equal(holder.requests, undefined);
	assert.equal(hasRequestRoom(holder), true);
});
