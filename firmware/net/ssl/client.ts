/**
 * A TLS 1.2 client on a TCP socket: records in and out. Takes the place of the SDK's TLSSocket and
 * its `ssl` modules, which cost an ESP8266 twice the memory and take messages in any order. Always
 * holds: onWritable and onReadable come only after the broker was authenticated; no record longer
 * than the limit is allocated; every error ends in the guard's handleFailure(), never in an
 * exception out of a callback. Handshake messages are read into place, records decrypted there.
 */

import Timer from "timer";
import type { TcpSocket } from "../socket";
import type { TlsGuard } from "../tls-guard";
import type { Ciphers } from "./cipher";
import { Handshake, type RecordWriter } from "./handshake";
import { Step } from "./handshake-order";
import { ContentType, checkHeader, RecordBytes } from "./record-header";

const enum Const {
	/** Of a handshake message: type and length. */
	PREFIX_BYTES = 4,
	FINISHED_BYTES = 16,
	CLOSE_NOTIFY = 0,
	/** As much as is written in one record: what hello.ts asks of the broker binds us, too. */
	WRITE_BYTES = 1024,
	/** What may come where the broker does not know max_fragment_length (RFC 5246 6.2.1). */
	MAXIMUM_FRAGMENT_BYTES = 16_384,
	/** A chain of five certificates of 1,500 bytes. */
	MAXIMUM_MESSAGE_BYTES = 8192,
	/** What a record is longer than its data, without its header: explicit nonce and tag. */
	GCM_BYTES = 24,
}

type Resume = Timer & { client?: Client };

export default class Client implements RecordWriter {
	writable = 0;
	readonly guard: TlsGuard;
	private readonly tcp: TcpSocket;
	private readonly header = new Uint8Array(RecordBytes.HEADER);
	/** Until it is over. */
	private handshake: Handshake | undefined;
	private ciphers: Ciphers | undefined;
	/** The record or the handshake message that is being read, and how much of it is there. */
	private incoming: Uint8Array | undefined;
	private filled = 0;
	/** Bytes of the header, then of the fragment of a plain record, that have still to come. */
	private headerLeft: number = RecordBytes.HEADER;
	private fragmentLeft = 0;
	private readable = 0;
	/** Application data from `dataAt` on, in the record that it came in. */
	private data: Uint8Array | undefined;
	private dataAt = 0;
	private resume: Resume | undefined;
	private isConnected = false;

	constructor(guard: TlsGuard) {
		this.guard = guard;
		this.handshake = new Handshake(guard, this);
		const { address, port } = guard;
		const callbacks = { onReadable, onWritable, onError };
		this.tcp = new guard.TCP({ address, port, nodelay: true, target: this, ...callbacks });
	}

	/** Fills the buffer with what is there; undefined when there is nothing. */
	read(buffer: Uint8Array): number | undefined {
		const { data, dataAt } = this;
		if (data === undefined) return undefined;
		const count = Math.min(buffer.length, data.length - dataAt);
		buffer.set(data.subarray(dataAt, dataAt + count));
		this.dataAt += count;
		if (this.dataAt < data.length) return count;
		this.data = undefined;
		// The callback for what is there already comes in a turn of its own.
		if (this.readable > 0 && this.resume === undefined) {
			this.resume = Timer.set(handleTimer);
			this.resume.client = this;
		}
		return count;
	}

	/** Sends one record; returns how many more bytes may be written. */
	write(buffer: Uint8Array): number {
		// There are ciphers before the broker's Finished has come.
		const ciphers = this.handshake === undefined ? this.ciphers : undefined;
		const length = RecordBytes.OVERHEAD + buffer.length;
		if (ciphers === undefined || length > this.writable) throw new Error("would block");
		const record = new Uint8Array(length);
		record.set(buffer, RecordBytes.DATA_AT);
		ciphers.seal(record, ContentType.APPLICATION_DATA);
		this.send(record);
		return this.room;
	}

	close(): void {
		Timer.clear(this.resume);
		this.resume = undefined;
		this.data = undefined;
		this.readable = 0;
		this.tcp.close();
	}

	/** For the handshake. */
	send(record: Uint8Array): void {
		if (this.tcp.write(record) === undefined) throw new Error(this.guard.reason);
		this.writable -= record.length;
	}

	handleReadable(count: number): void {
		this.readable = count;
		try {
			// Signatures are checked and the owner is called from here, not from below: both go deep.
			while (this.readable > 0 && this.available === 0) {
				if (this.readSome()) this.takeMessage();
				if (this.available > 0) this.guard.onReadable(this.available);
				else if (this.handshake?.isDone === true) this.finish();
			}
		} catch (error) {
			this.readable = 0;
			this.guard.handleFailure((error as Error).message);
		}
	}

	handleWritable(count: number): void {
		this.writable = count;
		try {
			if (!this.isConnected) {
				this.isConnected = true;
				this.guard.handleConnected();
			}
			this.handshake?.flush();
		} catch (error) {
			this.guard.handleFailure((error as Error).message);
			return;
		}
		if (this.handshake === undefined && this.room > 0) this.guard.onWritable(this.room);
	}

	handleResume(timer: Resume): void {
		if (this.resume !== timer) return;
		this.resume = undefined;
		this.handleReadable(this.readable);
	}

	/** Bytes for the owner to read. */
	private get available(): number {
		return this.data === undefined ? 0 : this.data.length - this.dataAt;
	}

	private get room(): number {
		return Math.max(0, Math.min(this.writable - RecordBytes.OVERHEAD, Const.WRITE_BYTES));
	}

	/** Reads of a header, a message or a record what is there; true when a message is whole. */
	private readSome(): boolean {
		if (this.headerLeft > 0) {
			const at = RecordBytes.HEADER - this.headerLeft;
			this.headerLeft -= this.readInto(this.header, at, RecordBytes.HEADER);
			if (this.headerLeft === 0) this.beginRecord();
			return false;
		}
		if (this.fragmentLeft > 0) return this.readMessage();
		const record = this.incoming as Uint8Array;
		this.filled += this.readInto(record, this.filled, record.length);
		if (this.filled < record.length) return false;
		this.incoming = undefined;
		this.headerLeft = RecordBytes.HEADER;
		this.takeRecord(record);
		return false;
	}

	/** @returns how many bytes of [start, end) were filled */
	private readInto(target: Uint8Array, start: number, end: number): number {
		const count = Math.min(end - start, this.readable);
		this.tcp.read(target.subarray(start, start + count));
		this.readable -= count;
		return count;
	}

	/** The header is there: checks what may come now, and makes room for it. */
	private beginRecord(): void {
		const { header, handshake } = this;
		const limit = this.guard.maximumRecordBytes ?? Const.MAXIMUM_FRAGMENT_BYTES;
		const length = checkHeader(header, this.ciphers === undefined ? 0 : Const.GCM_BYTES, limit);
		const type = header[0];
		if (handshake !== undefined && type === ContentType.APPLICATION_DATA) {
			throw new Error("broker sent data in the handshake");
		}
		const isHandshake = type === ContentType.HANDSHAKE;
		if (handshake === undefined && (isHandshake || type === ContentType.CHANGE_CIPHER_SPEC)) {
			throw new Error("broker wants to renegotiate");
		}
		if (isHandshake && this.ciphers === undefined) {
			this.fragmentLeft = length;
			return;
		}
		if (isHandshake && length !== Const.FINISHED_BYTES + Const.GCM_BYTES) {
			throw new Error("broker sent no Finished");
		}
		if (type === ContentType.CHANGE_CIPHER_SPEC) this.checkChange(length);
		this.incoming = new Uint8Array(RecordBytes.HEADER + length);
		this.incoming.set(header);
		this.filled = RecordBytes.HEADER;
	}

	/** Only after our own, and not inside a message. */
	private checkChange(length: number): void {
		const { handshake } = this;
		const isInOrder = handshake?.step === Step.ChangeCipherSpec && this.ciphers === undefined;
		if (!isInOrder || handshake.ciphers === undefined || this.incoming !== undefined) {
			throw new Error("ChangeCipherSpec out of order");
		}
		if (length !== 1) throw new Error("malformed ChangeCipherSpec");
	}

	/** Reads handshake messages in the clear, which need not end where a record does. */
	private readMessage(): boolean {
		this.incoming ??= new Uint8Array(Const.PREFIX_BYTES);
		const message = this.incoming;
		const end = Math.min(message.length, this.filled + this.fragmentLeft);
		const count = this.readInto(message, this.filled, end);
		this.filled += count;
		this.fragmentLeft -= count;
		if (this.fragmentLeft === 0) this.headerLeft = RecordBytes.HEADER;
		if (this.filled < message.length) return false;
		if (message.length > Const.PREFIX_BYTES) return true;
		const low = ((message[2] ?? 0) << 8) | (message[3] ?? 0);
		const length = ((message[1] ?? 0) << 16) | low;
		// Nobody is authenticated yet: what a board cannot hold must not be allocated.
		const { maximumRecordBytes: most = length } = this.guard;
		const isTooLong = length > most || length > Const.MAXIMUM_MESSAGE_BYTES;
		if (isTooLong) throw new Error("handshake message is too long");
		if (length === 0) return true;
		this.incoming = new Uint8Array(Const.PREFIX_BYTES + length);
		this.incoming.set(message);
		return false;
	}

	private takeMessage(): void {
		const message = this.incoming as Uint8Array;
		this.incoming = undefined;
		this.filled = 0;
		this.handshake?.take(message);
		this.handshake?.flush();
	}

	/** A whole record, encrypted where `ciphers` are in use, or a plain alert or change. */
	private takeRecord(record: Uint8Array): void {
		this.filled = 0;
		const type = record[0];
		const { ciphers } = this;
		if (ciphers === undefined) {
			const value = record[RecordBytes.HEADER + (type === ContentType.ALERT ? 1 : 0)] ?? 0;
			if (type === ContentType.ALERT) throw new Error(this.guard.alertText(value));
			if (value !== 1) throw new Error("malformed ChangeCipherSpec");
			this.ciphers = this.handshake?.ciphers;
			return;
		}
		if (!ciphers.open(record)) throw new Error("recordProtocol auth failed");
		const length = record.length - RecordBytes.OVERHEAD;
		const data = record.subarray(RecordBytes.DATA_AT, RecordBytes.DATA_AT + length);
		if (type === ContentType.ALERT) this.takeAlert(data);
		else if (type === ContentType.HANDSHAKE) this.handshake?.takeFinished(data);
		else if (type !== ContentType.APPLICATION_DATA)
			throw new Error("ChangeCipherSpec out of order");
		else if (data.length > 0) {
			this.data = data;
			this.dataAt = 0;
		}
	}

	private takeAlert(data: Uint8Array): void {
		if (data[1] !== Const.CLOSE_NOTIFY) throw new Error(this.guard.alertText(data[1] ?? 0));
		if (this.handshake !== undefined) {
			throw new Error("broker closed the connection in the handshake");
		}
		this.readable = 0;
		this.guard.onError();
	}

	private finish(): void {
		this.handshake = undefined;
		this.guard.certificates = undefined;
		if (this.room > 0) this.guard.onWritable(this.room);
	}
}

const handleTimer = (timer: Resume): void => {
	timer.client?.handleResume(timer);
};

function onReadable(this: TcpSocket, count: number): void {
	(this.target as Client).handleReadable(count);
}

function onWritable(this: TcpSocket, count: number): void {
	(this.target as Client).handleWritable(count);
}

function onError(this: TcpSocket): void {
	(this.target as Client).guard.onError();
}
