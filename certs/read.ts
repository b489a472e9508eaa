/**
 * Reads certificates and keys from files, PEM or DER. Always holds: what cannot be read is an error
 * that names the file and says why; nothing of a key is in it.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** What is wrong with a file or a wish, for people: one line, exit code 1. */
export class StoreError extends Error {}

/** The text of a file, undefined when it is not there. */
export function readIfThere(path: string): string | undefined {
	return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** All certificates of a PEM file, or the one of a DER file; throws StoreError with its name. */
export function readCertificates(path: string): X509Certificate[] {
	const bytes = readOrSay(path);
	const blocks =
		bytes[0] === 0x30
			? [bytes]
			: (bytes.toString("latin1").match(/-----BEGIN CERT[\s\S]*?-----END CERTIFICATE-----/g) ?? []);
	if (blocks.length === 0) throw new StoreError(`${path}: holds no certificate`);
	try {
		return blocks.map((block) => new X509Certificate(block));
	} catch {
		throw new StoreError(`${path}: is damaged: a certificate in it cannot be read`);
	}
}

/** The first certificate of a file. */
export function readCertificate(path: string): X509Certificate {
	return readCertificates(path)[0] as X509Certificate;
}

/** A private key without passphrase, PEM or PKCS#8 DER; throws StoreError with the file's name. */
export function readKey(path: string): KeyObject {
	const bytes = readOrSay(path);
	try {
		return bytes[0] === 0x30
			? createPrivateKey({ key: bytes, format: "der", type: "pkcs8" })
			: createPrivateKey(bytes);
	} catch {
		throw new StoreError(`${path}: holds no private key that can be read without passphrase`);
	}
}

function readOrSay(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const why = { ENOENT: "is not there", EACCES: "may not be read by you" }[code ?? ""];
		throw new StoreError(`${path}: ${why ?? `cannot be read (${code})`}`);
	}
}
