/**
 * A further authority for images, such as a public root. Always holds: what a board refuses is
 * refused here, by the firmware's own check and in its words. Must not know the store.
 */

import type { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { CHECKOUT } from "../command";
import { dayOf } from "../image";
import { look } from "../import/look";
import { whyNoAnchor } from "../probe/anchor";
import { loadFirmware } from "../probe/load";
import { readCertificates, StoreError } from "../store/read";

/** https://letsencrypt.org/certificates/ */
const LETS_ENCRYPT = "certs/public/isrg-root-x1.pem";

/** The file that a command line names: "letsencrypt" is ISRG Root X1. */
export function authorityPath(text: string): string {
	return text === "letsencrypt" ? join(CHECKOUT, LETS_ENCRYPT) : text;
}

/**
 * Reads it; throws StoreError where boards could not use it.
 * @param path PEM or DER
 */
export async function readFurtherAuthority(path: string, nowMs: number): Promise<X509Certificate> {
	const found = readCertificates(path);
	const certificate = found[0] as X509Certificate;
	const wrong = (why: string) => new StoreError(`${path}: ${why}`);
	await look(certificate).catch(() => {
		throw wrong("is no certificate that can be read; it is damaged");
	});
	if (found.length > 1) throw wrong("holds several certificates; one authority is wanted");
	if (!certificate.ca) throw wrong("is no authority's certificate (basicConstraints)");
	if (Date.parse(certificate.validTo) <= nowMs) throw wrong(`ended on ${dayOf(certificate)}`);
	const firmware = await loadFirmware();
	try {
		const reason = await whyNoAnchor(firmware, certificate, nowMs);
		if (reason !== "") {
			throw wrong(`a board says: ${reason}; it takes RSA of 2048 to 4096 bits and P-256`);
		}
	} finally {
		await firmware.close();
	}
	return certificate;
}
