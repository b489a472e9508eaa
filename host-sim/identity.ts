/**
 * Certificates and keys from files, PEM or DER, in the form that the firmware takes: DER, the key
 * as PKCS#8 and RSA. Always holds: an error names the file and what would be right, and shows
 * nothing of a key.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsIdentity } from "../firmware/net/link-options";

export interface IdentityFiles {
	/** One or more CA certificates. */
	readonly ca: string;
	/** Our certificate; a chain's first is taken. */
	readonly cert?: string;
	readonly key?: string;
	/** Expected name in the broker's certificate, when it is not the host. */
	readonly name?: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Reads what the files hold. Throws Error naming the file. */
export function readIdentity(files: IdentityFiles): TlsIdentity {
	const { ca, cert, key, name } = files;
	return {
		authorities: readCertificates(ca),
		certificate: cert === undefined ? undefined : readCertificates(cert)[0],
		key: key === undefined ? undefined : readKey(key),
		name,
	};
}

/** All certificates of a PEM file, or the one of a DER file. */
export function readCertificates(path: string): ArrayBuffer[] {
	const bytes = read(path);
	const blocks = bytes.toString("latin1").match(PEM);
	try {
		const sources = blocks === null ? [bytes] : blocks.map((block) => Buffer.from(block));
		return sources.map((source) => copied(new X509Certificate(source).raw));
	} catch {
		throw new Error(`${path}: is no certificate (PEM or DER)`);
	}
}

/** A private key as PKCS#8 DER. */
export function readKey(path: string): ArrayBuffer {
	const bytes = read(path);
	const text = bytes.toString("latin1");
	if (/ENCRYPTED/.test(text)) {
		throw new Error(`${path}: the key has a passphrase; take it off: openssl pkey -in … -out …`);
	}
	let key: KeyObject;
	try {
		if (text.includes("-----BEGIN")) key = createPrivateKey(bytes);
		else key = fromDer(bytes);
	} catch {
		throw new Error(`${path}: is no private key (PEM or DER)`);
	}
	if (key.asymmetricKeyType !== "rsa") {
		const kind = key.asymmetricKeyType;
		throw new Error(`${path}: is a key of kind ${kind}; a board can sign with RSA only`);
	}
	return copied(key.export({ type: "pkcs8", format: "der" }));
}

function fromDer(key: Buffer): KeyObject {
	try {
		return createPrivateKey({ key, format: "der", type: "pkcs8" });
	} catch {
		return createPrivateKey({ key, format: "der", type: "pkcs1" });
	}
}

function read(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw new Error(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
	}
}

function copied(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
