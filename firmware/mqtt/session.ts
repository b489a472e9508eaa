/**
 * An MQTT 3.1.1 client without a transport: bytes and time go in, bytes and events come out.
 * The application owns socket and timer: it tells what happened (`handle…`), asks for things
 * (`publish`, `subscribe`, …) and then polls until there is nothing left: `pollEvent`,
 * `pollTransmit`, `pollTimeout`. Nothing here throws but the constructor, allocates in steady
 * state, or calls back. Time is int32 milliseconds that wrap. Must not know socket, timer, clock.
 */

import { Code, Event, PacketType, State } from "./codes";
import { connectBytes, encodeConnect, type SessionOptions, settingsOf } from "./connect";
import { Core, type EventRecord } from "./core";
import { Deadline } from "./deadlines";
import type { SubscribeRequest } from "./encode";
import type { Packet } from "./parse";
import { receivePacket } from "./receive";
import { enqueue, publish, subscribe, unsubscribe } from "./request";
import { NoSlot } from "./slots";
import { QueueTokenBytes, transmit, wantsTransmit } from "./transmit";
import { isUtf8, readUtf8 } from "./wire";

export { Code, codeName, Event, State } from "./codes";
export type { SessionOptions, Will } from "./connect";
export type { EventRecord } from "./core";
export type { SubscribeRequest } from "./encode";
export type { Packet } from "./parse";

export class Session {
	private readonly core: Core;

	/** Throws RangeError naming option, value and allowed range. */
	constructor(options: SessionOptions) {
		const settings = settingsOf(options);
		const least = connectBytes(settings) + QueueTokenBytes;
		this.core = new Core(settings, Math.max(settings.transmitBytes, least));
	}

	/** One of `State`. */
	get state(): number {
		return this.core.connection.state;
	}

	/** Details of the last event, until the next call of `handleBytes` or `pollEvent`. */
	get event(): EventRecord {
		return this.core.event;
	}

	/**
	 * The message of the last `Event.Message`, until the next call of `handleBytes`. Its ranges
	 * are offsets in `message.buffer`, which may be the buffer given to `handleBytes`.
	 */
	get message(): Packet {
		return this.core.connection.decoder.packet;
	}

	/** Publications with QoS > 0 that are not done. */
	get inFlight(): number {
		return this.core.kept.outgoing.order.count;
	}

	/** Incoming messages with QoS > 0 that the application holds or that wait for their turn. */
	get pendingIncoming(): number {
		return this.core.kept.incoming.count;
	}

	/** Whether `pollTransmit` would give bytes. */
	get wantsTransmit(): boolean {
		return wantsTransmit(this.core);
	}

	/**
	 * Whether the last `handleBytes` left bytes because the application has to acknowledge, or the
	 * transport has to take bytes, first. Then call `handleBytes` again with what was left.
	 */
	get stalled(): boolean {
		return this.core.connection.stalled;
	}

	/** Incoming publications that were too long. */
	get skipped(): number {
		return this.core.skipped;
	}

	/** Incoming repeats that were not delivered again. */
	get repeated(): number {
		return this.core.repeated;
	}

	/** Acknowledgements that were for nothing in flight. */
	get strays(): number {
		return this.core.strays;
	}

	/** The transport is open: CONNECT goes out. */
	handleOpened(now: number): void {
		if (this.core.attached) this.handleClosed(now);
		const { core } = this;
		const { connection, settings } = core;
		core.attached = true;
		core.refusal = 0;
		connection.state = State.Opening;
		connection.receivedAt = now | 0;
		connection.deadlines.arm(Deadline.Connect, now, settings.connectTimeoutMs);
		const length = connectBytes(settings);
		const at = enqueue(core, length);
		encodeConnect(connection.queue.bytes, at, at + length, settings);
	}

	/**
	 * Takes bytes of buffer[start, end) and returns how many: up to the end of a packet that made
	 * an event, 0 while an event waits to be polled, fewer than given while `stalled`. After a
	 * failure everything is taken and ignored.
	 */
	handleBytes(buffer: Uint8Array, start: number, end: number, now: number): number {
		const { core } = this;
		const { connection } = core;
		const { decoder } = connection;
		if (connection.state === State.Closed) return end - start;
		if (core.packetEvent !== Event.None) return 0;
		core.hasMessage = false;
		let at = start;
		connection.stalled = false;
		while (at < end) {
			if (!connection.hasReplyRoom) {
				connection.stalled = true;
				break;
			}
			at += decoder.decode(buffer, at, end, !core.kept.incoming.hasRoom);
			if (decoder.complete) receivePacket(core, now);
			else if (decoder.code !== Code.None) core.fail(decoder.code);
			else {
				connection.stalled = decoder.held;
				break;
			}
			if ((connection.state as number) === State.Closed) return end - start;
			if (core.packetEvent !== Event.None) break;
		}
		if (at > start) connection.receivedAt = now | 0;
		return at - start;
	}

	/** Some time has passed: call it when `pollTimeout` said, or at any time. */
	handleTimeout(now: number): void {
		const { core } = this;
		const { connection, settings } = core;
		const { deadlines } = connection;
		if (deadlines.takeDue(Deadline.Connect, now)) core.fail(Code.ConnectTimeout);
		if (deadlines.takeDue(Deadline.Close, now)) core.fail(Code.None);
		if (deadlines.takeDue(Deadline.Ping, now) && connection.state !== State.Opening) {
			connection.pingDue = true;
			if (!deadlines.isArmed(Deadline.Pong)) {
				connection.pingedAt = now | 0;
				deadlines.arm(Deadline.Pong, now, settings.responseTimeoutMs);
			}
		}
		if (deadlines.takeDue(Deadline.Pong, now)) this.handleSilence(now);
		if (deadlines.takeDue(Deadline.Answer, now)) {
			if (connection.stalled) core.armAnswer(now, true);
			else core.fail(Code.AckTimeout);
		}
	}

	/** The transport is gone, whoever closed it. The session goes on at the next `handleOpened`. */
	handleClosed(_now: number): void {
		const { core } = this;
		if (!core.attached) return;
		core.attached = false;
		core.closePending = false;
		if (core.packetEvent === Event.Connected) core.packetEvent = Event.None;
		core.connection.reset();
		core.kept.outgoing.handleLost();
		core.kept.incoming.handleLost();
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
		return publish(this.core, topic, payload, qos, retain);
	}

	/** Subscribes, from `handleOpened` on. Returns a token over 0 or a negative code. */
	subscribe(filters: readonly SubscribeRequest[], _now: number): number {
		return subscribe(this.core, filters);
	}

	/** Unsubscribes, from `handleOpened` on. Returns a token over 0 or a negative code. */
	unsubscribe(topics: readonly string[], _now: number): number {
		return unsubscribe(this.core, topics);
	}

	/** Sends what is queued, then DISCONNECT, then `Event.Closed` with `Code.None` comes. */
	disconnect(now: number): void {
		const { connection, settings } = this.core;
		if (connection.state === State.Closed || connection.disconnectDue) return;
		connection.disconnectDue = true;
		if (connection.state === State.Up) connection.state = State.Closing;
		connection.deadlines.arm(Deadline.Close, now, settings.responseTimeoutMs);
	}

	/**
	 * The application took a message, in any order and at any time, also without a connection.
	 * Returns 0, or `Code.UnknownHandle`: acknowledged and answered before, or the broker lost the
	 * session meanwhile.
	 */
	acknowledge(handle: number, _now: number): number {
		return this.core.kept.incoming.acknowledge(handle);
	}

	/** Copies bytes to send into target[start, end); returns how many. */
	pollTransmit(target: Uint8Array, start: number, end: number, now: number): number {
		return transmit(this.core, target, start, end, now);
	}

	/** Milliseconds to the next deadline, 0 when `handleTimeout` is due, or -1. */
	pollTimeout(now: number): number {
		return this.core.connection.deadlines.next(now);
	}

	/** The next event, or `Event.None`. */
	pollEvent(): number {
		const { core } = this;
		const event = core.packetEvent;
		if (event !== Event.None) {
			core.packetEvent = Event.None;
			core.hasMessage = event === Event.Message;
			return event;
		}
		const lost = core.connection.requests.takeLost();
		if (lost !== NoSlot) return this.reportLost(lost);
		if (core.refusal !== 0) {
			core.event.code = core.refusal;
			core.refusal = 0;
			return Event.Refused;
		}
		if (!core.closePending) return Event.None;
		core.closePending = false;
		core.event.code = core.closeCode;
		return Event.Closed;
	}

	/** Topic of the last message as text; "" when there is none any more. */
	messageTopic(): string {
		if (!this.core.hasMessage) return "";
		const { buffer, topicStart, topicEnd } = this.message;
		return readUtf8(buffer, topicStart, topicEnd);
	}

	/** Payload of the last message as text, or undefined when it is not UTF-8. */
	messageText(): string | undefined {
		const { buffer, payloadStart, payloadEnd } = this.message;
		if (!this.core.hasMessage || !isUtf8(buffer, payloadStart, payloadEnd)) return undefined;
		return readUtf8(buffer, payloadStart, payloadEnd);
	}

	private reportLost(slot: number): number {
		const { event, connection } = this.core;
		event.code = Code.ConnectionLost;
		event.token = connection.requests.token(slot);
		event.grantedCount = 0;
		const subscribed = connection.requests.type(slot) === PacketType.Subscribe;
		return subscribed ? Event.Subscribed : Event.Unsubscribed;
	}

	/**
	 * PINGRESP is late. While we take no input ourselves that proves nothing; while other packets
	 * come it may be behind them, but not for longer than another keep-alive period.
	 */
	private handleSilence(now: number): void {
		const { connection, settings } = this.core;
		const { responseTimeoutMs, keepAliveSeconds } = settings;
		const silentMs = (now - connection.receivedAt) | 0;
		const pingingMs = (now - connection.pingedAt) | 0;
		const patienceMs = keepAliveSeconds * 1000 + responseTimeoutMs;
		if (connection.stalled || (silentMs < responseTimeoutMs && pingingMs < patienceMs)) {
			const waitMs = connection.stalled ? responseTimeoutMs : responseTimeoutMs - silentMs;
			connection.deadlines.arm(Deadline.Pong, now, waitMs);
		} else {
			this.core.fail(Code.PingTimeout);
		}
	}
}
