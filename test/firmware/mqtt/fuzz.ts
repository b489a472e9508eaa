/** Bytes that no broker sends, and calls at any time: nothing may throw, hang or lie about counts. */

import assert from "node:assert/strict";
import { Event, State } from "../../../firmware/mqtt/codes";
import { Session } from "../../../firmware/mqtt/session";
import vectors from "../../vectors/mqtt.json" with { type: "json" };
import { fromHex } from "./hex";
import type { Random } from "./random";

const good = vectors.incoming.map(({ hex }) => fromHex(hex));
const bad = vectors.malformed.map(({ hex }) => fromHex(hex));
const connack = fromHex("20020000");

/** One connection after another until `steps` are done; returns how many were ended by us. */
export function fuzz(random: Random, steps: number): number {
	const session = new Session({
		clientId: "fuzz",
		cleanSession: false,
		keepAliveSeconds: random.below(3),
		window: 1 + random.below(4),
		incomingWindow: 1 + random.below(3),
		receiveBytes: 16 + random.below(100),
		arenaBytes: 40,
	});
	const out = new Uint8Array(64);
	const handles = [0, -1, 0x7fffffff];
	let now = random.next() | 0;
	let failures = 0;
	for (let step = 0; step < steps; step++) {
		now = (now + random.below(2000)) | 0;
		if (session.state === State.Closed) {
			if (random.once(2)) session.handleClosed(now);
			session.handleOpened(now);
			if (!random.once(8)) feed(session, connack, now, random);
		}
		const input = bytesOf(random);
		feed(session, input, now, random);
		while (session.pollEvent() !== Event.None) {
			if (session.event.code < 0) failures += 1;
			handles[step % 3] = session.message.handle;
		}
		assert.equal(session.messageTopic().length >= 0, true);
		session.messageText();
		session.publish("a/ü", "x", random.below(4), random.once(2), now);
		session.subscribe([{ topic: "#", qos: random.below(4) }], now);
		if (random.once(3)) session.unsubscribe(["+"], now);
		session.acknowledge(handles[random.below(3)] as number, now);
		session.acknowledge(random.next() | 0, now);
		const room = random.below(64);
		const count = session.pollTransmit(out, 0, room, now);
		assert.ok(count >= 0 && count <= room);
		if (random.once(4)) session.handleTimeout(now);
		assert.ok(session.pollTimeout(now) >= -1);
		if (random.once(50)) session.disconnect(now);
		if (random.once(50)) session.handleClosed(now);
	}
	return failures;
}

function feed(session: Session, bytes: Uint8Array, now: number, random: Random): void {
	let at = 0;
	for (let tries = 0; at < bytes.length && tries < 40; tries++) {
		const end = Math.min(bytes.length, at + 1 + random.below(40));
		const taken = session.handleBytes(bytes, at, end, now);
		assert.ok(Number.isInteger(taken) && taken >= 0 && at + taken <= end);
		at += taken;
		if (random.once(2)) session.pollEvent();
	}
}

function bytesOf(random: Random): Uint8Array {
	const source = random.below(5);
	if (source === 0) {
		return new Uint8Array(random.below(40)).map(() => random.below(256));
	}
	const list = source === 1 ? bad : good;
	const bytes = (list[random.below(list.length)] as Uint8Array).slice();
	if (source >= 3) {
		// Ids that may be in use, in place of the one in the vector.
		if (bytes.length === 4) bytes.set([0, 1 + random.below(6)], 2);
	} else if (source === 2 && bytes.length > 0) {
		bytes[random.below(bytes.length)] = random.below(256);
	}
	return bytes;
}
