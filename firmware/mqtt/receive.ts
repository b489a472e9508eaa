/**
 * What each received packet does to the session. At most one event comes of a packet.
 * Must not know bytes beyond the record that the decoder filled, nor the transport.
 */

import { Code, Event, PacketType, State } from "./codes";
import {
	armAnswer,
	type Core,
	clearFlag,
	fail,
	hasFlag,
	pushReply,
	Sending,
	setFlag,
	tally,
} from "./core";
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
import { Flag, Place } from "./record";
import { findRequest, finishRequest, requestFilters, requestToken, requestType } from "./requests";
import { No } from "./table";

/** Obeys the packet in the record. */
export const receivePacket = (core: Core, now: number): void => {
	const { numbers } = core;
	const type = (numbers[Place.PacketFirst] as number) >> 4;
	if (numbers[Place.ConnectionState] === State.Opening) {
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
};

const receiveConnack = (core: Core, now: number): void => {
	const { numbers } = core;
	const returnCode = numbers[Place.ReturnCode] as number;
	const sessionPresent = hasFlag(core, Flag.SessionPresent);
	if (returnCode !== 0) {
		numbers[Place.Refusal] = returnCode;
		setFlag(core, Flag.RefusedPending);
		fail(core, Code.Refused); // [MQTT-3.2.2-5]
		return;
	}
	if (sessionPresent && core.cleanSession) {
		fail(core, Code.SessionPresent); // [MQTT-3.2.2-1]
		return;
	}
	if (!sessionPresent || numbers[Place.SessionBroker] !== numbers[Place.Broker]) {
		// Ids and handles mean nothing to a broker that did not give them, whatever it has kept of
		// another time. Nor does a PUBREC of the one before: with most brokers nobody gets a message
		// before its PUBREL, and that will never come there. So it starts anew as well, and may
		// arrive twice, but is not lost.
		numbers[Place.SessionBroker] = numbers[Place.Broker] as number;
		forgetIncoming(core);
		forgetOutgoing(core);
		clearFlag(core, Flag.Inherited);
		if (sessionPresent) setFlag(core, Flag.Inherited);
	}
	disarm(numbers, Deadline.Connect);
	if (core.keepAliveSeconds > 0 && !isArmed(numbers, Deadline.Ping)) setFlag(core, Flag.PingDue);
	numbers[Place.ConnectionState] = hasFlag(core, Flag.DisconnectDue) ? State.Closing : State.Up;
	armAnswer(core, now, true);
	numbers[Place.PacketEvent] = Event.Connected;
};

const receivePublish = (core: Core): void => {
	const { numbers } = core;
	const qos = ((numbers[Place.PacketFirst] as number) >> 1) & 3;
	const skipped = hasFlag(core, Flag.PacketSkipped);
	numbers[Place.Handle] = 0;
	if (qos !== 0) {
		const action = receiveIncoming(core, numbers[Place.PacketId] as number, qos);
		if (action === InAction.Violation) {
			fail(core, Code.PacketIdInUse); // [MQTT-2.3.1-4]
			return;
		}
		if (action !== InAction.Deliver) {
			tally(core, Place.Repeated);
			return;
		}
		// What nobody can see is acknowledged all the same [MQTT-4.5.0-2].
		if (skipped) acknowledgeIncoming(core, numbers[Place.Handle] as number);
	}
	if (skipped) tally(core, Place.Skipped);
	numbers[Place.PacketEvent] = skipped ? Event.Skipped : Event.Message;
};

const receivePubrel = (core: Core): void => {
	const packetId = core.numbers[Place.PacketId] as number;
	if (releaseIncoming(core, packetId) === InAction.Violation) {
		fail(core, Code.UnexpectedAck);
		return;
	}
	// Also for an id that nobody knows: the PUBCOMP may have been lost [MQTT-4.3.3-2].
	pushReply(core, PacketType.Pubcomp, packetId);
};

const receiveAck = (core: Core, input: number, now: number): void => {
	const { numbers } = core;
	const packetId = numbers[Place.PacketId] as number;
	const row = findOutgoing(core, packetId);
	if (row === No.Row && findRequest(core, packetId) !== No.Row) {
		fail(core, Code.UnexpectedAck);
		return;
	}
	const sending = numbers[Place.SendingKind];
	if (
		row === numbers[Place.Subject] &&
		(sending === Sending.Publish || sending === Sending.Release)
	) {
		// It is about an earlier connection; what is half out now will be answered anew.
		tally(core, Place.Strays);
		return;
	}
	switch (acknowledgeOutgoing(core, row, input)) {
		case OutAction.Complete:
			numbers[Place.EventToken] = publicationToken(core, row);
			numbers[Place.EventDetail] = input === OutInput.Puback ? 1 : 2;
			numbers[Place.PacketEvent] = Event.Published;
			finishOutgoing(core, row);
			break;
		case OutAction.Answer:
			tally(core, Place.Strays);
			pushReply(core, PacketType.Pubrel, packetId);
			break;
		case OutAction.Stray:
			tally(core, Place.Strays);
			break;
		case OutAction.Violation:
			fail(core, Code.UnexpectedAck);
			return;
	}
	armAnswer(core, now, true);
};

const receiveSuback = (core: Core, now: number): void => {
	const row = takeRequest(core, PacketType.Subscribe);
	if (row === No.Row) return;
	const { numbers } = core;
	const count = (numbers[Place.PayloadEnd] as number) - payloadStart(numbers);
	if (count !== requestFilters(core, row)) {
		fail(core, Code.SubackCount); // [MQTT-3.8.4-5]
		return;
	}
	numbers[Place.EventDetail] = count; // [MQTT-3.9.3-1]
	endRequest(core, row, Event.Subscribed, now);
};

const receiveUnsuback = (core: Core, now: number): void => {
	const row = takeRequest(core, PacketType.Unsubscribe);
	if (row !== No.Row) endRequest(core, row, Event.Unsubscribed, now);
};

/** Row of the request that an answer is for, or NoRow after a failure [MQTT-2.3.1-7]. */
const takeRequest = (core: Core, type: number): number => {
	const row = findRequest(core, core.numbers[Place.PacketId] as number);
	if (row !== No.Row && requestType(core, row) === type) return row;
	fail(core, Code.UnexpectedAck);
	return No.Row;
};

const endRequest = (core: Core, row: number, event: number, now: number): void => {
	const { numbers } = core;
	numbers[Place.EventCode] = Code.None;
	numbers[Place.EventToken] = requestToken(core, row);
	numbers[Place.PacketEvent] = event;
	finishRequest(core, row);
	armAnswer(core, now, true);
};
