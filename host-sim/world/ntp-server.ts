/**
 * An NTP server on UDP (RFC 5905) for simulated boards and tests, with the faults that a client
 * has to live with. Always holds: without a fault it tells the time of the clock it was given,
 * as a server of stratum 2 would. Has its own coding of packets, so that the firmware's is not
 * tested against itself.
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** What is wrong with the server; nothing when all is missing. May be changed while it runs. */
export interface NtpFaults {
	/** No answer at all. */
	silent?: boolean;
	/** Its clock is off by that much. */
	offsetMs?: number;
	stratum?: number;
	/** 3: alarm. */
	leap?: number;
	version?: number;
	mode?: number;
	/** Four letters: a kiss-o'-death. */
	kiss?: string;
	/** Does not echo the request's transmit timestamp. */
	wrongOriginate?: boolean;
	/** Sends no time. */
	zeroTransmit?: boolean;
	rootDelayMs?: number;
	rootDispersionMs?: number;
	/** The request takes that long to arrive. */
	requestDelayMs?: number;
	/** The reply takes that long to arrive. */
	replyDelayMs?: number;
	/** Only so many bytes of the reply arrive. */
	replyBytes?: number;
}

export interface NtpServerOptions {
	readonly address?: string;
	/** 0: a free one. */
	readonly port?: number;
	/** Milliseconds since 1970; missing: the machine's. */
	readonly unixMs?: () => number;
	readonly faults?: NtpFaults;
}

const PACKET_BYTES = 48;
const UNIX_EPOCH_SECONDS = 2_208_988_800;

export class NtpServer {
	readonly faults: NtpFaults;
	/** Requests that came, whether they were answered or not. */
	requests = 0;
	private readonly socket: Socket;
	private readonly unixMs: () => number;
	private readonly timers = new Set<NodeJS.Timeout>();

	/** Listens once it resolves. Rejects when the port is taken. */
	static async start(options: NtpServerOptions = {}): Promise<NtpServer> {
		const server = new NtpServer(options);
		server.socket.bind(options.port ?? 0, options.address ?? "127.0.0.1");
		await once(server.socket, "listening");
		return server;
	}

	private constructor(options: NtpServerOptions) {
		this.faults = options.faults ?? {};
		this.unixMs = options.unixMs ?? Date.now;
		this.socket = createSocket("udp4");
		this.socket.on("message", (request, { address, port }) => {
			this.after(this.faults.requestDelayMs, () => {
				const reply = this.answer(request);
				if (reply === undefined) return;
				this.after(this.faults.replyDelayMs, () => this.socket.send(reply, port, address));
			});
		});
	}

	get port(): number {
		return this.socket.address().port;
	}

	/** "127.0.0.1:port" */
	get name(): string {
		const { address, port } = this.socket.address();
		return `${address}:${port}`;
	}

	async close(): Promise<void> {
		for (const timer of this.timers) clearTimeout(timer);
		this.timers.clear();
		this.socket.close();
		await once(this.socket, "close");
	}

	private answer(request: Uint8Array): Uint8Array | undefined {
		this.requests++;
		return answerNtp(request, this.unixMs(), this.faults);
	}

	private after(delayMs: number | undefined, step: () => void): void {
		if (!delayMs) {
			step();
			return;
		}
		const timer = setTimeout(() => {
			this.timers.delete(timer);
			step();
		}, delayMs);
		this.timers.add(timer);
	}
}

/**
 * The reply to a request, received and sent at `unixMs`; undefined when there is none. Pure, for
 * servers without a socket.
 */
export function answerNtp(
	request: Uint8Array,
	unixMs: number,
	faults: NtpFaults = {},
): Uint8Array | undefined {
	if (faults.silent || request.length < PACKET_BYTES || (request[0] & 7) !== 3) return undefined;
	const version = faults.version ?? (request[0] >> 3) & 7;
	const reply = Buffer.alloc(PACKET_BYTES);
	reply[0] = ((faults.leap ?? 0) << 6) | (version << 3) | (faults.mode ?? 4);
	reply[1] = faults.kiss === undefined ? (faults.stratum ?? 2) : 0;
	reply[2] = request[2];
	reply.writeInt8(-20, 3); // a microsecond
	writeShort(reply, 4, faults.rootDelayMs ?? 0.5);
	writeShort(reply, 8, faults.rootDispersionMs ?? 0.5);
	reply.write(faults.kiss ?? "\x7f\0\0\x01", 12, "latin1");
	const nowMs = unixMs + (faults.offsetMs ?? 0);
	writeTimestamp(reply, 16, nowMs - 10_000);
	reply.set(request.subarray(40, 48), 24);
	if (faults.wrongOriginate) reply[31] ^= 1;
	writeTimestamp(reply, 32, nowMs);
	if (!faults.zeroTransmit) writeTimestamp(reply, 40, nowMs);
	return reply.subarray(0, faults.replyBytes ?? PACKET_BYTES);
}

function writeShort(packet: Buffer, at: number, ms: number): void {
	packet.writeUInt32BE(Math.round((ms / 1000) * 65536), at);
}

/** Seconds since 1900 wrap in 2036: era 1 begins. */
function writeTimestamp(packet: Buffer, at: number, unixMs: number): void {
	const seconds = Math.floor(unixMs / 1000);
	const fraction = Math.floor((unixMs / 1000 - seconds) * 2 ** 32);
	packet.writeUInt32BE((seconds + UNIX_EPOCH_SECONDS) % 2 ** 32, at);
	packet.writeUInt32BE(fraction, at + 4);
}
