/**
 * Certificates and keys from files, in the form that the firmware takes: DER, keys as PKCS#8.
 * Always holds: what a board could not use is refused here with a reason that begins with
 * `--<option> <file>: ` and says what to do; no error shows what is in a key. Reads PEM and DER.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { pemBlocks } from "../certs/store/pem";
import { readable, readBounded } from "../certs/store/read";
import { UsageError } from "./words";
import type { Credentials } from "./world/board";

/** Reads what --ca, --cert and --key name. Throws UsageError. */
export function readCredentials(files: {
	readonly ca: readonly string[];
	readonly cert: string | undefined;
	readonly key: string | undefined;
}): Credentials {
	const authorities = files.ca.flatMap((path) => readCertificates("ca", path));
	if (files.cert === undefined || files.key === undefined) {
		return { authorities: authorities.map((one) => one.raw) };
	}
	// Further certificates in the file are intermediates: the firmware sends one certificate.
	const certificate = readCertificates("cert", files.cert)[0];
	const key = readKey(files.key);
	if (!certificate.checkPrivateKey(key)) {
		throw new UsageError(`--key ${files.key}: does not belong to --cert ${files.cert}`);
	}
	return {
		authorities: authorities.map((one) => one.raw),
		certificate: certificate.raw,
		key: key.export({ type: "pkcs8", format: "der" }),
	};
}

/** Whether a file holds PEM; mosquitto's tools take nothing else. */
export function isPem(path: string): boolean {
	return readFileSync(path).includes("-----BEGIN ");
}

function readCertificates(option: string, path: string): X509Certificate[] {
	const bytes = read(option, path);
	const blocks = pemBlocks(bytes.toString("latin1"));
	const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
	if (blocks.length > 0 && certificates.length === 0) {
		const found = blocks[0].label.toLowerCase();
		throw new UsageError(`--${option} ${path}: holds a ${found}, not a certificate`);
	}
	const parts = blocks.length === 0 ? [bytes] : certificates.map(({ text }) => text);
	let found: X509Certificate[];
	try {
		found = parts.map((part) => new X509Certificate(part));
	} catch {
		throw new UsageError(`--${option} ${path}: is no certificate in PEM or DER form`);
	}
	try {
		return found.map(readable);
	} catch {
		throw new UsageError(`--${option} ${path}: is no certificate that can be read; it is damaged`);
	}
}

function readKey(path: string): KeyObject {
	const bytes = read("key", path);
	const text = bytes.toString("latin1");
	const pem = text.includes("-----BEGIN ");
	if (pem && /ENCRYPTED/.test(text)) {
		const how = `openssl pkcs8 -topk8 -nocrypt -in ${path} -out plain.key`;
		throw new UsageError(`--key ${path}: is encrypted, a board cannot ask; decrypt it: ${how}`);
	}
	if (pem && !/PRIVATE KEY-----/.test(text)) {
		throw new UsageError(`--key ${path}: holds no private key`);
	}
	const key = pem ? parsePem(bytes) : (parseDer(bytes, "pkcs8") ?? parseDer(bytes, "pkcs1"));
	if (key === undefined) {
		throw new UsageError(
			`--key ${path}: is no RSA key in PEM or DER form (PKCS#8 or PKCS#1, not encrypted)`,
		);
	}
	if (key.asymmetricKeyType !== "rsa") {
		const type = key.asymmetricKeyType;
		throw new UsageError(`--key ${path}: is a key of type ${type}; a board can sign with RSA only`);
	}
	return key;
}

function read(option: string, path: string): Buffer {
	if (!existsSync(path)) throw new UsageError(`--${option} ${path}: no such file`);
	try {
		return readBounded(path);
	} catch (error) {
		throw new UsageError(`--${option} ${(error as Error).message}`);
	}
}

function parsePem(bytes: Buffer): KeyObject | undefined {
	try {
		return createPrivateKey(bytes);
	} catch {
		return undefined;
	}
}

function parseDer(bytes: Buffer, type: "pkcs8" | "pkcs1"): KeyObject | undefined {
	try {
		return createPrivateKey({ key: bytes, format: "der", type });
	} catch {
		return undefined;
	}
}
