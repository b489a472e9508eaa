/**
 * Takes the place of the SDK's `ssl/session` and guards it: reads the records itself, puts
 * handshake messages together that came in pieces, and lets the SDK see only what may come next.
 * The SDK's session alone takes alerts for the end of a handshake, unsigned key exchanges, and
 * messages in any order. Always holds: handshake() returns true only after the broker's Finished;
 * no record longer than the limit is allocated; everything else ends with a reason.
 */

import recordProtocol from "ssl/record";
import SdkSession, { type SessionOptions, type SessionSocket } from "ssl/session-sdk";
import { checkMessage, readCertificates, Step } from "./handshake-order";

/** ContentType (RFC 5246 6.2.1). */
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const APPLICATION_DATA = 23;

const HEADER_BYTES = 5;
/** Explicit nonce and tag (RFC 5288). */
const GCM_BYTES = 24;
/** Message header and verify_data (RFC 5246 7.4.9). */
const FINISHED_BYTES = 16;
/** RFC 5246 6.2.1: what may come where the broker does not know max_fragment_length. */
const MAXIMUM_FRAGMENT_BYTES = 16_384;
/** A chain of five certificates of 1,500 bytes. */
const MAXIMUM_MESSAGE_BYTES = 8192;
const CLOSED = "broker closed the connection in the handshake";

/** HandshakeType: those after which the SDK has something to do, and Certificate. */
const HELLO_REQUEST = 0;
const CERTIFICATE = 11;
const SERVER_HELLO_DONE = 14;
const FINISHED = 20;

export default class Session extends SdkSession {
	private readonly header = new Uint8Array(HEADER_BYTES);
	private record: Uint8Array | undefined;
	/** Bytes of header and record that are there. */
	private filled = 0;
	/** The beginning of a message whose rest has not come, behind room for a record's header. */
	private partial: Uint8Array<ArrayBuffer> | undefined;
	private step: number = Step.ServerHello;
	/** Where the Certificate message is in the record that is accepted, 0 when there is none. */
	private certificateAt = 0;

	constructor(options: SessionOptions) {
		// A session that is resumed has no certificate to check.
		super({ ...options, cache: false });
		// RFC 6066 section 3: a literal address is no server name.
		if (options.guard.hostIsAddress) delete this.options.tls_server_name;
	}

	/**
	 * Handles what has come; true when the handshake is over. The SDK would do so from deeper in
	 * the stack, which on an ESP8266 has no room for a signature there.
	 */
	override handshake(socket: SessionSocket): boolean {
		try {
			for (;;) {
				const process = this.handshakeProcess;
				if (process === HELLO_REQUEST || process === SERVER_HELLO_DONE) super.handshake(socket);
				const record = this.readPacket(socket);
				if (record === undefined) return false;
				if (this.certificateAt > 0) this.authenticate(record);
				recordProtocol.unpacketize(this, record);
				if (this.alert !== undefined) throw new Error(CLOSED);
				if (this.step === Step.Finished) break;
			}
		} catch (error) {
			throw new Error(this.reasonOf(error as Error));
		}
		return this.finish(socket);
	}

	/** After the handshake null is what the SDK knows as the end; the guard has the reason. */
	override read(socket: SessionSocket): Uint8Array | null | undefined {
		// TLSSocket asks during the handshake too, and drops what it gets.
		if (this.step !== Step.Ready) return undefined;
		try {
			// The SDK would wait for more bytes after a record without any.
			let data = super.read(socket);
			while (data?.byteLength === 0) data = super.read(socket);
			return data;
		} catch (error) {
			this.options.guard.reason = this.reasonOf(error as Error);
			return null;
		}
	}

	/** The certificates point into the record, which stays until the SDK has its copy. */
	private authenticate(record: ArrayBuffer): void {
		const chain = readCertificates(new Uint8Array(record), this.certificateAt);
		this.certificateAt = 0;
		this.options.guard.certificates?.authenticate(chain);
	}

	private finish(socket: SessionSocket): true {
		if (this.handshakeProcess !== FINISHED) throw new Error("broker sent no Finished");
		// TLSSocket would drop it. MQTT brokers do not speak first.
		if (socket.readable > 0) throw new Error("broker sent data before it was asked");
		if (!super.handshake(socket)) throw new Error("handshake ended early");
		this.step = Step.Ready;
		this.options.guard.certificates = undefined;
		return true;
	}

	/** The next record that the SDK may see, undefined while it is not complete. */
	override readPacket(socket: SessionSocket): ArrayBuffer | undefined {
		while (this.fill(socket)) {
			const record = this.record as Uint8Array<ArrayBuffer>;
			this.record = undefined;
			this.filled = 0;
			const accepted = this.accept(record);
			if (accepted !== undefined) return accepted;
		}
		return undefined;
	}

	/** Reads bytes; true when a whole record is there. */
	private fill(socket: SessionSocket): boolean {
		if (this.filled < HEADER_BYTES) {
			this.take(socket, this.header, HEADER_BYTES);
			if (this.filled < HEADER_BYTES) return false;
			this.record = new Uint8Array(HEADER_BYTES + this.checkHeader());
			this.record.set(this.header);
		}
		const record = this.record as Uint8Array;
		this.take(socket, record, record.length);
		return this.filled === record.length;
	}

	private take(socket: SessionSocket, target: Uint8Array, wanted: number): void {
		const count = Math.min(wanted - this.filled, socket.readable);
		if (count <= 0) return;
		socket.read(target.subarray(this.filled, this.filled + count));
		socket.readable -= count;
		this.filled += count;
	}

	/** @returns length of the fragment */
	private checkHeader(): number {
		const { header } = this;
		const type = header[0] ?? 0;
		if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || header[1] !== 3) {
			throw new Error("broker does not speak TLS");
		}
		// An alert for a version that is not known comes in the broker's own.
		if (header[2] !== 3 && type !== ALERT) throw new Error("broker does not speak TLS 1.2");
		const length = ((header[3] ?? 0) << 8) | (header[4] ?? 0);
		const extra = this.serverCipher === null ? 0 : GCM_BYTES;
		if (length === 0 || length < extra) throw new Error("record is too short");
		const limit = this.options.maximumRecordBytes ?? MAXIMUM_FRAGMENT_BYTES;
		if (length - extra > limit) throw new Error(`record of ${length} bytes is too long`);
		return length;
	}

	private accept(record: Uint8Array<ArrayBuffer>): ArrayBuffer | undefined {
		const type = record[0];
		const isPlain = this.serverCipher === null;
		if (type === ALERT) {
			if (isPlain) {
				throw new Error(this.options.guard.alertText(record[HEADER_BYTES + 1] ?? 0));
			}
		} else if (type === APPLICATION_DATA) {
			if (this.step !== Step.Ready) throw new Error("broker sent data in the handshake");
		} else if (this.step === Step.Ready) {
			throw new Error("broker wants to renegotiate");
		} else if (type === CHANGE_CIPHER_SPEC) this.acceptChange(record);
		else if (isPlain) return this.takeMessages(record);
		else {
			const length = record.length - HEADER_BYTES - GCM_BYTES;
			if (length !== FINISHED_BYTES) throw new Error("broker sent no Finished");
			this.step = Step.Finished;
		}
		return record.buffer;
	}

	/** Only after our own: before, there is no secret to make keys from. */
	private acceptChange(record: Uint8Array): void {
		const isInOrder = this.step === Step.ChangeCipherSpec && this.clientCipher !== null;
		if (!isInOrder || this.serverCipher !== null || this.partial !== undefined) {
			throw new Error("ChangeCipherSpec out of order");
		}
		if (record.length !== HEADER_BYTES + 1) throw new Error("malformed ChangeCipherSpec");
	}

	/** @returns a record with the messages that are whole, undefined when there is none */
	private takeMessages(record: Uint8Array<ArrayBuffer>): ArrayBuffer | undefined {
		const bytes = this.partial === undefined ? record : joined(this.partial, record);
		this.partial = undefined;
		let at = HEADER_BYTES;
		while (bytes.length - at >= 4) {
			const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
			const length = ((bytes[at + 1] ?? 0) << 16) | low;
			if (length > MAXIMUM_MESSAGE_BYTES) throw new Error("handshake message is too long");
			if (bytes.length - at - 4 < length) break;
			this.step = checkMessage(this.step, bytes, at, this.options.guard);
			if (bytes[at] === CERTIFICATE) this.certificateAt = at;
			at += 4 + length;
		}
		let whole = bytes;
		if (at < bytes.length) {
			this.partial = bytes.slice(at - HEADER_BYTES);
			if (at === HEADER_BYTES) return undefined;
			whole = bytes.slice(0, at);
		}
		whole[3] = (at - HEADER_BYTES) >> 8;
		whole[4] = at - HEADER_BYTES;
		return whole.buffer;
	}

	private reasonOf(error: Error): string {
		if (this.alert === undefined || error.message === CLOSED) return error.message;
		return this.options.guard.alertText(this.alert.description);
	}
}

/** The partial message and the record's fragment behind it. */
function joined(
	partial: Uint8Array<ArrayBuffer>,
	record: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(partial.length + record.length - HEADER_BYTES);
	bytes.set(partial);
	bytes.set(record.subarray(HEADER_BYTES), partial.length);
	// The header of the record; the length is put in later.
	bytes.set(record.subarray(0, HEADER_BYTES));
	return bytes;
}
