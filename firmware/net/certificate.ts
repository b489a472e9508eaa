/**
 * Reads one X.509 certificate (RFC 5280) into offsets and flags. Always holds: a certificate that
 * is returned is well-formed DER from the first to the last byte, of version 3, and has no
 * extension twice and no critical one that is not understood; everything else throws an Error
 * with the reason. Checks no signature, date or name: that is certificate-chain.ts.
 */

import { openExtensions, readExtension } from "./certificate-extensions";
import { DerReader, rangeIs, sameBytes, Tag } from "./der";

/** A certificate of a broker takes 400 to 2,000 bytes. */
export const MAXIMUM_CERTIFICATE_BYTES = 6144;

/** Kinds of public key. */
export const enum KeyKind {
	Other = 0,
	Rsa = 1,
	P256 = 2,
}

/** Signature algorithms by what they hash with; kinds of key as above. */
export const enum HashKind {
	Other = 0,
	Sha256 = 1,
	Sha384 = 2,
	Sha512 = 3,
}

const oid = (...encoded: number[]): Uint8Array => Uint8Array.from(encoded);

// Object identifiers as they are encoded.
const RSA_ENCRYPTION = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);
const EC_PUBLIC_KEY = oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
const PRIME256V1 = oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
/** sha256/384/512WithRSAEncryption end with 11, 12, 13 (RFC 4055 section 5). */
const RSA_SIGNATURES = oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01);
/** ecdsa-with-SHA256/384/512 end with 2, 3, 4 (RFC 5758 section 3.2). */
const ECDSA_SIGNATURES = oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03);

/** What is in a certificate; all positions are in `bytes`. */
export class Certificate {
	readonly bytes: Uint8Array;
	/** The part that is signed. */
	tbsStart = 0;
	tbsEnd = 0;
	/** signatureAlgorithm with its header. */
	algorithmStart = 0;
	algorithmEnd = 0;
	/** Names with their header. */
	issuerStart = 0;
	issuerEnd = 0;
	subjectStart = 0;
	subjectEnd = 0;
	/** Unix milliseconds. */
	notBeforeMs = 0;
	notAfterMs = 0;
	keyKind: number = KeyKind.Other;
	/** Bits of an RSA modulus. */
	keyBits = 0;
	/** RSA: the modulus; P-256: X and Y, 32 bytes each. */
	keyStart = 0;
	keyEnd = 0;
	/** RSA's public exponent. */
	exponent = 0;
	signatureKind: number = KeyKind.Other;
	hashKind: number = HashKind.Other;
	signatureStart = 0;
	signatureEnd = 0;
	/** basicConstraints: cA. */
	isAuthority = false;
	/** pathLenConstraint, -1 without. */
	pathLength = -1;
	/** First octet of keyUsage, -1 without the extension. */
	keyUsage = -1;
	/** extendedKeyUsage: -1 without the extension, 1 with serverAuth or any, 0 with neither. */
	serverUsage = -1;
	/** GeneralNames of subjectAltName; empty without the extension. */
	namesStart = 0;
	namesEnd = 0;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}
}

/**
 * Reads a certificate. Calls one reader after the other rather than one from the other: an
 * ESP8266 has 5 KB of stack for all this.
 * @throws Error with the reason
 */
export const readCertificate = (bytes: Uint8Array): Certificate => {
	if (bytes.length > MAXIMUM_CERTIFICATE_BYTES) throw new Error("certificate is too long");
	const certificate = new Certificate(bytes);
	const der = new DerReader(bytes, 0, bytes.length);
	der.enter(Tag.Sequence, "certificate");
	if (der.limit < bytes.length) throw new Error("malformed DER: bytes behind the certificate");
	der.expect(Tag.Sequence, "tbsCertificate");
	certificate.tbsStart = der.headerStart;
	certificate.tbsEnd = der.end;
	readSignature(der, certificate);
	if (der.more) throw new Error("malformed DER: extra bytes in certificate");
	// What is signed (RFC 5280 4.1.2).
	der.at = certificate.tbsStart;
	der.limit = certificate.tbsEnd;
	der.enter(Tag.Sequence, "tbsCertificate");
	readVersion(der);
	readSerialNumber(der);
	readInnerAlgorithm(der, certificate);
	der.expect(Tag.Sequence, "issuer");
	certificate.issuerStart = der.headerStart;
	certificate.issuerEnd = der.end;
	readValidity(der, certificate);
	der.expect(Tag.Sequence, "subject");
	certificate.subjectStart = der.headerStart;
	certificate.subjectEnd = der.end;
	readKey(der, certificate);
	// issuerUniqueID, subjectUniqueID: RFC 5280 4.1.2.8 has no use for them.
	while (der.peek() === 0x81 || der.peek() === 0x82) der.next();
	if (!der.more) return certificate;
	openExtensions(der);
	const first = der.at;
	while (der.more) readExtension(der, certificate, first);
	return certificate;
};

/** signatureAlgorithm and signatureValue (RFC 5280 4.1.1.2, 4.1.1.3). */
const readSignature = (der: DerReader, certificate: Certificate): void => {
	const { bytes } = certificate;
	const outer = der.enter(Tag.Sequence, "signatureAlgorithm");
	certificate.algorithmStart = der.headerStart;
	certificate.algorithmEnd = der.end;
	der.expect(Tag.ObjectIdentifier, "algorithm");
	const last = bytes[der.end - 1] ?? 0;
	if (rangeIs(bytes, der.start, der.end - 1, RSA_SIGNATURES)) {
		certificate.signatureKind = KeyKind.Rsa;
		if (last >= 11 && last <= 13) certificate.hashKind = last - 10;
		// RFC 4055 section 5: NULL, and also nothing is to be accepted.
		if (der.more) expectNull(der);
	} else if (rangeIs(bytes, der.start, der.end - 1, ECDSA_SIGNATURES)) {
		certificate.signatureKind = KeyKind.P256;
		if (last >= 2 && last <= 4) certificate.hashKind = last - 1;
	} else der.at = der.limit;
	der.leave(outer, "signatureAlgorithm");
	der.expect(Tag.BitString, "signature");
	if (bytes[der.start] !== 0) throw new Error("malformed DER: signature is not whole octets");
	certificate.signatureStart = der.start + 1;
	certificate.signatureEnd = der.end;
};

const expectNull = (der: DerReader): void => {
	der.expect(Tag.Null, "parameters");
	if (der.start !== der.end) throw new Error("malformed DER: bad parameters");
};

const readVersion = (der: DerReader): void => {
	const isExplicit = der.peek() === 0xa0;
	if (isExplicit) {
		const outer = der.enter(0xa0, "version");
		der.expect(Tag.Integer, "version");
		const version = der.end - der.start === 1 ? der.bytes[der.start] : -1;
		der.leave(outer, "version");
		if (version === 2) return;
	}
	throw new Error("not an X.509 version 3 certificate");
};

/** RFC 5280 4.1.2.2: up to 20 octets, and a zero that makes it positive. */
const readSerialNumber = (der: DerReader): void => {
	der.expect(Tag.Integer, "serialNumber");
	const length = der.end - der.start;
	if (length < 1 || length > 21) throw new Error("bad serial number");
};

/** RFC 5280 4.1.2.3: the same as the algorithm outside, which is not signed. */
const readInnerAlgorithm = (der: DerReader, certificate: Certificate): void => {
	der.expect(Tag.Sequence, "signature");
	const { bytes, algorithmStart, algorithmEnd } = certificate;
	if (!sameBytes(bytes, der.headerStart, der.end, bytes, algorithmStart, algorithmEnd)) {
		throw new Error("certificate names two signature algorithms");
	}
};

const readValidity = (der: DerReader, certificate: Certificate): void => {
	const outer = der.enter(Tag.Sequence, "validity");
	certificate.notBeforeMs = readTime(der);
	certificate.notAfterMs = readTime(der);
	der.leave(outer, "validity");
};

/** UTCTime and GeneralizedTime as RFC 5280 4.1.2.5 allows them: with seconds, in Zulu. */
const readTime = (der: DerReader): number => {
	der.next();
	const { bytes, start, end, tag } = der;
	const isLong = tag === Tag.GeneralizedTime;
	if (!isLong && tag !== Tag.UtcTime) throw new Error("malformed DER: date has another type");
	if (end - start !== (isLong ? 15 : 13) || bytes[end - 1] !== 0x5a) throw new Error("bad date");
	let year = twoDigits(bytes, start);
	let at = start + 2;
	if (isLong) {
		year = year * 100 + twoDigits(bytes, at);
		at += 2;
	} else year += year < 50 ? 2000 : 1900;
	const month = twoDigits(bytes, at);
	const day = twoDigits(bytes, at + 2);
	const hour = twoDigits(bytes, at + 4);
	const minute = twoDigits(bytes, at + 6);
	const second = twoDigits(bytes, at + 8);
	const unixMs = Date.UTC(year, month - 1, day, hour, minute, second);
	const date = new Date(unixMs);
	// Date.UTC takes the 31st of February for the 3rd of March.
	const isDate = date.getUTCDate() === day && date.getUTCMonth() === month - 1;
	if (year < 1000 || !isDate || hour > 23 || minute > 59 || second > 59)
		throw new Error("bad date");
	return unixMs;
};

const twoDigits = (bytes: Uint8Array, at: number): number => {
	const tens = (bytes[at] ?? 0) - 0x30;
	const ones = (bytes[at + 1] ?? 0) - 0x30;
	if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new Error("bad date");
	return tens * 10 + ones;
};

/** SubjectPublicKeyInfo (RFC 3279 2.3.1, RFC 5480 2). Kinds not supported stay Other. */
const readKey = (der: DerReader, certificate: Certificate): void => {
	const { bytes } = certificate;
	const outer = der.enter(Tag.Sequence, "subjectPublicKeyInfo");
	const middle = der.enter(Tag.Sequence, "key algorithm");
	der.expect(Tag.ObjectIdentifier, "key algorithm");
	let kind: number = KeyKind.Other;
	if (rangeIs(bytes, der.start, der.end, RSA_ENCRYPTION)) {
		kind = KeyKind.Rsa;
		if (der.more) expectNull(der);
	} else if (rangeIs(bytes, der.start, der.end, EC_PUBLIC_KEY)) {
		der.next();
		if (der.tag === Tag.ObjectIdentifier && rangeIs(bytes, der.start, der.end, PRIME256V1)) {
			kind = KeyKind.P256;
		}
	}
	if (kind === KeyKind.Other) der.at = der.limit;
	der.leave(middle, "key algorithm");
	der.expect(Tag.BitString, "public key");
	if (bytes[der.start] !== 0) throw new Error("malformed DER: key is not whole octets");
	const start = der.start + 1;
	const end = der.end;
	der.leave(outer, "subjectPublicKeyInfo");
	certificate.keyKind = kind;
	if (kind === KeyKind.Rsa) readRsaKey(new DerReader(bytes, start, end), certificate);
	if (kind !== KeyKind.P256) return;
	if (end - start !== 65 || bytes[start] !== 4)
		throw new Error("P-256 key is not an uncompressed point");
	certificate.keyStart = start + 1;
	certificate.keyEnd = end;
};

/** RSAPublicKey (RFC 8017 A.1.1). */
const readRsaKey = (der: DerReader, certificate: Certificate): void => {
	const { bytes } = certificate;
	const outer = der.enter(Tag.Sequence, "RSA key");
	der.expect(Tag.Integer, "modulus");
	const start = bytes[der.start] === 0 ? der.start + 1 : der.start;
	const first = bytes[start] ?? 0;
	if (first === 0 || (first & 0x80 && start === der.start)) throw new Error("bad RSA modulus");
	certificate.keyStart = start;
	certificate.keyEnd = der.end;
	certificate.keyBits = (der.end - start) * 8 - Math.clz32(first) + 24;
	der.expect(Tag.Integer, "exponent");
	const length = der.end - der.start;
	if (length < 1 || length > 4 || (bytes[der.start] ?? 0) & 0x80)
		throw new Error("bad RSA exponent");
	let exponent = 0;
	for (let i = der.start; i < der.end; i++) exponent = exponent * 256 + (bytes[i] ?? 0);
	certificate.exponent = exponent;
	der.leave(outer, "RSA key");
	if (der.more) throw new Error("malformed DER: bytes behind the RSA key");
};
