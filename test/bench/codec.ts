/**
 * Encoding and decoding a PUBLISH with QoS 1: our codec against npm mqtt-packet, in turns in one
 * process, the median of several rounds. Run alone it prints its rows.
 * `node --import tsx test/bench/codec.ts`
 */

import { pathToFileURL } from "node:url";
import { generate, parser } from "mqtt-packet";
import { encodePublish } from "../../firmware/mqtt/encode";
import { Decoder } from "../firmware/mqtt/decoder";

export interface Row {
	name: string;
	ours: number;
	peer: number;
	unit: string;
	ratio: number;
	/** What `ratio` has to reach. */
	target: number;
}

const Rounds = 9;
const Batch = 20_000;
const WarmBatches = 5;
const Target = 5;
const Topic = "fieldmote/node-1/time";

/** Keeps results alive, so that nothing is optimised away. */
export const sink = new Int32Array(1);

function keep(value: number): void {
	sink[0] = (sink[0] as number) ^ value;
}

function median(values: number[]): number {
	return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Nanoseconds per call of one batch. */
function measure(batch: () => number): number {
	const start = process.hrtime.bigint();
	keep(batch());
	return Number(process.hrtime.bigint() - start) / Batch;
}

function compare(name: string, ours: () => number, peer: () => number): Row {
	for (let round = 0; round < WarmBatches; round++) keep(ours() ^ peer());
	const oursNs: number[] = [];
	const peerNs: number[] = [];
	for (let round = 0; round < Rounds; round++) {
		oursNs.push(measure(ours));
		peerNs.push(measure(peer));
	}
	const a = median(oursNs);
	const b = median(peerNs);
	return {
		name,
		ours: Math.round(a),
		peer: Math.round(b),
		unit: "ns",
		ratio: Math.round((b / a) * 10) / 10,
		target: Target,
	};
}

function encodeRow(label: string, payload: Buffer): Row {
	const target = new Uint8Array(256);
	const ours = (): number => {
		let sum = 0;
		for (let id = 1; id <= Batch; id++) {
			sum += encodePublish(target, 0, 256, Topic, payload, 1, false, id);
		}
		return sum;
	};
	const peer = (): number => {
		let sum = 0;
		for (let messageId = 1; messageId <= Batch; messageId++) {
			sum += generate({
				cmd: "publish",
				topic: Topic,
				payload,
				qos: 1,
				dup: false,
				retain: false,
				messageId,
			}).length;
		}
		return sum;
	};
	return compare(`encode ${label}`, ours, peer);
}

function decodeRow(label: string, payload: Buffer): Row {
	const bytes = generate({
		cmd: "publish",
		topic: Topic,
		payload,
		qos: 1,
		dup: false,
		retain: false,
		messageId: 4711,
	});
	const decoder = new Decoder(512);
	const ours = (): number => {
		let sum = 0;
		for (let count = 0; count < Batch; count++) {
			sum += decoder.decode(bytes, 0, bytes.length, false);
			const { packet } = decoder;
			sum += packet.packetId + packet.payloadEnd - packet.payloadStart + packet.topicEnd;
		}
		return sum;
	};
	const reader = parser({ protocolVersion: 4 });
	let seen = 0;
	reader.on("packet", (packet) => {
		if (packet.cmd === "publish") seen += packet.messageId ?? 0;
	});
	const peer = (): number => {
		for (let count = 0; count < Batch; count++) reader.parse(bytes);
		return seen;
	};
	return compare(`decode ${label}`, ours, peer);
}

/** The rows of the table; takes about two seconds. */
export function rows(): Row[] {
	const short = Buffer.alloc(37, 0x78);
	const long = Buffer.alloc(64, 0x78);
	return [
		encodeRow("PUBLISH QoS 1, packet of 64 bytes", short),
		decodeRow("PUBLISH QoS 1, packet of 64 bytes", short),
		encodeRow("PUBLISH QoS 1, payload of 64 bytes", long),
		decodeRow("PUBLISH QoS 1, payload of 64 bytes", long),
	];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.table(rows());
