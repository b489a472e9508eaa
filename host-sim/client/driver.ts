/**
 * `fieldmote client` without its pipes: commands in, events out, the firmware's session and link
 * in between. Always holds: every publish, subscribe and unsubscribe gets exactly one `done`;
 * what the window has no room for waits here in order. Must not know stdin or stdout.
 */

import type { Packet } from "../../firmware/mqtt/parse";
import type { LinkOwner } from "../../firmware/net/link-options";
import type { Command, ConnectCommand } from "./commands";
import type { ClientEvent, DriverOptions, Link, Session } from "./environment";
import { Requests } from "./requests";

/** Bytes for what is in flight, and for the largest packet that is taken. */
const BUFFER_BYTES = 16 * 1024 * 1024;
/** Room for QoS 0 and requests that the socket has not taken. */
const TRANSMIT_BYTES = 1024 * 1024;
const INCOMING_WINDOW = 1024;
const REQUEST_WINDOW = 255;
/** How long DISCONNECT may take at the end. */
const LEAVE_MS = 1000;
/** How long what was asked for may take before a disconnect. */
const FINISH_MS = 2000;

export class ClientDriver implements LinkOwner {
	private readonly options: DriverOptions;
	private session: Session | undefined;
	private sessionKey = "";
	private link: Link | undefined;
	private command: ConnectCommand | undefined;
	private readonly requests: Requests;
	private up = false;
	private refused = false;
	private leaving = false;
	private cancelRetry: (() => void) | undefined;
	/** Not empty: we are about to leave, and these want to know when we have. */
	private readonly onLeft: (() => void)[] = [];
	private cancelLimit: (() => void) | undefined;
	/** Ends of the process that came while leaving: after the commands held. */
	private readonly finishing: (() => void)[] = [];
	/** Commands that came while leaving. */
	private readonly held: Command[] = [];
	/** A connect command has had no answer yet. */
	private undecided = false;
	/** Whether a connection is there or will be tried. */
	private trying = false;

	constructor(options: DriverOptions) {
		this.options = options;
		this.requests = new Requests(options);
	}

	/** Carries out one command; `exit` is the caller's. Throws Error with what is wrong. */
	run(command: Command): void {
		if (this.onLeft.length > 0) {
			this.held.push(command);
			return;
		}
		switch (command.op) {
			case "connect":
				this.connect(command);
				return;
			case "publish":
			case "subscribe":
			case "unsubscribe":
				this.requests.push(command);
				this.flush();
				return;
			case "disconnect":
				if (!this.trying) throw new Error("disconnect: not connected");
				this.leave(() => undefined);
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
		else if (event === Event.Published) this.requests.done(session.event.token, 0);
		else if (event === Event.Subscribed) {
			const { granted, grantedCount, code, token } = session.event;
			this.requests.done(token, code, Array.from(granted.subarray(0, grantedCount)));
		} else if (event === Event.Unsubscribed)
			this.requests.done(session.event.token, session.event.code);
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
		this.undecided = false;
		this.refused = false;
		if (leaving) {
			this.giveUp();
			this.leaving = false;
			emit({ ev: "ended" });
			this.handleLeft();
			return;
		}
		if (!refused) emit({ ev: "down", reason: `${step}: ${reason}` });
		this.retry();
	}

	certificateTimeMs(): number {
		return this.options.unixMs();
	}

	/** Lets what was asked for be done, for two seconds at most, says good-bye, then resolves. */
	finish(): Promise<void> {
		return new Promise((resolve) => {
			if (this.onLeft.length > 0) this.finishing.push(resolve);
			else this.leave(resolve);
		});
	}

	/** Drops everything, for the end of the process. */
	close(): void {
		this.cancelRetry?.();
		this.link?.close();
	}

	/** Begins to leave, once; `left` is called when we have. */
	private leave(left: () => void): void {
		this.onLeft.push(left);
		if (this.onLeft.length > 1) return;
		this.cancelLimit = this.options.setTimer(() => this.disconnect(), FINISH_MS);
		this.checkIdle();
	}

	private disconnect(): void {
		this.cancelLimit?.();
		if (!this.trying) {
			this.handleLeft();
			return;
		}
		if (this.leaving) return;
		this.leaving = true;
		if (this.up && this.session !== undefined) {
			this.cancelLimit = this.options.setTimer(() => this.drop(), LEAVE_MS);
			this.session.disconnect(this.options.ticks());
			this.link?.pump();
		} else this.drop();
	}

	/** Without a connection, or when DISCONNECT does not get out. */
	private drop(): void {
		this.cancelRetry?.();
		this.link?.close();
		this.handleLinkDown("mqtt", "");
	}

	private handleLeft(): void {
		this.cancelLimit?.();
		const held = this.held.splice(0);
		for (const left of this.onLeft.splice(0)) left();
		for (const command of held) {
			try {
				this.run(command);
			} catch (error) {
				this.options.emit({ ev: "error", msg: (error as Error).message });
			}
		}
		for (const finished of this.finishing.splice(0)) void this.finish().then(finished);
	}

	/** Gives to the session what it has room for. */
	private flush(): void {
		const ready = this.up ? "up" : this.trying ? "trying" : "none";
		this.requests.flush(this.session, ready);
		this.link?.pump();
		this.checkIdle();
	}

	private checkIdle(): void {
		const leaving = this.onLeft.length > 0 && !this.leaving;
		if (leaving && this.requests.idle && !this.undecided) this.disconnect();
	}

	private connect(command: ConnectCommand): void {
		if (this.trying) throw new Error("connect: connected already, disconnect first");
		const tls = this.options.loadTls(command);
		this.session = this.sessionFor(command);
		this.command = command;
		this.link = this.options.makeLink(command, this.session, tls, this);
		this.trying = true;
		this.undecided = true;
		this.link.open();
	}

	/** The session of the connect before, where it is to go on; otherwise a new one. */
	private sessionFor(command: ConnectCommand): Session {
		const { id, clean, keepalive, user, pass, will, window, connectTimeoutMs } = command;
		const key = JSON.stringify([id, keepalive, user, pass, will, window, connectTimeoutMs]);
		if (!clean && this.session !== undefined && key === this.sessionKey) return this.session;
		this.requests.forget("session given up");
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

	private abort(): void {
		if (!this.trying) throw new Error("abort: not connected");
		this.cancelRetry?.();
		this.link?.close();
		this.handleLinkDown("mqtt", "aborted");
	}

	private handleUp(sessionPresent: boolean): void {
		this.up = true;
		this.undecided = false;
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

	/** Nobody tries any more. A session that lasts keeps what is in flight for a later connect. */
	private giveUp(): void {
		this.trying = false;
		if (this.command?.clean === true) this.requests.forget("connection ended");
		this.flush();
	}

	private retry(): void {
		const { command } = this;
		if (command === undefined || command.reconnectMs === 0) {
			this.giveUp();
			return;
		}
		this.cancelRetry = this.options.setTimer(() => this.link?.open(), command.reconnectMs);
	}
}

/** `payload` as text, or `payloadB64` where the bytes are not UTF-8. */
function payloadOf(session: Session, message: Packet): ClientEvent {
	const text = session.messageText();
	if (text !== undefined) return { payload: text };
	const bytes = message.buffer.subarray(message.payloadStart, message.payloadEnd);
	return { payloadB64: Buffer.from(bytes).toString("base64") };
}
