/**
 * Stands in for the SDK's `embedded:io/socket/tcp` as it is on the boards
 * (modules/io/socket/lwip/tcp.c), over a connection of the world's network. As there: callbacks
 * come in a turn of their own, with the socket as `this`; write() throws "would block" beyond
 * what the send buffer has room for; what came in before an error is delivered before it; the
 * other side's FIN is an error too; onError has no reason.
 */

import type { Board } from "../../../../world/board";
import { type Connection, hangUp } from "../../../../world/network";

const WRITABLE = 1;
const READABLE = 2;
const ERROR = 4;

interface Options {
	address: string;
	port: number;
	nodelay?: boolean;
	format?: string;
	target?: unknown;
	onReadable?: ((this: object, count: number) => void) | null;
	onWritable?: ((this: object, count: number) => void) | null;
	onError?: ((this: object) => void) | null;
}

type Bytes = ArrayBuffer | ArrayBufferView;

export function create(board: Pick<Board, "network" | "own" | "run">): object {
	const { sendBytes, receiveBytes } = board.network;

	class TCP {
		declare target: unknown;
		private readonly options: Options;
		private connection: Connection | undefined;
		private forget: () => void;
		private bufferFormat: boolean;
		private chunks: Buffer[] = [];
		/** Bytes in chunks. */
		private available = 0;
		/** Bytes written that the other side does not have yet. */
		private outstanding = 0;
		private ready = false;
		private failed = false;
		private triggered = 0;

		constructor(options: Options) {
			this.bufferFormat = checkFormat(options.format ?? "buffer");
			for (const name of ["onReadable", "onWritable", "onError"] as const) {
				const callback = options[name] ?? undefined;
				if (callback !== undefined && typeof callback !== "function") {
					throw new Error("not a function");
				}
			}
			const { address, port } = options;
			if (!isAddress(String(address))) throw new Error("invalid address");
			if (port === undefined) throw new Error("invalid");
			if (!(port >= 0 && port <= 65535)) throw new RangeError("invalid port");
			this.options = { ...options };
			if ("target" in options) this.target = options.target;
			const connection = board.network.connect(String(address), Math.trunc(port));
			this.connection = connection;
			this.forget = board.own(() => {
				// The next life begins before the connection says that it has closed.
				this.connection = undefined;
				connection.destroy();
			});
			if (options.nodelay !== undefined) connection.setNoDelay?.(Boolean(options.nodelay));
			connection.once("connect", () => {
				this.ready = true;
				this.trigger(WRITABLE);
			});
			connection.on("readable", () => this.fill());
			connection.once("end", () => this.trigger(ERROR));
			connection.on("error", () => this.trigger(ERROR));
			connection.once("close", () => this.trigger(ERROR));
		}

		get format(): string {
			return this.bufferFormat ? "buffer" : "number";
		}

		set format(value: string) {
			this.bufferFormat = checkFormat(value);
		}

		get remoteAddress(): string {
			return this.options.address;
		}

		get remotePort(): number {
			return this.options.port;
		}

		/**
		 * Takes bytes that came in: all, `want` many, or as many as the buffer given has room for;
		 * asking for more than onReadable announced throws.
		 */
		read(want?: number | Bytes): ArrayBuffer | number | undefined {
			this.checkOpen();
			if (this.available === 0) return undefined;
			if (!this.bufferFormat) return this.take(1)[0];
			if (typeof want === "object" && want !== null) {
				const target = bytesOf(want);
				target.set(this.take(target.length));
				return target.length;
			}
			return new Uint8Array(this.take(want ?? this.available)).buffer;
		}

		/** @returns how many more bytes may be written now */
		write(value: number | Bytes): number | undefined {
			this.checkOpen();
			if (!this.ready) throw new Error("not ready");
			const { connection } = this;
			if (connection === undefined) return undefined;
			const bytes = this.bufferFormat
				? Buffer.from(bytesOf(value as Bytes))
				: Buffer.of(Number(value) & 0xff);
			if (bytes.length > sendBytes - this.outstanding) throw new Error("would block");
			this.outstanding += bytes.length;
			// What is written in one turn goes out together, like TCP_WRITE_FLAG_MORE.
			if (connection.writableCorked === 0) {
				connection.cork();
				process.nextTick(() => connection.uncork());
			}
			connection.write(bytes, () => {
				this.outstanding -= bytes.length;
				this.trigger(WRITABLE);
			});
			return sendBytes - this.outstanding;
		}

		close(): void {
			const { connection } = this;
			if (connection === undefined) return;
			this.connection = undefined;
			this.forget();
			this.chunks = [];
			this.available = 0;
			connection.uncork();
			hangUp(connection);
		}

		/** Takes from the connection what the receive buffer has room for. */
		private fill(): void {
			const { connection } = this;
			if (connection === undefined) return;
			let any = false;
			for (;;) {
				const room = Math.min(receiveBytes - this.available, connection.readableLength);
				// read() with nothing left is what makes a stream say that it has ended.
				if (room <= 0 && this.available > 0) break;
				const chunk = connection.read(room > 0 ? room : undefined) as Buffer | null;
				if (chunk === null) break;
				this.chunks.push(chunk);
				this.available += chunk.length;
				any = true;
			}
			if (any) this.trigger(READABLE);
		}

		private take(count: number): Buffer {
			if (!(count > 0) || count > this.available) throw new Error("invalid");
			const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
			this.chunks = count < all.length ? [all.subarray(count)] : [];
			this.available -= count;
			if (this.available === 0 && this.failed) this.trigger(ERROR);
			process.nextTick(() => this.fill());
			return all.subarray(0, count);
		}

		private trigger(flag: number): void {
			if (this.connection === undefined) return;
			const scheduled = this.triggered !== 0;
			this.triggered |= flag;
			if (!scheduled) process.nextTick(() => board.run(() => this.deliver()));
		}

		/** tcpDeliver() of the SDK. */
		private deliver(): void {
			const { options } = this;
			const triggered = this.triggered;
			this.triggered = 0;
			if (this.connection === undefined) return;
			if (triggered & ERROR) {
				this.failed = true;
				this.ready = false;
			}
			if (triggered & READABLE && this.available > 0) {
				options.onReadable?.call(this, this.available);
			}
			// The callback may have closed it.
			if (this.connection === undefined) return;
			if (this.failed) {
				if (this.available === 0) this.fail();
			} else if (triggered & WRITABLE) {
				options.onWritable?.call(this, sendBytes - this.outstanding);
			}
		}

		/** Told once: lwIP takes its callbacks away with the error. */
		private fail(): void {
			const { onError } = this.options;
			this.options.onError = undefined;
			onError?.call(this);
		}

		private checkOpen(): void {
			if (this.connection === undefined) throw new TypeError("invalid host object");
		}
	}

	return { default: TCP };
}

function checkFormat(format: string): boolean {
	if (format !== "buffer" && format !== "number") throw new RangeError("unimplemented");
	return format === "buffer";
}

function isAddress(text: string): boolean {
	const parts = text.split(".");
	return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

/** The bytes of a buffer or a view, not copied. */
function bytesOf(value: Bytes): Uint8Array {
	if (ArrayBuffer.isView(value)) {
		return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	}
	return new Uint8Array(value);
}
