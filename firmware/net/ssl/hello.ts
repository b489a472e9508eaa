/** ClientHello (RFC 5246 7.4.1.2): what is offered, and so all that can be agreed on. */

const enum Const {
	RANDOM_AT = 11,
	NAME_BYTES = 9,
}

/** Record of a handshake message, ClientHello, TLS 1.2; lengths come later. */
const HEAD = Uint8Array.of(22, 3, 3, 0, 0, 1, 0, 0, 0, 3, 3);

/**
 * No session; TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and the same with RSA (RFC 5289 3.2), and
 * that this is no renegotiation (RFC 5746 3.3); no compression.
 */
const OFFER = Uint8Array.of(0, 0, 6, 0xc0, 0x2b, 0xc0, 0x2f, 0, 0xff, 1, 0);

/**
 * Extensions: records of 1,024 bytes at most, which is what an ESP8266 can take (RFC 6066 4);
 * P-256, uncompressed (RFC 8422 5.1); signatures with SHA-256, ECDSA or RSA (RFC 5246 7.4.1.4.1).
 */
const EXTENSIONS = Uint8Array.of(
	...[0, 1, 0, 1, 2],
	...[0, 10, 0, 4, 0, 2, 0, 23],
	...[0, 11, 0, 2, 1, 0],
	...[0, 13, 0, 6, 0, 4, 4, 3, 4, 1],
);

/**
 * The whole record.
 * @param random 32 bytes
 * @param name for the server name extension (RFC 6066 section 3), ASCII; "" for none
 */
export const helloBytes = (random: Uint8Array, name: string): Uint8Array => {
	const nameBytes = name === "" ? 0 : Const.NAME_BYTES + name.length;
	const extensions = nameBytes + EXTENSIONS.length;
	const offerAt = Const.RANDOM_AT + random.length;
	const bytes = new Uint8Array(offerAt + OFFER.length + 2 + extensions);
	bytes.set(HEAD);
	putNumber16(bytes, 3, bytes.length - 5);
	putNumber16(bytes, 7, bytes.length - 9);
	bytes.set(random, Const.RANDOM_AT);
	bytes.set(OFFER, offerAt);
	let at = offerAt + OFFER.length;
	at = putNumber16(bytes, at, extensions);
	if (nameBytes > 0) {
		at = putNumber16(bytes, at, 0);
		at = putNumber16(bytes, at, name.length + 5);
		at = putNumber16(bytes, at, name.length + 3);
		// host_name
		at = putNumber16(bytes, at + 1, name.length);
		for (let i = 0; i < name.length; i++) bytes[at++] = name.charCodeAt(i);
	}
	bytes.set(EXTENSIONS, at);
	return bytes;
};

const putNumber16 = (bytes: Uint8Array, at: number, value: number): number => {
	bytes[at] = value >> 8;
	bytes[at + 1] = value;
	return at + 2;
};
