/**
 * Stands in for the firmware's own TLS client (firmware/net/ssl), over Node's TLS. As there:
 * TLS 1.2, ECDHE with AES-GCM on P-256, signatures with SHA-256, RSA client keys. Trust is not
 * Node's affair: the chain that the broker sent is given to the firmware's own check, with the
 * board's clock, before OpenSSL sees it. Unlike there: Node cannot ask for short records, and
 * close() says close_notify.
 */

import { constants } from "node:crypto";
import { isIPv4 } from "node:net";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket as NodeTls } from "node:tls";
import type { Board } from "../../../../../world/board";
import { type Connection, hangUp } from "../../../../../world/network";
import { TlsTap } from "../../../../../world/tls-tap";

/** What TLSSocket takes off each count for the record around it. */
const OVERHEAD_BYTES = 96;
/** firmware/net/tls-guard.ts */
interface Guard {
	readonly address: string;
	readonly port: number;
	readonly host: string;
	certificates:
		| {
				authenticate(chain: Uint8Array[]): void;
				readonly certificate: ArrayBuffer | undefined;
				readonly privateKey: ArrayBuffer | undefined;
		  }
		| undefined;
	reason: string;
	alertText(description: number): string;
	handleConnected(): void;
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(): void;
}

export function create(board: Pick<Board, "network" | "own" | "run">): object {
	const sendBytes = board.network.sendBytes - OVERHEAD_BYTES;

	class TLSSocket {
		private readonly guard: Guard;
		private readonly connection: Connection;
		private readonly tls: NodeTls;
		private readonly forget: () => void;
		private data: Buffer | undefined;
		/** Why it ended; the firmware may still have to read. */
		private endReason: string | undefined;
		/** Bytes written that Node has not passed on. */
		private outstanding = 0;
		private verified = false;
		private ready = false;
		private closed = false;
		private failed = false;

		constructor(guard: Guard) {
			this.guard = guard;
			this.connection = board.network.connect(guard.address, guard.port);
			this.connection.setNoDelay?.(true);
			this.connection.once("connect", () => this.turn(() => guard.handleConnected()));
			this.forget = board.own(() => {
				// The next life begins before the connection says that it has closed.
				this.closed = true;
				this.connection.destroy();
			});
			const lower = new TappedStream(this.connection, this.makeTap());
			this.tls = connect({ ...tlsOptions(guard), socket: lower });
			this.tls.on("secureConnect", () => this.turn(() => this.handleSecure()));
			this.tls.on("readable", () => this.turn(() => this.deliver()));
			this.tls.on("error", (error) => this.turn(() => this.fail(this.reasonOf(error))));
			for (const event of ["end", "close"]) {
				this.tls.on(event, () => this.turn(() => this.fail(this.guard.reason)));
			}
		}

		/** Fills the buffer, or gives `want` bytes or all there are; undefined when there are none. */
		read(want?: number | ArrayBuffer | ArrayBufferView): ArrayBuffer | number | undefined {
			const { data } = this;
			if (data === undefined) return undefined;
			const isBuffer = typeof want === "object";
			const wanted = isBuffer ? want.byteLength : (want ?? data.length);
			if (!isBuffer && wanted > data.length) throw new Error("invalid");
			const count = Math.min(wanted, data.length);
			const taken = data.subarray(0, count);
			this.data = count < data.length ? data.subarray(count) : undefined;
			if (this.data === undefined) process.nextTick(() => this.turn(() => this.deliver()));
			if (!isBuffer) return Uint8Array.from(taken).buffer;
			const view = ArrayBuffer.isView(want)
				? new Uint8Array(want.buffer, want.byteOffset, want.byteLength)
				: new Uint8Array(want);
			view.set(taken);
			return count;
		}

		/** @returns how many more bytes may be written */
		write(bytes: ArrayBuffer | ArrayBufferView): number {
			const view = ArrayBuffer.isView(bytes)
				? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
				: Buffer.from(bytes);
			if (view.length > sendBytes - this.outstanding) throw new Error("would block");
			this.outstanding += view.length;
			this.tls.write(Buffer.from(view), () => {
				this.outstanding -= view.length;
				this.turn(() => this.announceRoom());
			});
			return sendBytes - this.outstanding;
		}

		close(): void {
			if (this.closed) return;
			this.closed = true;
			this.forget();
			this.data = undefined;
			this.tls.on("error", () => undefined);
			this.tls.removeAllListeners("readable");
			if (!this.ready || this.failed) {
				this.tls.destroy();
				hangUp(this.connection);
				return;
			}
			this.tls.resume();
			this.tls.end(() => hangUp(this.connection));
		}

		private makeTap(): TlsTap {
			const { guard } = this;
			return new TlsTap({
				handleChain: (chain) => {
					// Arrays of the board's realm.
					guard.certificates?.authenticate(chain.map((der) => Uint8Array.from(der)));
					this.verified = true;
				},
				alertText: (description) => guard.alertText(description),
			});
		}

		/** Firmware is called in a turn of its own, and not after close(). */
		private turn(callback: () => void): void {
			if (!this.closed) board.run(() => this.closed || callback());
		}

		private handleSecure(): void {
			if (!this.verified) {
				this.fail("broker sent no certificate");
				return;
			}
			this.ready = true;
			this.guard.certificates = undefined;
			this.announceRoom();
			this.deliver();
		}

		private announceRoom(): void {
			const count = sendBytes - this.outstanding;
			if (this.ready && !this.failed && count > 0) this.guard.onWritable(count);
		}

		/** One record at a time, and the next when that one was read; the end after the last. */
		private deliver(): void {
			if (this.failed || this.closed || this.data !== undefined) return;
			const chunk = this.ready ? (this.tls.read() as Buffer | null) : null;
			if (chunk !== null) {
				this.data = chunk;
				this.guard.onReadable(chunk.length);
			} else if (this.endReason !== undefined) {
				this.failed = true;
				this.guard.reason = this.endReason;
				this.guard.onError();
			}
		}

		private fail(reason: string): void {
			this.endReason ??= reason;
			this.deliver();
		}

		/** Alerts that came encrypted, in the board's words; the rest is OpenSSL's. */
		private reasonOf(error: Error): string {
			const alert = /SSL alert number (\d+)/.exec(error.message)?.[1];
			if (alert !== undefined) return this.guard.alertText(Number(alert));
			const { code, reason } = error as NodeJS.ErrnoException & { reason?: string };
			const isNetwork = code !== undefined && /^E[A-Z]+$/.test(code);
			return isNetwork ? this.guard.reason : (reason ?? error.message);
		}
	}

	return { default: TLSSocket };
}

function tlsOptions({ certificates, host }: Guard): ConnectionOptions {
	const certificate = certificates?.certificate;
	return {
		minVersion: "TLSv1.2",
		maxVersion: "TLSv1.2",
		ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
		ecdhCurve: "prime256v1",
		sigalgs: "ECDSA+SHA256:RSA+SHA256",
		// The firmware does not ask for RFC 5746 either; it never renegotiates.
		secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
		rejectUnauthorized: false,
		checkServerIdentity: () => undefined,
		servername: isIPv4(host) ? undefined : host,
		cert: certificate && pem("CERTIFICATE", certificate),
		key: certificates?.privateKey && pem("PRIVATE KEY", certificates.privateKey),
	};
}

function pem(label: string, der: ArrayBuffer): string {
	const base64 = Buffer.from(der).toString("base64");
	return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/** The connection as Node's TLS sees it: what comes in goes through the tap first. */
class TappedStream extends Duplex {
	private readonly connection: Connection;
	private readonly tap: TlsTap;
	private readonly flight: Buffer[] = [];

	constructor(connection: Connection, tap: TlsTap) {
		super({ allowHalfOpen: true });
		this.connection = connection;
		this.tap = tap;
		connection.on("data", (bytes: Buffer) => this.listen(bytes));
		connection.once("end", () => this.push(null));
		connection.on("error", (error) => this.destroy(error));
		connection.once("close", () => this.destroy());
		connection.pause();
	}

	override _read(): void {
		this.connection.resume();
	}

	/**
	 * In the handshake a flight goes out whole, as a board's does: a broker on the same machine has
	 * refused the client's certificate, and reset the connection, before OpenSSL writes Finished;
	 * a write into that would lose the alert that says why.
	 */
	override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
		if (this.tap.isOver && this.flight.length === 0) {
			this.connection.write(bytes, done);
			return;
		}
		this.flight.push(bytes);
		if (this.flight.length === 1) {
			setImmediate(() => this.connection.write(Buffer.concat(this.flight.splice(0))));
		}
		done();
	}

	override _final(done: () => void): void {
		done();
	}

	override _destroy(error: Error | null, done: (error: Error | null) => void): void {
		this.connection.pause();
		done(error);
	}

	private listen(bytes: Buffer): void {
		try {
			this.tap.push(bytes);
		} catch (error) {
			this.destroy(error as Error);
			return;
		}
		if (!this.push(bytes)) this.connection.pause();
	}
}
