/**
 * Makes keys and certificates: authorities (ECDSA P-256), broker certificates and device
 * certificates, as the firmware's own check wants them (firmware/net/certificate-chain.ts).
 * Always holds: signatures are ECDSA with SHA-256; an authority signs nothing but leaves. Must
 * not know files.
 */

import type { webcrypto } from "node:crypto";
import { isIPv4 } from "node:net";
import type { X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import { loadX509 } from "./x509";

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

const { subtle } = globalThis.crypto;

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const RSA_2048 = {
	name: "RSASSA-PKCS1-v1_5",
	modulusLength: 2048,
	publicExponent: Uint8Array.of(1, 0, 1),
	hash: "SHA-256",
} as const;

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 20 * 365;
const BROKER_DAYS = 2 * 365;
const DEVICE_DAYS = 10 * 365;
/** Clocks of others may be slow. */
const BACKDATE_MS = 3_600_000;

export type KeyKind = "P-256" | "RSA";

/** A certificate and the key that belongs to it. */
export interface Identity {
	readonly certificate: X509Certificate;
	readonly keys: CryptoKeyPair;
}

/** A new key: ECDSA P-256, or RSA of 2,048 bits. */
export async function makeKeys(kind: KeyKind): Promise<CryptoKeyPair> {
	const algorithm = kind === "RSA" ? RSA_2048 : P256;
	return (await subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
}

/** A private key as PKCS#8, DER. */
export async function exportKey(keys: CryptoKeyPair): Promise<Uint8Array> {
	return new Uint8Array(await subtle.exportKey("pkcs8", keys.privateKey));
}

/** A certificate authority that may sign leaves only. */
export async function makeAuthority(
	name: string,
	keys: CryptoKeyPair,
	nowMs: number,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	const { KeyUsageFlags: usage } = x509;
	return x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: serialNumber(),
		name: [{ CN: [name] }],
		...validity(nowMs, AUTHORITY_DAYS),
		signingAlgorithm: P256,
		keys,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(usage.keyCertSign | usage.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
}

/**
 * A broker's certificate.
 * @param names DNS names and IPv4 addresses; the first one is the common name too
 */
export async function makeBrokerCertificate(
	authority: Identity,
	publicKey: CryptoKey,
	names: readonly string[],
	nowMs: number,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	const alternatives = names.map((value) => {
		return { type: isIPv4(value) ? ("ip" as const) : ("dns" as const), value };
	});
	return issue(authority, publicKey, names[0] ?? "broker", nowMs, BROKER_DAYS, [
		new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
		new x509.SubjectAlternativeNameExtension(alternatives),
	]);
}

/** A device's certificate; the node's id is the common name, which Mosquitto takes as the user. */
export async function makeDeviceCertificate(
	authority: Identity,
	publicKey: CryptoKey,
	node: string,
	nowMs: number,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	return issue(authority, publicKey, node, nowMs, DEVICE_DAYS, [
		new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
	]);
}

type Extensions = NonNullable<Parameters<typeof X509CertificateGenerator.create>[0]["extensions"]>;

async function issue(
	authority: Identity,
	publicKey: CryptoKey,
	commonName: string,
	nowMs: number,
	days: number,
	more: Extensions,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	return x509.X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: [{ CN: [commonName] }],
		issuer: authority.certificate.subjectName,
		...validity(nowMs, days),
		signingAlgorithm: P256,
		publicKey,
		signingKey: authority.keys.privateKey,
		extensions: [
			new x509.BasicConstraintsExtension(false, undefined, true),
			new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
			await x509.SubjectKeyIdentifierExtension.create(publicKey),
			await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
			...more,
		],
	});
}

function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
	return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

/** Hex. Positive and unpredictable (CA/Browser Forum: at least 64 bits). */
function serialNumber(): string {
	const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
	bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
	return Buffer.from(bytes).toString("hex");
}
