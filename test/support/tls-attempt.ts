/**
 * Opens one TLS connection after the other, says what became of each, and gives a secret to every
 * broker that it trusts. Runs on simulated boards and on XS.
 */

import Timer from "timer";
import type { ByteSocket, SocketTarget, TcpConstructor } from "../../firmware/net/socket";
import { openTls, type TlsConstructor } from "../../firmware/net/tls-guard";
import { bytesOf } from "./hex";

const PATIENCE_MS = 15_000;

export interface TlsCase {
	readonly port: number;
	readonly host: string;
	readonly nowMs: number;
	readonly authorities: readonly string[];
	readonly certificate?: string;
	readonly key?: string;
	/** Hexadecimal; sent as soon as that is allowed. */
	readonly request: string;
	/** Bytes to wait for. */
	readonly answerBytes: number;
	/** Default 15,000. */
	readonly patienceMs?: number;
	/** Longest record taken; default: what TLS allows. */
	readonly recordBytes?: number;
}

export interface AttemptOptions {
	readonly cases: readonly object[];
	readonly TCP: TcpConstructor;
	readonly TLSSocket: TlsConstructor;
}

class Attempt implements SocketTarget {
	private readonly options: AttemptOptions;
	private readonly at: number;
	private readonly row: TlsCase;
	private socket: ByteSocket | undefined;
	private timer: Timer | undefined;
	private answer = "";
	private asked = false;

	constructor(options: AttemptOptions, at: number) {
		this.options = options;
		this.at = at;
		this.row = options.cases[at] as TlsCase;
	}

	open(): void {
		const { port, host, nowMs, authorities, certificate, key, patienceMs = PATIENCE_MS } = this.row;
		this.timer = Timer.set(() => this.finish("no end in time"), patienceMs);
		const buffer = (hex: string) => bytesOf(hex).buffer as ArrayBuffer;
		try {
			this.socket = openTls({
				TLSSocket: this.options.TLSSocket,
				TCP: this.options.TCP,
				address: "127.0.0.1",
				port,
				host,
				nowMs,
				maximumRecordBytes: this.row.recordBytes,
				identity: {
					authorities: authorities.map(buffer),
					certificate: certificate === undefined ? undefined : buffer(certificate),
					key: key === undefined ? undefined : buffer(key),
				},
				target: this,
			});
		} catch (error) {
			this.finish((error as Error).message);
		}
	}

	socketConnected(): void {}

	socketReadable(count: number): void {
		const bytes = new Uint8Array(count);
		this.socket?.read(bytes, count);
		for (let i = 0; i < count; i++) this.answer += String.fromCharCode(bytes[i] ?? 0);
		if (this.answer.length >= this.row.answerBytes) this.finish("");
	}

	socketWritable(count: number): void {
		const request = bytesOf(this.row.request);
		if (this.asked || count < request.length) return;
		this.asked = true;
		this.socket?.write(request, request.length);
	}

	socketError(reason: string): void {
		this.finish(reason);
	}

	private finish(reason: string): void {
		if (this.timer === undefined) return;
		Timer.clear(this.timer);
		this.timer = undefined;
		this.socket?.close();
		const answer = this.answer.length > 40 ? `${this.answer.length} bytes` : this.answer;
		trace(`case ${this.at}: ${this.asked ? "trusted" : "refused"}; ${reason}; ${answer}\n`);
		Timer.set(() => attempt(this.options, this.at + 1), 0);
	}
}

/** Opens the cases from `at` on. */
export function attempt(options: AttemptOptions, at = 0): void {
	if (at < options.cases.length) new Attempt(options, at).open();
	else trace("end of the cases\n");
}
