/**
 * A TLS 1.2 server that does what a test tells it, right or wrong: ECDHE on P-256 with
 * AES-128-GCM, in a few lines of its own. Keeps every byte of application data that a client
 * gives away. Must not be taken for an example of TLS.
 */

import {
	createCipheriv,
	createDecipheriv,
	createECDH,
	createHash,
	createHmac,
	type ECDH,
	randomBytes,
} from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export const Content = { Change: 20, Alert: 21, Handshake: 22, Data: 23 } as const;
export const Message = {
	HelloRequest: 0,
	ServerHello: 2,
	Certificate: 11,
	Exchange: 12,
	Request: 13,
	Done: 14,
	ClientExchange: 16,
	Finished: 20,
} as const;

/** Plays one connection. Returning leaves it open; throwing is nobody's fault but the client's. */
export type Script = (peer: Peer) => Promise<void>;

export interface EvilServer {
	readonly port: number;
	/** Application data of all clients, encrypted or not. */
	readonly taken: string[];
	close(): void;
}

export async function startEvilServer(script: Script): Promise<EvilServer> {
	const taken: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer({ noDelay: true }, (socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		const peer = new Peer(socket, taken);
		script(peer).then(
			() => peer.listen(),
			() => peer.listen(),
		);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const close = () => {
		for (const socket of sockets) socket.destroy();
		server.close();
	};
	return { port, taken, close };
}

interface Keys {
	readonly key: Buffer;
	readonly salt: Buffer;
	sequence: bigint;
}

interface Received {
	readonly type: number;
	readonly bytes: Buffer;
}

export class Peer {
	readonly socket: Socket;
	/** Largest handshake fragment; records of exactly that are sent. */
	fragmentBytes = 16_384;
	masterSecret: Buffer = Buffer.alloc(48);
	clientHello: Buffer = Buffer.alloc(0);
	private readonly taken: string[];
	private readonly serverRandom = randomBytes(32);
	private readonly ecdh: ECDH = createECDH("prime256v1");
	private readonly transcript: Buffer[] = [];
	private input: Buffer = Buffer.alloc(0);
	private writeKeys: Keys | undefined;
	private readKeys: Keys | undefined;
	private nextKeys: { client: Keys; server: Keys } | undefined;
	private parsing: Promise<Received> | undefined;

	constructor(socket: Socket, taken: string[]) {
		socket.setMaxListeners(0);
		this.socket = socket;
		this.taken = taken;
		this.ecdh.generateKeys();
	}

	/** Waits for ClientHello and answers with ServerHello. */
	async hello(
		change: { version?: number; cipher?: number; compression?: number; id?: Buffer } = {},
	) {
		const { version = 0x0303, cipher = 0xc02b, compression = 0, id = Buffer.alloc(0) } = change;
		this.clientHello = await this.message();
		this.send(
			Message.ServerHello,
			Buffer.concat([
				u16(version),
				this.serverRandom,
				Buffer.of(id.length),
				id,
				u16(cipher),
				Buffer.of(compression),
			]),
		);
	}

	certificate(chain: readonly Uint8Array[]): void {
		const list = Buffer.concat(chain.flatMap((der) => [u24(der.length), der]));
		this.send(Message.Certificate, Buffer.concat([u24(list.length), list]));
	}

	/** @param sign gets what is to be signed; returns the signature */
	exchange(hash: number, algorithm: number, sign: (signed: Buffer) => Buffer): void {
		const point = this.ecdh.getPublicKey();
		const parameters = Buffer.concat([Buffer.of(3, 0, 23, point.length), point]);
		const clientRandom = this.clientHello.subarray(6, 38);
		const signature = sign(Buffer.concat([clientRandom, this.serverRandom, parameters]));
		const tail = [Buffer.of(hash, algorithm), u16(signature.length), signature];
		this.send(Message.Exchange, Buffer.concat([parameters, ...tail]));
	}

	done(): void {
		this.send(Message.Done, Buffer.alloc(0));
	}

	/** Waits for the client's key exchange, ChangeCipherSpec and Finished. */
	async clientFlight(): Promise<void> {
		let message = await this.message();
		while (message[0] !== Message.ClientExchange) message = await this.message();
		const secret = this.ecdh.computeSecret(message.subarray(5));
		const randoms = Buffer.concat([this.clientHello.subarray(6, 38), this.serverRandom]);
		this.masterSecret = prf(secret, "master secret", randoms, 48);
		const [change] = [await this.record()];
		if (change.type !== Content.Change) throw new Error("no ChangeCipherSpec");
		this.prepareKeys();
		this.readKeys = this.nextKeys?.client;
		await this.message();
	}

	/** Makes keys of the master secret, whatever that is. */
	prepareKeys(): void {
		const randoms = Buffer.concat([this.serverRandom, this.clientHello.subarray(6, 38)]);
		const block = prf(this.masterSecret, "key expansion", randoms, 40);
		this.nextKeys = {
			client: { key: block.subarray(0, 16), salt: block.subarray(32, 36), sequence: 0n },
			server: { key: block.subarray(16, 32), salt: block.subarray(36, 40), sequence: 0n },
		};
	}

	change(): void {
		this.sendRecord(Content.Change, Buffer.of(1));
		this.writeKeys = this.nextKeys?.server;
	}

	finished(data?: Buffer): void {
		const digest = createHash("sha256").update(Buffer.concat(this.transcript)).digest();
		this.send(Message.Finished, data ?? prf(this.masterSecret, "server finished", digest, 12));
	}

	/** A handshake message, in records of at most fragmentBytes. */
	send(type: number, body: Buffer): void {
		const message = Buffer.concat([Buffer.of(type), u24(body.length), body]);
		this.transcript.push(message);
		for (let at = 0; at < message.length; at += this.fragmentBytes) {
			this.sendRecord(Content.Handshake, message.subarray(at, at + this.fragmentBytes));
		}
	}

	alert(description: number, level = 2): void {
		this.sendRecord(Content.Alert, Buffer.of(level, description));
	}

	/** One record, encrypted after change(). */
	sendRecord(type: number, fragment: Buffer, version = 0x0303): void {
		const bytes = this.writeKeys === undefined ? fragment : seal(this.writeKeys, type, fragment);
		this.socket.write(Buffer.concat([Buffer.of(type), u16(version), u16(bytes.length), bytes]));
	}

	/** Takes what the client sends for good. */
	async listen(): Promise<void> {
		for (;;) {
			try {
				await this.record();
			} catch {
				return;
			}
		}
	}

	/** The next application data. */
	async data(): Promise<string> {
		for (;;) {
			const { type, bytes } = await this.record();
			if (type === Content.Data) return bytes.toString();
		}
	}

	/** The next handshake message, one a record. */
	private async message(): Promise<Buffer> {
		const { type, bytes } = await this.record();
		if (type !== Content.Handshake) throw new Error(`record of type ${type}`);
		this.transcript.push(bytes);
		return bytes;
	}

	private record(): Promise<Received> {
		this.parsing ??= this.readRecord().finally(() => {
			this.parsing = undefined;
		});
		return this.parsing;
	}

	private async readRecord(): Promise<Received> {
		await this.need(5);
		const length = this.input.readUInt16BE(3);
		await this.need(5 + length);
		const type = this.input[0];
		let bytes = this.input.subarray(5, 5 + length);
		this.input = this.input.subarray(5 + length);
		if (this.readKeys !== undefined) bytes = unseal(this.readKeys, type, bytes);
		if (type === Content.Data) this.taken.push(bytes.toString("latin1"));
		return { type, bytes };
	}

	private async need(count: number): Promise<void> {
		while (this.input.length < count) {
			const chunk = this.socket.read() as Buffer | null;
			if (chunk !== null) this.input = Buffer.concat([this.input, chunk]);
			else if (this.socket.readableEnded || this.socket.destroyed) throw new Error("ended");
			else {
				await Promise.race([
					once(this.socket, "readable"),
					once(this.socket, "end"),
					once(this.socket, "close"),
				]);
			}
		}
	}
}

/** RFC 5246 section 5. */
function prf(secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
	const all = Buffer.concat([Buffer.from(label), seed]);
	const hmac = (data: Buffer) => createHmac("sha256", secret).update(data).digest();
	const parts: Buffer[] = [];
	for (let a = hmac(all); parts.length * 32 < length; a = hmac(a)) {
		parts.push(hmac(Buffer.concat([a, all])));
	}
	return Buffer.concat(parts).subarray(0, length);
}

/** RFC 5288. */
function seal(keys: Keys, type: number, fragment: Buffer): Buffer {
	const nonce = u64(keys.sequence);
	const cipher = createCipheriv("aes-128-gcm", keys.key, Buffer.concat([keys.salt, nonce]));
	cipher.setAAD(Buffer.concat([u64(keys.sequence++), Buffer.of(type, 3, 3), u16(fragment.length)]));
	return Buffer.concat([nonce, cipher.update(fragment), cipher.final(), cipher.getAuthTag()]);
}

function unseal(keys: Keys, type: number, bytes: Buffer): Buffer {
	const iv = Buffer.concat([keys.salt, bytes.subarray(0, 8)]);
	const decipher = createDecipheriv("aes-128-gcm", keys.key, iv);
	const length = bytes.length - 24;
	decipher.setAAD(Buffer.concat([u64(keys.sequence++), Buffer.of(type, 3, 3), u16(length)]));
	decipher.setAuthTag(bytes.subarray(8 + length));
	return Buffer.concat([decipher.update(bytes.subarray(8, 8 + length)), decipher.final()]);
}

function u16(value: number): Buffer {
	return Buffer.of(value >> 8, value & 0xff);
}

function u24(value: number): Buffer {
	return Buffer.of(value >> 16, (value >> 8) & 0xff, value & 0xff);
}

function u64(value: bigint): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64BE(value);
	return bytes;
}
