/**
 * What is in a certificate that was made elsewhere, whoever reads it, and what is wrong with it for
 * whatever it is to be: version, hash, key, dates, whether the key belongs. Always holds: a line is
 * one thing, and ends with the openssl words that make it right. Must not know the firmware.
 */

import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { loadX509 } from "../signing/x509";

/** One line each, what is wrong and what to do. */
export interface Findings {
	/** Any of them: not taken over. */
	readonly problems: readonly string[];
	/** Worth a word; it is taken over. */
	readonly notes: string[];
}

const STRONG_HASHES = ["SHA-256", "SHA-384", "SHA-512"];
export const SIGN_AGAIN = "sign it again: openssl x509 -req -sha256 -extfile EXT …";

/** What is in a certificate, whoever reads it: version 1 is nothing to the firmware. */
export interface Look {
	readonly one: X509Certificate;
	readonly version: number;
	/** "SHA-1"; "" for algorithms that have none of their own. */
	readonly hash: string;
	readonly usages: readonly string[] | undefined;
	readonly hasBasicConstraints: boolean;
}

/** Reads a certificate; throws for one that is damaged. */
export async function look(one: X509Certificate): Promise<Look> {
	const x509 = await loadX509();
	const parsed = new x509.X509Certificate(new Uint8Array(one.raw));
	const { hash } = parsed.signatureAlgorithm as { hash?: { name?: string } };
	const usages = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages;
	return {
		one,
		// Extensions are version 3's (RFC 5280 4.1.2.1).
		version: hasVersion(one.raw) ? 3 : 1,
		hash: hash?.name ?? "",
		usages: usages?.map(String),
		hasBasicConstraints: parsed.getExtension(x509.BasicConstraintsExtension) !== null,
	};
}

/** [0] at the beginning of tbsCertificate; without it the version is 1. */
function hasVersion(der: Buffer): boolean {
	const skip = (at: number) => at + 2 + ((der[at + 1] ?? 0) > 0x80 ? (der[at + 1] ?? 0) & 0x7f : 0);
	return der[skip(skip(0))] === 0xa0;
}

/** A key that belongs, of a kind and size that boards check, and dates. */
export function checkCommon(
	{ one, version, hash }: Look,
	key: KeyObject | undefined,
	nowMs: number,
) {
	const lines: string[] = [];
	if (version === 1) {
		lines.push("version 1: openssl x509 -req without -extfile writes that; sign it again with one");
	}
	if (hash !== "" && !STRONG_HASHES.includes(hash)) {
		lines.push(`signed with ${hash}, which is broken; ${SIGN_AGAIN}`);
	}
	lines.push(...checkKeyKind(one.publicKey));
	const until = new Date(one.validTo);
	const from = new Date(one.validFrom);
	if (until.getTime() < nowMs) lines.push(`expired on ${day(until)}; sign it again, with -days`);
	if (from.getTime() > nowMs) lines.push(`not valid before ${day(from)}: whose clock is wrong?`);
	if (key !== undefined && !one.checkPrivateKey(key)) {
		lines.push(`the key does not belong to it: ${whoseKey(one, key)}`);
	}
	return lines;
}

function whoseKey(one: X509Certificate, key: KeyObject): string {
	const kind = (some: KeyObject) => some.asymmetricKeyType ?? "unknown";
	const [wanted, given] = [kind(one.publicKey), kind(createPublicKey(key))];
	if (wanted !== given)
		return `the certificate is for a key of type ${wanted}, the key is ${given}`;
	return "it is another one; openssl pkey -in KEY -pubout and openssl x509 -in CERT -pubkey agree";
}

const KIND_NAMES: Readonly<Record<string, string>> = {
	secp384r1: "P-384",
	secp521r1: "P-521",
	ed25519: "Ed25519",
	"rsa-pss": "RSA-PSS",
};

function checkKeyKind({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
	const curve = "openssl ecparam -genkey -name prime256v1, or openssl genrsa 2048";
	if (type === "rsa") {
		const bits = details?.modulusLength ?? 0;
		if (bits >= 2048 && bits <= 4096) return [];
		return [`a key of ${bits} bits; RSA takes 2,048 to 4,096: openssl genrsa -out NEW.key 2048`];
	}
	if (type === "ec" && details?.namedCurve === "prime256v1") return [];
	const kind = KIND_NAMES[details?.namedCurve ?? type ?? ""] ?? details?.namedCurve ?? type;
	return [`a key of kind ${kind}; boards check RSA and P-256 only: ${curve}`];
}

function day(date: Date): string {
	return date.toISOString().slice(0, 10);
}
