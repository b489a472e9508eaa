import assert from "node:assert/strict";
import { test } from "node:test";
import { createSntpReply, decodeReply, encodeRequest } from "../../../firmware/net/sntp";
import { answerNtp, type NtpFaults } from "../../../host-sim/world/ntp-server";
import { rounds } from "../../support/rounds";
import { seeded } from "../../support/seeded";

const NONCE = new Uint32Array([0xdeadbeef, 0x01234567]);
const NOW_MS = Date.UTC(2026, 10, 21, 4, 0, 0, 250);

function request(): Uint8Array {
	const bytes = new Uint8Array(48);
	encodeRequest(bytes, NONCE);
	return bytes;
}

function decode(bytes: Uint8Array, sent = 1000, received = 1040) {
	const reply = createSntpReply();
	const reason = decodeReply(bytes, NONCE, sent, received, reply);
	return { ...reply, reason };
}

function ask(faults: NtpFaults = {}, unixMs = NOW_MS) {
	return decode(answerNtp(request(), unixMs, faults) ?? new Uint8Array(0));
}

function hex(text: string): Uint8Array {
	return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

test("a request is version 4, mode 3, and carries nothing but the random echo", () => {
	const expected = `23${"00".repeat(39)}deadbeef01234567`;
	const bytes = new Uint8Array(48).fill(0xff);
	encodeRequest(bytes, NONCE);
	assert.equal(Buffer.from(bytes).toString("hex"), expected);
});

test("offset and delay are RFC 5905's, from four timestamps", () => {
	// T1 1000 and T4 1040 in ticks; T2, T3 the server's, 10 ms apart: delay 30, time at T4 T3 + 15.
	const bytes = Buffer.from(answerNtp(request(), NOW_MS) ?? []);
	const fraction = (ms: number) => Math.round((ms / 1000) * 2 ** 32);
	bytes.writeUInt32BE(fraction(250), 36);
	bytes.writeUInt32BE(fraction(260), 44);
	const reply = decode(bytes);
	assert.equal(reply.reason, "");
	assert.ok(Math.abs(reply.delayMs - 30) < 1e-3);
	assert.ok(Math.abs(reply.unixMs - (NOW_MS + 10 + 15)) < 1e-2);
	// delay / 2 + root delay / 2 + root dispersion + precision + tick + 200 ppm of 40 ms
	assert.ok(Math.abs(reply.errorMs - (15 + 0.25 + 0.5 + 0.001 + 1 + 0.008)) < 0.05);
	assert.equal(reply.stratum, 2);
});

test("a packet captured from chrony 4.3 (local stratum 3)", () => {
	const bytes = hex(`
		240300e6 00000000 00000000 7f7f0101 eeaba2d5 027fe6a2
		deadbeef 01234567 eeaba2d6 442f5241 eeaba2d6 44338a2c`);
	const reply = decode(bytes);
	assert.equal(reply.reason, "");
	assert.equal(reply.stratum, 3);
	// 2026-11-21 04:55:50.266 UTC, 64 microseconds after the request came.
	const transmitMs = Date.UTC(2026, 10, 21, 4, 55, 50) + (0x44338a2c / 2 ** 32) * 1000;
	assert.ok(Math.abs(reply.unixMs - (transmitMs + (40 - 0.0644) / 2)) < 1e-3);
});

test("2036: era 1 begins at 2036-02-07 06:28:16", () => {
	for (const iso of ["2036-02-07T06:28:15.750Z", "2036-02-07T06:28:16.250Z", "2090-01-01T00:00Z"]) {
		const reply = ask({}, Date.parse(iso));
		assert.equal(reply.reason, "");
		assert.ok(Math.abs(reply.unixMs - (Date.parse(iso) + 20)) < 1e-2, iso);
	}
});

test("ticks that wrapped between request and reply", () => {
	const bytes = answerNtp(request(), NOW_MS) ?? new Uint8Array(0);
	const reply = decode(bytes, 0x7fffffff - 10, (0x7fffffff + 30) | 0);
	assert.equal(reply.reason, "");
	assert.ok(Math.abs(reply.delayMs - 40) < 1e-3);
});

const REFUSED: [name: string, faults: NtpFaults, reason: RegExp][] = [
	["leap alarm", { leap: 3 }, /leap alarm/],
	["stratum 0 without a kiss code", { stratum: 0 }, /stratum 0/],
	["stratum 16", { stratum: 16 }, /stratum 16/],
	["mode 3", { mode: 3 }, /mode 3/],
	["broadcast", { mode: 5 }, /mode 5/],
	["version 1", { version: 1 }, /version 1/],
	["version 5", { version: 5 }, /version 5/],
	["no transmit timestamp", { zeroTransmit: true }, /no time/],
	["root delay", { rootDelayMs: 4000 }, /root distance/],
	["root dispersion", { rootDispersionMs: 2000 }, /root distance/],
	["the year 2000", { offsetMs: Date.UTC(2000, 0, 1) - NOW_MS }, /before this firmware/],
];

for (const [name, faults, reason] of REFUSED) {
	test(`refused: ${name}`, () => {
		const reply = ask(faults);
		assert.match(reply.reason, reason);
		assert.equal(reply.isEcho, true);
		assert.equal(reply.kiss, "");
	});
}

test("no echo: not even its kiss code counts", () => {
	const reply = ask({ wrongOriginate: true, kiss: "DENY" });
	assert.match(reply.reason, /does not echo/);
	assert.equal(reply.isEcho, false);
	assert.equal(reply.kiss, "");
	const short = ask({ replyBytes: 47 });
	assert.match(short.reason, /too short/);
	assert.equal(short.isEcho, false);
});

test("kiss-o'-death, with the leap alarm that comes with it", () => {
	for (const kiss of ["RATE", "DENY", "RSTR", "X123"]) {
		const reply = ask({ kiss, leap: 3 });
		assert.equal(reply.kiss, kiss);
		assert.equal(reply.reason, `kiss-o'-death ${kiss}`);
	}
});

test("accepted: version 3, stratum 1 and 15, leap second announced, extra bytes", () => {
	for (const faults of [
		{ version: 3 },
		{ stratum: 1 },
		{ stratum: 15 },
		{ leap: 1 },
		{ leap: 2 },
	]) {
		assert.equal(ask(faults).reason, "", JSON.stringify(faults));
	}
	const longer = Buffer.concat([answerNtp(request(), NOW_MS) ?? Buffer.alloc(0), Buffer.alloc(20)]);
	assert.equal(decode(longer).reason, "");
});

test("a server that claims more time than passed is not believed", () => {
	const bytes = Buffer.from(answerNtp(request(), NOW_MS) ?? []);
	bytes.writeUInt32BE(bytes.readUInt32BE(40) + 1, 40);
	assert.match(decode(bytes).reason, /out of order/);
	const reversed = Buffer.from(answerNtp(request(), NOW_MS) ?? []);
	reversed.writeUInt32BE(reversed.readUInt32BE(32) + 1, 32);
	assert.match(decode(reversed).reason, /out of order/);
});

test("the sample's bound holds for any split of the delay and any drift to ±100 ppm", () => {
	for (let seed = 1; seed <= 5000; seed++) {
		const random = seeded(seed);
		const rate = 1 + (random() - 0.5) * 200e-6;
		const bootMs = random() * 1e9;
		const trueMs = NOW_MS + random() * 1e9;
		const there = random() * 300;
		const inServer = random() * 5;
		const back = random() * (seed % 2 ? 300 : 3);
		const serverErrorMs = (random() - 0.5) * 10;
		const tickAt = (ms: number) => Math.floor((bootMs + ms) * rate) | 0;
		const faults = { rootDispersionMs: Math.abs(serverErrorMs), rootDelayMs: 0 };
		const bytes = Buffer.from(
			answerNtp(request(), trueMs + there + inServer + serverErrorMs, faults) ?? [],
		);
		const received = answerNtp(request(), trueMs + there + serverErrorMs) ?? bytes;
		bytes.set(received.subarray(40, 48), 32);
		const reply = decode(bytes, tickAt(0), tickAt(there + inServer + back));
		assert.equal(reply.reason, "", `seed ${seed}`);
		const offMs = Math.abs(reply.unixMs - (trueMs + there + inServer + back));
		assert.ok(offMs <= reply.errorMs + 1e-3, `seed ${seed}: off ${offMs}, bound ${reply.errorMs}`);
	}
});

test("random bytes: never throws, never accepted without the echo", () => {
	const random = seeded(4);
	for (let i = 0; i < rounds(20_000); i++) {
		const bytes = new Uint8Array(Math.floor(random() * 100)).map(() => random() * 256);
		const reply = decode(bytes);
		assert.notEqual(reply.reason, "");
		if (bytes.length >= 48) {
			bytes.set(request().subarray(40, 48), 24);
			decode(bytes);
		}
	}
});
