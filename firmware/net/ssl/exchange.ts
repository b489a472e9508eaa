/**
 * What the client computes in a handshake: random numbers, the key exchange on P-256, and its
 * signature with an RSA key. Always holds: the broker's point is on the curve before it is
 * multiplied with a secret. Each big number is read when it is needed and dropped at once, because
 * an ESP8266 has no room for a whole key.
 */

import { Digest } from "crypt";
import RNG from "rng";
import { isOnCurve, multiply, multiplyBase, ORDER, power, SCALAR_BYTES } from "./numbers";

/** EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 9.2): DigestInfo before the digest. */
const DIGEST_INFO = Uint8Array.of(
	...[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01],
	...[0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20],
);

const enum Const {
	// Numbers of an RSA key in RSAPrivateKey's order (RFC 8017 A.1.2).
	MODULUS = 1,
	PRIME_1 = 4,
	PRIME_2 = 5,
	EXPONENT_1 = 6,
	EXPONENT_2 = 7,
	COEFFICIENT = 8,
}

/** Where the numbers of the client's key come from. */
export interface KeySource {
	keyNumber(index: number): bigint;
}

/**
 * 32 random bytes. The SDK's generator is RC4, seeded once; what the platform gives now is hashed
 * with it.
 */
export const random32 = (): Uint8Array => {
	const fresh = new Uint8Array(SCALAR_BYTES);
	for (let i = 0; i < SCALAR_BYTES; i++) fresh[i] = Math.random() * 256;
	return new Uint8Array(new Digest("SHA256").process(fresh, RNG.get(SCALAR_BYTES)));
};

/** A secret for one key exchange, from 1 to n - 1. */
export const newSecret = (): bigint => {
	return (bigInteger(random32(), 0, SCALAR_BYTES) % (ORDER - 1n)) + 1n;
};

/** Writes the point that belongs to the secret: 65 bytes, uncompressed (RFC 8422 5.4.1). */
export const putPoint = (secret: bigint, bytes: Uint8Array, at: number): void => {
	const point = multiplyBase(secret);
	bytes[at] = 4;
	bytes.set(new Uint8Array(ArrayBuffer.fromBigInt(point.x, SCALAR_BYTES)), at + 1);
	bytes.set(new Uint8Array(ArrayBuffer.fromBigInt(point.y, SCALAR_BYTES)), at + 33);
};

/** What both ends know, from the broker's X and Y. @throws Error when that is no point */
export const sharedSecret = (secret: bigint, theirs: Uint8Array): Uint8Array => {
	const x = bigInteger(theirs, 0, SCALAR_BYTES);
	const y = bigInteger(theirs, SCALAR_BYTES, 2 * SCALAR_BYTES);
	if (!isOnCurve(x, y)) throw new Error("key exchange is not on the curve");
	return new Uint8Array(ArrayBuffer.fromBigInt(multiply(x, y, secret), SCALAR_BYTES));
};

/** Signature on a SHA-256 digest (RFC 8017 8.2.1), by the Chinese remainder theorem. */
export const signRsa = (key: KeySource, digest: ArrayBuffer): Uint8Array => {
	const length = (BigInt.bitLength(key.keyNumber(Const.MODULUS)) + 7) >> 3;
	const second = halfSignature(key, digest, length, Const.EXPONENT_2, Const.PRIME_2);
	const first = halfSignature(key, digest, length, Const.EXPONENT_1, Const.PRIME_1);
	const prime = key.keyNumber(Const.PRIME_1);
	let factor = ((first - second) * key.keyNumber(Const.COEFFICIENT)) % prime;
	if (factor < 0n) factor += prime;
	const signature = second + factor * key.keyNumber(Const.PRIME_2);
	return new Uint8Array(ArrayBuffer.fromBigInt(signature, length));
};

/** The message is made anew for each prime: it is twice as long as what is left of it. */
const halfSignature = (
	key: KeySource,
	digest: ArrayBuffer,
	length: number,
	exponent: number,
	prime: number,
): bigint => {
	const modulus = key.keyNumber(prime);
	return power(encoded(digest, length) % modulus, key.keyNumber(exponent), modulus);
};

const encoded = (digest: ArrayBuffer, length: number): bigint => {
	const bytes = new Uint8Array(length).fill(0xff);
	const hashAt = length - digest.byteLength;
	const infoAt = hashAt - DIGEST_INFO.length;
	bytes[0] = 0;
	bytes[1] = 1;
	bytes[infoAt - 1] = 0;
	bytes.set(DIGEST_INFO, infoAt);
	bytes.set(new Uint8Array(digest), hashAt);
	return BigInt.fromArrayBuffer(bytes.buffer);
};

const bigInteger = (bytes: Uint8Array, start: number, end: number): bigint => {
	return BigInt.fromArrayBuffer(bytes.slice(start, end).buffer);
};
