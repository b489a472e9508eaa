/**
 * Reads what a TLS 1.2 handshake says in the clear, from either side, and tells it in a line. Never
 * changes or holds back a byte; what it cannot read it leaves out.
 */

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_VERIFY = 15;
const VERSIONS: Readonly<Record<number, string>> = { 771: "TLS 1.2", 770: "TLS 1.1" };
const CIPHERS: Readonly<Record<number, string>> = {
	49195: "ECDHE-ECDSA-AES128-GCM-SHA256",
	49199: "ECDHE-RSA-AES128-GCM-SHA256",
};

/** What went by in one direction. */
class Side {
	/** Handshake messages in the clear, by type. */
	readonly messages = new Map<number, Buffer>();
	alert: number | undefined;
	encrypts = false;
	hasData = false;
	private records: Buffer = Buffer.alloc(0);
	private text: Buffer = Buffer.alloc(0);

	push(bytes: Buffer): void {
		this.records = Buffer.concat([this.records, bytes]);
		while (this.records.length >= 5) {
			const end = 5 + this.records.readUInt16BE(3);
			if (this.records.length < end) return;
			this.take(this.records[0], this.records.subarray(5, end));
			this.records = this.records.subarray(end);
		}
	}

	private take(type: number, fragment: Buffer): void {
		if (type === CHANGE_CIPHER_SPEC) this.encrypts = true;
		else if (type === APPLICATION_DATA) this.hasData = true;
		else if (type === ALERT && !this.encrypts) this.alert = fragment[1];
		if (type !== HANDSHAKE || this.encrypts) return;
		this.text = Buffer.concat([this.text, fragment]);
		while (this.text.length >= 4) {
			const end = 4 + this.text.readUIntBE(1, 3);
			if (this.text.length < end) return;
			this.messages.set(this.text[0], this.text.subarray(4, end));
			this.text = this.text.subarray(end);
		}
	}
}

export class HandshakeTap {
	readonly client = new Side();
	readonly server = new Side();

	/** Version and cipher that the server chose, "" before it did. */
	get chosen(): string {
		const hello = this.server.messages.get(SERVER_HELLO);
		if (hello === undefined) return "";
		const version = hello.readUInt16BE(0);
		const cipher = hello.readUInt16BE(35 + hello[34]);
		return `${VERSIONS[version] ?? version}, ${CIPHERS[cipher] ?? `cipher ${cipher.toString(16)}`}`;
	}

	/** Both sides encrypt, and the client has said something: it has taken the server for good. */
	get isDone(): boolean {
		return this.client.encrypts && this.server.encrypts && this.client.hasData;
	}

	/** The client has sent a certificate, and its signature. */
	get hasClientCertificate(): boolean {
		const certificate = this.client.messages.get(CERTIFICATE);
		const isEmpty = certificate === undefined || certificate.length <= 3;
		return !isEmpty && this.client.messages.has(CERTIFICATE_VERIFY);
	}

	toString(): string {
		if (this.chosen === "") return "no ServerHello";
		const parts = [this.chosen];
		const chain = this.server.messages.get(CERTIFICATE);
		if (chain !== undefined) parts.push(`${chain.length} bytes of certificates`);
		parts.push(this.hasClientCertificate ? "client certificate" : "no client certificate");
		if (this.client.alert !== undefined) parts.push(`client's alert ${this.client.alert}`);
		if (this.server.alert !== undefined) parts.push(`server's alert ${this.server.alert}`);
		parts.push(this.isDone ? "done" : "not done");
		return parts.join(", ");
	}
}
