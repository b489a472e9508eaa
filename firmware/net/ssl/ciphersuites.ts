/**
 * Takes the place of the SDK's `ssl/ciphersuites`: what is offered, and so all that can be
 * agreed on. Ephemeral keys and authenticated encryption only; the SDK also offers RSA key
 * exchange, DHE, and CBC with SHA-1.
 */

import { AES, ECDHE_RSA, GCM, SHA256 } from "ssl/constants";

/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and the same with RSA (RFC 5289 section 3.2). */
const NUMBERS: readonly number[] = [0x2b, 0x2f];

function suite(number: number): object {
	return Object.freeze({
		value: Object.freeze([0xc0, number]),
		isExportable: false,
		// The SDK has one name for ECDHE, whatever the certificate's key.
		keyExchangeAlgorithm: ECDHE_RSA,
		cipherAlgorithm: AES,
		cipherKeySize: 16,
		cipherBlockSize: 16,
		hashAlgorithm: SHA256,
		hashSize: 32,
		encryptionMode: GCM,
		/** The explicit and the implicit part of the nonce (RFC 5288 section 3). */
		ivSize: 8,
		saltSize: 4,
	});
}

export default Object.freeze(NUMBERS.map(suite));
