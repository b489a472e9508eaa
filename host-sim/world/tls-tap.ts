/**
 * Listens to what a TLS 1.2 server sends until it encrypts: finds the Certificate message as it
 * was sent, alerts, and what is no TLS 1.2 at all, before OpenSSL sees it. Always holds: bounded
 * memory; throws an Error with the reason that a board would give.
 */

/** ContentType (RFC 5246 6.2.1). */
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
/** HandshakeType (RFC 5246 7.4). */
const CERTIFICATE = 11;
const HEADER_BYTES = 5;
const MAXIMUM_FRAGMENT_BYTES = 16_384;
const MAXIMUM_MESSAGE_BYTES = 8192;

export interface TapListener {
	/** The chain as it was sent, the server's own certificate first. May throw. */
	handleChain(chain: Buffer[]): void;
	alertText(description: number): string;
}

export class TlsTap {
	private readonly listener: TapListener;
	private records: Buffer = Buffer.alloc(0);
	private messages: Buffer = Buffer.alloc(0);
	private encrypted = false;

	/** The server encrypts: nothing more is to be seen here. */
	get isOver(): boolean {
		return this.encrypted;
	}

	constructor(listener: TapListener) {
		this.listener = listener;
	}

	/** Takes bytes of the server's, in any split. @throws Error with the reason */
	push(bytes: Buffer): void {
		if (this.encrypted) return;
		this.records = Buffer.concat([this.records, bytes]);
		while (!this.encrypted && this.records.length >= HEADER_BYTES) {
			const length = this.checkHeader();
			if (this.records.length < HEADER_BYTES + length) return;
			const fragment = this.records.subarray(HEADER_BYTES, HEADER_BYTES + length);
			this.takeRecord(this.records[0], fragment);
			this.records = this.records.subarray(HEADER_BYTES + length);
		}
	}

	private checkHeader(): number {
		const [type, major, minor] = this.records;
		if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || major !== 3) {
			throw new Error("broker does not speak TLS");
		}
		if (minor !== 3 && type !== ALERT) throw new Error("broker does not speak TLS 1.2");
		const length = this.records.readUInt16BE(3);
		if (length === 0) throw new Error("record is too short");
		if (length > MAXIMUM_FRAGMENT_BYTES) throw new Error(`record of ${length} bytes is too long`);
		return length;
	}

	private takeRecord(type: number, fragment: Buffer): void {
		if (type === ALERT) throw new Error(this.listener.alertText(fragment[1] ?? 0));
		if (type === APPLICATION_DATA) throw new Error("broker sent data in the handshake");
		if (type === CHANGE_CIPHER_SPEC) this.encrypted = true;
		if (type !== HANDSHAKE) return;
		this.messages = Buffer.concat([this.messages, fragment]);
		while (this.messages.length >= 4) {
			const end = 4 + this.messages.readUIntBE(1, 3);
			if (end - 4 > MAXIMUM_MESSAGE_BYTES) throw new Error("handshake message is too long");
			if (this.messages.length < end) return;
			const body = this.messages.subarray(4, end);
			if (this.messages[0] === CERTIFICATE) this.listener.handleChain(readChain(body));
			this.messages = this.messages.subarray(end);
		}
	}
}

/** RFC 5246 7.4.2. */
function readChain(body: Buffer): Buffer[] {
	const chain: Buffer[] = [];
	let at = 3;
	if (body.length < 3 || body.readUIntBE(0, 3) !== body.length - 3) throw malformed();
	while (at < body.length) {
		if (body.length - at < 4) throw malformed();
		const end = at + 3 + body.readUIntBE(at, 3);
		if (end === at + 3 || end > body.length) throw malformed();
		chain.push(body.subarray(at + 3, end));
		at = end;
	}
	return chain;
}

function malformed(): Error {
	return new Error("malformed Certificate");
}
