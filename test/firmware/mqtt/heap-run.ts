/**
 * 1,000,000 messages through a session, out and in at each QoS, without anything here that
 * allocates either. Prints how much the heap has grown, in bytes per message, as JSON: `kept` after
 * collection, `made` without one. Run by heap.slow.test.ts with --expose-gc.
 */

import { Event } from "../../../firmware/mqtt/codes";
import { Session } from "../../../firmware/mqtt/session";

const Messages = 1_000_000;
const session = new Session({ clientId: "heap", cleanSession: false, keepAliveSeconds: 60 });
const payload = new Uint8Array(37).fill(0x78);
const out = new Uint8Array(512);
const input = new Uint8Array(512);
/** PUBLISH from the broker: topic "in", id, 37 bytes. */
const publication = new Uint8Array(45);
publication.set([0x32, 43, 0, 2, 0x69, 0x6e]);
let now = 0;
let received = 0;
let published = 0;

/** Gives bytes to the session until all are taken. */
function feed(bytes: Uint8Array, length: number): void {
	for (let at = 0; at < length; ) {
		at += session.handleBytes(bytes, at, length, now);
		const event = session.pollEvent();
		if (event === Event.Message) {
			received += 1;
			const { handle } = session.message;
			if (handle !== 0) session.acknowledge(handle, now);
		} else if (event === Event.Published) published += 1;
	}
}

/** Answers each packet that the session sends, by its first byte. */
function answer(): void {
	const end = session.pollTransmit(out, 0, out.length, now);
	for (let at = 0; at < end; ) {
		const type = (out[at] as number) >> 4;
		const length = 2 + (out[at + 1] as number);
		const id = type === 3 ? at + 4 + (out[at + 3] as number) : at + 2;
		const qos = ((out[at] as number) >> 1) & 3;
		if (type === 3 && qos > 0) reply(qos === 1 ? 0x40 : 0x50, id);
		else if (type === 6) reply(0x70, id);
		else if (type === 5) reply(0x62, id);
		at += length;
	}
}

function reply(first: number, id: number): void {
	input[0] = first;
	input[1] = 2;
	input[2] = out[id] as number;
	input[3] = out[id + 1] as number;
	feed(input, 4);
}

function settle(): void {
	while (session.wantsTransmit) answer();
}

function exchange(index: number): void {
	now = (now + 1) | 0;
	const qos = index % 3;
	if (session.publish("fieldmote/node-1/time", payload, qos, false, now) <= 0) throw new Error();
	settle();
	const id = 1 + (index % 65_535);
	publication[0] = 0x30 | (qos << 1);
	publication[6] = id >> 8;
	publication[7] = id & 0xff;
	feed(publication, 45);
	settle();
	session.handleTimeout(now);
	session.pollTimeout(now);
}

function heapBytes(): number {
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

session.handleOpened(now);
session.pollTransmit(out, 0, out.length, now);
feed(new Uint8Array([0x20, 2, 0, 0]), 4);
const collect = (globalThis as unknown as { gc(): void }).gc;
for (let index = 0; index < 50_000; index++) exchange(index);
collect();
const start = heapBytes();
for (let index = 0; index < 30_000; index++) exchange(index);
const made = (heapBytes() - start) / 60_000;
for (let index = 0; index < Messages / 2; index++) exchange(index);
collect();
const kept = (heapBytes() - start) / Messages;
console.log(JSON.stringify({ kept, made, received, published, inFlight: session.inFlight }));
