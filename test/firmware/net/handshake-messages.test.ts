/** Messages of the TLS handshake: what ours offers, and how much is read of the broker's. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readCertificates } from "../../../firmware/net/ssl/handshake-order";
import { helloBytes } from "../../../firmware/net/ssl/hello";

/** The numbers of a list with its length in front. */
function list(bytes: Uint8Array, at: number): number[] {
	const numbers: number[] = [];
	const end = at + 2 + number16(bytes, at);
	for (let i = at + 2; i < end; i += 2) numbers.push(number16(bytes, i));
	return numbers;
}

function number16(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

for (const name of ["", "broker.example.com"]) {
	test(`ClientHello ${name === "" ? "without a name" : "with a name"}`, () => {
		const bytes = helloBytes(new Uint8Array(32).fill(7), name);
		assert.equal(number16(bytes, 3), bytes.length - 5);
		assert.equal(number16(bytes, 7), bytes.length - 9);
		assert.equal(number16(bytes, 9), 0x0303);
		assert.ok(bytes.subarray(11, 43).every((byte) => byte === 7));
		// No session. The last one says that this is no renegotiation (RFC 5746 3.3).
		assert.equal(bytes[43], 0);
		assert.deepEqual(list(bytes, 44), [0xc02b, 0xc02f, 0x00ff]);
		assert.deepEqual([...bytes.subarray(52, 54)], [1, 0]);
		assert.equal(number16(bytes, 54), bytes.length - 56);
		const types: number[] = [];
		let at = 56;
		while (at < bytes.length) {
			types.push(number16(bytes, at));
			at += 4 + number16(bytes, at + 2);
		}
		assert.equal(at, bytes.length);
		assert.deepEqual(types, name === "" ? [1, 10, 11, 13] : [0, 1, 10, 11, 13]);
	});
}

test("of thousands of certificates only a few are read", () => {
	const count = 2000;
	const message = new Uint8Array(7 + 4 * count);
	message.set([11, 0, (3 + 4 * count) >> 8, (3 + 4 * count) & 0xff]);
	message.set([0, (4 * count) >> 8, (4 * count) & 0xff], 4);
	for (let at = 7; at < message.length; at += 4) message[at + 2] = 1;
	assert.equal(readCertificates(message).length, 6);
});
