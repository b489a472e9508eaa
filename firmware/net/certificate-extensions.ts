/**
 * Reads the extensions of a certificate (RFC 5280 section 4.2) that say what it may be used for.
 * Always holds: an extension that appears twice, or is critical and not understood here, throws.
 */

import type { Certificate } from "./certificate";
import { DerReader, rangeIs, sameBytes, Tag } from "./der";

const enum Const {
	MAXIMUM_EXTENSIONS = 24,
	/** Last octet of id-ce identifiers (2.5.29.x), which are encoded 55 1d x. */
	KEY_USAGE = 15,
	SUBJECT_ALT_NAME = 17,
	BASIC_CONSTRAINTS = 19,
	NAME_CONSTRAINTS = 30,
	EXTENDED_KEY_USAGE = 37,
}

/** id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280 4.2.1.12). */
const SERVER_AUTH = Uint8Array.of(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
const ANY_USAGE = Uint8Array.of(0x55, 0x1d, 0x25, 0x00);

/** Goes into Extensions: the reader stands at [3], which must be the last of its range. */
export const openExtensions = (der: DerReader): void => {
	const outer = der.enter(0xa3, "extensions");
	const middle = der.enter(Tag.Sequence, "extensions");
	if (der.limit !== middle || middle !== outer) {
		throw new Error("malformed DER: bytes behind the extensions");
	}
};

/**
 * Reads one Extension.
 * @param first where the first one begins
 */
export const readExtension = (der: DerReader, certificate: Certificate, first: number): void => {
	const begin = der.at;
	const outer = der.enter(Tag.Sequence, "extension");
	der.expect(Tag.ObjectIdentifier, "extension");
	refuseRepeated(der, first, begin);
	const kind = kindOf(der);
	const isCritical = der.peek() === Tag.Boolean && readBoolean(der);
	der.enter(Tag.OctetString, "extension");
	const isRead = readValue(der, certificate, kind);
	if (isCritical && !isRead) throw new Error("unknown critical extension");
	if (!isRead) der.at = der.limit;
	der.leave(outer, "extension");
};

/** x of the identifier 2.5.29.x that was read, -1 for others. */
const kindOf = ({ bytes, start, end }: DerReader): number => {
	if (end - start !== 3 || bytes[start] !== 0x55 || bytes[start + 1] !== 0x1d) return -1;
	return bytes[start + 2] ?? -1;
};

/** @returns whether this kind is understood */
const readValue = (der: DerReader, certificate: Certificate, kind: number): boolean => {
	switch (kind) {
		case Const.KEY_USAGE:
			readKeyUsage(der, certificate);
			return true;
		case Const.BASIC_CONSTRAINTS:
			readBasicConstraints(der, certificate);
			return true;
		case Const.EXTENDED_KEY_USAGE:
			readExtendedKeyUsage(der, certificate);
			return true;
		case Const.SUBJECT_ALT_NAME:
			der.expect(Tag.Sequence, "subjectAltName");
			certificate.namesStart = der.start;
			certificate.namesEnd = der.end;
			return true;
		case Const.NAME_CONSTRAINTS:
			throw new Error("name constraints are not supported");
		default:
			return false;
	}
};

/** Throws when one of the extensions in [at, end) has the identifier that was read. */
const refuseRepeated = (der: DerReader, at: number, end: number): void => {
	const { bytes } = der;
	const earlier = new DerReader(bytes, at, end);
	let count = 1;
	while (earlier.more) {
		const outer = earlier.enter(Tag.Sequence, "extension");
		earlier.next();
		if (sameBytes(bytes, earlier.start, earlier.end, bytes, der.start, der.end)) {
			throw new Error("extension appears twice");
		}
		earlier.at = earlier.limit;
		earlier.limit = outer;
		if (++count > Const.MAXIMUM_EXTENSIONS) throw new Error("too many extensions");
	}
};

const readBoolean = (der: DerReader): boolean => {
	der.expect(Tag.Boolean, "boolean");
	const value = der.end - der.start === 1 ? der.bytes[der.start] : -1;
	if (value !== 0 && value !== 0xff) throw new Error("malformed DER: bad boolean");
	return value === 0xff;
};

/** RFC 5280 4.2.1.3: named bits, the first one on top of the first octet. */
const readKeyUsage = (der: DerReader, certificate: Certificate): void => {
	der.expect(Tag.BitString, "keyUsage");
	const length = der.end - der.start;
	const unusedBits = der.bytes[der.start] ?? 8;
	if (length < 2 || length > 3 || unusedBits > 7) throw new Error("malformed DER: bad keyUsage");
	certificate.keyUsage = der.bytes[der.start + 1] ?? 0;
};

/** RFC 5280 4.2.1.9. */
const readBasicConstraints = (der: DerReader, certificate: Certificate): void => {
	const outer = der.enter(Tag.Sequence, "basicConstraints");
	if (der.peek() === Tag.Boolean) certificate.isAuthority = readBoolean(der);
	if (der.more) {
		der.expect(Tag.Integer, "pathLenConstraint");
		const length = der.bytes[der.start] ?? 0x80;
		if (der.end - der.start !== 1 || length > 0x7f) throw new Error("bad pathLenConstraint");
		certificate.pathLength = length;
	}
	der.leave(outer, "basicConstraints");
};

/** RFC 5280 4.2.1.12. */
const readExtendedKeyUsage = (der: DerReader, certificate: Certificate): void => {
	const { bytes } = certificate;
	const outer = der.enter(Tag.Sequence, "extKeyUsage");
	certificate.serverUsage = 0;
	while (der.more) {
		der.expect(Tag.ObjectIdentifier, "extKeyUsage");
		const isServer = rangeIs(bytes, der.start, der.end, SERVER_AUTH);
		if (isServer || rangeIs(bytes, der.start, der.end, ANY_USAGE)) certificate.serverUsage = 1;
	}
	der.leave(outer, "extKeyUsage");
};
