/**
 * Whether the firmware takes a certificate as an authority: it is shown a broker that says that
 * this authority signed it. Everything but the signature is looked at first, so that the
 * signature, which is not from there, is the only thing it may find. Always holds: the firmware
 * decides.
 */

import type { X509Certificate } from "node:crypto";
import { loadX509 } from "../signing/x509";
import type { Firmware } from "./load";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** @returns the firmware's reason; "" when it takes it */
export async function whyNoAnchor(
	firmware: Firmware,
	anchor: X509Certificate,
	nowMs: number,
): Promise<string> {
	const x509 = await loadX509();
	const keys = await globalThis.crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
	const parsed = new x509.X509Certificate(new Uint8Array(anchor.raw));
	const leaf = await x509.X509CertificateGenerator.create({
		serialNumber: "01",
		subject: [{ CN: ["trial"] }],
		issuer: parsed.subjectName,
		notBefore: new Date(nowMs - 1000),
		notAfter: new Date(nowMs + 60_000),
		signingAlgorithm: P256,
		publicKey: keys.publicKey,
		signingKey: keys.privateKey,
		extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "trial" }])],
	});
	const chain = [new Uint8Array(leaf.rawData)];
	const reason = firmware.checkChain(chain, [anchor.raw], "trial", nowMs);
	return /^signature is not from /.test(reason) ? "" : reason;
}
