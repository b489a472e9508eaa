/**
 * A session and a scripted broker end to end, in memory, with a virtual clock that starts just
 * before the rollover of ticks. The broker's side speaks through mqtt-packet, never through our
 * own decoder. Every event is copied, so that a test can look at it later.
 */

import assert from "node:assert/strict";
import { generate, type Packet, type Parser, parser } from "mqtt-packet";
import { Event, State } from "../../../firmware/mqtt/codes";
import { Session, type SessionOptions } from "../../../firmware/mqtt/session";

export interface Seen {
	event: number;
	code: number;
	token: number;
	qos: number;
	sessionPresent: boolean;
	granted: number[];
	skippedBytes: number;
	topic: string;
	payload: string;
	retain: boolean;
	dup: boolean;
	packetId: number;
	handle: number;
}

export interface RigOptions extends Partial<SessionOptions> {
	/** Acknowledge each message at once; default true. */
	autoAcknowledge?: boolean;
	/** Most bytes per handleBytes and pollTransmit; default 65,536. */
	pieceBytes?: number;
}

export class Rig {
	now = 0x7fffff00;
	readonly session: Session;
	/** What the broker read, oldest first; tests take from the front. */
	received: Packet[] = [];
	seen: Seen[] = [];
	autoAcknowledge: boolean;
	/** Bytes that the session has not taken. */
	pending: Buffer = Buffer.alloc(0);
	/** Bytes the session has given on this connection. */
	given: Buffer[] = [];

	private parser: Parser;
	private readonly pieceBytes: number;

	constructor(options: RigOptions = {}) {
		const { autoAcknowledge = true, pieceBytes = 65_536, ...rest } = options;
		this.autoAcknowledge = autoAcknowledge;
		this.pieceBytes = pieceBytes;
		this.session = new Session({
			clientId: "rig",
			cleanSession: false,
			keepAliveSeconds: 60,
			...rest,
		});
		this.parser = this.newParser();
	}

	private newParser(): Parser {
		const fresh = parser({ protocolVersion: 4 });
		fresh.on("packet", (packet: Packet) => this.received.push(packet));
		fresh.on("error", (error: Error) => {
			throw error;
		});
		return fresh;
	}

	/** Opens the transport; CONNECT is in `received`. */
	open(broker = 0): this {
		this.parser = this.newParser();
		this.pending = Buffer.alloc(0);
		this.given = [];
		this.session.handleOpened(this.now, broker);
		this.pump();
		return this;
	}

	/** Opens and accepts; forgets what the broker had read, CONNECT and Connected. */
	connect(sessionPresent = false, broker = 0): this {
		this.received = [];
		this.open(broker);
		assert.equal(this.take().cmd, "connect");
		const before = this.seen.length;
		this.send({ cmd: "connack", returnCode: 0, sessionPresent });
		assert.equal(this.seen.splice(before, 1)[0]?.event, Event.Connected);
		return this;
	}

	/** The transport is lost; what was under way is gone. */
	drop(): this {
		this.pending = Buffer.alloc(0);
		this.session.handleClosed(this.now);
		this.poll();
		return this;
	}

	/** The broker sends a packet, or bytes. */
	send(packet: Packet | Uint8Array): this {
		const bytes = packet instanceof Uint8Array ? packet : generate(packet, { protocolVersion: 4 });
		this.pending = Buffer.concat([this.pending, bytes]);
		this.pump();
		return this;
	}

	/** Moves bytes and events until nothing moves. */
	pump(): this {
		for (;;) {
			this.poll();
			this.transmit();
			const end = Math.min(this.pending.length, this.pieceBytes);
			if (end === 0) break;
			const taken = this.session.handleBytes(this.pending, 0, end, this.now);
			assert.ok(taken >= 0 && taken <= end);
			const events = this.poll();
			this.pending = this.pending.subarray(taken);
			if (taken === 0 && events === 0 && !this.session.wantsTransmit) break;
		}
		return this;
	}

	/** Takes what the session wants to send. */
	transmit(): void {
		const buffer = new Uint8Array(this.pieceBytes);
		for (;;) {
			const wanted = this.session.wantsTransmit;
			const announced = this.session.transmitBytes;
			const count = this.session.pollTransmit(buffer, 0, buffer.length, this.now);
			assert.equal(count > 0, wanted, "wantsTransmit says what pollTransmit does");
			const given = Math.min(announced, buffer.length);
			assert.equal(count, given, "transmitBytes says how many pollTransmit gives");
			if (count === 0) return;
			const bytes = Buffer.from(buffer.slice(0, count));
			this.given.push(bytes);
			this.parser.parse(bytes);
			this.poll();
		}
	}

	/** Time passes; deadlines are met when they are due. */
	advance(durationMs: number): this {
		let left = durationMs;
		for (;;) {
			const wait = this.session.pollTimeout(this.now);
			if (wait < 0 || wait > left) break;
			this.now = (this.now + wait) | 0;
			left -= wait;
			this.session.handleTimeout(this.now);
			this.pump();
			assert.notEqual(this.session.pollTimeout(this.now), 0, "a deadline that is met is over");
		}
		this.now = (this.now + left) | 0;
		return this;
	}

	/** The oldest packet that the broker has read and no test has taken. */
	take(): Packet {
		const packet = this.received.shift();
		assert.ok(packet, "the session sent nothing");
		return packet;
	}

	/** The oldest event that no test has taken. */
	event(): Seen {
		const seen = this.seen.shift();
		assert.ok(seen, "no event");
		return seen;
	}

	/** Commands with ids (and + for DUP) of what the broker has read, and forgets them. */
	summary(): string {
		const words = this.received.map((packet) => {
			const dup = packet.cmd === "publish" && packet.dup ? "+" : "";
			const id = "messageId" in packet && packet.messageId ? ` ${packet.messageId}` : "";
			return `${packet.cmd}${id}${dup}`;
		});
		this.received = [];
		return words.join(", ");
	}

	/** Payloads of the messages that were delivered, and forgets all events. */
	payloads(): string {
		const messages = this.seen.filter((seen) => seen.event === Event.Message);
		this.seen = [];
		return messages.map((seen) => seen.payload).join(" ");
	}

	private poll(): number {
		for (let count = 0; ; count++) {
			const event = this.session.pollEvent();
			if (event === Event.None) return count;
			this.seen.push(this.copy(event));
			if (event === Event.Closed) assert.equal(this.session.state, State.Closed);
			if (event !== Event.Message || !this.autoAcknowledge) continue;
			const { handle } = this.session.message;
			if (handle !== 0) assert.equal(this.session.acknowledge(handle, this.now), 0);
		}
	}

	private copy(event: number): Seen {
		const { session } = this;
		const { code, token, qos, sessionPresent, granted, grantedCount, skippedBytes } = session.event;
		const message = event === Event.Message;
		const { retain, dup, packetId, handle } = session.message;
		return {
			event,
			code,
			token,
			qos: message ? session.message.qos : qos,
			sessionPresent,
			granted: [...granted.slice(0, grantedCount)],
			skippedBytes,
			topic: message ? session.messageTopic() : "",
			payload: message ? (session.messageText() ?? "?") : "",
			retain,
			dup,
			packetId,
			handle,
		};
	}
}

/** A PUBLISH from the broker. */
export function publishOf(
	payload: string,
	qos: 0 | 1 | 2,
	messageId = 0,
	more: { dup?: boolean; retain?: boolean; topic?: string } = {},
): Packet {
	const { dup = false, retain = false, topic = "t" } = more;
	return { cmd: "publish", topic, payload, qos, dup, retain, messageId: messageId || undefined };
}
