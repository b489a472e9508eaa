/** A session on a real socket, for tests against real brokers. Promises at the edge. */

import { connect, type Socket } from "node:net";
import { Code, codeName, Event } from "../../../firmware/mqtt/codes";
import { Session, type SessionOptions } from "../../../firmware/mqtt/session";

export interface Message {
	topic: string;
	payload: string;
	qos: number;
	retain: boolean;
	dup: boolean;
	packetId: number;
}

const WaitMs = 8000;

export class SocketClient {
	readonly session: Session;
	readonly messages: Message[] = [];
	/** Events in words, for `until`. */
	readonly log: string[] = [];
	/** Handles of messages that nobody has acknowledged, when `autoAcknowledge` is off. */
	readonly held: number[] = [];
	autoAcknowledge = true;
	private socket: Socket | undefined;
	private input: Buffer = Buffer.alloc(0);
	private readonly output = new Uint8Array(2048);
	private timer: NodeJS.Timeout | undefined;

	constructor(options: Partial<SessionOptions> & { clientId: string }) {
		this.session = new Session({ cleanSession: true, keepAliveSeconds: 30, ...options });
	}

	get connected(): boolean {
		return this.socket !== undefined;
	}

	get now(): number {
		return Math.trunc(performance.now()) | 0;
	}

	async open(port: number): Promise<boolean> {
		const before = this.log.length;
		const socket = connect(port, "127.0.0.1");
		this.socket = socket;
		this.input = Buffer.alloc(0);
		socket.on("connect", () => {
			this.session.handleOpened(this.now);
			this.pump();
		});
		socket.on("data", (bytes) => {
			this.input = Buffer.concat([this.input, bytes]);
			this.pump();
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			if (this.socket === socket) this.handleClosed();
		});
		await this.until(() => this.log.slice(before).some((word) => /^(up|closed)/.test(word)));
		return this.log.includes("up present", before);
	}

	/** Drops the socket, as a lost network would. */
	drop(): void {
		this.socket?.resetAndDestroy();
		this.handleClosed();
	}

	async close(): Promise<void> {
		this.session.disconnect(this.now);
		this.pump();
		await this.until(() => this.socket === undefined);
	}

	/** Waits for a condition; fails with what was seen. */
	async until(condition: () => boolean): Promise<void> {
		const end = Date.now() + WaitMs;
		while (!condition()) {
			if (Date.now() > end) throw new Error(`waited in vain: ${this.log.join(", ")}`);
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}

	/** Publishes as soon as there is room; resolves when it is done. */
	async publish(topic: string, payload: string, qos: number, retain = false): Promise<void> {
		await this.finished([await this.accept(topic, payload, qos, retain)], qos);
	}

	/** Publishes in this order; resolves when all are done. */
	async publishAll(topic: string, payloads: readonly string[], qos: number): Promise<void> {
		const tokens: number[] = [];
		for (const payload of payloads) tokens.push(await this.accept(topic, payload, qos, false));
		await this.finished(tokens, qos);
	}

	private async accept(
		topic: string,
		payload: string,
		qos: number,
		retain: boolean,
	): Promise<number> {
		let token = 0;
		await this.until(() => {
			token = this.session.publish(topic, payload, qos, retain, this.now);
			this.pump();
			return token !== Code.Full;
		});
		if (token < 0) throw new Error(codeName(token));
		return token;
	}

	private async finished(tokens: readonly number[], qos: number): Promise<void> {
		if (qos === 0) return;
		await this.until(() => tokens.every((token) => this.log.includes(`done ${token}`)));
	}

	async subscribe(topic: string, qos: number): Promise<void> {
		const token = this.session.subscribe([{ topic, qos }], this.now);
		if (token < 0) throw new Error(codeName(token));
		this.pump();
		await this.until(() => this.log.some((word) => word.startsWith(`granted ${token}`)));
	}

	pump(): void {
		const { session, socket } = this;
		if (!socket) return;
		for (;;) {
			const taken = session.handleBytes(this.input, 0, this.input.length, this.now);
			const events = this.poll();
			this.input = this.input.subarray(taken);
			const count = session.pollTransmit(this.output, 0, this.output.length, this.now);
			if (count > 0) socket.write(this.output.slice(0, count));
			if (taken === 0 && events === 0 && count === 0) break;
		}
		clearTimeout(this.timer);
		const wait = session.pollTimeout(this.now);
		if (wait < 0) return;
		this.timer = setTimeout(() => {
			session.handleTimeout(this.now);
			this.pump();
		}, wait);
	}

	private poll(): number {
		const { session } = this;
		for (let count = 0; ; count++) {
			const kind = session.pollEvent();
			const { code, token, sessionPresent, granted, grantedCount } = session.event;
			if (kind === Event.None) return count;
			if (kind === Event.Connected) this.log.push(sessionPresent ? "up present" : "up");
			else if (kind === Event.Refused) this.log.push(`refused ${code}`);
			else if (kind === Event.Published) this.log.push(`done ${token}`);
			else if (kind === Event.Unsubscribed) this.log.push(`unsubscribed ${token}`);
			else if (kind === Event.Skipped) this.log.push("skipped");
			else if (kind === Event.Subscribed) {
				this.log.push(`granted ${token} ${granted.slice(0, grantedCount)}`);
			} else if (kind === Event.Closed) {
				this.log.push(`closed ${codeName(code)}`);
				this.socket?.destroySoon();
				this.handleClosed();
			} else this.takeMessage();
		}
	}

	private takeMessage(): void {
		const { session } = this;
		const { qos, retain, dup, packetId, handle } = session.message;
		const payload = session.messageText() ?? "?";
		const topic = session.messageTopic();
		this.messages.push({ topic, payload, qos, retain, dup, packetId });
		if (handle === 0) return;
		if (this.autoAcknowledge) session.acknowledge(handle, this.now);
		else this.held.push(handle);
	}

	private handleClosed(): void {
		if (this.socket === undefined) return;
		this.socket = undefined;
		clearTimeout(this.timer);
		this.session.handleClosed(this.now);
		this.log.push("down");
		this.poll();
	}
}
