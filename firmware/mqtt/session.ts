/**
 * An MQTT 3.1.1 client without a transport: bytes and time go in, bytes and events come out.
 * The application owns socket and timer: it tells what happened (`handle…`), asks for things
 * (`publish`, `subscribe`, …) and then polls until there is nothing left: `pollEvent`,
 * `pollTransmit`, `pollTimeout`. Nothing here throws but the constructor, or calls back; with
 * nothing in flight nothing is held but the record. Time is int32 milliseconds that wrap. Must not
 * know socket, timer, clock.
 */

import { Code, Event, PacketType, State } from "./codes";
import { connectBytes, encodeConnect } from "./connect";
import { Core, clearFlag, fail, hasFlag, hasReplyRoom, resetConnection, setFlag } from "./core";
import { arm, Deadline, nextDeadlineMs } from "./deadlines";
import { Decoded, decode, releasePacket } from "./decode";
import type { SubscribeRequest } from "./encode";
import { EventRecord } from "./event";
import { acknowledgeIncoming, hasIncomingRoom, incomingCount, loseIncoming } from "./incoming";
import { loseOutgoing, outgoingCount } from "./outgoing";
import { Packet, payloadStart } from "./parse";
import { type PieceSource, publishPieces } from "./pieces";
import { receivePacket } from "./receive";
import { Flag, Place } from "./record";
import { enqueue, publish, subscribe, unsubscribe } from "./request";
import { finishRequest, lostRequest, requestToken, requestType } from "./requests";
import { meetDeadlines } from "./silence";
import { No } from "./table";
import { transmit, transmitBytes, wantsTransmit } from "./transmit";
import { isUtf8, readUtf8 } from "./wire";

export { Code, codeName, Event, State } from "./codes";
export type { SessionOptions, Will } from "./connect";
export type { SubscribeRequest } from "./encode";
export type { EventRecord } from "./event";
export type { Packet } from "./parse";
export type { PieceSource } from "./pieces";

/** The constructor throws RangeError naming option, value and allowed range. */
export class Session extends Core {
	/** One of `State`. */
	get state(): number {
		return this.numbers[Place.ConnectionState] as number;
	}

	/** Details of the last event, until the next call of `handleBytes` or `pollEvent`. */
	get event(): EventRecord {
		return new EventRecord(this);
	}

	/**
	 * The message of the last `Event.Message`, until the next call of `handleBytes` or `pollEvent`.
	 * Its ranges are offsets in `message.buffer`, which may be the buffer given to `handleBytes`.
	 */
	get message(): Packet {
		return new Packet(this);
	}

	/** Publications with QoS > 0 that are not done. */
	get inFlight(): number {
		return outgoingCount(this);
	}

	/** Incoming messages with QoS > 0 that the application holds or that wait for their turn. */
	get pendingIncoming(): number {
		return incomingCount(this);
	}

	/** Whether `pollTransmit` would give bytes. */
	get wantsTransmit(): boolean {
		return wantsTransmit(this);
	}

	/** How many `pollTransmit` would give if there were room for all. */
	get transmitBytes(): number {
		return transmitBytes(this);
	}

	/**
	 * Whether the last `handleBytes` left bytes because the application has to acknowledge, or the
	 * transport has to take bytes, first. Then call `handleBytes` again with what was left.
	 */
	get stalled(): boolean {
		return hasFlag(this, Flag.Stalled);
	}

	/** Incoming publications that were too long. */
	get skipped(): number {
		return this.numbers[Place.Skipped] as number;
	}

	/** Incoming repeats that were not delivered again. */
	get repeated(): number {
		return this.numbers[Place.Repeated] as number;
	}

	/** Acknowledgements that were for nothing in flight. */
	get strays(): number {
		return this.numbers[Place.Strays] as number;
	}

	/**
	 * Whether the broker kept a session that is not remembered here: it is from before a reboot, or
	 * from before another broker accepted us. A message with DUP may then have been delivered
	 * before, at QoS 2 too. Holds until a broker begins a new session.
	 */
	get inherited(): boolean {
		return hasFlag(this, Flag.Inherited);
	}

	/** Number of the broker that accepted us last, -1 before the first time. */
	get broker(): number {
		return (this.numbers[Place.SessionBroker] as number) - 1;
	}

	/**
	 * The transport is open: CONNECT goes out.
	 * @param broker number of the broker that it leads to, 0 or more, where there are several. Each
	 *   has a session of its own: what is known of one ends when another accepts us, and
	 *   publications that are not done go there as new ones (`receive.ts`).
	 */
	handleOpened(now: number, broker = 0): void {
		if (hasFlag(this, Flag.Attached)) this.handleClosed(now);
		const { numbers } = this;
		setFlag(this, Flag.Attached);
		clearFlag(this, Flag.RefusedPending);
		numbers[Place.ConnectionState] = State.Opening;
		numbers[Place.Broker] = broker + 1;
		numbers[Place.ReceivedAt] = now | 0;
		arm(numbers, Deadline.Connect, now, numbers[Place.ConnectTimeoutMs] as number);
		const length = connectBytes(this);
		const at = enqueue(this, length);
		encodeConnect(this.queue as Uint8Array, at, at + length, this);
	}

	/**
	 * Takes bytes of buffer[start, end) and returns how many: up to the end of a packet that made
	 * an event, 0 while an event waits to be polled, fewer than given while `stalled`. After a
	 * failure everything is taken and ignored.
	 */
	handleBytes(buffer: Uint8Array, start: number, end: number, now: number): number {
		const { numbers } = this;
		if (numbers[Place.ConnectionState] === State.Closed) return end - start;
		if (numbers[Place.PacketEvent] !== Event.None) return 0;
		clearFlag(this, Flag.HasMessage | Flag.Stalled);
		let at = start;
		while (at < end) {
			if (!hasReplyRoom(this)) {
				setFlag(this, Flag.Stalled);
				break;
			}
			at += decode(this, buffer, at, end, !hasIncomingRoom(this));
			const result = numbers[Place.DecodeResult] as number;
			if (result === Decoded.Packet) receivePacket(this, now);
			else if (result < 0) fail(this, result);
			else {
				if (result === Decoded.Held) setFlag(this, Flag.Stalled);
				break;
			}
			if ((numbers[Place.ConnectionState] as number) === State.Closed) return end - start;
			if (numbers[Place.PacketEvent] !== Event.None) break;
		}
		if (at > start) numbers[Place.ReceivedAt] = now | 0;
		return at - start;
	}

	/** Some time has passed: call it when `pollTimeout` said, or at any time. */
	handleTimeout(now: number): void {
		meetDeadlines(this, now);
	}

	/** The transport is gone, whoever closed it. The session goes on at the next `handleOpened`. */
	handleClosed(_now: number): void {
		if (!hasFlag(this, Flag.Attached)) return;
		const { numbers } = this;
		clearFlag(this, Flag.Attached | Flag.ClosePending);
		if (numbers[Place.PacketEvent] === Event.Connected) numbers[Place.PacketEvent] = Event.None;
		resetConnection(this);
		loseOutgoing(this);
		loseIncoming(this);
	}

	/**
	 * Publishes. QoS 1 and 2 at any time: it goes out as soon as there is a connection, and
	 * `Event.Published` tells when it is done. QoS 0 only from `handleOpened` on, without event.
	 * Returns a token over 0 or a negative code: `Code.Full` means later, all others never.
	 */
	publish(
		topic: string,
		payload: Uint8Array | string,
		qos: number,
		retain: boolean,
		_now: number,
	): number {
		return publish(this, topic, payload, qos, retain);
	}

	/**
	 * Publishes at QoS 1 or 2 a payload that is never there as a whole, of any length: `source`
	 * writes it in pieces when they are sent, each time that it is sent. Else as `publish`. One at a
	 * time: a second one is `Code.Full` until the first is done.
	 */
	publishPieces(
		topic: string,
		payloadBytes: number,
		qos: number,
		retain: boolean,
		source: PieceSource,
		_now: number,
	): number {
		return publishPieces(this, topic, payloadBytes, qos, retain, source);
	}

	/** Subscribes, from `handleOpened` on. Returns a token over 0 or a negative code. */
	subscribe(filters: readonly SubscribeRequest[], _now: number): number {
		return subscribe(this, filters);
	}

	/** Unsubscribes, from `handleOpened` on. Returns a token over 0 or a negative code. */
	unsubscribe(topics: readonly string[], _now: number): number {
		return unsubscribe(this, topics);
	}

	/** Sends what is queued, then DISCONNECT, then `Event.Closed` with `Code.None` comes. */
	disconnect(now: number): void {
		const { numbers } = this;
		const state = numbers[Place.ConnectionState];
		if (state === State.Closed || hasFlag(this, Flag.DisconnectDue)) return;
		setFlag(this, Flag.DisconnectDue);
		if (state === State.Up) numbers[Place.ConnectionState] = State.Closing;
		arm(numbers, Deadline.Close, now, numbers[Place.ResponseTimeoutMs] as number);
	}

	/**
	 * The application took a message, in any order and at any time, also without a connection.
	 * Returns 0, or `Code.UnknownHandle`: acknowledged and answered before, or the session in which
	 * it came is over: the broker lost it, or there is another broker.
	 */
	acknowledge(handle: number, _now: number): number {
		return acknowledgeIncoming(this, handle);
	}

	/** Copies bytes to send into target[start, end); returns how many. */
	pollTransmit(target: Uint8Array, start: number, end: number, now: number): number {
		return transmit(this, target, start, end, now);
	}

	/** Milliseconds to the next deadline, 0 when `handleTimeout` is due, or -1. */
	pollTimeout(now: number): number {
		return nextDeadlineMs(this.numbers, now);
	}

	/** The next event, or `Event.None`. */
	pollEvent(): number {
		const { numbers } = this;
		const event = numbers[Place.PacketEvent] as number;
		clearFlag(this, Flag.HasMessage);
		if (event !== Event.None) {
			numbers[Place.PacketEvent] = Event.None;
			if (event === Event.Message) setFlag(this, Flag.HasMessage);
			return event;
		}
		releasePacket(this);
		const lost = lostRequest(this);
		if (lost !== No.Row) return reportLost(this, lost);
		if (hasFlag(this, Flag.RefusedPending)) {
			clearFlag(this, Flag.RefusedPending);
			numbers[Place.EventCode] = numbers[Place.Refusal] as number;
			return Event.Refused;
		}
		if (!hasFlag(this, Flag.ClosePending)) return Event.None;
		clearFlag(this, Flag.ClosePending);
		numbers[Place.EventCode] = numbers[Place.CloseCode] as number;
		return Event.Closed;
	}

	/** Topic of the last message as text; "" when there is none any more. */
	messageTopic(): string {
		const { numbers, source } = this;
		if (!hasFlag(this, Flag.HasMessage) || source === undefined) return "";
		return readUtf8(source, numbers[Place.TopicStart] as number, numbers[Place.TopicEnd] as number);
	}

	/** Payload of the last message as text, or undefined when it is not UTF-8. */
	messageText(): string | undefined {
		const { numbers, source } = this;
		if (!hasFlag(this, Flag.HasMessage) || source === undefined) return undefined;
		const start = payloadStart(numbers);
		const end = numbers[Place.PayloadEnd] as number;
		return isUtf8(source, start, end) ? readUtf8(source, start, end) : undefined;
	}
}

const reportLost = (core: Core, row: number): number => {
	const { numbers } = core;
	numbers[Place.EventCode] = Code.ConnectionLost;
	numbers[Place.EventToken] = requestToken(core, row);
	numbers[Place.EventDetail] = 0;
	const subscribed = requestType(core, row) === PacketType.Subscribe;
	finishRequest(core, row);
	return subscribed ? Event.Subscribed : Event.Unsubscribed;
};
