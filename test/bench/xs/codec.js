/**
 * Encoding and decoding a PUBLISH with QoS 1 on XS: the firmware's codec, the SDK's `mqtt` and its
 * ECMA-419 client, in turns, on sockets that are none. Prints `round NAME NANOSECONDS`, then `end`.
 */

import MqttClient from "embedded:network/mqtt/client";
import { encodePublish } from "firmware/mqtt/encode";
import Client from "mqtt";
import { Decoder } from "test/firmware/mqtt/decoder";
import Time from "time";
import Timer from "timer";

const ROUNDS = 9;
const BATCH = 4000;
const TOPIC = "fieldmote/node-1/time";
const PACKET_BYTES = 64;
const PACKET_ID = 4711;
const WRITABLE = 1_000_000;

const payload = new Uint8Array(PACKET_BYTES - 2 - 2 - TOPIC.length - 2).fill(0x78);
const packet = new Uint8Array(PACKET_BYTES);
if (encodePublish(packet, 0, PACKET_BYTES, TOPIC, payload, 1, false, PACKET_ID) !== PACKET_BYTES) {
	throw new Error("the packet has another length");
}

const target = new Uint8Array(256);
const decoder = new Decoder(512);

function oursEncode() {
	encodePublish(target, 0, 256, TOPIC, payload, 1, false, PACKET_ID);
}

function oursDecode() {
	decoder.decode(packet, 0, PACKET_BYTES, false);
	const { packet: parsed } = decoder;
	if (parsed.packetId !== PACKET_ID) throw new Error("ours: wrong packet");
}

/** What the others do in any case: the topic as a string, the payload in a buffer of its own. */
function oursDecodeAndCopy() {
	decoder.decode(packet, 0, PACKET_BYTES, false);
	const { packet: parsed } = decoder;
	const { topicStart, topicEnd, payloadStart, payloadEnd } = parsed;
	const topic = String.fromArrayBuffer(packet.buffer, topicStart, topicEnd - topicStart);
	const copy = packet.slice(payloadStart, payloadEnd);
	if (topic !== TOPIC || copy.length !== payload.length) throw new Error("ours: wrong packet");
}

/** The SDK's module asks for `host` and makes a socket of this class. */
class ClassicSocket {
	write() {}
	close() {}
}

/** Delivery takes a timer; only parsing is measured. */
class Parser extends Client {
	dispatch(message) {
		if (message.topic !== TOPIC || message.payload.byteLength !== payload.length) {
			throw new Error("mqtt: wrong packet");
		}
	}
}

const classic = new Parser({ host: "none", id: "peer", Socket: ClassicSocket });
classic.connected();
classic.state = 2;

function classicEncode() {
	classic.publish(TOPIC, payload.buffer, CLASSIC_FLAGS);
}

const CLASSIC_FLAGS = { quality: 1 };

function classicDecode() {
	classic.received(packet.buffer);
}

/** Gives out the bytes that it is given. */
class ModernSocket {
	format = "buffer";
	bytes = new Uint8Array(0);
	at = 0;

	constructor(options) {
		modernSocket = this;
		this.options = options;
	}

	give(bytes) {
		this.bytes = bytes;
		this.at = 0;
		this.options.onReadable(bytes.length);
	}

	read(count) {
		if (this.format === "number") return this.bytes[this.at++];
		const start = this.at;
		this.at += count;
		return this.bytes.slice(start, this.at).buffer;
	}

	write() {
		return WRITABLE;
	}

	close() {}
}

let modernSocket;
class Resolver {
	resolve({ host, onResolved }) {
		onResolved(host, "127.0.0.1");
	}
}

const modern = new MqttClient({
	host: "none",
	id: "peer",
	dns: { io: Resolver },
	socket: { io: ModernSocket },
	onReadable(count, options) {
		if (options.topic !== TOPIC || this.read(count).byteLength !== payload.length) {
			throw new Error("ECMA-419: wrong packet");
		}
	},
});
modernSocket.options.onWritable(WRITABLE);
modernSocket.give(Uint8Array.of(0x20, 2, 0, 0));

const MODERN_OPTIONS = { topic: TOPIC, QoS: 1, id: PACKET_ID };

function modernEncode() {
	modern.write(payload, MODERN_OPTIONS);
}

function modernDecode() {
	modernSocket.give(packet);
}

const SUBJECTS = {
	"encode ours": oursEncode,
	"encode mqtt": classicEncode,
	"encode ecma-419": modernEncode,
	"decode ours": oursDecode,
	"decode copies": oursDecodeAndCopy,
	"decode mqtt": classicDecode,
	"decode ecma-419": modernDecode,
};
const names = Object.keys(SUBJECTS);

/** One batch in a turn of its own: what the clients put off is done in between. */
function next(step) {
	const name = names[step % names.length];
	const subject = SUBJECTS[name];
	const start = Time.ticks;
	for (let i = 0; i < BATCH; i++) subject();
	const elapsedMs = Time.delta(start, Time.ticks);
	trace(`round ${name} ${(elapsedMs * 1e6) / BATCH}\n`);
	if (step + 1 < ROUNDS * names.length) Timer.set(() => next(step + 1), 1);
	else trace("end\n");
}
Timer.set(() => next(0));
