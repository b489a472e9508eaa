/**
 * A broker for one client that keeps its session over connections, by the letter of MQTT 3.1.1,
 * and checks what the client does. Speaks through mqtt-packet. Bytes in, bytes out; no sockets.
 */

import assert from "node:assert/strict";
import { generate, type IPublishPacket, type Packet, type Parser, parser } from "mqtt-packet";

interface Outgoing {
	payload: string;
	qos: 1 | 2;
	messageId: number;
	released: boolean;
	sent: boolean;
}

export class ModelBroker {
	/** What clients behind the broker got, in order. */
	readonly delivered: string[];
	/** Bytes for the client. */
	output: Buffer = Buffer.alloc(0);
	connected = false;
	/** Repeats come with DUP; aedes sends them without. */
	marksRepeats = true;
	/** A QoS 2 publication goes on at its PUBREL, as with Mosquitto, not at its PUBLISH. */
	deliversAtRelease = false;
	readonly faults = { repeats: 0, resentReleases: 0, sessionsLost: 0 };

	private hasSession = false;
	private readonly received = new Map<number, string>();
	private outgoing: Outgoing[] = [];
	/** Ids in the order in which their PUBLISH went out on this connection. */
	private answersDue: { messageId: number; cmd: string }[] = [];
	/** Ids whose PUBREL is due, in the order of our PUBRECs. */
	private releasesDue: number[] = [];
	private nextId = 1;
	private parser: Parser = parser();

	/** @param delivered shared by brokers of which it matters who got what first */
	constructor(delivered: string[] = []) {
		this.delivered = delivered;
	}

	/** A new connection. */
	open(): void {
		this.output = Buffer.alloc(0);
		this.connected = false;
		this.answersDue = [];
		this.releasesDue = [];
		this.parser = parser({ protocolVersion: 4 });
		this.parser.on("packet", (packet: Packet) => this.take(packet));
		this.parser.on("error", (error: Error) => assert.fail(error));
	}

	/** Bytes of the client. */
	read(bytes: Buffer): void {
		this.parser.parse(bytes);
	}

	/** Forgets the session, as a broker without persistence after a restart. */
	forget(): void {
		this.hasSession = false;
		this.received.clear();
		this.outgoing = [];
		this.faults.sessionsLost += 1;
	}

	/** A message for the client. */
	publish(payload: string, qos: 1 | 2): void {
		while (this.outgoing.some(({ messageId }) => messageId === this.nextId)) this.countId();
		const message = { payload, qos, messageId: this.nextId, released: false, sent: false };
		this.countId();
		this.outgoing.push(message);
		if (this.connected) this.send(message);
	}

	/** Messages that the client has not finished. */
	get unfinished(): number {
		return this.outgoing.length;
	}

	private countId(): void {
		this.nextId = this.nextId === 65_535 ? 1 : this.nextId + 1;
	}

	private write(packet: Packet): void {
		this.output = Buffer.concat([this.output, generate(packet, { protocolVersion: 4 })]);
	}

	private send(message: Outgoing): void {
		const { payload, qos, messageId, sent, released } = message;
		if (released) {
			this.faults.resentReleases += 1;
			this.write({ cmd: "pubrel", messageId });
			return;
		}
		const dup = sent && this.marksRepeats;
		if (sent) this.faults.repeats += 1;
		message.sent = true;
		this.answersDue.push({ messageId, cmd: qos === 1 ? "puback" : "pubrec" });
		this.write({ cmd: "publish", topic: "down", payload, qos, dup, retain: false, messageId });
	}

	private take(packet: Packet): void {
		if (packet.cmd === "connect") {
			assert.equal(this.connected, false);
			if (packet.clean) this.forget();
			this.write({ cmd: "connack", returnCode: 0, sessionPresent: this.hasSession });
			this.hasSession = true;
			this.connected = true;
			for (const message of this.outgoing) this.send(message);
			return;
		}
		assert.equal(this.connected, true, `${packet.cmd} before CONNECT`);
		switch (packet.cmd) {
			case "publish":
				this.takePublish(packet);
				break;
			case "pubrel": {
				// [MQTT-4.6.0-4], as far as these are answers to PUBRECs of this connection.
				const messageId = packet.messageId as number;
				const due = this.releasesDue.indexOf(messageId);
				if (due >= 0) {
					assert.equal(due, 0, "PUBREL out of order");
					this.releasesDue.shift();
				}
				const payload = this.received.get(messageId);
				if (this.deliversAtRelease && payload !== undefined) this.delivered.push(payload);
				this.received.delete(messageId);
				this.write({ cmd: "pubcomp", messageId });
				break;
			}
			case "puback":
			case "pubrec":
				this.takeAnswer(packet);
				break;
			case "pubcomp":
				this.finish(packet.messageId as number);
				break;
			default:
				assert.fail(`unexpected ${packet.cmd}`);
		}
	}

	private takePublish(packet: IPublishPacket): void {
		const payload = packet.payload.toString();
		const messageId = packet.messageId as number;
		if (packet.qos === 0) {
			this.delivered.push(payload);
			return;
		}
		assert.notEqual(messageId, 0);
		if (packet.qos === 1) {
			this.delivered.push(payload);
			this.write({ cmd: "puback", messageId });
			return;
		}
		if (this.received.has(messageId)) {
			assert.equal(packet.dup, true, "an id in use without DUP");
		} else {
			this.received.set(messageId, payload);
			if (!this.deliversAtRelease) this.delivered.push(payload);
		}
		this.releasesDue.push(messageId);
		this.write({ cmd: "pubrec", messageId });
	}

	/** [MQTT-4.6.0-2] [MQTT-4.6.0-3]: in the order in which the messages went out. */
	private takeAnswer(packet: Packet): void {
		const due = this.answersDue.shift();
		assert.deepEqual(due, { messageId: packet.messageId, cmd: packet.cmd });
		const messageId = packet.messageId as number;
		if (packet.cmd === "puback") {
			this.finish(messageId);
			return;
		}
		const message = this.outgoing.find((other) => other.messageId === messageId);
		if (message) message.released = true;
		this.write({ cmd: "pubrel", messageId });
	}

	private finish(messageId: number): void {
		this.outgoing = this.outgoing.filter((message) => message.messageId !== messageId);
	}
}
