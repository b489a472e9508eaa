/** Records and messages of a handshake: type, version, length (RFC 5246 6.2.1 and 7.4). Pure. */

export const enum ContentType {
	CHANGE_CIPHER_SPEC = 20,
	ALERT = 21,
	HANDSHAKE = 22,
	APPLICATION_DATA = 23,
}

/** Lengths and places in a record. */
export const enum RecordBytes {
	HEADER = 5,
	/** Where the data of an encrypted record begins: behind the nonce. */
	DATA_AT = 13,
	/** What an encrypted record is longer than its data. */
	OVERHEAD = 29,
	/** What the ciphers of both directions take of the key block. */
	KEY_BLOCK = 40,
}

/**
 * @param extraBytes what encryption adds
 * @param limit longest plain fragment taken
 * @returns length of the fragment
 * @throws Error with the reason
 */
export const checkHeader = (header: Uint8Array, extraBytes: number, limit: number): number => {
	const type = header[0] ?? 0;
	if (
		type < ContentType.CHANGE_CIPHER_SPEC ||
		type > ContentType.APPLICATION_DATA ||
		header[1] !== 3
	) {
		throw new Error("broker does not speak TLS");
	}
	// An alert for a version that is not known comes in the broker's own.
	if (header[2] !== 3 && type !== ContentType.ALERT)
		throw new Error("broker does not speak TLS 1.2");
	const length = ((header[3] ?? 0) << 8) | (header[4] ?? 0);
	if (length === 0 || length < extraBytes) throw new Error("record is too short");
	if (length - extraBytes > limit) throw new Error(`record of ${length} bytes is too long`);
	return length;
};

/** A record with room for `length` handshake bytes, its header filled in. */
export const plainRecord = (length: number): Uint8Array => {
	const record = new Uint8Array(RecordBytes.HEADER + length);
	record[0] = ContentType.HANDSHAKE;
	record[1] = 3;
	record[2] = 3;
	record[3] = length >> 8;
	record[4] = length;
	return record;
};

export const putMessageHeader = (record: Uint8Array, type: number, length: number): void => {
	record[RecordBytes.HEADER] = type;
	putNumber24(record, RecordBytes.HEADER + 1, length);
};

export const putNumber24 = (bytes: Uint8Array, at: number, value: number): void => {
	bytes[at] = value >> 16;
	bytes[at + 1] = value >> 8;
	bytes[at + 2] = value;
};
