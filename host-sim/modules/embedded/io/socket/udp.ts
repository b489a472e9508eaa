/**
 * Stands in for the SDK's `embedded:io/socket/udp` (modules/io/socket/lwip/udp.c), over a datagram
 * socket of the world's network. As there: onReadable comes in a turn of its own with the number
 * of datagrams that wait; read() gives the oldest, with `address` and `port`, or undefined;
 * write() throws for what is no address, and while the board has none itself. Unlike there, a
 * port that is taken is noticed too late to throw: another one is used. Datagrams to the access
 * point's name server are answered by it, without a socket.
 */

import type { RemoteInfo, Socket } from "node:dgram";
import { GATEWAY_ADDRESS } from "../../../../world/access-point";
import type { Board } from "../../../../world/board";
import { stationOf } from "../../../../world/station";

interface Options {
	port?: number;
	timeToLive?: number;
	format?: string;
	target?: unknown;
	onReadable?: ((this: object, count: number) => void) | null;
}

type Bytes = ArrayBuffer | ArrayBufferView;

type UdpBoard = Pick<
	Board,
	"name" | "network" | "accessPoint" | "own" | "run" | "setTimer" | "trace"
>;

const DNS_PORT = 53;

export function create(board: UdpBoard): object {
	class UDP {
		declare target: unknown;
		private readonly onReadable: Options["onReadable"];
		private socket: Socket | undefined;
		private forget: () => void;
		private waiting: ArrayBuffer[] = [];
		private isPending = false;
		private isBound = false;
		/** Written before the socket was bound. */
		private unsent: (() => void)[] = [];

		constructor(options: Options) {
			const { onReadable, port = 0, timeToLive } = options;
			if (onReadable !== undefined && onReadable !== null && typeof onReadable !== "function") {
				throw new Error("not a function");
			}
			this.onReadable = onReadable;
			if (!(port >= 0 && port <= 65535)) throw new RangeError("invalid port");
			if (timeToLive !== undefined && !(timeToLive > 0 && timeToLive <= 255)) {
				throw new RangeError("invalid timeToLive");
			}
			checkFormat(options.format ?? "buffer");
			if ("target" in options) this.target = options.target;
			const socket = board.network.udp();
			this.socket = socket;
			this.forget = board.own(() => {
				// What it still delivers is not the next life's.
				this.socket = undefined;
				socket.close();
			});
			socket.on("message", (bytes, { address, port }) => this.take(bytes, address, port));
			socket.on("error", () => {
				if (!this.isBound) socket.bind(0);
			});
			socket.once("listening", () => {
				this.isBound = true;
				for (const send of this.unsent.splice(0)) send();
			});
			socket.bind(port);
		}

		get format(): string {
			return "buffer";
		}

		set format(value: string) {
			checkFormat(value);
		}

		close(): void {
			const { socket } = this;
			if (socket === undefined) return;
			this.socket = undefined;
			this.waiting = [];
			this.forget();
			// What was just written still leaves: sendto() has it before close() comes.
			if (this.isBound) socket.close();
			else socket.once("listening", () => setImmediate(() => socket.close()));
		}

		read(): ArrayBuffer | undefined {
			this.checkOpen();
			return this.waiting.shift();
		}

		write(bytes: Bytes, address: string, port: number): void {
			const socket = this.checkOpen();
			const to = String(address);
			if (!isAddress(to)) throw new RangeError("invalid IP address");
			if (stationOf(board).address === "") throw new Error("UDP send failed");
			// A copy: the caller may use the buffer again at once.
			const copy = Buffer.from(new Uint8Array(bytesOf(bytes)));
			if (to === GATEWAY_ADDRESS && port === DNS_PORT) {
				this.ask(copy);
				return;
			}
			const send = () => socket.send(copy, Math.trunc(port), to, () => undefined);
			if (this.isBound) send();
			else this.unsent.push(send);
		}

		private ask(query: Uint8Array): void {
			void board.accessPoint.nameServer.answer(query).then((answer) => {
				if (answer !== undefined) this.take(answer, GATEWAY_ADDRESS, DNS_PORT);
			});
		}

		private take(bytes: Uint8Array, address: string, port: RemoteInfo["port"]): void {
			if (this.socket === undefined) return;
			const { buffer } = new Uint8Array(bytes);
			this.waiting.push(Object.assign(buffer, { address, port }));
			if (this.isPending || !this.onReadable) return;
			this.isPending = true;
			process.nextTick(() => board.run(() => this.deliver()));
		}

		/** udpDeliver() of the SDK. */
		private deliver(): void {
			this.isPending = false;
			if (this.socket === undefined || this.waiting.length === 0) return;
			this.onReadable?.call(this, this.waiting.length);
		}

		private checkOpen(): Socket {
			if (this.socket === undefined) throw new TypeError("invalid host object");
			return this.socket;
		}
	}

	return { default: UDP };
}

function checkFormat(format: string): void {
	if (format !== "buffer") throw new RangeError("invalid format");
}

function isAddress(text: string): boolean {
	const parts = text.split(".");
	return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

function bytesOf(value: Bytes): Uint8Array {
	if (ArrayBuffer.isView(value)) {
		return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	}
	return new Uint8Array(value);
}
