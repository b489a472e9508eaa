/**
 * What each received packet does to the session. At most one event comes of a packet.
 * Must not know bytes beyond the record that the decoder filled, nor the transport.
 */

import { Code, Event, PacketType, State } from "./codes";
import { type Core, Sending } from "./core";
import { Deadline } from "./deadlines";
import { InAction, OutAction, OutInput } from "./inflight";
import type { Packet } from "./parse";
import { NoSlot } from "./slots";

/** Obeys the packet in the decoder's record. */
export function receivePacket(core: Core, now: number): void {
	const packet = core.connection.decoder.packet;
	if (core.connection.state === State.Opening) {
		// [MQTT-3.2.0-1]
		if (packet.type === PacketType.Connack) receiveConnack(core, packet, now);
		else core.fail(Code.BeforeConnack);
		return;
	}
	switch (packet.type) {
		case PacketType.Publish:
			receivePublish(core, packet);
			break;
		case PacketType.Puback:
			receiveAck(core, packet, OutInput.Puback, now);
			break;
		case PacketType.Pubrec:
			receiveAck(core, packet, OutInput.Pubrec, now);
			break;
		case PacketType.Pubcomp:
			receiveAck(core, packet, OutInput.Pubcomp, now);
			break;
		case PacketType.Pubrel:
			receivePubrel(core, packet);
			break;
		case PacketType.Suback:
			receiveSuback(core, packet, now);
			break;
		case PacketType.Unsuback:
			receiveUnsuback(core, packet, now);
			break;
		case PacketType.Pingresp:
			core.connection.deadlines.disarm(Deadline.Pong);
			break;
		default:
			core.fail(Code.SecondConnack);
	}
}

function receiveConnack(core: Core, packet: Packet, now: number): void {
	const { connection, kept, settings } = core;
	if (packet.returnCode !== 0) {
		core.refusal = packet.returnCode;
		core.fail(Code.Refused); // [MQTT-3.2.2-5]
		return;
	}
	if (packet.sessionPresent && settings.cleanSession) {
		core.fail(Code.SessionPresent); // [MQTT-3.2.2-1]
		return;
	}
	if (!packet.sessionPresent) {
		kept.incoming.handleForgotten();
		kept.outgoing.handleForgotten(connection.requests);
	}
	const deadlines = connection.deadlines;
	deadlines.disarm(Deadline.Connect);
	if (settings.keepAliveSeconds > 0 && !deadlines.isArmed(Deadline.Ping)) connection.pingDue = true;
	connection.state = connection.disconnectDue ? State.Closing : State.Up;
	core.armAnswer(now, true);
	core.event.sessionPresent = packet.sessionPresent;
	core.packetEvent = Event.Connected;
}

function receivePublish(core: Core, packet: Packet): void {
	packet.handle = 0;
	if (packet.qos !== 0) {
		const incoming = core.kept.incoming;
		const action = incoming.receive(packet.packetId, packet.qos);
		if (action === InAction.Violation) {
			core.fail(Code.PacketIdInUse); // [MQTT-2.3.1-4]
			return;
		}
		if (action !== InAction.Deliver) {
			core.repeated += 1;
			return;
		}
		packet.handle = incoming.handle(incoming.slot);
		// What nobody can see is acknowledged all the same [MQTT-4.5.0-2].
		if (packet.skipped) incoming.acknowledge(packet.handle);
	}
	if (packet.skipped) {
		core.skipped += 1;
		core.event.skippedBytes = packet.bytes;
		core.packetEvent = Event.Skipped;
	} else {
		core.packetEvent = Event.Message;
	}
}

function receivePubrel(core: Core, packet: Packet): void {
	if (core.kept.incoming.release(packet.packetId) === InAction.Violation) {
		core.fail(Code.UnexpectedAck);
		return;
	}
	// Also for an id that nobody knows: the PUBCOMP may have been lost [MQTT-4.3.3-2].
	core.connection.pushReply(PacketType.Pubcomp, packet.packetId);
}

function receiveAck(core: Core, packet: Packet, input: number, now: number): void {
	const { connection } = core;
	const outgoing = core.kept.outgoing;
	const slot = outgoing.find(packet.packetId);
	if (slot === NoSlot && connection.requests.find(packet.packetId) !== NoSlot) {
		core.fail(Code.UnexpectedAck);
		return;
	}
	const { sending, subject } = connection;
	if (slot === subject && (sending === Sending.Publish || sending === Sending.Release)) {
		// It is about an earlier connection; what is half out now will be answered anew.
		core.strays += 1;
		return;
	}
	switch (outgoing.acknowledge(slot, input)) {
		case OutAction.Complete:
			core.event.token = outgoing.token(slot);
			core.event.qos = input === OutInput.Puback ? 1 : 2;
			core.packetEvent = Event.Published;
			outgoing.finish(slot);
			break;
		case OutAction.Answer:
			core.strays += 1;
			connection.pushReply(PacketType.Pubrel, packet.packetId);
			break;
		case OutAction.Stray:
			core.strays += 1;
			break;
		case OutAction.Violation:
			core.fail(Code.UnexpectedAck);
			return;
	}
	core.armAnswer(now, true);
}

function receiveSuback(core: Core, packet: Packet, now: number): void {
	const slot = findRequest(core, packet.packetId, PacketType.Subscribe);
	if (slot === NoSlot) return;
	const { requests } = core.connection;
	const count = packet.payloadEnd - packet.payloadStart;
	if (count !== requests.filters(slot)) {
		core.fail(Code.SubackCount); // [MQTT-3.8.4-5]
		return;
	}
	const event = core.event;
	for (let index = 0; index < count; index++) {
		event.granted[index] = packet.buffer[packet.payloadStart + index] as number; // [MQTT-3.9.3-1]
	}
	event.grantedCount = count;
	finishRequest(core, slot, Event.Subscribed, now);
}

function receiveUnsuback(core: Core, packet: Packet, now: number): void {
	const slot = findRequest(core, packet.packetId, PacketType.Unsubscribe);
	if (slot !== NoSlot) finishRequest(core, slot, Event.Unsubscribed, now);
}

/** Slot of the request that an answer is for, or NoSlot after a failure [MQTT-2.3.1-7]. */
function findRequest(core: Core, packetId: number, type: number): number {
	const { requests } = core.connection;
	const slot = requests.find(packetId);
	if (slot !== NoSlot && requests.type(slot) === type) return slot;
	core.fail(Code.UnexpectedAck);
	return NoSlot;
}

function finishRequest(core: Core, slot: number, event: number, now: number): void {
	core.event.code = Code.None;
	core.event.token = core.connection.requests.token(slot);
	core.packetEvent = event;
	core.connection.requests.finish(slot);
	core.armAnswer(now, true);
}
