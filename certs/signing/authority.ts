/**
 * Makes keys, certificates and revocation lists: authorities (ECDSA P-256), brokers' certificates
 * and devices' certificates, as the firmware's own check wants them
 * (firmware/net/certificate-chain.ts). Always holds: signatures are SHA-256, by ECDSA unless an
 * authority was brought along that is RSA; an authority signs nothing but leaves and lists, and
 * none of them outlives it. Must not know files.
 */

import { createHash, createPublicKey, type KeyObject, type webcrypto } from "node:crypto";
import { isIPv4 } from "node:net";
import type { X509Certificate, X509CertificateGenerator, X509Crl } from "@peculiar/x509";
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
const YEAR_MS = 365 * DAY_MS;
const AUTHORITY_MS = 20 * YEAR_MS;
/**
 * A successor is good for so much longer than its predecessor: boards carry it from the beginning,
 * and a rotation on the predecessor's last day still yields an authority for as long.
 */
export const OUTLIVES_MS = 10 * YEAR_MS;
/** RFC 5280 section 4.1.2.5: no later date can be written. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
export const SERVER_DAYS = 2 * 365;
export const DEVICE_DAYS = 10 * 365;
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

/** A private key, ECDSA P-256 or RSA, in the form in which it signs. */
export async function importKey(key: KeyObject): Promise<CryptoKeyPair> {
	const isRsa = key.asymmetricKeyType === "rsa";
	const algorithm = isRsa ? RSA_2048 : P256;
	const secret = key.export({ format: "der", type: "pkcs8" });
	const open = createPublicKey(key).export({ format: "der", type: "spki" });
	return {
		privateKey: await subtle.importKey("pkcs8", secret, algorithm, true, ["sign"]),
		publicKey: await subtle.importKey("spki", open, algorithm, true, ["verify"]),
	};
}

/** What signs: a certificate, DER, with its key. */
export async function identityOf(certificate: Uint8Array, key: KeyObject): Promise<Identity> {
	const { X509Certificate: Certificate } = await loadX509();
	return {
		certificate: new Certificate(new Uint8Array(certificate)),
		keys: await importKey(key),
	};
}

/**
 * A certificate authority that may sign leaves only. Its name ends in six digits of its key's hash:
 * of two authorities of the same name a client would have to try both.
 * @param name such as "fieldmote broker CA"
 * @param predecessorEndMs of the one that it is to replace some day; it outlives that by 10 years
 */
export async function makeAuthority(
	name: string,
	keys: CryptoKeyPair,
	nowMs: number,
	predecessorEndMs = 0,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	const { KeyUsageFlags: usage } = x509;
	const spki = Buffer.from(await subtle.exportKey("spki", keys.publicKey));
	const tag = createHash("sha256").update(spki).digest("hex").slice(0, 6);
	return x509.X509CertificateGenerator.createSelfSigned({
		serialNumber: serialNumber(),
		name: [{ CN: [`${name} ${tag}`] }],
		notBefore: new Date(nowMs - BACKDATE_MS),
		notAfter: new Date(
			Math.min(LAST_MS, Math.max(nowMs + AUTHORITY_MS, predecessorEndMs + OUTLIVES_MS)),
		),
		signingAlgorithm: P256,
		keys,
		extensions: [
			new x509.BasicConstraintsExtension(true, 0, true),
			new x509.KeyUsagesExtension(usage.keyCertSign | usage.cRLSign, true),
			await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
		],
	});
}

/** What a leaf is to be. */
export interface LeafRequest {
	readonly publicKey: CryptoKey;
	readonly nowMs: number;
	/** Default: SERVER_DAYS, DEVICE_DAYS. */
	readonly days?: number | undefined;
}

/**
 * A broker's certificate.
 * @param names DNS names and IPv4 addresses; the first one is the common name too
 */
export async function makeServerCertificate(
	authority: Identity,
	names: readonly string[],
	request: LeafRequest,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	const alternatives = names.map((value) => {
		return { type: isIPv4(value) ? ("ip" as const) : ("dns" as const), value };
	});
	return issue(authority, commonName(names), { days: SERVER_DAYS, ...defined(request) }, [
		new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
		new x509.SubjectAlternativeNameExtension(alternatives),
	]);
}

/** RFC 5280 appendix A.1: a common name has 64 characters or less. */
function commonName(names: readonly string[]): string {
	return names.find((name) => name.length <= 64) ?? "broker";
}

/** A device's certificate; the node's id is the common name, which Mosquitto takes as the user. */
export async function makeDeviceCertificate(
	authority: Identity,
	node: string,
	request: LeafRequest,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	return issue(authority, node, { days: DEVICE_DAYS, ...defined(request) }, [
		new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
	]);
}

function defined({ days, ...rest }: LeafRequest): LeafRequest {
	return days === undefined ? rest : { ...rest, days };
}

type Extensions = NonNullable<Parameters<typeof X509CertificateGenerator.create>[0]["extensions"]>;

async function issue(
	authority: Identity,
	subject: string,
	{ publicKey, nowMs, days = 0 }: LeafRequest,
	more: Extensions,
): Promise<X509Certificate> {
	const x509 = await loadX509();
	const { notBefore, notAfter } = validity(nowMs, days);
	const { notAfter: last } = authority.certificate;
	return x509.X509CertificateGenerator.create({
		serialNumber: serialNumber(),
		subject: [{ CN: [subject] }],
		issuer: authority.certificate.subjectName,
		notBefore,
		notAfter: notAfter > last ? last : notAfter,
		signingAlgorithm: authority.keys.privateKey.algorithm.name === "ECDSA" ? P256 : RSA_2048,
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

/**
 * A revocation list (RFC 5280 section 5). It is good as long as its authority is: OpenSSL refuses
 * every device once the list has expired, and nobody here would renew it in time.
 * @param revoked serial (hex) and time (ISO 8601) of each
 */
export async function makeRevocationList(
	authority: Identity,
	revoked: readonly { readonly serial: string; readonly at: string }[],
	nowMs: number,
): Promise<X509Crl> {
	const x509 = await loadX509();
	const number = Buffer.from(Math.floor(nowMs).toString(16).padStart(12, "0"), "hex");
	return x509.X509CrlGenerator.create({
		issuer: authority.certificate.subjectName,
		thisUpdate: new Date(nowMs - BACKDATE_MS),
		nextUpdate: authority.certificate.notAfter,
		signingAlgorithm: authority.keys.privateKey.algorithm.name === "ECDSA" ? P256 : RSA_2048,
		signingKey: authority.keys.privateKey,
		entries: revoked.map(({ serial, at }) => ({
			serialNumber: serial,
			revocationDate: new Date(at),
			// Without one the library writes an empty list of extensions, which RFC 5280 forbids.
			reason: x509.X509CrlReason.cessationOfOperation,
		})),
		extensions: [
			await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
			// cRLNumber (RFC 5280 5.2.3): an INTEGER that grows; the time does.
			new x509.Extension(
				"2.5.29.20",
				false,
				Buffer.concat([Buffer.of(0x02, number.length), number]),
			),
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
