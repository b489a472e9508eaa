/**
 * `fieldmote client` without its pipes: commands in, events out, the firmware's session and link
 * in between. Always holds: every publish, subscribe and unsubscribe gets exactly one `done`;
 * what the window has no room for waits here in order. Must not know stdin or stdout.
 */

import type { Packet } from "../../firmware/mqtt/parse";
import type { LinkOwner, TlsIdentity } from "../../firmware/net/link-options";
import type { Command, ConnectCommand, PublishCommand, Tag } from "./commands";

export type Engine = typeof import("./engine");
type Session = InstanceType<Engine["Session"]>;
type Link = InstanceType<Engine["Link"]>;

/** An event, as it is printed. */
export type ClientEvent = Readonly<Record<string, unknown>>;

export interface DriverOptions {
	readonly engine: Engine;
	/** Makes a link for a session; host and TLS are the command's. */
	makeLink(
		command: ConnectCommand,
		session: Session,
		tls: TlsIdentity | undefined,
		owner: LinkOwner,
	): Link;
	/** Reads the files that a connect command names. Throws with what is wrong. */
	loadTls(command: ConnectCommand): TlsIdentity | undefined;
	ticks(): number;
	setTimer(callback: () => void, delayMs: number): () => void;
	emit(event: ClientEvent): void;
	/** Unix milliseconds, for the dates in certificates. */
	unixMs(): number;
}

/** Bytes for what is in flight, and for the largest packet that is taken. */
const BUFFER_BYTES = 16 * 1024 * 1024;
/** Room for QoS 0 and requests that the socket has not taken. */
const TRANSMIT_BYTES = 1024 * 1024;
const INCOMING_WINDOW = 1024;
const REQUEST_WINDOW = 255;

/** A request that waits for room or for the connection. */
interface Waiting {
	readonly command: Extract<Command, { tag: Tag }>;
}

export class ClientDriver implements LinkOwner {
	private readonly options: DriverOptions;
	private session: Session | undefined;
	private sessionKey = "";
	private link: Link | undefined;
	private command: ConnectCommand | undefined;
	private readonly waiting: Waiting[] = [];
	private readonly tags = new Map<number, Tag>();
	private up = false;
	private refused = false;
	private leaving = false;
	private cancelRetry: (() => void) | undefined;
	/** Whether a connection is there or will be tried. */
	private trying = false;

	constructor(options: DriverOptions) {
		this.options = options;
	}

	/** Carries out one command; `exit` is the caller's. Throws Error with what is wrong. */
	run(command: Command): void {
		switch (command.op) {
			case "connect":
				this.connect(command);
				return;
			case "publish":
			case "subscribe":
			case "unsubscribe":
				this.waiting.push({ command });
				this.flush();
				return;
			case "disconnect":
				this.disconnect();
				return;
			case "abort":
				this.abort();
				return;
			default:
		}
	}

	handleLinkEvent(event: number): void {
		const { Event } = this.options.engine;
		const session = this.session as Session;
		if (event === Event.Connected) this.handleUp(session.event.sessionPresent);
		else if (event === Event.Refused) this.handleRefused(session.event.code);
		else if (event === Event.Message) this.handleMessage(session);
		else if (event === Event.Published) this.done(session.event.token, 0);
		else if (event === Event.Subscribed) {
			const { granted, grantedCount, code, token } = session.event;
			this.done(token, code, Array.from(granted.subarray(0, grantedCount)));
		} else if (event === Event.Unsubscribed) this.done(session.event.token, session.event.code);
		else if (event === Event.Skipped) {
			const bytes = session.event.skippedBytes;
			this.options.emit({ ev: "error", msg: `a message of ${bytes} bytes was skipped: too large` });
		}
		this.flush();
	}

	handleLinkDown(step: string, reason: string): void {
		this.drain();
		const { emit } = this.options;
		const { refused, leaving } = this;
		this.up = false;
		this.refused = false;
		this.leaving = false;
		if (leaving) {
			this.trying = false;
			this.flush();
			emit({ ev: "ended" });
			return;
		}
		if (!refused) emit({ ev: "down", reason: `${step}: ${reason}` });
		this.retry();
	}

	certificateTimeMs(): number {
		return this.options.unixMs();
	}

	/** Drops everything, for the end of the process. */
	close(): void {
		this.cancelRetry?.();
		this.link?.close();
	}

	private connect(command: ConnectCommand): void {
		if (this.trying) throw new Error("connect: connected already, disconnect first");
		const tls = this.options.loadTls(command);
		this.session = this.sessionFor(command);
		this.command = command;
		this.link = this.options.makeLink(command, this.session, tls, this);
		this.trying = true;
		this.link.open();
	}

	/** The session of the connect before, where it is to go on; otherwise a new one. */
	private sessionFor(command: ConnectCommand): Session {
		const { id, clean, keepalive, user, pass, will, window, connectTimeoutMs } = command;
		const key = JSON.stringify([id, keepalive, user, pass, will, window, connectTimeoutMs]);
		if (!clean && this.session !== undefined && key === this.sessionKey) return this.session;
		this.forget();
		this.sessionKey = clean ? "" : key;
		return new this.options.engine.Session({
			clientId: id,
			cleanSession: clean,
			keepAliveSeconds: keepalive,
			username: user,
			password: pass,
			will: will === undefined ? undefined : { ...will, qos: will.qos as 0 | 1 | 2 },
			window,
			arenaBytes: BUFFER_BYTES,
			receiveBytes: BUFFER_BYTES,
			transmitBytes: TRANSMIT_BYTES,
			incomingWindow: INCOMING_WINDOW,
			requestWindow: REQUEST_WINDOW,
			connectTimeoutMs,
		});
	}

	/** What the session before had in flight will never be done. */
	private forget(): void {
		for (const tag of this.tags.values()) this.finish(tag, "session given up");
		this.tags.clear();
	}

	private disconnect(): void {
		if (!this.trying) throw new Error("disconnect: not connected");
		this.leaving = true;
		if (this.up && this.session !== undefined) {
			this.session.disconnect(this.options.ticks());
			this.link?.pump();
			return;
		}
		this.cancelRetry?.();
		this.link?.close();
		this.handleLinkDown("mqtt", "");
	}

	private abort(): void {
		if (!this.trying) throw new Error("abort: not connected");
		this.cancelRetry?.();
		this.link?.close();
		this.handleLinkDown("mqtt", "aborted");
	}

	private handleUp(sessionPresent: boolean): void {
		this.up = true;
		this.options.emit({ ev: "up", sp: sessionPresent });
	}

	private handleRefused(code: number): void {
		this.refused = true;
		this.options.emit({ ev: "refused", rc: code, msg: this.options.engine.codeName(code) });
	}

	private handleMessage(session: Session): void {
		const { message } = session;
		const { qos, retain, dup, handle } = message;
		const head = { ev: "msg", topic: session.messageTopic() };
		this.options.emit({ ...head, ...payloadOf(session, message), qos, retain, dup });
		if (handle > 0) session.acknowledge(handle, this.options.ticks());
	}

	/** Events that the end of the connection made. */
	private drain(): void {
		const session = this.session as Session;
		const { Event } = this.options.engine;
		for (let event = session.pollEvent(); event !== Event.None; event = session.pollEvent()) {
			if (event !== Event.Closed) this.handleLinkEvent(event);
		}
	}

	private retry(): void {
		const { command } = this;
		if (command === undefined || command.reconnectMs === 0) {
			this.trying = false;
			this.flush();
			return;
		}
		this.cancelRetry = this.options.setTimer(() => this.link?.open(), command.reconnectMs);
	}

	/** Gives to the session what waits, in order, until one finds no room. */
	private flush(): void {
		const { session } = this;
		while (this.waiting.length > 0) {
			const { command } = this.waiting[0];
			const code =
				session === undefined ? this.refuseUnconnected() : this.request(command, session);
			const { Code } = this.options.engine;
			if (code === Code.Full || (code === Code.NotConnected && this.trying)) break;
			this.waiting.shift();
			if (code < 0) this.finish(command.tag, this.options.engine.codeName(code));
			else if (command.op === "publish" && command.qos === 0) this.finish(command.tag, undefined);
			else this.tags.set(code, command.tag);
		}
		this.link?.pump();
	}

	private refuseUnconnected(): number {
		return this.options.engine.Code.NotConnected;
	}

	private request(command: Waiting["command"], session: Session): number {
		const now = this.options.ticks();
		// Before CONNACK only what survives a refusal is handed over.
		const ready = this.up || (command.op === "publish" && command.qos > 0);
		if (!ready) return this.options.engine.Code.NotConnected;
		if (command.op === "subscribe") return session.subscribe(command.subs, now);
		if (command.op === "unsubscribe") return session.unsubscribe(command.topics, now);
		const { topic, payload, qos, retain } = command as PublishCommand;
		return session.publish(topic, payload, qos, retain, now);
	}

	private done(token: number, code: number, granted?: readonly number[]): void {
		const tag = this.tags.get(token);
		this.tags.delete(token);
		const error = code === 0 ? undefined : this.options.engine.codeName(code);
		this.finish(tag, error, code === 0 ? granted : undefined);
	}

	private finish(tag: Tag, error: string | undefined, granted?: readonly number[]): void {
		this.options.emit({ ev: "done", tag, err: error ?? null, granted });
	}
}

/** `payload` as text, or `payloadB64` where the bytes are not UTF-8. */
function payloadOf(session: Session, message: Packet): ClientEvent {
	const text = session.messageText();
	if (text !== undefined) return { payload: text };
	const bytes = message.buffer.subarray(message.payloadStart, message.payloadEnd);
	return { payloadB64: Buffer.from(bytes).toString("base64") };
}
