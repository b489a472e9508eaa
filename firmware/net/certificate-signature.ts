/**
 * Public keys and signatures of certificates, on the SDK's primitives. Always holds: only RSA of
 * 2,048 to 4,096 bits and P-256 with SHA-256, -384 or -512; what the SDK's verifiers leave out is
 * done here: PKCS#1 padding is compared to the last byte (the SDK skips it and ignores the hash's
 * name), r and s are within 1..n-1 (the SDK takes zeros), digests are cut to the curve's size,
 * and points are on the curve.
 */

import { Digest } from "crypt";
import { isOnCurve, isSignature, ORDER, power } from "ssl/numbers";
import { type Certificate, HashKind, KeyKind } from "./certificate";
import { DerReader, Tag } from "./der";

const enum Const {
	SCALAR_BYTES = 32,
}

/** DigestInfo before the digest (RFC 8017 9.2 note 1): lengths and last octets differ. */
const DIGEST_INFO = Uint8Array.of(
	...[0x30, 0, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01],
	...[0x65, 0x03, 0x04, 0x02, 0, 0x05, 0x00, 0x04, 0],
);

/** "" when the certificate's own key is one that is accepted, otherwise why not. */
export const whyBadKey = (certificate: Certificate): string => {
	const { bytes, keyStart, keyEnd, keyKind, keyBits, exponent } = certificate;
	if (keyKind === KeyKind.P256) {
		const middle = keyStart + Const.SCALAR_BYTES;
		const x = bigInteger(bytes, keyStart, middle);
		return isOnCurve(x, bigInteger(bytes, middle, keyEnd)) ? "" : "key is not on the curve";
	}
	if (keyKind !== KeyKind.Rsa) return "key is neither RSA nor P-256";
	if (keyBits < 2048 || keyBits > 4096) return `RSA key of ${keyBits} bits, 2048 to 4096 allowed`;
	// Small exponents have made forgeries possible time and again.
	if (exponent < 65537 || exponent % 2 === 0) return `RSA exponent ${exponent}`;
	return "";
};

/** Whether the signature on `certificate` was made with the key of `issuer`, which is accepted. */
export const isSignedBy = (certificate: Certificate, issuer: Certificate): boolean => {
	const { bytes, tbsStart, tbsEnd, signatureStart, signatureEnd, hashKind } = certificate;
	const hashName = nameOfHash(hashKind);
	if (certificate.signatureKind !== issuer.keyKind || hashName === "") return false;
	const digest = new Digest(hashName).process(bytes.subarray(tbsStart, tbsEnd));
	const signature = bytes.subarray(signatureStart, signatureEnd);
	const key = issuer.bytes.subarray(issuer.keyStart, issuer.keyEnd);
	if (issuer.keyKind === KeyKind.P256) return isEcdsaSignature(key, digest, signature);
	return isRsaSignature(key, issuer.exponent, hashKind, digest, signature);
};

const nameOfHash = (kind: number): "SHA256" | "SHA384" | "SHA512" | "" => {
	if (kind === HashKind.Sha256) return "SHA256";
	if (kind === HashKind.Sha384) return "SHA384";
	return kind === HashKind.Sha512 ? "SHA512" : "";
};

/**
 * RFC 8017 8.2.2: encode what is expected and compare, rather than parse what came.
 * @param key the modulus, without a zero in front
 */
export const isRsaSignature = (
	key: Uint8Array,
	exponent: number,
	hashKind: number,
	digest: ArrayBuffer,
	signature: Uint8Array,
): boolean => {
	if (signature.length !== key.length) return false;
	const modulus = bigInteger(key, 0, key.length);
	const value = bigInteger(signature, 0, signature.length);
	if (value >= modulus) return false;
	const opened = power(value, BigInt(exponent), modulus);
	return opened === encoded(hashKind, digest, key.length);
};

/** EMSA-PKCS1-v1_5 (RFC 8017 9.2). */
const encoded = (hashKind: number, digest: ArrayBuffer, length: number): bigint => {
	const bytes = new Uint8Array(length).fill(0xff);
	const hashStart = length - digest.byteLength;
	const infoStart = hashStart - DIGEST_INFO.length;
	bytes[0] = 0;
	bytes[1] = 1;
	bytes[infoStart - 1] = 0;
	bytes.set(DIGEST_INFO, infoStart);
	bytes[infoStart + 1] = DIGEST_INFO.length - 2 + digest.byteLength;
	bytes[infoStart + 14] = hashKind;
	bytes[hashStart - 1] = digest.byteLength;
	bytes.set(new Uint8Array(digest), hashStart);
	return bigInteger(bytes, 0, length);
};

/**
 * FIPS 186-5 section 6.4.2; the signature is an Ecdsa-Sig-Value (RFC 3279 2.2.3).
 * @param key X and Y of a point on the curve
 * @throws Error when the signature is none for P-256, r and s from 1 to n - 1 included
 */
export const isEcdsaSignature = (
	key: Uint8Array,
	digest: ArrayBuffer,
	signature: Uint8Array,
): boolean => {
	const der = new DerReader(signature, 0, signature.length);
	const outer = der.enter(Tag.Sequence, "signature");
	const r = readScalar(der);
	const s = readScalar(der);
	der.leave(outer, "signature");
	if (der.more) throw new Error("malformed DER: bytes behind the signature");
	const x = bigInteger(key, 0, Const.SCALAR_BYTES);
	const y = bigInteger(key, Const.SCALAR_BYTES, 2 * Const.SCALAR_BYTES);
	const cut = digest.byteLength > Const.SCALAR_BYTES ? digest.slice(0, Const.SCALAR_BYTES) : digest;
	return isSignature(x, y, cut, r, s);
};

/** A positive integer below n. */
const readScalar = (der: DerReader): bigint => {
	der.expect(Tag.Integer, "signature");
	const { bytes, start, end } = der;
	if ((bytes[start] ?? 0x80) & 0x80) throw new Error("malformed DER: negative signature");
	const value = bigInteger(bytes, start, end);
	if (value === 0n || value >= ORDER) throw new Error("signature out of range");
	return value;
};

/** The big-endian number in [start, end). */
const bigInteger = (bytes: Uint8Array, start: number, end: number): bigint => {
	return BigInt.fromArrayBuffer(bytes.slice(start, end).buffer);
};
