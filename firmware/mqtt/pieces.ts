/**
 * A publication whose payload is larger than the engine's buffers: only its head, up to the packet
 * id, is kept among the publications, and the payload comes from its source in the moment in which
 * it is handed to the transport. Everything else (order, DUP, acknowledgement, a new id in a new
 * session) is as for any publication with QoS > 0: it is a row like theirs. Nothing of it is held
 * while there is none. Must not know what is in the payload, nor the transport.
 */

import { Code } from "./codes";
import { type Core, takeToken } from "./core";
import { packetBytes, publishLength, writePublish } from "./encode";
import {
	checkOutgoingRoom,
	packetOffset,
	reserveOutgoing,
	storedLength,
	takePacketId,
} from "./outgoing";
import { Head } from "./outgoing-table";
import { No } from "./table";
import { topicNameBytes } from "./validate";

/** Gives the bytes of a payload as often as asked, until the publication is done. */
export interface PieceSource {
	/**
	 * Fills target[start, end) with the bytes of the payload from `offset` on. The same bytes for the
	 * same offset each time: after a lost connection it begins at 0 again [MQTT-4.4.0-1]. Must not
	 * throw, nor call the session.
	 */
	write(target: Uint8Array, start: number, end: number, offset: number): void;
}

/** As `publish` in request.ts, of `payloadBytes` bytes from `source`. */
export const publishPieces = (
	core: Core,
	topic: string,
	payloadBytes: number,
	qos: number,
	retain: boolean,
	source: PieceSource,
): number => {
	// A packet of QoS 0 is nowhere to be sent from again, and its queue knows whole packets only.
	if (qos !== 1 && qos !== 2) return Code.InvalidQos;
	const topicBytes = topicNameBytes(topic);
	if (topicBytes < 0) return topicBytes;
	const length = packetBytes(publishLength(topicBytes, payloadBytes, qos));
	if (length < 0) return length;
	const stored = length - payloadBytes;
	const room = checkOutgoingRoom(core, stored);
	if (room < 0) return room;
	if (core.outgoing !== undefined && core.outgoing[Head.PieceRow] !== No.Row) return Code.Full;
	const packetId = takePacketId(core);
	const token = takeToken(core);
	const row = reserveOutgoing(core, qos, packetId, token, stored);
	const at = packetOffset(core, row);
	const packets = core.packets as Uint8Array;
	writePublish(packets, at, topic, topicBytes, "", payloadBytes, qos, retain, packetId);
	const table = core.outgoing as Int32Array;
	table[Head.PieceRow] = row;
	table[Head.PieceBytes] = payloadBytes;
	core.pieces = source;
	return token;
};

/** Writes bytes [from, to) of a packet, all of them payload; returns the offset behind them. */
export const writePieces = (
	core: Core,
	row: number,
	target: Uint8Array,
	at: number,
	from: number,
	to: number,
): number => {
	const end = at + to - from;
	core.pieces?.write(target, at, end, from - storedLength(core, row));
	return end;
};
