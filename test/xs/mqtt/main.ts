/**
 * The engine on XS: the codec's vectors, and a session against canned answers. Prints a line for
 * each thing that is wrong, and `mqtt: N checks, M wrong` at the end.
 */

import Time from "time";
import Timer from "timer";
import vectors from "vectors" with { type: "json" };
import { Code } from "../../../firmware/mqtt/codes";
import { encodeConnect, type SessionOptions } from "../../../firmware/mqtt/connect";
import { encodePublish } from "../../../firmware/mqtt/encode";
import { Event, Session } from "../../../firmware/mqtt/session";
import { topicFilterBytes, topicNameBytes } from "../../../firmware/mqtt/validate";
import { readUtf8 } from "../../../firmware/mqtt/wire";
import { Decoder } from "../../firmware/mqtt/decoder";
import { fromHex, toHex } from "../../firmware/mqtt/hex";

const target = new Uint8Array(1024);

class Checks {
	count = 0;
	wrong = 0;

	equal(
		actual: string | number | boolean,
		expected: string | number | boolean,
		what: string,
	): void {
		this.count += 1;
		if (actual === expected) return;
		this.wrong += 1;
		trace(`wrong: ${what}: ${actual}, not ${expected}\n`);
	}
}

function checkEncoding(checks: Checks): void {
	for (const { topic, payload, qos, retain, id, hex } of vectors.publish) {
		const end = encodePublish(target, 0, 1024, topic, payload, qos, retain, id);
		checks.equal(toHex(target, 0, end), hex, topic);
	}
	for (const { options, hex } of vectors.connect) {
		const end = encodeConnect(target, 0, 1024, options as SessionOptions);
		checks.equal(toHex(target, 0, end), hex, "CONNECT");
	}
	for (const name of vectors.topicNames.valid) checks.equal(topicNameBytes(name) > 0, true, name);
	for (const name of vectors.topicNames.invalid) checks.equal(topicNameBytes(name) < 0, true, name);
	const { valid, invalid } = vectors.topicFilters;
	for (const filter of valid) checks.equal(topicFilterBytes(filter) > 0, true, filter);
	for (const filter of invalid) checks.equal(topicFilterBytes(filter) < 0, true, filter);
}

/** Feeds all bytes, `step` at a time; returns the code. */
function feed(decoder: Decoder, bytes: Uint8Array, step: number): number {
	for (let at = 0; at < bytes.length && decoder.code === Code.None; ) {
		at += decoder.decode(bytes, at, Math.min(at + step, bytes.length), false);
	}
	return decoder.code;
}

function checkDecoding(checks: Checks): void {
	const codes: Record<string, number> = Code;
	for (let step = 1; step <= 1000; step += 999) {
		for (const { hex, packet } of vectors.incoming) {
			const decoder = new Decoder(512);
			checks.equal(feed(decoder, fromHex(hex), step), Code.None, hex);
			const { type, buffer, topicStart, topicEnd, payloadStart, payloadEnd } = decoder.packet;
			checks.equal(type, packet.type, hex);
			if (packet.topic === undefined) continue;
			checks.equal(readUtf8(buffer, topicStart, topicEnd), packet.topic, hex);
			checks.equal(readUtf8(buffer, payloadStart, payloadEnd), packet.text ?? "", hex);
		}
		for (const { hex, code } of vectors.malformed) {
			checks.equal(feed(new Decoder(64), fromHex(hex), step), codes[code] ?? 0, hex);
		}
	}
}

/** Publishes and answers itself as a broker would; `rounds` messages out and in at QoS 2. */
function checkSession(checks: Checks, rounds: number): void {
	const session = new Session({ clientId: "xs", cleanSession: false, keepAliveSeconds: 60 });
	const start = Time.ticks | 0;
	session.handleOpened(start);
	checks.equal(session.pollTransmit(target, 0, 1024, start), 16, "CONNECT");
	feedSession(session, fromHex("20020000"));
	checks.equal(session.pollEvent(), Event.Connected, "Connected");
	const pubrec = new Uint8Array([0x50, 2, 0, 0]);
	const pubcomp = new Uint8Array([0x70, 2, 0, 0]);
	// Topic "tü/", id, payload "teßt\0ü".
	const publication = fromHex("3410000474c3bc2f00007465c39f7400c3bc");
	let done = 0;
	for (let round = 1; round <= rounds; round++) {
		const now = (start + round) | 0;
		session.publish("t/ü", "grün", 2, false, now);
		checks.equal(session.pollTransmit(target, 0, 1024, now), 15, "PUBLISH");
		pubrec.set([round >> 8, round & 0xff], 2);
		pubcomp.set([round >> 8, round & 0xff], 2);
		feedSession(session, pubrec);
		checks.equal(session.pollTransmit(target, 0, 1024, now), 4, "PUBREL");
		feedSession(session, pubcomp);
		if (session.pollEvent() === Event.Published) done += 1;
		publication.set([round >> 8, round & 0xff], 8);
		feedSession(session, publication);
		checks.equal(session.pollEvent(), Event.Message, "Message");
		checks.equal(session.messageTopic(), "tü/", "topic");
		session.acknowledge(session.message.handle, now);
		checks.equal(session.pollTransmit(target, 0, 1024, now), 4, "PUBREC");
		feedSession(session, new Uint8Array([0x62, 2, round >> 8, round & 0xff]));
		checks.equal(session.pollTransmit(target, 0, 1024, now), 4, "PUBCOMP");
	}
	checks.equal(done, rounds, "published");
	trace(`session: ${rounds} rounds in ${((Time.ticks | 0) - start) | 0} ms\n`);
}

function feedSession(session: Session, bytes: Uint8Array): void {
	session.handleBytes(bytes, 0, bytes.length, Time.ticks | 0);
}

function run(): void {
	const checks = new Checks();
	checkEncoding(checks);
	checkDecoding(checks);
	checkSession(checks, 1000);
	trace(`mqtt: ${checks.count} checks, ${checks.wrong} wrong\n`);
}

Timer.set(run, 1);
