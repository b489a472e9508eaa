/** The header of a record: type, version, length (RFC 5246 6.2.1). Pure. */

/** ContentType. */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

export const HEADER_BYTES = 5;

/**
 * @param extraBytes what encryption adds
 * @param limit longest plain fragment taken
 * @returns length of the fragment
 * @throws Error with the reason
 */
export const checkHeader = (header: Uint8Array, extraBytes: number, limit: number): number => {
	const type = header[0] ?? 0;
	if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || header[1] !== 3) {
		throw new Error("broker does not speak TLS");
	}
	// An alert for a version that is not known comes in the broker's own.
	if (header[2] !== 3 && type !== ALERT) throw new Error("broker does not speak TLS 1.2");
	const length = ((header[3] ?? 0) << 8) | (header[4] ?? 0);
	if (length === 0 || length < extraBytes) throw new Error("record is too short");
	if (length - extraBytes > limit) throw new Error(`record of ${length} bytes is too long`);
	return length;
};
