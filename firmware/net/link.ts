/**
 * One connection to a broker, from name to CONNACK and on until it ends: the only file that
 * knows socket, timer and session at once. Always holds: each step has a timeout; the owner is
 * told once per open() how it ended, with step and reason; never more bytes are written than the
 * last onWritable allowed; while the session does not take bytes, none are read from the socket;
 * a buffer is held only while bytes that were read wait for the session.
 * Must not know topics, payloads, or when to try again: that is the owner's.
 */

import Time from "time";
import { endReason } from "../mqtt/codes";
import { Event, type Session } from "../mqtt/session";
import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./alarm";
import type { LinkOptions } from "./link-options";
import { log, logFailure } from "./log";
import { type ByteSocket, LOST, openTcp, readInto, type TcpSocket, writeAll } from "./socket";
import { openTls } from "./tls-guard";

const enum Const {
	/** Bytes read from the socket, and written to it, at once. */
	PIECE_BYTES = 256,
}

const NO_ADDRESSES: readonly string[] = Object.freeze([]);

export class Link implements AlarmOwner {
	alarm: OwnedTimer | undefined;
	private readonly options: LinkOptions;
	/** What was read and the session has not taken: from `inputStart` on. */
	private input: Uint8Array | undefined;
	private inputStart = 0;
	/** Until there is a connection. */
	private addresses = NO_ADDRESSES;
	private addressAt = 0;
	private socket: ByteSocket | TcpSocket | undefined;
	private step = "";
	private stepDue = 0;
	private readable = 0;
	private writable = 0;
	private pumping = false;
	private attempt = 0;
	private alarmDue = 0;

	constructor(options: LinkOptions) {
		this.options = options;
	}

	get session(): Session {
		return this.options.session;
	}

	/** Starts an attempt. Only when none is under way. */
	open(): void {
		if (this.step !== "") throw new Error("link is already open");
		this.attempt++;
		this.enter("dns");
		this.options.resolver.resolve(this.options.host, this, handleResolved);
		this.schedule();
	}

	/** Ends it at once and tells the owner nothing. */
	close(): void {
		this.teardown();
	}

	/** Lets the session send what it has: after publish(), subscribe(), acknowledge() and so on. */
	pump(): void {
		if (this.pumping || this.step !== "mqtt") return;
		this.pumping = true;
		const attempt = this.attempt;
		do {
			this.drainInput(attempt);
			if (attempt === this.attempt) this.drainEvents(attempt);
			// What was sent may have made room for input that had to wait.
		} while (attempt === this.attempt && this.drainOutput() && this.input !== undefined);
		if (attempt !== this.attempt) return;
		this.drainEvents(attempt);
		this.pumping = false;
		if (attempt === this.attempt) this.schedule();
	}

	/** From the resolver. */
	resolved(reason: string, addresses: readonly string[]): void {
		if (this.step !== "dns") return;
		if (reason !== "") {
			this.fail(`${this.options.host}: ${reason}`);
			return;
		}
		this.addresses = addresses;
		this.addressAt = 0;
		this.dial();
	}

	/** From the socket: TCP stands, TLS begins. */
	socketConnected(): void {
		if (this.step !== "tcp") return;
		log("tcp", `connected to ${this.options.host} (${this.address}:${this.options.port})`);
		this.enter("tls");
		this.schedule();
	}

	/** From the socket: bytes may be read. */
	socketReadable(count: number): void {
		this.readable = count;
		this.pump();
	}

	/** From the socket: bytes may be written; the first time, it is connected. */
	socketWritable(count: number): void {
		this.writable = count;
		if (this.step === "tcp" || this.step === "tls") {
			const at = `${this.options.host} (${this.address}:${this.options.port})`;
			log(this.step, this.step === "tls" ? "broker authenticated" : `connected to ${at}`);
			this.enter("mqtt");
			this.addresses = NO_ADDRESSES;
			this.session.handleOpened(Time.ticks | 0, this.options.broker);
		}
		this.pump();
	}

	/** From the socket: it has ended. */
	socketError(reason: string): void {
		if (this.step === "") return;
		if (this.step === "mqtt") {
			this.fail(reason);
			return;
		}
		const what = this.step === "tcp" && reason === LOST ? "no connection" : reason;
		const { host, port } = this.options;
		const full = `${this.address === "" ? host : this.address}:${port}: ${what}`;
		if (this.addressAt + 1 < this.addresses.length) {
			logFailure(this.step, full, 0);
			this.dropSocket();
			this.addressAt++;
			this.dial();
			return;
		}
		this.fail(full);
	}

	/** From the alarm. */
	handleAlarm(): void {
		const now = Time.ticks | 0;
		if (this.step === "mqtt") {
			this.session.handleTimeout(now);
			this.pump();
		} else if (this.step !== "" && ((now - this.stepDue) | 0) >= 0) {
			this.socketError("no answer in time");
			return;
		}
		this.schedule();
	}

	/** The address in use, "" before there is one. */
	private get address(): string {
		return this.addresses[this.addressAt] ?? "";
	}

	private enter(step: string): void {
		this.step = step;
		this.stepDue = ((Time.ticks | 0) + this.options.stepTimeoutMs) | 0;
	}

	private dial(): void {
		const { TCP, TLSSocket, port, tls, host } = this.options;
		this.readable = 0;
		this.writable = 0;
		try {
			this.enter("tcp");
			if (tls === undefined) {
				this.socket = openTcp(TCP, this.address, port, this);
			} else {
				if (TLSSocket === undefined) throw new Error("no TLS in this build");
				this.socket = openTls({
					TLSSocket,
					TCP,
					address: this.address,
					port,
					host: tls.name ?? host,
					identity: tls,
					nowMs: this.options.owner.certificateTimeMs(),
					maximumRecordBytes: this.options.recordBytes,
					target: this,
				});
			}
		} catch (error) {
			this.fail((error as Error).message);
			return;
		}
		this.schedule();
	}

	/** Gives bytes to the session until there are none, or it takes no more. */
	private drainInput(attempt: number): void {
		const { session } = this;
		while (attempt === this.attempt) {
			const input = this.input ?? this.readMore();
			if (input === undefined) return;
			const end = input.length;
			const taken = session.handleBytes(input, this.inputStart, end, Time.ticks | 0);
			this.inputStart += taken;
			if (this.inputStart === end) this.input = undefined;
			if (!this.drainEvents(attempt) && taken === 0) return;
		}
	}

	/** Some of what the socket has, if it has any. */
	private readMore(): Uint8Array | undefined {
		if (this.readable === 0 || this.socket === undefined) return undefined;
		const wanted = Math.min(this.readable, this.options.readBytes ?? Const.PIECE_BYTES);
		const input = new Uint8Array(wanted);
		const count = readInto(this.socket, input, wanted);
		this.readable -= count;
		this.inputStart = 0;
		if (count > 0) this.input = count === wanted ? input : input.subarray(0, count);
		return this.input;
	}

	/** Hands the session's events to the owner; true when there was one. */
	private drainEvents(attempt: number): boolean {
		let any = false;
		while (attempt === this.attempt) {
			const event = this.session.pollEvent();
			if (event === Event.None) return any;
			any = true;
			if (event === Event.Closed) {
				const code = this.session.event.code;
				// What was to be said (DISCONNECT, an acknowledgement) is said before the end.
				this.drainOutput();
				this.fail(endReason(code, this.session.event.returnCode));
				return true;
			}
			this.options.owner.handleLinkEvent(event);
		}
		return any;
	}

	/** Writes what the session has and the socket takes; true when that was anything. */
	private drainOutput(): boolean {
		const { session, options } = this;
		let output: Uint8Array | undefined;
		while (this.writable > 0 && this.socket !== undefined) {
			const most = Math.min(this.writable, options.writeBytes ?? Const.PIECE_BYTES);
			const count = Math.min(session.transmitBytes, most);
			if (count === 0) break;
			if (output?.length !== count) output = new Uint8Array(count);
			session.pollTransmit(output, 0, count, Time.ticks | 0);
			const left = writeAll(this.socket, output, count);
			if (left < 0) this.socketError(LOST);
			this.writable = this.socket === undefined ? 0 : left;
		}
		return output !== undefined;
	}

	private fail(reason: string): void {
		const step = this.step;
		this.teardown();
		this.options.owner.handleLinkDown(step, reason);
	}

	private teardown(): void {
		const wasOpen = this.step === "mqtt";
		if (this.step === "dns") this.options.resolver.cancel(this);
		this.step = "";
		this.attempt++;
		this.dropSocket();
		clearAlarm(this);
		this.addresses = NO_ADDRESSES;
		this.addressAt = 0;
		this.pumping = false;
		if (wasOpen) this.session.handleClosed(Time.ticks | 0);
	}

	private dropSocket(): void {
		const socket = this.socket;
		this.socket = undefined;
		this.writable = 0;
		this.readable = 0;
		this.input = undefined;
		socket?.close();
	}

	/** One alarm for the step or the session; moved only when it would come too late. */
	private schedule(): void {
		const now = Time.ticks | 0;
		let waitMs = Math.max(0, (this.stepDue - now) | 0);
		if (this.step === "mqtt") waitMs = this.session.pollTimeout(now);
		if (this.step === "" || waitMs < 0) return;
		const due = (now + waitMs) | 0;
		if (this.alarm !== undefined && ((due - this.alarmDue) | 0) >= 0) return;
		this.alarmDue = due;
		setAlarm(this, waitMs);
	}
}

function handleResolved(this: Link, reason: string, addresses: readonly string[]): void {
	this.resolved(reason, addresses);
}
