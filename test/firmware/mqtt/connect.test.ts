import assert from "node:assert/strict";
import { test } from "node:test";
import { type SessionOptions, storeSettings } from "../../../firmware/mqtt/connect";
import { Place } from "../../../firmware/mqtt/record";

const good: SessionOptions = { clientId: "x", cleanSession: true, keepAliveSeconds: 60 };

function settingsOf(options: SessionOptions): Int32Array {
	const numbers = new Int32Array(Place.RecordPlaces);
	storeSettings(numbers, options);
	return numbers;
}

function refuses(change: Partial<SessionOptions>, expected: RegExp): void {
	assert.throws(
		() => settingsOf({ ...good, ...change }),
		(error: unknown) => error instanceof RangeError && expected.test(error.message),
		JSON.stringify(change),
	);
}

test("defaults are those of a board", () => {
	const settings = settingsOf(good);
	assert.equal(settings[Place.Window], 4);
	assert.equal(settings[Place.ArenaBytes], 1024);
	assert.equal(settings[Place.IncomingWindow], 8);
	assert.equal(settings[Place.ReceiveBytes], 512);
	assert.equal(settings[Place.TransmitBytes], 256);
	assert.equal(settings[Place.ConnectTimeoutMs], 10_000);
	assert.equal(settings[Place.ResponseTimeoutMs], 10_000);
	assert.equal(settings[Place.LastPacketId], 65_535, "the first id is 1");
});

test("a value out of range is refused with its name, itself and what is allowed", () => {
	refuses({ keepAliveSeconds: 65_536 }, /^keepAliveSeconds 65536: an integer from 0 to 65535$/);
	refuses({ keepAliveSeconds: -1 }, /^keepAliveSeconds -1: /);
	refuses({ keepAliveSeconds: Number.NaN }, /^keepAliveSeconds NaN: /);
	refuses({ window: 0 }, /^window 0: an integer from 1 to 65000$/);
	refuses({ window: 2.5 }, /^window 2.5: /);
	refuses({ incomingWindow: 0 }, /^incomingWindow 0: /);
	refuses({ arenaBytes: 1 }, /^arenaBytes 1: /);
	refuses({ receiveBytes: 15 }, /^receiveBytes 15: /);
	refuses({ transmitBytes: 31 }, /^transmitBytes 31: /);
	refuses({ requestWindow: 256 }, /^requestWindow 256: /);
	refuses({ connectTimeoutMs: 0 }, /^connectTimeoutMs 0: /);
	refuses({ responseTimeoutMs: 3_600_001 }, /^responseTimeoutMs 3600001: /);
	refuses({ firstPacketId: 0 }, /^firstPacketId 0: an integer from 1 to 65535$/);
	refuses({ firstPacketId: 65_536 }, /^firstPacketId 65536: /);
});

test("what CONNECT cannot carry is refused", () => {
	refuses({ clientId: "", cleanSession: false }, /^clientId "": only with cleanSession true$/);
	refuses({ clientId: "a\0" }, /^clientId: /);
	refuses({ clientId: "c".repeat(65_536) }, /^clientId: /);
	refuses({ username: "\ud800" }, /^username: /);
	refuses({ password: "secret" }, /^password: only with a username$/);
	refuses({ username: "u", password: new Uint8Array(65_536) }, /^password: at most 65,535/);
	const will = { topic: "w", payload: "", qos: 0, retain: false } as const;
	refuses({ will: { ...will, topic: "a/#" } }, /^will.topic "a\/#": /);
	refuses({ will: { ...will, topic: "" } }, /^will.topic "": /);
	refuses({ will: { ...will, payload: "x".repeat(65_536) } }, /^will.payload: at most/);
	refuses({ will: { ...will, qos: 3 as 2 } }, /^will.qos 3: an integer from 0 to 2$/);
});

test("a password is never in the message", () => {
	refuses({ username: "u", password: `hunter2${"x".repeat(65_536)}` }, /^(?!.*hunter2)/);
});
