/**
 * What each received packet does to the session. At most one event comes of a packet.
 * Must not know bytes beyond the record that the decoder filled, nor the transport.
 */

import { Code, Event, PacketType, State } from "./codes";
import { armAnswer, type Core, fail, hasFlag, pushReply, Sending, setFlag, tally } from "./core";
import { Deadline, disarm, isArmed } from "./deadlines";
import { acknowledgeIncoming, forgetIncoming, receiveIncoming, releaseIncoming } from "./incoming";
import { InAction, OutAction, OutInput } from "./inflight";
import {
	acknowledgeOutgoing,
	findOutgoing,
	finishOutgoing,
	forgetOutgoing,
	publicationToken,
} from "./outgoing";
import { payloadStart } from "./parse";
import {
	ConnectionState,
	EventCode,
	EventDetail,
	EventToken,
	Flag,
	Handle,
	PacketEvent,
	PacketFirst,
	PacketId,
	PayloadEnd,
	Refusal,
	Repeated,
	ReturnCode,
	SendingKind,
	Skipped,
	Strays,
	Subject,
} from "./record";
import { findRequest, finishRequest, requestFilters, requestToken, requestType } from "./requests";
import { NoRow } from "./table";

/** Obeys the packet in the record. */
export function receivePacket(core: Core, now: number): void {
	const { numbers } = core;
	const type = (numbers[PacketFirst] as number) >> 4;
	if (numbers[ConnectionState] === State.Opening) {
		// [MQTT-3.2.0-1]
		if (type === PacketType.Connack) receiveConnack(core, now);
		else fail(core, Code.BeforeConnack);
		return;
	}
	switch (type) {
		case PacketType.Publish:
			receivePublish(core);
			break;
		case PacketType.Puback:
			receiveAck(core, OutInput.Puback, now);
			break;
		case PacketType.Pubrec:
			receiveAck(core, OutInput.Pubrec, now);
			break;
		case PacketType.Pubcomp:
			receiveAck(core, OutInput.Pubcomp, now);
			break;
		case PacketType.Pubrel:
			receivePubrel(core);
			break;
		case PacketType.Suback:
			receiveSuback(core, now);
			break;
		case PacketType.Unsuback:
			receiveUnsuback(core, now);
			break;
		case PacketType.Pingresp:
			disarm(numbers, Deadline.Pong);
			break;
		default:
			fail(core, Code.SecondConnack);
	}
}

function receiveConnack(core: Core, now: number): void {
	const { numbers } = core;
	const returnCode = numbers[ReturnCode] as number;
	const sessionPresent = hasFlag(core, Flag.SessionPresent);
	if (returnCode !== 0) {
		numbers[Refusal] = returnCode;
		setFlag(core, Flag.RefusedPending);
		fail(core, Code.Refused); // [MQTT-3.2.2-5]
		return;
	}
	if (sessionPresent && core.cleanSession) {
		fail(core, Code.SessionPresent); // [MQTT-3.2.2-1]
		return;
	}
	if (!sessionPresent) {
		forgetIncoming(core);
		forgetOutgoing(core);
	}
	disarm(numbers, Deadline.Connect);
	if (core.keepAliveSeconds > 0 && !isArmed(numbers, Deadline.Ping)) setFlag(core, Flag.PingDue);
	numbers[ConnectionState] = hasFlag(core, Flag.DisconnectDue) ? State.Closing : State.Up;
	armAnswer(core, now, true);
	numbers[PacketEvent] = Event.Connected;
}

function receivePublish(core: Core): void {
	const { numbers } = core;
	const qos = ((numbers[PacketFirst] as number) >> 1) & 3;
	const skipped = hasFlag(core, Flag.PacketSkipped);
	numbers[Handle] = 0;
	if (qos !== 0) {
		const action = receiveIncoming(core, numbers[PacketId] as number, qos);
		if (action === InAction.Violation) {
			fail(core, Code.PacketIdInUse); // [MQTT-2.3.1-4]
			return;
		}
		if (action !== InAction.Deliver) {
			tally(core, Repeated);
			return;
		}
		// What nobody can see is acknowledged all the same [MQTT-4.5.0-2].
		if (skipped) acknowledgeIncoming(core, numbers[Handle] as number);
	}
	if (skipped) tally(core, Skipped);
	numbers[PacketEvent] = skipped ? Event.Skipped : Event.Message;
}

function receivePubrel(core: Core): void {
	const packetId = core.numbers[PacketId] as number;
	if (releaseIncoming(core, packetId) === InAction.Violation) {
		fail(core, Code.UnexpectedAck);
		return;
	}
	// Also for an id that nobody knows: the PUBCOMP may have been lost [MQTT-4.3.3-2].
	pushReply(core, PacketType.Pubcomp, packetId);
}

function receiveAck(core: Core, input: number, now: number): void {
	const { numbers } = core;
	const packetId = numbers[PacketId] as number;
	const row = findOutgoing(core, packetId);
	if (row === NoRow && findRequest(core, packetId) !== NoRow) {
		fail(core, Code.UnexpectedAck);
		return;
	}
	const sending = numbers[SendingKind];
	if (row === numbers[Subject] && (sending === Sending.Publish || sending === Sending.Release)) {
		// It is about an earlier connection; what is half out now will be answered anew.
		tally(core, Strays);
		return;
	}
	switch (acknowledgeOutgoing(core, row, input)) {
		case OutAction.Complete:
			numbers[EventToken] = publicationToken(core, row);
			numbers[EventDetail] = input === OutInput.Puback ? 1 : 2;
			numbers[PacketEvent] = Event.Published;
			finishOutgoing(core, row);
			break;
		case OutAction.Answer:
			tally(core, Strays);
			pushReply(core, PacketType.Pubrel, packetId);
			break;
		case OutAction.Stray:
			tally(core, Strays);
			break;
		case OutAction.Violation:
			fail(core, Code.UnexpectedAck);
			return;
	}
	armAnswer(core, now, true);
}

function receiveSuback(core: Core, now: number): void {
	const row = takeRequest(core, PacketType.Subscribe);
	if (row === NoRow) return;
	const { numbers } = core;
	const count = (numbers[PayloadEnd] as number) - payloadStart(numbers);
	if (count !== requestFilters(core, row)) {
		fail(core, Code.SubackCount); // [MQTT-3.8.4-5]
		return;
	}
	numbers[EventDetail] = count; // [MQTT-3.9.3-1]
	endRequest(core, row, Event.Subscribed, now);
}

function receiveUnsuback(core: Core, now: number): void {
	const row = takeRequest(core, PacketType.Unsubscribe);
	if (row !== NoRow) endRequest(core, row, Event.Unsubscribed, now);
}

/** Row of the request that an answer is for, or NoRow after a failure [MQTT-2.3.1-7]. */
function takeRequest(core: Core, type: number): number {
	const row = findRequest(core, core.numbers[PacketId] as number);
	if (row !== NoRow && requestType(core, row) === type) return row;
	fail(core, Code.UnexpectedAck);
	return NoRow;
}

function endRequest(core: Core, row: number, event: number, now: number): void {
	const { numbers } = core;
	numbers[EventCode] = Code.None;
	numbers[EventToken] = requestToken(core, row);
	numbers[PacketEvent] = event;
	finishRequest(core, row);
	armAnswer(core, now, true);
}
