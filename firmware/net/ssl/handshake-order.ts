/**
 * Which handshake message of the broker may come when, and what form it must have (RFC 5246
 * sections 7.3 and 7.4). Pure. Always holds: after the certificate comes a
 * signed key exchange, on P-256, with SHA-256.
 */

/** What is expected next. */
export const enum Step {
	ServerHello = 0,
	Certificate = 1,
	KeyExchange = 2,
	/** CertificateRequest or ServerHelloDone. */
	HelloDone = 3,
	OnlyHelloDone = 4,
	ChangeCipherSpec = 5,
}

const enum Const {
	/** HandshakeType (RFC 5246 7.4). */
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	CERTIFICATE_REQUEST = 13,
	SERVER_HELLO_DONE = 14,
	/** More than certificate-chain.ts takes; a view of each of thousands would fill the heap. */
	MAXIMUM_CERTIFICATES = 6,
}

/**
 * Checks a message: 4 bytes of header, then the body.
 * @returns the next step
 * @throws Error with the reason
 */
export const checkMessage = (step: number, bytes: Uint8Array): number => {
	const type = bytes[0] ?? -1;
	const start = 4;
	const end = bytes.length;
	if (step === Step.ServerHello && type === Const.SERVER_HELLO) {
		checkServerHello(bytes, start, end);
		return Step.Certificate;
	}
	if (step === Step.Certificate && type === Const.CERTIFICATE) return Step.KeyExchange;
	if (step === Step.KeyExchange && type === Const.SERVER_KEY_EXCHANGE) {
		checkKeyExchange(bytes, start, end);
		return Step.HelloDone;
	}
	if (step === Step.HelloDone && type === Const.CERTIFICATE_REQUEST) {
		if (end - start < 5) throw new Error("malformed CertificateRequest");
		return Step.OnlyHelloDone;
	}
	if (
		(step === Step.HelloDone || step === Step.OnlyHelloDone) &&
		type === Const.SERVER_HELLO_DONE
	) {
		if (start !== end) throw new Error("malformed ServerHelloDone");
		return Step.ChangeCipherSpec;
	}
	throw new Error(`handshake message ${type} out of order`);
};

/** RFC 5246 7.4.1.3. The cipher must be one of those in hello.ts. */
const checkServerHello = (bytes: Uint8Array, start: number, end: number): void => {
	const idLength = bytes[start + 34] ?? 33;
	// Version, random, id, cipher, compression.
	const length = 2 + 32 + 1 + idLength + 2 + 1;
	if (idLength > 32 || end - start < length) throw new Error("malformed ServerHello");
	if (bytes[start] !== 3 || bytes[start + 1] !== 3)
		throw new Error("broker does not speak TLS 1.2");
	const at = start + 35 + idLength;
	const cipher = bytes[at] === 0xc0 ? bytes[at + 1] : -1;
	if (cipher !== 0x2b && cipher !== 0x2f)
		throw new Error("broker chose a cipher that was not offered");
	if (bytes[at + 2] !== 0) throw new Error("broker chose compression");
};

/**
 * The certificates in a Certificate message, as views (RFC 5246 7.4.2); the first six of them.
 * @throws Error when lengths do not fit
 */
export const readCertificates = (bytes: Uint8Array): Uint8Array[] => {
	const end = bytes.length;
	const chain: Uint8Array[] = [];
	let next = 7;
	if (next > end || takeLength(bytes, 4) !== end - next) {
		throw new Error("malformed Certificate");
	}
	while (next < end && chain.length < Const.MAXIMUM_CERTIFICATES) {
		const start = next + 3;
		next = start + takeLength(bytes, next);
		if (next === start || next > end) throw new Error("malformed Certificate");
		chain.push(bytes.subarray(start, next));
	}
	return chain;
};

const takeLength = (bytes: Uint8Array, at: number): number => {
	return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
};

/** RFC 8422 5.4: named curve secp256r1, an uncompressed point, SHA-256 with RSA or ECDSA. */
const checkKeyExchange = (bytes: Uint8Array, start: number, end: number): void => {
	const signature = start + 4 + 65;
	if (end - signature < 4) throw new Error("malformed ServerKeyExchange");
	const isP256 = bytes[start] === 3 && bytes[start + 1] === 0 && bytes[start + 2] === 23;
	if (!isP256 || bytes[start + 3] !== 65 || bytes[start + 4] !== 4) {
		throw new Error("key exchange is not on P-256");
	}
	if (bytes[signature] !== 4) throw new Error("key exchange is not signed with SHA-256");
	const algorithm = bytes[signature + 1];
	if (algorithm !== 1 && algorithm !== 3) throw new Error("key exchange is not signed");
	const length = ((bytes[signature + 2] ?? 0) << 8) | (bytes[signature + 3] ?? 0);
	if (length === 0 || signature + 4 + length !== end)
		throw new Error("malformed ServerKeyExchange");
};
