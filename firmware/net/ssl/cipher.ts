/**
 * AES-128-GCM for the records of one connection, both directions (RFC 5288), in place. Always
 * holds: no sequence number is used twice; nothing is decrypted whose tag does not fit. A record
 * is its header (5 bytes), nonce (8), data, tag (16). Must not know what is in it.
 */

import { BlockCipher, GHASH, Mode } from "crypt";
import { RecordBytes } from "./record-header";

const enum Const {
	NONCE_AT = 5,
	NONCE_BYTES = 8,
	KEY_BYTES = 16,
	TAG_BYTES = 16,
	BLOCK_BYTES = 16,
	TWO_TO_32 = 0x1_0000_0000,
}

export class Ciphers {
	private readonly reader: Mode;
	private readonly writer: Mode;
	private readonly hash = new GHASH(new ArrayBuffer(Const.BLOCK_BYTES));
	private readonly readSalt: number;
	private readonly writeSalt: number;
	private readSequence = 0;
	private writeSequence = 0;

	/** @param keys the key block of a client */
	constructor(keys: Uint8Array) {
		this.writer = counterMode(keys, 0);
		this.reader = counterMode(keys, Const.KEY_BYTES);
		this.writeSalt = number32(keys, 2 * Const.KEY_BYTES);
		this.readSalt = number32(keys, 2 * Const.KEY_BYTES + 4);
	}

	/** Encrypts what is at DATA_AT; all of the record but its data and type is filled in here. */
	seal(record: Uint8Array, type: number): void {
		const end = record.length - Const.TAG_BYTES;
		const sequence = this.writeSequence++;
		record[0] = type;
		record[1] = 3;
		record[2] = 3;
		record[3] = (record.length - Const.NONCE_AT) >> 8;
		record[4] = record.length - Const.NONCE_AT;
		putSequence(record, Const.NONCE_AT, sequence);
		this.begin(this.writer, record, this.writeSalt, sequence);
		// The first block of the key stream is the tag's (NIST SP 800-38D section 7.1).
		const tag = record.subarray(end).fill(0);
		this.writer.decrypt(tag, tag);
		const data = record.subarray(RecordBytes.DATA_AT, end);
		if (data.length > 0) {
			this.writer.decrypt(data, data);
			this.hash.write(data);
		}
		const sum = new Uint8Array(this.hash.close());
		for (let i = 0; i < Const.TAG_BYTES; i++) tag[i] = (tag[i] ?? 0) ^ (sum[i] ?? 0);
	}

	/** Decrypts the data of a record that is no shorter than the overhead; false for a wrong tag. */
	open(record: Uint8Array): boolean {
		const end = record.length - Const.TAG_BYTES;
		const data = record.subarray(RecordBytes.DATA_AT, end);
		this.begin(this.reader, record, this.readSalt, this.readSequence++);
		if (data.length > 0) this.hash.write(data);
		const sum = new Uint8Array(this.hash.close());
		const tag = record.subarray(end);
		this.reader.decrypt(tag, tag);
		let difference = 0;
		for (let i = 0; i < Const.TAG_BYTES; i++) difference |= (tag[i] ?? 0) ^ (sum[i] ?? 0);
		if (difference !== 0) return false;
		if (data.length > 0) this.reader.decrypt(data, data);
		return true;
	}

	/** Makes hash and counter ready for a record: what is authenticated besides, and the nonce. */
	private begin(mode: Mode, record: Uint8Array, salt: number, sequence: number): void {
		const length = record.length - RecordBytes.OVERHEAD;
		const key = new ArrayBuffer(Const.BLOCK_BYTES);
		mode.setIV(key);
		mode.decrypt(key, key);
		const header = new Uint8Array(RecordBytes.DATA_AT);
		putSequence(header, 0, sequence);
		header[8] = record[0] ?? 0;
		header[9] = 3;
		header[10] = 3;
		header[11] = length >> 8;
		header[12] = length;
		this.hash._init(key, header.buffer);
		const counter = new Uint8Array(Const.BLOCK_BYTES);
		putNumber32(counter, 0, salt);
		counter.set(record.subarray(Const.NONCE_AT, Const.NONCE_AT + Const.NONCE_BYTES), 4);
		counter[15] = 1;
		mode.setIV(counter.buffer);
	}
}

const counterMode = (keys: Uint8Array, at: number): Mode => {
	return new Mode("CTR", new BlockCipher("AES", keys.slice(at, at + Const.KEY_BYTES).buffer));
};

const putSequence = (bytes: Uint8Array, at: number, sequence: number): void => {
	putNumber32(bytes, at, Math.floor(sequence / Const.TWO_TO_32));
	putNumber32(bytes, at + 4, sequence | 0);
};

const putNumber32 = (bytes: Uint8Array, at: number, value: number): void => {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
};

const number32 = (bytes: Uint8Array, at: number): number => {
	const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
	return high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
};
