import assert from "node:assert/strict";
import { test } from "node:test";
import {
	Answer,
	answerReason,
	decodeAnswer,
	encodeQuery,
	MAX_QUERY_BYTES,
} from "../../../firmware/net/dns-message";
import { NameServer, RCODE } from "../../../host-sim/world/name-server";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";

function query(host: string, id = 0x1234, isRecursive = true): Uint8Array {
	const bytes = new Uint8Array(MAX_QUERY_BYTES).fill(0xff);
	return bytes.slice(0, encodeQuery(bytes, id, host, isRecursive));
}

function decode(bytes: Uint8Array, asked: Uint8Array, isMulticast = false) {
	const addresses: string[] = ["stale"];
	const answer = decodeAnswer(bytes, asked, isMulticast, addresses);
	return { answer, addresses };
}

function hex(...parts: string[]): Uint8Array {
	return new Uint8Array(Buffer.from(parts.join("").replaceAll(/\s/g, ""), "hex"));
}

const HEAD = "1234 8180 0001";
/** Question "a.b", A, IN: 9 bytes from 12 on; "b" alone is at 14. */
const QUESTION = "01 61 01 62 00 0001 0001";
const AB = query("a.b");

/** An answer to "a.b" with these records. */
function answer(count: number, ...records: string[]): Uint8Array {
	return hex(HEAD, count.toString(16).padStart(4, "0"), "0000 0000", QUESTION, ...records);
}

test("a question is RFC 1035's", () => {
	assert.deepEqual(
		query("Pool.ntp.org"),
		hex("1234 0100 0001 0000 0000 0000 04 506f6f6c 03 6e7470 03 6f7267 00 0001 0001"),
	);
	assert.deepEqual(query("a.b."), AB);
	assert.equal(query("x.local", 7, false)[2], 0);
});

test("names at their limits", () => {
	const label = "x".repeat(63);
	const longest = `${label}.${label}.${label}.${"y".repeat(61)}`;
	assert.equal(longest.length, 253);
	assert.equal(query(longest).length, MAX_QUERY_BYTES);
	for (const bad of ["", ".", "a..b", ".a", `${label}x`, `${longest}z`, "ä.de", "a b", "a\0b"]) {
		assert.equal(query(bad).length, 0, JSON.stringify(bad));
	}
});

test("addresses in the order of the answer, by pointer or by name", () => {
	const bytes = answer(
		3,
		"c00c 0001 0001 0000003c 0004 c0000201",
		"01 41 01 42 00 0001 0001 0000003c 0004 c0000202",
		"01 61 c00e 0001 0001 0000003c 0004 ffffffff",
	);
	assert.deepEqual(decode(bytes, AB), {
		answer: Answer.Addresses,
		addresses: ["192.0.2.1", "192.0.2.2", "255.255.255.255"],
	});
});

test("at most eight addresses", () => {
	const record = "c00c 0001 0001 0000003c 0004 c0000201";
	const bytes = answer(20, record.repeat(20));
	assert.equal(decode(bytes, AB).addresses.length, 8);
});

test("aliases in any order; a stranger's addresses do not count", () => {
	const bytes = answer(
		4,
		"01 78 00 0001 0001 0000003c 0004 06060606", // x: a stranger
		"01 64 00 0001 0001 0000003c 0004 c0000203", // d A
		"01 63 00 0005 0001 0000003c 0003 01 64 00", // c CNAME d
		"c00c 0005 0001 0000003c 0003 01 63 00", // a.b CNAME c
	);
	assert.deepEqual(decode(bytes, AB), { answer: Answer.Addresses, addresses: ["192.0.2.3"] });
});

test("an alias that leads nowhere, and one in a circle", () => {
	const nowhere = answer(1, "c00c 0005 0001 0000003c 0003 01 63 00");
	assert.equal(decode(nowhere, AB).answer, Answer.NoAddress);
	const circle = answer(
		2,
		"c00c 0005 0001 0000003c 0003 01 63 00",
		"01 63 00 0005 0001 0000003c 0002 c00c",
	);
	assert.equal(decode(circle, AB).answer, Answer.Malformed);
});

test("no address: other types, other classes", () => {
	const aaaa = answer(1, "c00c 001c 0001 0000003c 0010 20010db8000000000000000000000001");
	assert.equal(decode(aaaa, AB).answer, Answer.NoAddress);
	const chaos = answer(1, "c00c 0001 0003 0000003c 0004 c0000201");
	assert.equal(decode(chaos, AB).answer, Answer.NoAddress);
	assert.equal(decode(answer(0), AB).answer, Answer.NoAddress);
});

test("compression that loops or points forward is broken, not endless", () => {
	const data = "0001 0001 0000003c 0004 c0000201";
	const self = answer(1, `c015 ${data}`); // the pointer is at 21
	assert.notEqual(decode(self, AB).answer, Answer.Addresses);
	const forward = answer(1, `c020 ${data}`);
	assert.notEqual(decode(forward, AB).answer, Answer.Addresses);
	// A label, then a pointer back to it, for ever: 01 61 c015.
	const round = answer(1, `01 61 c015 ${data}`);
	assert.notEqual(decode(round, AB).answer, Answer.Addresses);
	// An alias with a name without end, and a record that belongs to that same name.
	const endless = answer(2, "c00c 0005 0001 0000003c 0004 01 61 c021", `c021 ${data}`);
	assert.notEqual(decode(endless, AB).answer, Answer.Addresses);
	const reserved = answer(1, `80 61 00 ${data}`);
	assert.equal(decode(reserved, AB).answer, Answer.Malformed);
});

test("records that are cut or lie about their length", () => {
	const whole = answer(1, "c00c 0001 0001 0000003c 0004 c0000201");
	for (let length = 21; length < whole.length; length++) {
		assert.equal(decode(whole.subarray(0, length), AB).answer, Answer.Malformed, String(length));
	}
	for (let length = 0; length < 21; length++) {
		assert.equal(decode(whole.subarray(0, length), AB).answer, Answer.Foreign, String(length));
	}
	const long = answer(1, "c00c 0001 0001 0000003c 0005 c0000201 00");
	assert.equal(decode(long, AB).answer, Answer.Malformed);
});

test("truncated: what is whole in it is used", () => {
	const some = answer(2, "c00c 0001 0001 0000003c 0004 c0000201", "c00c 0001 00");
	some[2] |= 2;
	assert.deepEqual(decode(some, AB).addresses, ["192.0.2.1"]);
	const none = answer(0);
	none[2] |= 2;
	assert.equal(decode(none, AB).answer, Answer.Truncated);
});

test("failures by rcode", () => {
	const codes: [number, number][] = [
		[1, Answer.ServerFailure],
		[2, Answer.ServerFailure],
		[3, Answer.NoSuchName],
		[4, Answer.ServerFailure],
		[5, Answer.Refused],
	];
	for (const [rcode, expected] of codes) {
		const bytes = answer(0);
		bytes[3] |= rcode;
		assert.equal(decode(bytes, AB).answer, expected);
	}
	for (let value: number = Answer.Foreign; value <= Answer.Refused; value++) {
		assert.equal(answerReason(value) === "", value <= 0, String(value));
	}
});

test("what is not an answer to this question is foreign", () => {
	const good = answer(1, "c00c 0001 0001 0000003c 0004 c0000201");
	const changes: [string, number, number][] = [
		["id", 1, 0x35],
		["a question", 2, 0x01],
		["opcode", 2, 0x91],
		["name", 13, 0x63],
		["name in another length", 12, 0x03],
		["type", 18, 0x1c],
		["class", 20, 3],
		["no question", 5, 0],
		["two questions", 5, 2],
	];
	assert.equal(decode(good, AB).answer, Answer.Addresses);
	for (const [name, at, value] of changes) {
		const bytes = good.slice();
		bytes[at] = value;
		assert.equal(decode(bytes, AB).answer, Answer.Foreign, name);
	}
	const shouting = good.slice();
	shouting[13] = 0x41;
	assert.equal(decode(shouting, AB).answer, Answer.Addresses, "names have no case");
});

test("mDNS: without id and question, with the cache-flush bit, about our name only", () => {
	const asked = query("a.b", 0x1234, false);
	const record = "01 61 01 62 00 0001 8001 0000003c 0004 c0000201";
	const bare = hex("0000 8400 0000 0001 0000 0000", record);
	assert.deepEqual(decode(bare, asked, true).addresses, ["192.0.2.1"]);
	assert.equal(decode(bare, asked, false).answer, Answer.Foreign);
	const other = hex("0000 8400 0000 0001 0000 0000", record.replace("61", "63"));
	assert.equal(decode(other, asked, true).answer, Answer.Foreign);
});

test("against another coder: every kind of answer", async () => {
	const server = new NameServer({
		"one.example": ["192.0.2.1"],
		"many.example": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
		"alias.example": { alias: "Alias2.example" },
		"alias2.example": { alias: "many.example" },
		"empty.example": [],
		"circle.example": { alias: "circle.example" },
		"broken.example": { rcode: RCODE.serverFailure },
		"refused.example": { rcode: RCODE.refused },
		"large.example": Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`),
	});
	const expected: [string, number, number][] = [
		["one.example", Answer.Addresses, 1],
		["ONE.Example", Answer.Addresses, 1],
		["many.example", Answer.Addresses, 3],
		["alias.example", Answer.Addresses, 3],
		["large.example", Answer.Addresses, 8],
		["empty.example", Answer.NoAddress, 0],
		["circle.example", Answer.Malformed, 0],
		["broken.example", Answer.ServerFailure, 0],
		["refused.example", Answer.Refused, 0],
		["none.example", Answer.NoSuchName, 0],
	];
	for (const [host, wanted, count] of expected) {
		const asked = query(host);
		const result = decode((await server.answer(asked)) ?? new Uint8Array(0), asked);
		assert.equal(result.answer, wanted, host);
		assert.equal(result.addresses.length, count, host);
	}
});

test("random damage: never throws, never endless, no address out of nothing", () => {
	const random = seeded(9);
	const good = answer(
		3,
		"c00c 0005 0001 0000003c 0003 01 63 00",
		"01 63 00 0005 0001 0000003c 0002 c00c",
		"c00c 0001 0001 0000003c 0004 c0000201",
	);
	for (let i = 0; i < rounds(50_000); i++) {
		const bytes = good.slice(0, 12 + Math.floor(random() * (good.length - 11)));
		const hits = 1 + Math.floor(random() * 6);
		for (let hit = 0; hit < hits; hit++) {
			bytes[12 + Math.floor(random() * (bytes.length - 12))] = Math.floor(random() * 256);
		}
		const { answer: value, addresses } = decode(bytes, AB, random() < 0.5);
		assert.equal(value === Answer.Addresses, addresses.length > 0);
	}
	for (let i = 0; i < rounds(20_000); i++) {
		const bytes = new Uint8Array(Math.floor(random() * 80)).map(() => random() * 256);
		decode(bytes, AB, random() < 0.5);
	}
});
