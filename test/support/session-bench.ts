/**
 * A session at a broker that a test plays: packets made and read by npm mqtt-packet, never by our
 * own decoder. Time stands still unless the test moves it.
 */

import mqttPacket, { type Packet } from "mqtt-packet";
import { Event, Session, type SessionOptions } from "../../firmware/mqtt/session";

export class SessionBench {
	readonly session: Session;
	/** What the session has sent, oldest first; tests take from it. */
	readonly sent: Packet[] = [];
	now = 0;
	/** Called for each event; the session's details are valid meanwhile. */
	onEvent: (event: number) => void = () => undefined;
	/** Called by acknowledgeAll() for each. */
	onPublished: (topic: string, text: string) => void = () => undefined;
	private readonly parser = mqttPacket.parser();
	private readonly buffer = new Uint8Array(4096);
	private offered = Buffer.alloc(0);

	constructor(options: Partial<SessionOptions> = {}) {
		this.session = new Session({
			clientId: "bench",
			cleanSession: false,
			keepAliveSeconds: 0,
			...options,
		});
		this.parser.on("packet", (packet) => this.sent.push(packet));
	}

	/** Opens the transport and lets the broker accept. */
	connect(sessionPresent = false, broker = 0): void {
		this.session.handleOpened(this.now, broker);
		this.pump();
		this.take("connect");
		this.give({ cmd: "connack", sessionPresent, returnCode: 0 });
	}

	close(): void {
		this.session.handleClosed(this.now);
		// What the session did not take is lost with the transport.
		this.offered = Buffer.alloc(0);
		this.pollEvents();
	}

	/** A packet from the broker. */
	give(packet: Packet): void {
		const bytes = mqttPacket.generate(packet);
		let at = 0;
		while (at < bytes.length) {
			at += this.session.handleBytes(bytes, at, bytes.length, this.now);
			this.pollEvents();
		}
		this.pump();
	}

	/** Packets from the broker that the session takes when it likes; without any, those offered. */
	offer(...packets: Packet[]): void {
		const more = packets.map((packet) => mqttPacket.generate(packet));
		const bytes = Buffer.concat([this.offered, ...more]);
		let at = 0;
		for (let before = -1; before !== at && at < bytes.length; ) {
			before = at;
			at += this.session.handleBytes(bytes, at, bytes.length, this.now);
			this.pollEvents();
			// What was sent may have made room, as on a link.
			this.pump();
		}
		this.offered = bytes.subarray(at);
		this.pump();
	}

	/** Lets the session send what it has. */
	pump(): void {
		for (;;) {
			const count = this.session.pollTransmit(this.buffer, 0, this.buffer.length, this.now);
			if (count === 0) break;
			this.parser.parse(Buffer.from(this.buffer.subarray(0, count)));
		}
		this.pollEvents();
	}

	/** The oldest packet sent of this kind, removed; throws when there is none. */
	take<Cmd extends Packet["cmd"]>(cmd: Cmd): Extract<Packet, { cmd: Cmd }> {
		const at = this.sent.findIndex((packet) => packet.cmd === cmd);
		if (at < 0) throw new Error(`no ${cmd} among ${this.sent.map((packet) => packet.cmd)}`);
		return this.sent.splice(at, 1)[0] as Extract<Packet, { cmd: Cmd }>;
	}

	/** Answers every PUBLISH sent at QoS 1 or 2 until none is left; returns topic and text of all. */
	acknowledgeAll(): { topic: string; text: string; retain: boolean; qos: number }[] {
		const all: { topic: string; text: string; retain: boolean; qos: number }[] = [];
		for (;;) {
			this.pump();
			const packet = this.sent.find((one) => one.cmd === "publish");
			if (packet?.cmd !== "publish") return all;
			this.take("publish");
			const { topic, payload, qos, retain, messageId } = packet;
			all.push({ topic, text: payload.toString(), retain, qos });
			if (qos === 1) this.give({ cmd: "puback", messageId });
			this.onPublished(topic, payload.toString());
		}
	}

	private pollEvents(): void {
		for (;;) {
			const event = this.session.pollEvent();
			if (event === Event.None) return;
			this.onEvent(event);
		}
	}
}
