/**
 * Listens to what a TLS server sends, in any split, and keeps what a report is about: records and
 * their lengths, ServerHello, Certificate, the key exchange, CertificateRequest, alerts. Always
 * holds: bounded memory; nothing throws: what is odd is left to the firmware to refuse. After
 * ChangeCipherSpec it sees lengths only.
 */

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const HEADER_BYTES = 5;
const MAXIMUM_MESSAGE_BYTES = 65_536;
/** What is kept of the first bytes, for servers that do not speak TLS. */
const FIRST_BYTES = 64;

/** HandshakeType (RFC 5246 7.4). */
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;

export interface ServerHello {
	/** 0x0303 is TLS 1.2. */
	readonly version: number;
	readonly cipher: number;
	/** Type of an extension, and its bytes. */
	readonly extensions: ReadonlyMap<number, Uint8Array>;
}

export interface ExchangeFacts {
	/** NamedCurve; -1 for a group that is none (DHE). */
	readonly curve: number;
	/** SignatureAndHashAlgorithm; 0 where it is not to be read. */
	readonly hash: number;
	readonly signature: number;
}

export interface RequestFacts {
	/** ClientCertificateType; 1 is RSA. */
	readonly types: readonly number[];
	/** Names of authorities, DER. */
	readonly authorities: readonly Uint8Array[];
}

export class Observer {
	/** The first bytes that came at all. */
	first: Buffer = Buffer.alloc(0);
	hello: ServerHello | undefined;
	/** The broker's own first, DER. */
	chain: readonly Uint8Array[] | undefined;
	/** Length of the Certificate message with its header. */
	chainBytes = 0;
	exchange: ExchangeFacts | undefined;
	request: RequestFacts | undefined;
	isHelloDone = false;
	/** Description of the first alert that came in the clear, -1 without. */
	alert = -1;
	/** Longest fragment of a record in the clear, and of one encrypted, with its 24 bytes more. */
	longestPlain = 0;
	longestSealed = 0;
	isEncrypted = false;
	private records: Buffer = Buffer.alloc(0);
	private messages: Buffer = Buffer.alloc(0);

	push(bytes: Uint8Array): void {
		if (this.first.length < FIRST_BYTES) {
			this.first = Buffer.concat([this.first, bytes]).subarray(0, FIRST_BYTES);
		}
		this.records = Buffer.concat([this.records, bytes]);
		while (this.records.length >= HEADER_BYTES) {
			const length = this.records.readUInt16BE(3);
			const type = this.records[0];
			// A header that came counts, also when its record is refused for it.
			if (this.isEncrypted) this.longestSealed = Math.max(this.longestSealed, length);
			else this.longestPlain = Math.max(this.longestPlain, length);
			const end = HEADER_BYTES + length;
			if (this.records.length < end) return;
			if (!this.isEncrypted) this.takeRecord(type, this.records.subarray(HEADER_BYTES, end));
			this.records = this.records.subarray(end);
		}
	}

	/** Whether the first bytes are those of a TLS record. */
	get isTls(): boolean {
		const [type = 0, major = 0] = this.first;
		return type >= CHANGE_CIPHER_SPEC && type <= 23 && major === 3;
	}

	private takeRecord(type: number, fragment: Buffer): void {
		if (type === CHANGE_CIPHER_SPEC) this.isEncrypted = true;
		if (type === ALERT && this.alert < 0) this.alert = fragment[1] ?? -1;
		if (type !== HANDSHAKE) return;
		this.messages = Buffer.concat([this.messages, fragment]);
		while (this.messages.length >= 4) {
			const end = 4 + this.messages.readUIntBE(1, 3);
			if (end > MAXIMUM_MESSAGE_BYTES || this.messages.length < end) return;
			try {
				this.takeMessage(this.messages[0], this.messages.subarray(4, end));
			} catch (error) {
				if (!(error instanceof RangeError)) throw error;
			}
			this.messages = this.messages.subarray(end);
		}
	}

	/** @throws RangeError when the message is shorter than it says */
	private takeMessage(type: number, body: Buffer): void {
		if (type === SERVER_HELLO) this.hello ??= readHello(body);
		if (type === CERTIFICATE && this.chain === undefined) {
			this.chainBytes = body.length + 4;
			this.chain = readChain(body);
		}
		if (type === SERVER_KEY_EXCHANGE) this.exchange ??= readExchange(body);
		if (type === CERTIFICATE_REQUEST) this.request ??= readRequest(body);
		if (type === SERVER_HELLO_DONE) this.isHelloDone = true;
	}
}

function readHello(body: Buffer): ServerHello {
	const at = 35 + body.readUInt8(34);
	const extensions = new Map<number, Uint8Array>();
	for (let next = at + 5; next + 4 <= body.length; ) {
		const end = next + 4 + body.readUInt16BE(next + 2);
		extensions.set(body.readUInt16BE(next), body.subarray(next + 4, end));
		next = end;
	}
	const chosen = extensions.get(43);
	// supported_versions of TLS 1.3 (RFC 8446 4.2.1).
	const version = chosen === undefined ? body.readUInt16BE(0) : Buffer.from(chosen).readUInt16BE(0);
	return { version, cipher: body.readUInt16BE(at), extensions };
}

function readChain(body: Buffer): Uint8Array[] {
	const chain: Uint8Array[] = [];
	for (let at = 3; at + 3 <= body.length; ) {
		const end = at + 3 + body.readUIntBE(at, 3);
		chain.push(Uint8Array.from(body.subarray(at + 3, end)));
		at = end;
	}
	return chain;
}

function readExchange(body: Buffer): ExchangeFacts {
	if (body.readUInt8(0) !== 3) return { curve: -1, hash: 0, signature: 0 };
	const at = 4 + body.readUInt8(3);
	return {
		curve: body.readUInt16BE(1),
		hash: body.readUInt8(at),
		signature: body.readUInt8(at + 1),
	};
}

function readRequest(body: Buffer): RequestFacts {
	const types = [...body.subarray(1, 1 + body.readUInt8(0))];
	let at = 1 + types.length;
	at += 2 + body.readUInt16BE(at);
	const end = at + 2 + body.readUInt16BE(at);
	const authorities: Uint8Array[] = [];
	for (at += 2; at + 2 <= end; ) {
		const next = at + 2 + body.readUInt16BE(at);
		authorities.push(Uint8Array.from(body.subarray(at + 2, next)));
		at = next;
	}
	return { types, authorities };
}
