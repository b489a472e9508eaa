/**
 * Reads certificates and keys from files, PEM or DER. Always holds: what cannot be read is an error
 * that names the file and says why; nothing of a key is in it; no file makes anybody wait.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { pemBlocks } from "./pem";

/** What is wrong with a file or a wish, for people: one line, exit code 1. */
export class StoreError extends Error {}

/** Keys and certificates are smaller by far. */
const FILE_LIMIT_BYTES = 1 << 20;
/** Some 40 bytes for each certificate that was revoked. */
export const LIST_LIMIT_BYTES = 64 << 20;

/**
 * The content of a file. Throws StoreError for what is none, such as a pipe, which may never end,
 * and for one that is larger than what is looked for can be.
 */
export function readBounded(path: string, limitBytes = FILE_LIMIT_BYTES): Buffer {
	try {
		const status = statSync(path);
		if (!status.isFile()) throw new StoreError(`${path}: is no file`);
		if (status.size > limitBytes) {
			throw new StoreError(`${path}: is too large, ${limitBytes / (1 << 20)} MiB at most`);
		}
		return readFileSync(path);
	} catch (error) {
		if (error instanceof StoreError) throw error;
		const { code } = error as NodeJS.ErrnoException;
		const why = { ENOENT: "is not there", EACCES: "may not be read by you" }[code ?? ""];
		throw new StoreError(`${path}: ${why ?? `cannot be read (${code})`}`);
	}
}

/** The text of a file, undefined when it is not there. */
export function readIfThere(path: string, limitBytes?: number): string | undefined {
	return existsSync(path) ? readBounded(path, limitBytes).toString() : undefined;
}

/**
 * A certificate of which all that is asked for later can be read; throws otherwise. node:crypto
 * looks at keys and dates only when somebody asks.
 */
export function readable(certificate: X509Certificate): X509Certificate {
	const { publicKey, validFrom, validTo } = certificate;
	const isDate = [validFrom, validTo].every((date) => Number.isFinite(Date.parse(date)));
	if (!isDate || publicKey.type !== "public") throw new Error("cannot be read");
	return certificate;
}

/** All certificates of a PEM file, or the one of a DER file; throws StoreError with its name. */
export function readCertificates(path: string): X509Certificate[] {
	const bytes = readBounded(path);
	const blocks =
		bytes[0] === 0x30
			? [bytes]
			: pemBlocks(bytes.toString("latin1"))
					.filter(({ label }) => label === "CERTIFICATE")
					.map(({ text }) => text);
	if (blocks.length === 0) throw new StoreError(`${path}: holds no certificate`);
	try {
		return blocks.map((block) => readable(new X509Certificate(block)));
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
	const bytes = readBounded(path);
	try {
		return bytes[0] === 0x30
			? createPrivateKey({ key: bytes, format: "der", type: "pkcs8" })
			: createPrivateKey(bytes);
	} catch {
		throw new StoreError(`${path}: holds no private key that can be read without passphrase`);
	}
}
