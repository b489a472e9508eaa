/**
 * Reads the extensions of a certificate (RFC 5280 section 4.2) that say what it may be used for.
 * Always holds: an extension that appears twice, or is critical and not understood here, throws.
 */

import type { Certificate } from "./certificate";
import { DerReader, rangeIs, sameBytes, Tag } from "./der";

const MAXIMUM_EXTENSIONS = 24;

/** Last octet of id-ce identifiers (2.5.29.x), which are encoded 55 1d x. */
const KEY_USAGE = 15;
const SUBJECT_ALT_NAME = 17;
const BASIC_CONSTRAINTS = 19;
const NAME_CONSTRAINTS = 30;
const EXTENDED_KEY_USAGE = 37;

/** id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280 4.2.1.12). */
const SERVER_AUTH = Uint8Array.of(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
const ANY_USAGE = Uint8Array.of(0x55, 0x1d, 0x25, 0x00);

/** The reader stands at [3]; afterwards behind it. */
export function readExtensions(der: DerReader, certificate: Certificate): void {
	const outer = der.enter(0xa3, "extensions");
	const middle = der.enter(Tag.Sequence, "extensions");
	const first = der.at;
	let count = 0;
	while (der.more) {
		if (++count > MAXIMUM_EXTENSIONS) throw new Error("too many extensions");
		readExtension(der, certificate, first);
	}
	der.leave(middle, "extensions");
	der.leave(outer, "extensions");
}

function readExtension(der: DerReader, certificate: Certificate, first: number): void {
	const { bytes } = certificate;
	const begin = der.at;
	const outer = der.enter(Tag.Sequence, "extension");
	der.expect(Tag.ObjectIdentifier, "extension");
	const idStart = der.start;
	const idEnd = der.end;
	if (isRepeated(bytes, first, begin, idStart, idEnd)) throw new Error("extension appears twice");
	const isCritical = der.peek() === Tag.Boolean && readBoolean(der);
	der.expect(Tag.OctetString, "extension");
	const isBasic = idEnd - idStart === 3 && bytes[idStart] === 0x55 && bytes[idStart + 1] === 0x1d;
	const kind = isBasic ? (bytes[idStart + 2] ?? -1) : -1;
	const inner = new DerReader(bytes, der.start, der.end);
	der.leave(outer, "extension");
	if (kind === KEY_USAGE) readKeyUsage(inner, certificate);
	else if (kind === BASIC_CONSTRAINTS) readBasicConstraints(inner, certificate);
	else if (kind === EXTENDED_KEY_USAGE) readExtendedKeyUsage(inner, certificate);
	else if (kind === SUBJECT_ALT_NAME) {
		inner.expect(Tag.Sequence, "subjectAltName");
		certificate.namesStart = inner.start;
		certificate.namesEnd = inner.end;
	} else if (kind === NAME_CONSTRAINTS) throw new Error("name constraints are not supported");
	else if (isCritical) throw new Error("unknown critical extension");
	else return;
	if (inner.more) throw new Error("malformed DER: bytes behind the extension");
}

/** Whether one of the extensions in [from, to) has this identifier. */
function isRepeated(
	bytes: Uint8Array,
	from: number,
	to: number,
	idStart: number,
	idEnd: number,
): boolean {
	const earlier = new DerReader(bytes, from, to);
	while (earlier.more) {
		const outer = earlier.enter(Tag.Sequence, "extension");
		earlier.next();
		if (sameBytes(bytes, earlier.start, earlier.end, bytes, idStart, idEnd)) return true;
		earlier.at = earlier.limit;
		earlier.limit = outer;
	}
	return false;
}

function readBoolean(der: DerReader): boolean {
	der.expect(Tag.Boolean, "boolean");
	const value = der.end - der.start === 1 ? der.bytes[der.start] : -1;
	if (value !== 0 && value !== 0xff) throw new Error("malformed DER: bad boolean");
	return value === 0xff;
}

/** RFC 5280 4.2.1.3: named bits, the first one on top of the first octet. */
function readKeyUsage(der: DerReader, certificate: Certificate): void {
	der.expect(Tag.BitString, "keyUsage");
	const length = der.end - der.start;
	const unusedBits = der.bytes[der.start] ?? 8;
	if (length < 2 || length > 3 || unusedBits > 7) throw new Error("malformed DER: bad keyUsage");
	certificate.keyUsage = der.bytes[der.start + 1] ?? 0;
}

/** RFC 5280 4.2.1.9. */
function readBasicConstraints(der: DerReader, certificate: Certificate): void {
	const outer = der.enter(Tag.Sequence, "basicConstraints");
	if (der.peek() === Tag.Boolean) certificate.isAuthority = readBoolean(der);
	if (der.more) {
		der.expect(Tag.Integer, "pathLenConstraint");
		const length = der.bytes[der.start] ?? 0x80;
		if (der.end - der.start !== 1 || length > 0x7f) throw new Error("bad pathLenConstraint");
		certificate.pathLength = length;
	}
	der.leave(outer, "basicConstraints");
}

/** RFC 5280 4.2.1.12. */
function readExtendedKeyUsage(der: DerReader, certificate: Certificate): void {
	const { bytes } = certificate;
	const outer = der.enter(Tag.Sequence, "extKeyUsage");
	certificate.serverUsage = 0;
	while (der.more) {
		der.expect(Tag.ObjectIdentifier, "extKeyUsage");
		const isServer = rangeIs(bytes, der.start, der.end, SERVER_AUTH);
		if (isServer || rangeIs(bytes, der.start, der.end, ANY_USAGE)) certificate.serverUsage = 1;
	}
	der.leave(outer, "extKeyUsage");
}
