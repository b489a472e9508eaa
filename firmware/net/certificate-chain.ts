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

const enum Const {
	/** First octet of keyUsage (RFC 5280 4.2.1.3). */
	DIGITAL_SIGNATURE = 0x80,
	KEY_CERT_SIGN = 0x04,
}

/**
 * Checks a chain.
 * @param chain certificates (DER), the broker's own first
 * @param authorities certificates (DER) that are trusted as they are
 * @param host DNS name or IPv4 address that the first certificate must be for
 * @param nowMs the time, unix milliseconds
 * @returns "" when the chain is good, otherwise the reason
 */
export const checkChain = (
	chain: readonly Uint8Array[],
	authorities: readonly (ArrayBuffer | Uint8Array)[],
	host: string,
	nowMs: number,
): string => {
	try {
		const walk = new Walk(chain, authorities, host, nowMs);
		while (walk.next()) walk.take(isSignedBy(walk.certificate, walk.issuer));
		return walk.reason;
	} catch (error) {
		return (error as Error).message;
	}
};

/**
 * The way from the broker's certificate up to an authority by names, and down again by signatures,
 * one at a time: no key is computed with before it is trusted, because the SDK's arithmetic ends
 * the machine for some that are made for it. The signature itself is the caller's to check: it is
 * where the stack of an ESP8266 is deepest.
 */
class Walk {
	certificate: Certificate;
	/** Whose signature is to be checked on `certificate`. */
	issuer: Certificate;
	reason: string;
	private readonly chain: readonly Uint8Array[];
	private readonly authorities: readonly (ArrayBuffer | Uint8Array)[];
	private readonly nowMs: number;
	/** Place of `certificate` in the chain. */
	private depth = 0;
	/** The next of the authorities to ask. */
	private at = 0;
	/** The issuer is no authority, but vouched for by one: on the way down. */
	private isVouchedFor = false;
	private isDone: boolean;
	/** Why no authority vouches for the certificate. */
	private distrust = "";

	constructor(
		chain: readonly Uint8Array[],
		authorities: readonly (ArrayBuffer | Uint8Array)[],
		host: string,
		nowMs: number,
	) {
		if (chain.length > MAXIMUM_CHAIN) {
			throw new Error(`chain of ${chain.length} certificates is too long`);
		}
		const first = chain[0];
		if (first === undefined) throw new Error("broker sent no certificate");
		this.chain = chain;
		this.authorities = authorities;
		this.nowMs = nowMs;
		this.certificate = readCertificate(first);
		this.issuer = this.certificate;
		this.reason = whyBadLeaf(this.certificate, host, nowMs);
		this.isDone = this.reason !== "";
	}

	/** Goes on to the next signature that matters; false at the end, where `reason` counts. */
	next(): boolean {
		while (!this.isDone && !this.isVouchedFor) {
			const authority = this.authorities[this.at++];
			const der = authority ?? this.chain[this.depth + 1];
			if (der === undefined) return this.end(this.whyDistrusted());
			this.issuer = readCertificate(view(der));
			const isNamed = isIssuer(this.certificate, this.issuer);
			if (authority !== undefined && !isNamed) continue;
			// Not the issuer, or an authority that was asked already: nothing new to be learned.
			if (authority === undefined && (!isNamed || isAmong(this.issuer, this.authorities))) {
				return this.end(this.whyDistrusted());
			}
			const why = whyBadIssuer(this.certificate, this.issuer, this.depth, this.nowMs);
			if (authority === undefined) {
				if (why !== "") return this.end(why);
				this.certificate = this.issuer;
				this.depth++;
				this.at = 0;
				this.distrust = "";
			} else if (why === "") return true;
			else this.distrust = why;
		}
		return !this.isDone;
	}

	/** Takes whether `certificate` is signed by `issuer`. */
	take(isSigned: boolean): void {
		if (!isSigned) {
			const names = `${subject(this.issuer)} (${subject(this.certificate)})`;
			this.distrust = `signature is not from ${names}`;
			if (this.isVouchedFor) this.end(this.distrust);
		} else if (this.depth === 0) this.end("");
		else {
			this.isVouchedFor = true;
			this.issuer = this.certificate;
			this.certificate = readCertificate(this.chain[--this.depth] as Uint8Array);
		}
	}

	private end(reason: string): false {
		this.reason = reason;
		this.isDone = true;
		return false;
	}

	private whyDistrusted(): string {
		if (this.distrust !== "") return this.distrust;
		const { bytes, issuerStart, issuerEnd } = this.certificate;
		return `unknown authority ${describeName(bytes, issuerStart, issuerEnd)}`;
	}
}

const view = (der: ArrayBuffer | Uint8Array): Uint8Array => {
	return ArrayBuffer.isView(der) ? der : new Uint8Array(der);
};

const isAmong = (
	certificate: Certificate,
	authorities: readonly (ArrayBuffer | Uint8Array)[],
): boolean => {
	const { bytes } = certificate;
	for (const der of authorities) {
		const other = view(der);
		if (sameBytes(bytes, 0, bytes.length, other, 0, other.length)) return true;
	}
	return false;
};

/** What the broker's own certificate must be, apart from who signed it. */
const whyBadLeaf = (leaf: Certificate, host: string, nowMs: number): string => {
	const date = whyBadDate(leaf, nowMs);
	if (date !== "") return date;
	const key = whyBadKey(leaf);
	if (key !== "") return `${key} (${subject(leaf)})`;
	// All ciphers offered are ECDHE: the broker signs with its key (RFC 5246 7.4.2, RFC 8422 5.3).
	if (leaf.keyUsage >= 0 && (leaf.keyUsage & Const.DIGITAL_SIGNATURE) === 0) {
		return `key usage without digitalSignature (${subject(leaf)})`;
	}
	if (leaf.serverUsage === 0) return `extended key usage without serverAuth (${subject(leaf)})`;
	if (!coversHost(leaf, host)) return `certificate is not for ${host} (${subject(leaf)})`;
	return "";
};

/** Why `issuer`, whose name fits, does not vouch for `certificate`; depth: intermediates below. */
const whyBadIssuer = (
	certificate: Certificate,
	issuer: Certificate,
	depth: number,
	nowMs: number,
): string => {
	const date = whyBadDate(issuer, nowMs);
	if (date !== "") return date;
	const key = whyBadKey(issuer);
	if (key !== "") return `${key} (${subject(issuer)})`;
	if (!issuer.isAuthority) return `issuer is no authority (${subject(issuer)})`;
	if (issuer.keyUsage >= 0 && (issuer.keyUsage & Const.KEY_CERT_SIGN) === 0) {
		return `key usage without keyCertSign (${subject(issuer)})`;
	}
	if (issuer.serverUsage === 0) return `extended key usage without serverAuth (${subject(issuer)})`;
	if (issuer.pathLength >= 0 && issuer.pathLength < depth) {
		return `path length exceeded (${subject(issuer)})`;
	}
	if (certificate.signatureKind === KeyKind.Other || certificate.hashKind === HashKind.Other) {
		return `signature algorithm is not allowed (${subject(certificate)})`;
	}
	return "";
};

/** RFC 5280 6.1.3 (a)(4), byte by byte: authorities copy their name into what they sign. */
const isIssuer = (certificate: Certificate, issuer: Certificate): boolean => {
	return sameBytes(
		certificate.bytes,
		certificate.issuerStart,
		certificate.issuerEnd,
		issuer.bytes,
		issuer.subjectStart,
		issuer.subjectEnd,
	);
};

const whyBadDate = (certificate: Certificate, nowMs: number): string => {
	const { notBeforeMs, notAfterMs } = certificate;
	if (nowMs > notAfterMs) return `certificate expired ${iso(notAfterMs)} (${subject(certificate)})`;
	if (nowMs >= notBeforeMs) return "";
	return `certificate is not valid before ${iso(notBeforeMs)} (${subject(certificate)})`;
};

const iso = (unixMs: number): string => {
	return new Date(unixMs).toISOString().replace(".000Z", "Z");
};

const subject = (certificate: Certificate): string => {
	const { bytes, subjectStart, subjectEnd } = certificate;
	return describeName(bytes, subjectStart, subjectEnd);
};
