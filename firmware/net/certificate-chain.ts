/**
 * Decides whether a chain of certificates, as the broker sent it, authenticates a host. A chain
 * is good when each certificate is signed by the next, up to one that a trusted authority signed;
 * whatever the broker sent behind that is not looked at. Always holds: bounded work; the answer
 * for bytes of any kind is a reason, never an exception. Must not know sockets or the handshake.
 */

import { type Certificate, HashKind, KeyKind, readCertificate } from "./certificate";
import { coversHost, describeName } from "./certificate-names";
import { isSignedBy, whyBadKey } from "./certificate-signature";
import { sameBytes } from "./der";

/** Leaf, intermediates and perhaps the authority itself. */
export const MAXIMUM_CHAIN = 5;

/** First octet of keyUsage (RFC 5280 4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

/**
 * Checks a chain.
 * @param chain certificates (DER), the broker's own first
 * @param authorities certificates (DER) that are trusted as they are
 * @param host DNS name or IPv4 address that the first certificate must be for
 * @param nowMs the time, unix milliseconds
 * @returns "" when the chain is good, otherwise the reason
 */
export function checkChain(
	chain: readonly Uint8Array[],
	authorities: readonly (ArrayBuffer | Uint8Array)[],
	host: string,
	nowMs: number,
): string {
	try {
		return checkAll(chain, authorities, host, nowMs);
	} catch (error) {
		return (error as Error).message;
	}
}

function checkAll(
	chain: readonly Uint8Array[],
	authorities: readonly (ArrayBuffer | Uint8Array)[],
	host: string,
	nowMs: number,
): string {
	if (chain.length > MAXIMUM_CHAIN) return `chain of ${chain.length} certificates is too long`;
	const first = chain[0];
	if (first === undefined) return "broker sent no certificate";
	let current = readCertificate(first);
	let reason = whyBadLeaf(current, host, nowMs);
	for (let depth = 0; reason === ""; depth++) {
		const trust = findAuthority(current, authorities, depth, nowMs);
		if (trust === "") return "";
		const bytes = chain[depth + 1];
		if (bytes === undefined) return trust;
		const issuer = readCertificate(bytes);
		// Not the issuer, or an authority that was asked already: nothing new to be learned.
		if (!isIssuer(current, issuer) || isAmong(issuer, authorities)) return trust;
		reason = whyBadLink(current, issuer, depth, nowMs);
		current = issuer;
	}
	return reason;
}

/** "" when one of the authorities vouches for the certificate, otherwise why none does. */
function findAuthority(
	certificate: Certificate,
	authorities: readonly (ArrayBuffer | Uint8Array)[],
	depth: number,
	nowMs: number,
): string {
	let reason = "";
	for (const der of authorities) {
		const authority = readCertificate(view(der));
		if (!isIssuer(certificate, authority)) continue;
		const why = whyBadLink(certificate, authority, depth, nowMs);
		if (why === "") return "";
		reason = why;
	}
	if (reason !== "") return reason;
	const { bytes, issuerStart, issuerEnd } = certificate;
	return `unknown authority ${describeName(bytes, issuerStart, issuerEnd)}`;
}

function view(der: ArrayBuffer | Uint8Array): Uint8Array {
	return ArrayBuffer.isView(der) ? der : new Uint8Array(der);
}

function isAmong(
	certificate: Certificate,
	authorities: readonly (ArrayBuffer | Uint8Array)[],
): boolean {
	const { bytes } = certificate;
	for (const der of authorities) {
		const other = view(der);
		if (sameBytes(bytes, 0, bytes.length, other, 0, other.length)) return true;
	}
	return false;
}

/** What the broker's own certificate must be, apart from who signed it. */
function whyBadLeaf(leaf: Certificate, host: string, nowMs: number): string {
	const date = whyBadDate(leaf, nowMs);
	if (date !== "") return date;
	const key = whyBadKey(leaf);
	if (key !== "") return `${key} (${subject(leaf)})`;
	// All ciphers offered are ECDHE: the broker signs with its key (RFC 5246 7.4.2, RFC 8422 5.3).
	if (leaf.keyUsage >= 0 && (leaf.keyUsage & DIGITAL_SIGNATURE) === 0) {
		return `key usage without digitalSignature (${subject(leaf)})`;
	}
	if (leaf.serverUsage === 0) return `extended key usage without serverAuth (${subject(leaf)})`;
	if (!coversHost(leaf, host)) return `certificate is not for ${host} (${subject(leaf)})`;
	return "";
}

/** Why `issuer`, whose name fits, does not vouch for `certificate`; depth: intermediates below. */
function whyBadLink(
	certificate: Certificate,
	issuer: Certificate,
	depth: number,
	nowMs: number,
): string {
	const date = whyBadDate(issuer, nowMs);
	if (date !== "") return date;
	const key = whyBadKey(issuer);
	if (key !== "") return `${key} (${subject(issuer)})`;
	if (!issuer.isAuthority) return `issuer is no authority (${subject(issuer)})`;
	if (issuer.keyUsage >= 0 && (issuer.keyUsage & KEY_CERT_SIGN) === 0) {
		return `key usage without keyCertSign (${subject(issuer)})`;
	}
	if (issuer.serverUsage === 0) return `extended key usage without serverAuth (${subject(issuer)})`;
	if (issuer.pathLength >= 0 && issuer.pathLength < depth) {
		return `path length exceeded (${subject(issuer)})`;
	}
	if (certificate.signatureKind === KeyKind.Other || certificate.hashKind === HashKind.Other) {
		return `signature algorithm is not allowed (${subject(certificate)})`;
	}
	if (!isSignedBy(certificate, issuer)) {
		return `signature is not from ${subject(issuer)} (${subject(certificate)})`;
	}
	return "";
}

/** RFC 5280 6.1.3 (a)(4), byte by byte: authorities copy their name into what they sign. */
function isIssuer(certificate: Certificate, issuer: Certificate): boolean {
	return sameBytes(
		certificate.bytes,
		certificate.issuerStart,
		certificate.issuerEnd,
		issuer.bytes,
		issuer.subjectStart,
		issuer.subjectEnd,
	);
}

function whyBadDate(certificate: Certificate, nowMs: number): string {
	const { notBeforeMs, notAfterMs } = certificate;
	if (nowMs > notAfterMs) return `certificate expired ${iso(notAfterMs)} (${subject(certificate)})`;
	if (nowMs >= notBeforeMs) return "";
	return `certificate is not valid before ${iso(notBeforeMs)} (${subject(certificate)})`;
}

function iso(unixMs: number): string {
	return new Date(unixMs).toISOString().replace(".000Z", "Z");
}

function subject(certificate: Certificate): string {
	const { bytes, subjectStart, subjectEnd } = certificate;
	return describeName(bytes, subjectStart, subjectEnd);
}
