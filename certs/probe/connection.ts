/**
 * One connection to a broker by the firmware's own TLS client, and what came of it: the node's own
 * reason, what the broker sent, and its answer to a request. Always holds: the request leaves only
 * after the firmware has authenticated the broker; the connection is closed when this returns.
 */

import type { ByteSocket, SocketTarget, TcpConstructor } from "../../firmware/net/socket";
import type { TlsConstructor } from "../../firmware/net/tls-guard";
import type { Credentials } from "../../host-sim/world/board";
import type { Firmware } from "./load";
import { Observer } from "./observer";

export interface ConnectionPlan {
	/** IPv4. */
	readonly address: string;
	readonly port: number;
	/** DNS name or IPv4 address that the certificate must be for. */
	readonly host: string;
	readonly credentials: Credentials;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** Longest record taken. */
	readonly recordBytes: number;
	/** Sent as soon as the broker is authenticated; empty: nothing is. */
	readonly request: Uint8Array;
	/** Bytes to wait for, at least 1 with a request. */
	readonly answerBytes: number;
	/** Sent after the answer. */
	readonly farewell: Uint8Array;
	readonly limitMs: number;
}

export interface Attempt {
	/** Why it failed, in the node's words; "" when it did not. */
	readonly reason: string;
	/** How far it came: TCP stands, TLS stands. */
	readonly isConnected: boolean;
	readonly isTrusted: boolean;
	readonly seen: Observer;
	readonly answer: Uint8Array;
	readonly elapsedMs: number;
}

const SLOW = "no answer in time";

/** Opens a connection as a node does. Rejects never. */
export async function connectAsNode(firmware: Firmware, plan: ConnectionPlan): Promise<Attempt> {
	const seen = new Observer();
	const startMs = Date.now();
	const end = new Connection(plan);
	return new Promise<Attempt>((resolve) => {
		end.settle = (reason) => {
			const { isConnected, isTrusted, answer } = end;
			const elapsedMs = Date.now() - startMs;
			resolve({ reason, isConnected, isTrusted, seen, answer, elapsedMs });
		};
		end.start(firmware, tapped(firmware.TCP, seen));
	});
}

class Connection implements SocketTarget {
	isConnected = false;
	isTrusted = false;
	answer: Buffer = Buffer.alloc(0);
	settle: (reason: string) => void = () => undefined;
	private readonly plan: ConnectionPlan;
	private socket: ByteSocket | undefined;
	private timer: NodeJS.Timeout | undefined;
	private isDone = false;

	constructor(plan: ConnectionPlan) {
		this.plan = plan;
	}

	start(firmware: Firmware, TCP: TcpConstructor): void {
		const { address, port, host, credentials, nowMs, recordBytes, limitMs } = this.plan;
		this.timer = setTimeout(() => this.finish(SLOW), limitMs);
		try {
			this.socket = firmware.openTls({
				TLSSocket: firmware.Client as TlsConstructor,
				TCP,
				address,
				port,
				host,
				identity: {
					authorities: credentials.authorities.map(bufferOf),
					certificate: credentials.certificate && bufferOf(credentials.certificate),
					key: credentials.key && bufferOf(credentials.key),
				},
				nowMs,
				maximumRecordBytes: recordBytes,
				target: this,
			});
		} catch (error) {
			this.finish((error as Error).message);
		}
	}

	socketConnected(): void {
		this.isConnected = true;
	}

	socketReadable(count: number): void {
		const bytes = new Uint8Array(count);
		const got = this.socket?.read(bytes, count) ?? 0;
		this.answer = Buffer.concat([this.answer, bytes.subarray(0, got)]);
		if (this.isDone || this.answer.length < this.plan.answerBytes) return;
		const { farewell } = this.plan;
		if (farewell.length > 0) this.socket?.write(farewell, farewell.length);
		this.finish("");
	}

	socketWritable(count: number): void {
		const { request } = this.plan;
		if (this.isTrusted || count < request.length) return;
		this.isTrusted = true;
		if (request.length === 0) this.finish("");
		else this.socket?.write(request, request.length);
	}

	socketError(reason: string): void {
		this.finish(reason);
	}

	private finish(reason: string): void {
		if (this.isDone) return;
		this.isDone = true;
		clearTimeout(this.timer);
		this.socket?.close();
		this.settle(reason);
	}
}

/** The class with an ear on what is read. */
function tapped(TCP: TcpConstructor, seen: Observer): TcpConstructor {
	return class extends TCP {
		override read(buffer: Uint8Array, count?: number): unknown {
			const got = super.read(buffer, count);
			seen.push(Uint8Array.from(buffer));
			return got;
		}
	};
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
	return Uint8Array.from(bytes).buffer;
}
