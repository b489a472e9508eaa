import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "../../../firmware/mqtt/deadlines";
import { IdSet } from "../../../firmware/mqtt/idset";
import { Requests } from "../../../firmware/mqtt/requests";
import { ByteRing } from "../../../firmware/mqtt/ring";
import { NoSlot, SlotList } from "../../../firmware/mqtt/slots";
import { Random } from "./random";

test("the set of ids agrees with a plain set", () => {
	const random = new Random(1);
	const ids = new IdSet();
	const model = new Set<number>();
	for (let round = 0; round < 20_000; round++) {
		// Near each other, as brokers count, with a jump now and then.
		const id = 1 + ((random.below(300) + (round >> 3) * 40) % 65_535);
		if (random.once(2)) {
			ids.add(id);
			model.add(id);
		} else {
			assert.equal(ids.delete(id), model.delete(id));
		}
		assert.equal(ids.has(id), model.has(id));
		assert.equal(ids.count, model.size);
		if (random.once(5000)) {
			ids.clear();
			model.clear();
		}
	}
	for (let id = 1; id <= 65_535; id++) assert.equal(ids.has(id), model.has(id), String(id));
	const sorted = [...model].sort((a, b) => a - b);
	let id = 0;
	for (const expected of sorted) {
		id = ids.next(id);
		assert.equal(id, expected);
	}
	assert.equal(ids.next(id), 0);
});

test("the set of ids takes every id, and is empty again", () => {
	const ids = new IdSet();
	for (let id = 65_535; id > 0; id--) ids.add(id);
	assert.equal(ids.count, 65_535);
	for (let id = 1; id <= 65_535; id++) assert.equal(ids.delete(id), true);
	assert.equal(ids.count, 0);
	assert.equal(ids.delete(7), false);
});

test("the set of ids stays small for ids in a row", () => {
	const ids = new IdSet();
	const bytes = (): number => (ids as unknown as { store: Uint8Array }).store.length;
	assert.equal(bytes(), 0);
	let newest = 0;
	for (let round = 0; round < 200_000; round++) {
		newest = (newest % 65_535) + 1;
		ids.add(newest);
		const old = newest - 60;
		if (round >= 60) assert.equal(ids.delete(old > 0 ? old : old + 65_535), true);
	}
	assert.equal(ids.count, 60);
	assert.ok(bytes() <= 96 + 2 * 256, String(bytes()));
});

/** Pieces in a ring never overlap. Returns the most bytes that were in use. */
function runRing(size: number, seed: number): number {
	const random = new Random(seed);
	const ring = new ByteRing(size);
	const pieces: { offset: number; length: number }[] = [];
	let most = 0;
	for (let round = 0; round < 5000; round++) {
		if (random.below(3) > 0) {
			const length = 1 + random.below(size >> 2);
			const offset = ring.allocate(length);
			if (offset < 0) assert.ok(pieces.length > 0);
			else {
				assert.ok(offset + length <= size);
				for (const other of pieces) {
					const apart = offset + length <= other.offset || other.offset + other.length <= offset;
					assert.ok(apart, `${offset}+${length} in ${JSON.stringify(pieces)}`);
				}
				pieces.push({ offset, length });
			}
		} else if (pieces.length > 0) {
			assert.equal(ring.head, pieces[0]?.offset);
			ring.free((pieces.shift() as { length: number }).length);
		}
		assert.equal(ring.count, pieces.length);
		most = Math.max(
			most,
			pieces.reduce((sum, piece) => sum + piece.length, 0),
		);
	}
	return most;
}

test("a ring gives out pieces that do not overlap", () => {
	for (let seed = 1; seed <= 20; seed++) {
		assert.ok(runRing(256, seed) > 200);
	}
	const ring = new ByteRing(10);
	assert.equal(ring.allocate(10), 0);
	assert.equal(ring.allocate(1), -1);
	ring.free(10);
	assert.equal(ring.allocate(11), -1);
	assert.equal(ring.allocate(10), 0);
});

test("a list of slots keeps its order", () => {
	const random = new Random(3);
	const rows = new Int32Array(10 * 5);
	const list = new SlotList(rows, 5, 2);
	const model: number[] = [];
	for (let round = 0; round < 2000; round++) {
		const slot = random.below(10);
		const place = model.indexOf(slot);
		if (place < 0) {
			list.append(slot);
			model.push(slot);
		} else {
			list.remove(slot);
			model.splice(place, 1);
		}
		const seen: number[] = [];
		for (let at = list.head; at !== NoSlot; at = list.next(at)) seen.push(at);
		assert.deepEqual(seen, model);
		assert.equal(list.tail, model.at(-1) ?? NoSlot);
		assert.equal(list.count, model.length);
	}
});

test("deadlines hold over the rollover of ticks", () => {
	const deadlines = new Deadlines();
	assert.equal(deadlines.next(0), -1);
	const start = 0x7ffffff0;
	deadlines.arm(0, start, 100);
	deadlines.arm(3, start, 50);
	assert.equal(deadlines.next(start), 50);
	assert.equal(deadlines.takeDue(3, start), false);
	assert.equal(deadlines.takeDue(3, (start + 49) | 0), false);
	assert.equal(deadlines.next((start + 49) | 0), 1);
	assert.equal(deadlines.takeDue(3, (start + 50) | 0), true);
	assert.equal(deadlines.takeDue(3, (start + 51) | 0), false);
	assert.equal(deadlines.next((start + 60) | 0), 40);
	assert.equal(deadlines.next((start + 200) | 0), 0);
	assert.equal(deadlines.takeDue(0, (start + 200) | 0), true);
	assert.equal(deadlines.next(start), -1);
});

test("requests are found by id, and those that are lost are told once", () => {
	const requests = new Requests(3);
	requests.add(8, 10, 100, 2);
	requests.add(10, 11, 101, 1);
	assert.equal(requests.token(requests.find(11)), 101);
	assert.equal(requests.find(12), NoSlot);
	requests.finish(requests.find(10));
	assert.equal(requests.find(10), NoSlot);
	requests.add(8, 12, 102, 4);
	requests.add(8, 13, 103, 4);
	assert.equal(requests.hasRoom, false);
	requests.handleLost();
	assert.equal(requests.waiting, 0);
	assert.equal(requests.hasRoom, false);
	assert.equal(requests.find(12), NoSlot);
	const tokens = [0, 0, 0].map(() => requests.token(requests.takeLost()));
	assert.deepEqual(tokens.sort(), [101, 102, 103]);
	assert.equal(requests.takeLost(), NoSlot);
	assert.equal(requests.hasRoom, true);
});
