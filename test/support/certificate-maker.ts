/**
 * Makes certificates of every kind for tests, wrong ones included. Names and dates have defaults
 * that are good; each test changes what it is about.
 */

import { createSign, KeyObject, type webcrypto } from "node:crypto";
import { isIPv4 } from "node:net";
import type { Extension } from "@peculiar/x509";
import { loadX509 } from "../../certs/signing/x509";

type CryptoKeyPair = webcrypto.CryptoKeyPair;

const { subtle } = globalThis.crypto;
const x509 = await loadX509();
export const { BasicConstraintsExtension, Extension: RawExtension, KeyUsagesExtension } = x509;
export const usage = x509.KeyUsageFlags;

/** The time at which certificates are checked: 2026-06-01. */
export const NOW_MS = Date.UTC(2026, 5, 1);
export const HOST = "broker.example.com";

export type Kind = "P-256" | "P-384" | "RSA-4096" | "RSA-2048" | "RSA-1024";

export async function makeKeys(kind: Kind): Promise<CryptoKeyPair> {
	const isCurve = kind.startsWith("P-");
	const algorithm = isCurve
		? { name: "ECDSA", namedCurve: kind }
		: {
				name: "RSASSA-PKCS1-v1_5",
				modulusLength: Number(kind.slice(4)),
				publicExponent: Uint8Array.of(1, 0, 1),
				hash: "SHA-256",
			};
	return (await subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
}

/** A key with its certificate. */
export interface Made {
	readonly der: Uint8Array;
	readonly name: string;
	readonly keys: CryptoKeyPair;
}

export interface Plan {
	/** Common name of the subject. */
	name: string;
	keys: CryptoKeyPair;
	/** Missing: self-signed. */
	issuer?: Made | undefined;
	/** Name of the issuer, where it is to be a wrong one. */
	issuerName?: string;
	hash?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
	from?: Date;
	to?: Date;
	/** basicConstraints: cA and pathLen; null: without the extension. */
	authority?: boolean | null;
	pathLength?: number;
	/** null: without the extension. */
	keyUsage?: number | null;
	extendedKeyUsage?: string[];
	names?: string[];
	/** Hexadecimal; default 01. */
	serial?: string;
	more?: Extension[];
}

export async function make(plan: Plan): Promise<Made> {
	const { name, keys, issuer, hash = "SHA-256", authority = false, pathLength } = plan;
	const { from = new Date(NOW_MS - 86_400_000), to = new Date(NOW_MS + 86_400_000) } = plan;
	const leafUsage = authority ? usage.keyCertSign : usage.digitalSignature;
	const { keyUsage = leafUsage } = plan;
	const extensions: Extension[] = [];
	if (authority !== null)
		extensions.push(new BasicConstraintsExtension(authority, pathLength, true));
	if (keyUsage !== null) extensions.push(new KeyUsagesExtension(keyUsage, true));
	if (plan.extendedKeyUsage !== undefined) {
		extensions.push(new x509.ExtendedKeyUsageExtension(plan.extendedKeyUsage));
	}
	if (plan.names !== undefined) {
		const names = plan.names.map((value) => {
			return { type: isIPv4(value) ? ("ip" as const) : ("dns" as const), value };
		});
		extensions.push(new x509.SubjectAlternativeNameExtension(names));
	}
	const signer = await forHash((issuer?.keys ?? keys).privateKey, hash);
	const certificate = await x509.X509CertificateGenerator.create({
		serialNumber: plan.serial ?? "01",
		subject: [{ CN: [name] }],
		issuer: [{ CN: [plan.issuerName ?? issuer?.name ?? name] }],
		notBefore: from,
		notAfter: to,
		signingAlgorithm: { name: signer.algorithm.name, hash },
		publicKey: keys.publicKey,
		signingKey: signer,
		extensions: [...extensions, ...(plan.more ?? [])],
	});
	return { der: new Uint8Array(certificate.rawData), name, keys };
}

/** WebCrypto ties an RSA key to one hash. */
async function forHash(key: webcrypto.CryptoKey, hash: string): Promise<webcrypto.CryptoKey> {
	const { name } = key.algorithm;
	if (name === "ECDSA") return key;
	const der = await subtle.exportKey("pkcs8", key);
	return subtle.importKey("pkcs8", der, { name, hash }, true, ["sign"]);
}

/** Changes a certificate's signed part and signs it again, ECDSA or RSA with SHA-256. */
export function resign(made: Made, issuer: Made, change: (tbs: Buffer) => Buffer): Made {
	const [tbs, algorithm] = children(Buffer.from(made.der));
	const changed = change(Buffer.from(tbs));
	const key = KeyObject.from(issuer.keys.privateKey);
	const signature = createSign("sha256").update(changed).sign(key);
	const bits = element(0x03, Buffer.concat([Buffer.of(0), signature]));
	return { ...made, der: new Uint8Array(element(0x30, Buffer.concat([changed, algorithm, bits]))) };
}

/** The elements in a constructed one. */
export function children(der: Buffer): Buffer[] {
	const found: Buffer[] = [];
	for (let at = headerLength(der); at < der.length; ) {
		const rest = der.subarray(at);
		const end = headerLength(rest) + valueLength(rest);
		found.push(rest.subarray(0, end));
		at += end;
	}
	return found;
}

/** One element of DER. */
export function element(tag: number, value: Buffer): Buffer {
	const { length } = value;
	const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : longLength(length);
	return Buffer.concat([Buffer.of(tag, ...header), value]);
}

function longLength(length: number): number[] {
	return [0x82, length >> 8, length & 0xff];
}

function headerLength(der: Buffer): number {
	return der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7f);
}

function valueLength(der: Buffer): number {
	return der[1] < 0x80 ? der[1] : der.readUIntBE(2, der[1] & 0x7f);
}
