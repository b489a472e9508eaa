/**
 * A TCP proxy between a client and a broker that keeps every byte of both directions in the order
 * in which it saw them, and can lose a packet together with its connection. Always holds: bytes
 * pass unchanged or not at all; TLS is not ended here, only opened afterwards with the key log.
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { PacketLines } from "./packet-lines";
import { TlsOpener } from "./tls-opener";

const LIMIT_MS = 20_000;

/** One connection, as lines: `> …` from the client, `< …` from the broker. */
export class Recording {
	/** Packets, and how the connection ended where that was no DISCONNECT. */
	readonly lines: string[] = [];
	/** What was on the wire, both directions mixed. */
	readonly wire: Buffer[] = [];
	/** Of that, what the client has sent. */
	readonly sent: Buffer[] = [];
	closed = false;
	private readonly opener: TlsOpener | undefined;
	private readonly parsers = { ">": new PacketLines(), "<": new PacketLines() };

	constructor(keyLog: string | undefined) {
		this.opener = keyLog === undefined ? undefined : new TlsOpener(keyLog);
	}

	/** The messages of TLS's handshake. */
	get handshake(): readonly string[] {
		return this.opener?.handshake ?? [];
	}

	/** Waits until the bytes that come next can be read. */
	async ready(): Promise<void> {
		const { opener } = this;
		if (opener === undefined) return;
		await waitFor(
			() => opener.isReady,
			() => "the secret is not in the key log",
		);
	}

	/** Keeps bytes; gives the lines of the packets in them. */
	push(from: ">" | "<", bytes: Buffer): string[] {
		this.wire.push(bytes);
		if (from === ">") this.sent.push(bytes);
		let found: string[];
		try {
			const plain = this.opener?.push(from === ">", bytes) ?? bytes;
			found = this.parsers[from].push(plain).map((line) => `${from} ${line}`);
		} catch (error) {
			found = [`${from} not to be read: ${(error as Error).message}`];
		}
		this.lines.push(...found);
		return found;
	}

	/** The last packet, and the connection, went no further. */
	lose(): void {
		this.lines.push("- lost, and the connection with it");
		this.closed = true;
	}

	/** One of the two is gone; over TLS either may be first after close_notify. */
	end(): void {
		if (this.closed) return;
		this.closed = true;
		const last = this.lines.at(-1) ?? "";
		const isOver = last === "> DISCONNECT" || last.includes("refused");
		if (!isOver) this.lines.push("- closed without DISCONNECT");
	}
}

export interface Recorder {
	readonly port: number;
	/** Oldest first. */
	readonly recordings: Recording[];
	/** Loses the next packet that matches, and its connection with it. */
	loseNext(pattern: RegExp): void;
	/** Waits for a line on the newest connection. */
	until(pattern: RegExp): Promise<void>;
	/** Waits until all connections have ended. */
	quiet(): Promise<void>;
	close(): void;
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 * @param keyLog file of Node's --tls-keylog where the connections are TLS
 */
export async function startRecorder(targetPort: number, keyLog?: string): Promise<Recorder> {
	const recordings: Recording[] = [];
	const sockets = new Set<Socket>();
	let lost: RegExp | undefined;
	const server = createServer({ noDelay: true }, (client) => {
		const broker = connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
		const recording = new Recording(keyLog);
		recordings.push(recording);
		// One thing after the other, as they were seen.
		let turn = Promise.resolve();
		const inTurn = (step: () => Promise<void> | void) => {
			turn = turn.then(step).catch((error: Error) => {
				recording.lines.push(`- ${error.message}`);
			});
		};
		const pass = async (from: ">" | "<", bytes: Buffer, there: Socket) => {
			await recording.ready();
			const isLost = recording.push(from, bytes).some((line) => lost?.test(line));
			if (!isLost) there.write(bytes);
			else {
				lost = undefined;
				recording.lose();
				client.destroy();
				broker.destroy();
			}
		};
		const pairs = [
			[">", client, broker],
			["<", broker, client],
		] as const;
		for (const [from, here, there] of pairs) {
			sockets.add(here);
			here.on("data", (bytes) => inTurn(() => pass(from, bytes, there)));
			here.on("end", () => {
				inTurn(() => {
					recording.end();
					there.end();
				});
			});
			// Who resets a connection is seen here; the other side has to see it, too.
			here.on("error", () => inTurn(() => void there.destroy()));
			here.on("close", () => {
				sockets.delete(here);
				inTurn(() => {
					recording.end();
					there.destroy();
				});
			});
		}
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		recordings,
		loseNext: (pattern) => {
			lost = pattern;
		},
		until: (pattern) =>
			waitFor(
				() => recordings.at(-1)?.lines.some((line) => pattern.test(line)) === true,
				() => `no ${pattern} in\n${recordings.flatMap((one) => one.lines).join("\n")}`,
			),
		quiet: () =>
			waitFor(
				() => recordings.every((one) => one.closed),
				() => `still open:\n${recordings.flatMap((one) => one.lines).join("\n")}`,
			),
		close: () => {
			for (const socket of sockets) socket.destroy();
			server.close();
		},
	};
}

/** Content types of the TLS records in what one side has sent (RFC 5246 6.2.1). */
export function recordTypes(bytes: Buffer): number[] {
	const found: number[] = [];
	for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
		found.push(bytes[at]);
	}
	return found;
}

/** Looks again and again, for 20 s at most; then fails with what is said. */
export async function waitFor(condition: () => boolean, what: () => string): Promise<void> {
	const until = Date.now() + LIMIT_MS;
	while (!condition()) {
		if (Date.now() > until) throw new Error(what());
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
