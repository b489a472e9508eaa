/** PEM (RFC 7468): base64 in lines of 64 characters between two labels. */

import type { KeyObject } from "node:crypto";

/** @param label such as "CERTIFICATE" */
export function toPem(label: string, der: Uint8Array): string {
	const lines =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** A private key as PKCS#8, without passphrase. */
export function keyToPem(key: KeyObject): string {
	return toPem("PRIVATE KEY", key.export({ format: "der", type: "pkcs8" }));
}

/** DER of all parts of a text that have this label. */
export function fromPem(label: string, text: string): Uint8Array<ArrayBuffer>[] {
	const parts = text.matchAll(
		new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`, "g"),
	);
	return [...parts].map(([, base64 = ""]) => new Uint8Array(Buffer.from(base64, "base64")));
}
