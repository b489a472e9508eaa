/**
 * Opens a recorded TLS 1.2 conversation with the secret that Node's --tls-keylog has written, as
 * Wireshark does: what was on the wire in, what was said inside out. Always holds: a byte that is
 * no TLS record is an error, and so is a record whose tag is wrong. Knows AES-128-GCM with
 * SHA-256 only, which is all that the firmware offers.
 */

import { createDecipheriv, createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const HEADER_BYTES = 5;
const VERSION = 0x0303;
/** ClientHello's record may name an older one (RFC 5246 E.1). */
const OLD_VERSION = 0x0301;
const SUITES = [0xc02b, 0xc02f];
enum Content {
	Change = 20,
	Alert = 21,
	Handshake = 22,
	Data = 23,
}

/** RFC 5246 7.4, and 4.11 of RFC 5077. */
const MESSAGES: Readonly<Record<number, string>> = {
	1: "ClientHello",
	2: "ServerHello",
	4: "NewSessionTicket",
	11: "Certificate",
	12: "ServerKeyExchange",
	13: "CertificateRequest",
	14: "ServerHelloDone",
	15: "CertificateVerify",
	16: "ClientKeyExchange",
	20: "Finished",
};

interface Direction {
	rest: Buffer;
	/** Of a handshake message that has not come wholly. */
	message: Buffer;
	encrypted: boolean;
	sequence: bigint;
	random: Buffer | undefined;
}

/** One connection; bytes are to be given in the order in which they were seen. */
export class TlsOpener {
	/** The handshake, as far as it has come: `> ClientHello`. */
	readonly handshake: string[] = [];
	private readonly keyLog: string;
	private readonly client: Direction = fresh();
	private readonly server: Direction = fresh();
	private master: Buffer | undefined;

	/** @param keyLog file that Node's --tls-keylog names; read when the first secret is needed */
	constructor(keyLog: string) {
		this.keyLog = keyLog;
	}

	/** Whether everything up to here can be opened: Node writes the secret a moment later. */
	get isReady(): boolean {
		const known = this.client.random !== undefined && this.server.random !== undefined;
		return !known || this.secret() !== undefined;
	}

	/** Takes bytes of one side; gives the application data in them. */
	push(isClient: boolean, bytes: Buffer): Buffer {
		const side = isClient ? this.client : this.server;
		side.rest = Buffer.concat([side.rest, bytes]);
		const found: Buffer[] = [];
		for (;;) {
			if (side.rest.length < HEADER_BYTES) break;
			const [type, version] = [side.rest[0], side.rest.readUInt16BE(1)];
			if (type < Content.Change || type > Content.Data) throw new Error(`no record: ${type}`);
			if (version !== VERSION && version !== OLD_VERSION) throw new Error(`version ${version}`);
			const end = HEADER_BYTES + side.rest.readUInt16BE(3);
			if (side.rest.length < end) break;
			const body = side.rest.subarray(HEADER_BYTES, end);
			side.rest = side.rest.subarray(end);
			if (!side.encrypted && type === Content.Data) throw new Error("data before keys");
			const plain = side.encrypted ? this.open(isClient, type, body) : body;
			if (type === Content.Data) found.push(plain);
			else if (type === Content.Handshake) this.takeMessages(isClient, plain);
			else if (type === Content.Change) {
				side.encrypted = true;
				this.handshake.push(`${isClient ? ">" : "<"} ChangeCipherSpec`);
			}
		}
		return Buffer.concat(found);
	}

	private takeMessages(isClient: boolean, bytes: Buffer): void {
		const side = isClient ? this.client : this.server;
		side.message = Buffer.concat([side.message, bytes]);
		while (side.message.length >= 4) {
			const end = 4 + side.message.readUIntBE(1, 3);
			if (side.message.length < end) return;
			const message = side.message.subarray(0, end);
			side.message = side.message.subarray(end);
			const name = MESSAGES[message[0]] ?? `message ${message[0]}`;
			this.handshake.push(`${isClient ? ">" : "<"} ${name}`);
			if (message[0] <= 2) this.takeHello(side, isClient, message);
		}
	}

	/** Both hellos begin with type, length, version, random. */
	private takeHello(side: Direction, isClient: boolean, message: Buffer): void {
		side.random = message.subarray(6, 38);
		if (isClient) return;
		const suite = message.readUInt16BE(39 + message[38]);
		if (!SUITES.includes(suite)) throw new Error(`cipher suite 0x${suite.toString(16)}`);
	}

	private open(isClient: boolean, type: number, body: Buffer): Buffer {
		const side = isClient ? this.client : this.server;
		const block = this.keys();
		const key = isClient ? block.subarray(0, 16) : block.subarray(16, 32);
		const salt = isClient ? block.subarray(32, 36) : block.subarray(36, 40);
		const length = body.length - 24;
		const decipher = createDecipheriv(
			"aes-128-gcm",
			key,
			Buffer.concat([salt, body.subarray(0, 8)]),
		);
		const head = Buffer.alloc(13);
		head.writeBigUInt64BE(side.sequence++);
		head[8] = type;
		head.writeUInt16BE(VERSION, 9);
		head.writeUInt16BE(length, 11);
		decipher.setAAD(head);
		decipher.setAuthTag(body.subarray(8 + length));
		return Buffer.concat([decipher.update(body.subarray(8, 8 + length)), decipher.final()]);
	}

	/** The master secret. */
	private secret(): Buffer | undefined {
		const random = this.client.random?.toString("hex");
		if (this.master === undefined && existsSync(this.keyLog)) {
			const line = new RegExp(`^CLIENT_RANDOM ${random} ([0-9a-f]{96})\n`, "m");
			const found = line.exec(readFileSync(this.keyLog, "latin1"))?.[1];
			if (found !== undefined) this.master = Buffer.from(found, "hex");
		}
		return this.master;
	}

	/** RFC 5246 6.3: client's key, server's key, client's salt, server's salt. */
	private keys(): Buffer {
		const { random: client } = this.client;
		const { random: server } = this.server;
		if (client === undefined || server === undefined) throw new Error("no hello");
		const secret = this.secret();
		if (secret === undefined) throw new Error("the secret is not in the key log");
		const seed = Buffer.concat([Buffer.from("key expansion"), server, client]);
		const blocks: Buffer[] = [];
		for (let a = hmac(secret, seed); blocks.length < 2; a = hmac(secret, a)) {
			blocks.push(hmac(secret, Buffer.concat([a, seed])));
		}
		return Buffer.concat(blocks).subarray(0, 40);
	}
}

function fresh(): Direction {
	const empty = Buffer.alloc(0);
	return { rest: empty, message: empty, encrypted: false, sequence: 0n, random: undefined };
}

function hmac(key: Buffer, bytes: Buffer): Buffer {
	return createHmac("sha256", key).update(bytes).digest();
}
