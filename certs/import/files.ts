/**
 * Reads certificates and private keys as the openssl command line writes them: PEM with or without
 * text around it, DER; keys as PKCS#1, SEC1 and PKCS#8, with a passphrase or without. Always holds:
 * an error names the file and says what is in it; neither a key nor a passphrase is in one. Must
 * not know what a certificate is good for.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { pemBlocks } from "../store/pem";
import { readable, readBounded } from "../store/read";
import { StoreError } from "../store/store";
import { look } from "./look";

/** Gives the passphrase of a key. @param tries how often it was wrong before */
export type AskPassphrase = (path: string, tries: number) => Promise<string>;

/** One asked for by hand may be mistyped; one in a file is wrong for good. */
const MOST_TRIES = 3;

/** All certificates of a file, at least one. @throws StoreError */
export async function readImportedCertificates(path: string): Promise<X509Certificate[]> {
	const certificates = certificatesIn(path);
	try {
		for (const one of certificates) await look(readable(one));
	} catch {
		throw new StoreError(`${path}: is no certificate that can be read; it is damaged`);
	}
	return certificates;
}

function certificatesIn(path: string): X509Certificate[] {
	const bytes = readBounded(path);
	const blocks = pemBlocks(bytes.toString("latin1"));
	const certificates = blocks.filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label));
	if (blocks.length > 0 && certificates.length === 0) {
		const found = describeBlock(blocks[0]?.label ?? "");
		throw new StoreError(`${path}: holds ${found}, not a certificate`);
	}
	try {
		if (blocks.length === 0) return [new X509Certificate(bytes)];
		return certificates.map(({ text }) => new X509Certificate(text));
	} catch {
		const hint =
			bytes[0] === 0x30 ? "; of a .p12 file: openssl pkcs12 -in FILE -nokeys -out cert.pem" : "";
		throw new StoreError(`${path}: is no certificate in PEM or DER form${hint}`);
	}
}

function describeBlock(label: string): string {
	if (label === "CERTIFICATE REQUEST") {
		return "a request (CSR) that has to be signed first (openssl x509 -req)";
	}
	return /PRIVATE KEY$/.test(label) ? "a private key" : `a ${label.toLowerCase()}`;
}

/** The private key of a file. @throws StoreError */
export async function readImportedKey(path: string, ask: AskPassphrase): Promise<KeyObject> {
	const bytes = readBounded(path);
	const blocks = pemBlocks(bytes.toString("latin1"));
	// openssl ecparam writes the curve in front of the key.
	const block = blocks.find(({ label }) => /PRIVATE KEY$/.test(label));
	if (blocks.length > 0 && block === undefined) {
		const found = describeBlock(blocks[0]?.label ?? "");
		throw new StoreError(`${path}: holds ${found}, not a private key`);
	}
	const found = block === undefined ? readDer(bytes) : readPem(block.text);
	if (found !== undefined) return found;
	const isLocked = block === undefined ? isLockedDer(bytes) : /ENCRYPTED/.test(block.text);
	if (!isLocked) {
		const none = "is no private key in PEM or DER form";
		const why = block === undefined ? none : "is damaged: the key in it cannot be read";
		throw new StoreError(`${path}: ${why}`);
	}
	for (let tries = 0; tries < MOST_TRIES; tries++) {
		const passphrase = await ask(path, tries);
		const key = block === undefined ? readDer(bytes, passphrase) : readPem(block.text, passphrase);
		if (key !== undefined) return key;
	}
	const other = `openssl pkey -in ${path} -out plain.key shows whether openssl can read it`;
	throw new StoreError(`${path}: the passphrase is wrong, or its encryption too old; ${other}`);
}

/** EncryptedPrivateKeyInfo (RFC 5958 3): begins with an algorithm, others with a version. */
function isLockedDer(der: Buffer): boolean {
	const inside = (at: number) =>
		at + 2 + ((der[at + 1] ?? 0) > 0x80 ? (der[at + 1] ?? 0) & 0x7f : 0);
	const first = inside(0);
	return der[0] === 0x30 && der[first] === 0x30 && der[inside(first)] === 0x06;
}

function readPem(text: string, passphrase?: string): KeyObject | undefined {
	if (passphrase === undefined && /ENCRYPTED/.test(text)) return undefined;
	try {
		return createPrivateKey({ key: text, format: "pem", passphrase });
	} catch {
		return undefined;
	}
}

function readDer(bytes: Buffer, passphrase?: string): KeyObject | undefined {
	const kinds =
		passphrase === undefined ? (["pkcs8", "pkcs1", "sec1"] as const) : (["pkcs8"] as const);
	for (const type of kinds) {
		try {
			return createPrivateKey({ key: bytes, format: "der", type, passphrase });
		} catch {
			// Perhaps one of the others.
		}
	}
	return undefined;
}
