/**
 * A conversation with one time server: its address, then several requests over UDP, two seconds
 * apart (servers refuse faster bursts), of which the sample with the least delay counts. Made for
 * one conversation and dropped with it: the TLS handshake needs the memory. Always holds: after
 * start() the owner gets finishExchange() exactly once, unless cancel() came first;
 * only the address that was asked is listened to, and from there only echoes of the last request.
 * Must not know the clock: samples go to the owner.
 */

import Time from "time";
import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./alarm";
import type { ClockSample } from "./clock";
import type { NameResolver } from "./dns";
import { type Endpoint, parseEndpoint } from "./endpoint";
import { createSntpReply, decodeReply, encodeRequest, NTP_BYTES, NTP_PORT } from "./sntp";
import type { TimeServer } from "./time-server";
import { openUdp, type UdpConstructor, type UdpSocket } from "./udp";

const enum Const {
	SAMPLES = 4,
	SPACING_MS = 2000,
	TIMEOUT_MS = 2000,
	/** Without any sample, a server is given up after so many requests. */
	MAX_LOST = 2,
}

/** A sample, and the address it came from. */
export interface ServerSample extends ClockSample {
	readonly address: string;
}

export interface ExchangeOwner {
	/** A sample came; more may follow. */
	handleSample(sample: ServerSample): void;
	/**
	 * @param best undefined: there is no sample, and step and reason say why
	 * @param step "dns" or "clock"
	 */
	finishExchange(best: ServerSample | undefined, step: string, reason: string): void;
}

export interface ExchangeOptions {
	readonly UDP: UdpConstructor;
	readonly resolver: NameResolver;
	random(): number;
}

export class TimeExchange implements AlarmOwner {
	alarm: OwnedTimer | undefined;
	private readonly options: ExchangeOptions;
	private readonly owner: ExchangeOwner;
	private readonly server: TimeServer;
	private readonly request = new Uint8Array(NTP_BYTES);
	private readonly nonce = new Uint32Array(2);
	private readonly reply = createSntpReply();
	private readonly endpoint: Endpoint;
	private address = "";
	private socket: UdpSocket<TimeExchange> | undefined;
	private isOver = false;
	private isAsking = false;
	private sentTick = 0;
	private sent = 0;
	private lost = 0;
	private reason = "no answer";
	private best: ServerSample | undefined;

	constructor(options: ExchangeOptions, owner: ExchangeOwner, server: TimeServer) {
		this.options = options;
		this.owner = owner;
		this.server = server;
		this.endpoint = parseEndpoint(server.name, NTP_PORT);
	}

	start(): void {
		this.options.resolver.resolve<TimeExchange>(this.endpoint.host, this, handleResolved);
	}

	/** Ends it without a word. */
	cancel(): void {
		this.isOver = true;
		this.options.resolver.cancel(this);
		clearAlarm(this);
		this.socket?.close();
		this.socket = undefined;
	}

	/** From the resolver. */
	resolved(reason: string, addresses: readonly string[]): void {
		if (this.isOver) return;
		if (reason !== "") {
			this.finish("dns", `${this.endpoint.host}: ${reason}`);
			return;
		}
		// Any of them, so that nodes with the same list of addresses do not all ask the first.
		this.address = addresses[Math.floor(this.options.random() * addresses.length)];
		this.send();
	}

	/** From the socket. */
	receive(socket: UdpSocket<TimeExchange>, count: number): void {
		const receivedTick = Time.ticks | 0;
		for (let left = count; left > 0 && socket === this.socket; left--) {
			const datagram = socket.read();
			if (datagram === undefined) return;
			if (!this.isAsking) continue;
			if (datagram.address !== this.address || datagram.port !== this.endpoint.port) continue;
			this.take(new Uint8Array(datagram), receivedTick);
		}
	}

	private take(bytes: Uint8Array, receivedTick: number): void {
		const { reply, address, server } = this;
		const reason = decodeReply(bytes, this.nonce, this.sentTick, receivedTick, reply);
		if (!reply.isEcho) {
			// Anybody could have sent that: the real reply may still come.
			this.reason = reason;
			return;
		}
		this.isAsking = false;
		if (reply.kiss !== "") server.handleKiss(reply.kiss, receivedTick);
		if (reason !== "") {
			this.finishServer(reason);
			return;
		}
		const { unixMs, errorMs, delayMs, stratum } = reply;
		const { name } = server;
		const sample = { tick: receivedTick, unixMs, errorMs, delayMs, stratum, server: name, address };
		if (this.best === undefined || delayMs < this.best.delayMs) this.best = sample;
		this.owner.handleSample(sample);
		// The owner may have cancelled.
		if (!this.isOver) this.proceed();
	}

	handleAlarm(): void {
		if (!this.isAsking) {
			this.send();
			return;
		}
		this.isAsking = false;
		this.lost++;
		if (this.best === undefined && this.lost >= Const.MAX_LOST) this.finishServer(this.reason);
		else this.proceed();
	}

	/** The next request, or the end after the last one. */
	private proceed(): void {
		if (this.sent >= (this.server.isRateLimited ? 1 : Const.SAMPLES)) {
			this.finishServer(this.reason);
			return;
		}
		const passedMs = ((Time.ticks | 0) - this.sentTick) | 0;
		setAlarm(this, Math.max(0, Const.SPACING_MS - passedMs));
	}

	private send(): void {
		const { UDP, random } = this.options;
		this.nonce[0] = Math.floor(random() * 0x100000000);
		this.nonce[1] = Math.floor(random() * 0xffffffff) + 1;
		encodeRequest(this.request, this.nonce);
		try {
			this.socket ??= openUdp<TimeExchange>(UDP, this, handleReadable, random);
			this.sentTick = Time.ticks | 0;
			this.socket.write(this.request, this.address, this.endpoint.port);
		} catch (error) {
			this.finishServer(`cannot send: ${(error as Error).message}`);
			return;
		}
		this.sent++;
		this.isAsking = true;
		setAlarm(this, Const.TIMEOUT_MS);
	}

	private finishServer(reason: string): void {
		this.finish("clock", `${this.server.name} (${this.address}): ${reason}`);
	}

	/** A sample counts, even if the server then refused to give more. */
	private finish(step: string, reason: string): void {
		const { best } = this;
		this.cancel();
		this.owner.finishExchange(best, step, best === undefined ? reason : "");
	}
}

function handleReadable(this: UdpSocket<TimeExchange>, count: number): void {
	this.target.receive(this, count);
}

function handleResolved(this: TimeExchange, reason: string, addresses: readonly string[]): void {
	this.resolved(reason, addresses);
}
