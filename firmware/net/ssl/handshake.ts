/**
 * The handshake of a TLS 1.2 client: ECDHE on P-256 with AES-128-GCM and SHA-256 and nothing else
 * (RFC 5246 section 7, RFC 8422, RFC 5289). Always holds: each message comes when it may, which is
 * handshake-order.ts; the broker's chain, its signature on the key exchange and its Finished are
 * checked, in this order, before `isDone`. All that only a handshake needs is in this object, which
 * goes when it is over; each message is dropped before the next one is read.
 */

import { Digest } from "crypt";
import type { Certificates } from "../certificates";
import type { TlsGuard } from "../tls-guard";
import { Ciphers } from "./cipher";
import { newSecret, putPoint, random32, sharedSecret, signRsa } from "./exchange";
import { checkMessage, readCertificates, Step } from "./handshake-order";
import { helloBytes } from "./hello";
import { prf } from "./prf";
import { plainRecord, putMessageHeader, putNumber24, RecordBytes } from "./record-header";

const enum Const {
	/** ContentType (RFC 5246 6.2.1). */
	CHANGE_CIPHER_SPEC = 20,
	HANDSHAKE = 22,
	/** HandshakeType (RFC 5246 7.4). */
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	CERTIFICATE_VERIFY = 15,
	CLIENT_KEY_EXCHANGE = 16,
	FINISHED = 20,
	HEADER_BYTES = 5,
	RANDOM_BYTES = 32,
	SECRET_BYTES = 48,
	VERIFY_BYTES = 12,
	POINT_BYTES = 65,
	/** Our certificate goes out in records of this many bytes. */
	PIECE_BYTES = 256,
}

/** What is to be sent next. */
const enum Flight {
	Hello = 0,
	/** It is the broker's turn. */
	Nothing = 1,
	Certificate = 2,
	CertificateBytes = 3,
	KeyExchange = 4,
	Verify = 5,
	Change = 6,
	Finished = 7,
}

/** Sends records. */
export interface RecordWriter {
	/** How many bytes may be sent now. */
	readonly writable: number;
	send(record: Uint8Array): void;
}

export class Handshake {
	step: number = Step.ServerHello;
	/** Once our ChangeCipherSpec is sent. */
	ciphers: Ciphers | undefined;
	isDone = false;
	private readonly guard: TlsGuard;
	private readonly writer: RecordWriter;
	private readonly digest = new Digest("SHA256");
	/** The client's, then the server's. */
	private readonly randoms = new Uint8Array(2 * Const.RANDOM_BYTES);
	/** The broker's point, later the master secret. */
	private secret: Uint8Array | undefined;
	/** RSA is among what the broker's CertificateRequest allows; undefined without a request. */
	private mayBeRsa: boolean | undefined;
	private flight: number = Flight.Hello;
	/** How much of our certificate is sent. */
	private sent = 0;
	/**
	 * Records that go out with the next: a broker that does not like the first of them answers and
	 * closes, and a write after that would hide its answer.
	 */
	private held: Uint8Array | undefined;

	constructor(guard: TlsGuard, writer: RecordWriter) {
		this.guard = guard;
		this.writer = writer;
	}

	/** Takes a whole handshake message that came in the clear. @throws Error with the reason */
	take(message: Uint8Array): void {
		this.step = checkMessage(this.step, message);
		this.digest.write(message);
		const type = message[0];
		if (type === Const.SERVER_HELLO) this.randoms.set(message.subarray(6, 38), Const.RANDOM_BYTES);
		else if (type === Const.CERTIFICATE) {
			this.certificates.authenticate(readCertificates(message));
		} else if (type === Const.SERVER_KEY_EXCHANGE) this.takeExchange(message);
		else if (type === Const.CERTIFICATE_REQUEST) this.takeRequest(message);
		else this.flight = this.mayBeRsa === undefined ? Flight.KeyExchange : Flight.Certificate;
	}

	/** Takes the broker's Finished. @throws Error when it is none, or not of this handshake */
	takeFinished(message: Uint8Array): void {
		const isFinished = message.length === 4 + Const.VERIFY_BYTES && message[0] === Const.FINISHED;
		if (!isFinished || message[1] !== 0 || message[2] !== 0 || message[3] !== Const.VERIFY_BYTES) {
			throw new Error("broker sent no Finished");
		}
		const expected = this.verifyData("server finished");
		let difference = 0;
		for (let i = 0; i < Const.VERIFY_BYTES; i++) {
			difference |= (expected[i] ?? 0) ^ (message[4 + i] ?? 0);
		}
		if (difference !== 0) throw new Error("finished: auth err");
		this.isDone = true;
	}

	/** Sends what is due, one message at a time, as far as there is room. */
	flush(): void {
		while (this.flight !== Flight.Nothing && this.sendNext()) {}
	}

	/** Each message has a function of its own, so that what one needs is gone before the next. */
	private sendNext(): boolean {
		switch (this.flight) {
			case Flight.Hello:
				return this.sendHello();
			case Flight.Certificate:
				return this.sendCertificateHeader();
			case Flight.CertificateBytes:
				return this.sendCertificateBytes();
			case Flight.KeyExchange:
				return this.sendKeyExchange();
			case Flight.Verify:
				return this.sendVerify();
			case Flight.Change:
				return this.sendChange();
			default:
				return this.sendFinished();
		}
	}

	private sendHello(): boolean {
		this.randoms.set(random32());
		const { host, hostIsAddress } = this.guard;
		const name = hostIsAddress ? "" : host;
		const hello = helloBytes(this.randoms.subarray(0, Const.RANDOM_BYTES), name);
		return this.sendMessage(hello, Flight.Nothing, false);
	}

	/** The header of a Certificate message; without a certificate that is all of it. */
	private sendCertificateHeader(): boolean {
		const length = this.ourCertificate?.byteLength ?? 0;
		const record = plainRecord(length === 0 ? 7 : 10);
		const total = length === 0 ? 0 : length + 3;
		putMessageHeader(record, Const.CERTIFICATE, total + 3);
		putNumber24(record, Const.HEADER_BYTES + 4, total);
		if (length > 0) putNumber24(record, Const.HEADER_BYTES + 7, length);
		const next = length > 0 ? Flight.CertificateBytes : Flight.KeyExchange;
		return this.sendMessage(record, next, length === 0);
	}

	private sendCertificateBytes(): boolean {
		const whole = this.ourCertificate as ArrayBuffer;
		const count = Math.min(Const.PIECE_BYTES, whole.byteLength - this.sent);
		const record = plainRecord(count);
		record.set(new Uint8Array(whole, this.sent, count), Const.HEADER_BYTES);
		const isLast = this.sent + count === whole.byteLength;
		const next = isLast ? Flight.KeyExchange : Flight.CertificateBytes;
		if (!this.sendMessage(record, next, false)) return false;
		this.sent += count;
		return true;
	}

	private sendKeyExchange(): boolean {
		const record = plainRecord(4 + 1 + Const.POINT_BYTES);
		if (!this.hasRoom(record)) return false;
		const secret = newSecret();
		putMessageHeader(record, Const.CLIENT_KEY_EXCHANGE, 1 + Const.POINT_BYTES);
		record[Const.HEADER_BYTES + 4] = Const.POINT_BYTES;
		putPoint(secret, record, Const.HEADER_BYTES + 5);
		const shared = sharedSecret(secret, this.secret as Uint8Array);
		this.secret = new Uint8Array(Const.SECRET_BYTES);
		prf(shared, "master secret", this.randoms, this.secret);
		const signs = this.mayBeRsa !== undefined && this.ourCertificate !== undefined;
		return this.sendMessage(record, signs ? Flight.Verify : Flight.Change, !signs);
	}

	/** RFC 5246 7.4.8, with SHA-256 and RSA. */
	private sendVerify(): boolean {
		const signature = signRsa(this.certificates, this.digest.close(true));
		const record = plainRecord(8 + signature.length);
		putMessageHeader(record, Const.CERTIFICATE_VERIFY, 4 + signature.length);
		record[Const.HEADER_BYTES + 4] = 4;
		record[Const.HEADER_BYTES + 5] = 1;
		record[Const.HEADER_BYTES + 6] = signature.length >> 8;
		record[Const.HEADER_BYTES + 7] = signature.length;
		record.set(signature, Const.HEADER_BYTES + 8);
		return this.sendMessage(record, Flight.Change, true);
	}

	private sendChange(): boolean {
		const record = Uint8Array.of(Const.CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1);
		if (!this.hasRoom(record)) return false;
		const seed = new Uint8Array(2 * Const.RANDOM_BYTES);
		seed.set(this.randoms.subarray(Const.RANDOM_BYTES));
		seed.set(this.randoms.subarray(0, Const.RANDOM_BYTES), Const.RANDOM_BYTES);
		const keys = new Uint8Array(RecordBytes.KEY_BLOCK);
		prf(this.secret as Uint8Array, "key expansion", seed, keys);
		this.ciphers = new Ciphers(keys);
		this.emit(record, true);
		this.flight = Flight.Finished;
		return true;
	}

	private sendFinished(): boolean {
		const record = new Uint8Array(RecordBytes.OVERHEAD + 4 + Const.VERIFY_BYTES);
		if (!this.hasRoom(record)) return false;
		record[RecordBytes.DATA_AT] = Const.FINISHED;
		record[RecordBytes.DATA_AT + 3] = Const.VERIFY_BYTES;
		record.set(this.verifyData("client finished"), RecordBytes.DATA_AT + 4);
		this.digest.write(
			record.subarray(RecordBytes.DATA_AT, RecordBytes.DATA_AT + 4 + Const.VERIFY_BYTES),
		);
		this.ciphers?.seal(record, Const.HANDSHAKE);
		this.emit(record, false);
		this.flight = Flight.Nothing;
		return true;
	}

	/** Sends or holds a record of plain handshake bytes when there is room for it. */
	private sendMessage(record: Uint8Array, next: number, holds: boolean): boolean {
		if (!this.hasRoom(record)) return false;
		this.digest.write(record.subarray(Const.HEADER_BYTES));
		this.emit(record, holds);
		this.flight = next;
		return true;
	}

	private hasRoom(record: Uint8Array): boolean {
		return this.writer.writable >= record.length + (this.held?.length ?? 0);
	}

	private emit(record: Uint8Array, holds: boolean): void {
		const { held } = this;
		let bytes = record;
		if (held !== undefined) {
			bytes = new Uint8Array(held.length + record.length);
			bytes.set(held);
			bytes.set(record, held.length);
		}
		this.held = holds ? bytes : undefined;
		if (!holds) this.writer.send(bytes);
	}

	/** RFC 5246 7.4.3: what is signed is both randoms and the parameters. */
	private takeExchange(message: Uint8Array): void {
		const signature = 4 + 4 + Const.POINT_BYTES;
		const digest = new Digest("SHA256").process(this.randoms, message.subarray(4, signature));
		const isRsa = message[signature + 1] === 1;
		this.certificates.verifyExchange(isRsa, digest, message.subarray(signature + 4));
		this.secret = message.slice(4 + 5, signature);
	}

	/** RFC 5246 7.4.4; rsa_sign is 1. What authorities the broker names does not matter. */
	private takeRequest(message: Uint8Array): void {
		this.mayBeRsa = false;
		const end = 5 + (message[4] ?? 0);
		for (let at = 5; at < end; at++) if (message[at] === 1) this.mayBeRsa = true;
	}

	private get ourCertificate(): ArrayBuffer | undefined {
		return this.mayBeRsa === true ? this.certificates.certificate : undefined;
	}

	/** @throws Error where there are none: nothing may go on unchecked. */
	private get certificates(): Certificates {
		const { certificates } = this.guard;
		if (certificates === undefined) throw new Error("handshake is over");
		return certificates;
	}

	/** RFC 5246 7.4.9. */
	private verifyData(label: string): Uint8Array {
		const data = new Uint8Array(Const.VERIFY_BYTES);
		const digest = new Uint8Array(this.digest.close(true));
		prf(this.secret as Uint8Array, label, digest, data);
		return data;
	}
}
