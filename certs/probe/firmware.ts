/**
 * What `certs probe` and `certs import` run of the firmware: its TLS client, its check of chains,
 * and what it reads in a certificate. Bundled for a board, as the firmware is, and started by
 * load.ts. Always holds: a verdict comes out of the firmware's own functions; nothing here
 * decides.
 */

import { KeyKind, readCertificate } from "../../firmware/net/certificate";
import { describeName } from "../../firmware/net/certificate-names";
import { whyBadKey } from "../../firmware/net/certificate-signature";
import { DerReader } from "../../firmware/net/der";

export { checkChain } from "../../firmware/net/certificate-chain";
export { Certificates } from "../../firmware/net/certificates";
export { default as Client } from "../../firmware/net/ssl/client";
export { helloBytes } from "../../firmware/net/ssl/hello";
export { alertText } from "../../firmware/net/tls-alert";
export { openTls } from "../../firmware/net/tls-guard";

/** GeneralName tags (RFC 5280 4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/** What the firmware reads in a certificate. */
export interface Facts {
	/** Why the firmware cannot read it; "" when it can, and only then the rest counts. */
	readonly error: string;
	/** `CN=…`, as in the firmware's messages. */
	readonly subject: string;
	readonly issuer: string;
	/** Names as DER, hexadecimal: issuers are found by them. */
	readonly subjectDer: string;
	readonly issuerDer: string;
	/** Unix milliseconds. */
	readonly notBeforeMs: number;
	readonly notAfterMs: number;
	readonly keyKind: "RSA" | "P-256" | "other";
	/** Of an RSA modulus. */
	readonly keyBits: number;
	/** Why the firmware does not take the key; "" when it does. */
	readonly keyReason: string;
	readonly signatureKind: "RSA" | "P-256" | "other";
	/** Bits of SHA-2; 0 for anything else. */
	readonly hashBits: number;
	readonly isAuthority: boolean;
	/** -1 without. */
	readonly pathLength: number;
	/** First octet of keyUsage, -1 without the extension. */
	readonly keyUsage: number;
	/** -1 without extended key usage, 1 with serverAuth or any, 0 with neither. */
	readonly serverUsage: number;
	/** DNS names and IPv4 addresses of subjectAltName. */
	readonly names: readonly string[];
	readonly hasNames: boolean;
}

const KINDS = { [KeyKind.Rsa]: "RSA", [KeyKind.P256]: "P-256" } as const;
const HASH_BITS = [0, 256, 384, 512];

/** Reads a certificate, DER. Throws nothing. */
export function inspect(der: Uint8Array): Facts {
	try {
		return read(der);
	} catch (error) {
		return { ...NOTHING, error: (error as Error).message };
	}
}

const NOTHING: Facts = {
	error: "",
	subject: "",
	issuer: "",
	subjectDer: "",
	issuerDer: "",
	notBeforeMs: 0,
	notAfterMs: 0,
	keyKind: "other",
	keyBits: 0,
	keyReason: "",
	signatureKind: "other",
	hashBits: 0,
	isAuthority: false,
	pathLength: -1,
	keyUsage: -1,
	serverUsage: -1,
	names: [],
	hasNames: false,
};

/** `CN=…` of a name, DER; for what cannot be read a question mark. */
export function nameOf(der: Uint8Array): string {
	try {
		return describeName(der, 0, der.length);
	} catch {
		return "?";
	}
}

function read(der: Uint8Array): Facts {
	const one = readCertificate(der);
	const { bytes, subjectStart, subjectEnd, issuerStart, issuerEnd, namesStart, namesEnd } = one;
	return {
		error: "",
		subject: describeName(bytes, subjectStart, subjectEnd),
		issuer: describeName(bytes, issuerStart, issuerEnd),
		subjectDer: hex(bytes, subjectStart, subjectEnd),
		issuerDer: hex(bytes, issuerStart, issuerEnd),
		notBeforeMs: one.notBeforeMs,
		notAfterMs: one.notAfterMs,
		keyKind: kindOf(one.keyKind),
		keyBits: one.keyBits,
		keyReason: whyBadKey(one),
		signatureKind: kindOf(one.signatureKind),
		hashBits: HASH_BITS[one.hashKind] ?? 0,
		isAuthority: one.isAuthority,
		pathLength: one.pathLength,
		keyUsage: one.keyUsage,
		serverUsage: one.serverUsage,
		names: readNames(bytes, namesStart, namesEnd),
		hasNames: namesEnd > namesStart,
	};
}

function kindOf(kind: number): Facts["keyKind"] {
	return KINDS[kind as keyof typeof KINDS] ?? "other";
}

function hex(bytes: Uint8Array, start: number, end: number): string {
	let text = "";
	for (let i = start; i < end; i++) text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
	return text;
}

function readNames(bytes: Uint8Array, start: number, end: number): string[] {
	const names: string[] = [];
	const der = new DerReader(bytes, start, end);
	while (der.more) {
		der.next();
		const value = bytes.subarray(der.start, der.end);
		if (der.tag === DNS_NAME) names.push(printable(value));
		if (der.tag === IP_ADDRESS && value.length === 4) names.push(value.join("."));
	}
	return names;
}

function printable(bytes: Uint8Array): string {
	let text = "";
	for (const code of bytes) text += code > 0x20 && code < 0x7f ? String.fromCharCode(code) : "?";
	return text;
}
