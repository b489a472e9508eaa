/**
 * Whether keys and certificates that were made elsewhere can be used, and if not, all that is wrong
 * with them at once, each with the openssl words that make it right. Always holds: what a board has
 * to check is decided by the firmware's own check; what a broker checks of a device by what OpenSSL
 * does in Mosquitto, at Debian's security level 2. Must not know the store.
 */

import type { KeyObject, X509Certificate } from "node:crypto";
import { whyNoAnchor } from "../probe/anchor";
import { judgeChain } from "../probe/chain";
import type { Facts } from "../probe/firmware";
import type { Firmware } from "../probe/load";
import { commonNameIn, commonNameOf } from "../signing/authorities";
import { checkCommon, type Findings, look, SIGN_AGAIN } from "./look";

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_USAGE = "2.5.29.37.0";

/** An authority for brokers or devices. @param key undefined: it signs elsewhere */
export async function checkAuthority(
	firmware: Firmware,
	kind: "broker-ca" | "device-ca",
	certificate: X509Certificate,
	key: KeyObject | undefined,
	nowMs: number,
): Promise<Findings> {
	const seen = await look(certificate);
	const lines = checkCommon(seen, key, nowMs);
	if (!seen.hasBasicConstraints || !certificate.ca) {
		lines.push(
			"no CA: basicConstraints CA:TRUE is missing; openssl req -x509 writes it, " +
				"openssl x509 -req -extfile EXT with basicConstraints=critical,CA:TRUE",
		);
	}
	const notes: string[] = [];
	// Nobody checks what an authority that is trusted says about itself.
	const isMoot = (line: string) => /^signed with /.test(line);
	notes.push(...lines.filter(isMoot));
	const problems = lines.filter((line) => !isMoot(line));
	if (kind === "device-ca") {
		// OpenSSL takes authorities of version 1, which have no extensions.
		if (seen.version > 1) return { problems, notes };
		const isOld = (line: string) => /^(version 1|no CA)/.test(line);
		const old = problems.filter(isOld).map((line) => `${line} (Mosquitto takes it)`);
		return { problems: problems.filter((line) => !isOld(line)), notes: [...notes, ...old] };
	}
	const reason = await whyNoAnchor(firmware, certificate, nowMs);
	if (reason === "" && problems.every((line) => !/^the key/.test(line))) {
		return { problems: [], notes: [...notes, ...problems] };
	}
	if (problems.length === 0 && reason !== "") problems.push(`a board says: ${reason}`);
	return { problems, notes };
}

/** A broker's certificate. @param authorities those of the store */
export async function checkServer(
	firmware: Firmware,
	chain: readonly X509Certificate[],
	key: KeyObject,
	authorities: readonly X509Certificate[],
	nowMs: number,
): Promise<Findings> {
	const leaf = chain[0] as X509Certificate;
	const facts = firmware.inspect(leaf.raw);
	const verdict = judgeChain(firmware, {
		chain: chain.map(({ raw }) => raw),
		authorities: authorities.map(({ raw }) => raw),
		host: facts.names[0]?.replace(/^\*/, "any") ?? commonNameOf(leaf),
		nowMs,
	});
	const lines = checkCommon(await look(leaf), key, nowMs);
	lines.push(...checkNames(leaf, facts), ...checkIssuer(leaf, chain, authorities));
	if (verdict.reason === "" && leaf.checkPrivateKey(key)) return { problems: [], notes: lines };
	// What none of the lines above is about, in the firmware's own words.
	const failed = verdict.rules.filter(({ result }) => result === "fail");
	for (const { found, change } of failed) {
		for (const text of found) {
			if (isSaid(text, facts, lines)) continue;
			lines.push(`a board says: ${text}; ${change.join("; ")}`);
		}
	}
	if (lines.length === 0) lines.push(`a board says: ${verdict.reason}`);
	return { problems: lines, notes: [] };
}

/** Whether a reason of the firmware's is in the lines already, in openssl's words. */
function isSaid(text: string, { subject }: Facts, lines: readonly string[]): boolean {
	if (/^unknown authority|; trusted: |no CA is trusted/.test(text)) return true;
	const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
	if (/^not an X\.509 version 3/.test(text)) return has(/^version 1/);
	// What is wrong with another certificate of the chain nobody has said.
	if (!text.endsWith(`(${subject})`)) return false;
	if (/^signature algorithm/.test(text)) return has(/^signed with/);
	if (/^certificate is not for/.test(text)) return has(/^no /);
	return /^(certificate |RSA key|key is neither)/.test(text);
}

function checkNames(leaf: X509Certificate, { names }: Facts): string[] {
	if (names.length > 0) return [];
	const name = commonNameOf(leaf);
	const what =
		leaf.subjectAltName === undefined ? "no subjectAltName" : "no DNS name, no IPv4 address";
	return [
		`${what}: names are compared with that, the common name does not count; sign it again with ` +
			`-extfile EXT, in it subjectAltName=DNS:${name}`,
	];
}

function checkIssuer(
	leaf: X509Certificate,
	chain: readonly X509Certificate[],
	authorities: readonly X509Certificate[],
): string[] {
	const lines: string[] = [];
	const issuer = [...authorities, ...chain.slice(1)].find((one) => one.subject === leaf.issuer);
	const isSelfSigned = leaf.subject === leaf.issuer && leaf.verify(leaf.publicKey);
	const known = authorities.map(commonNameOf).join(", ") || "none";
	if (isSelfSigned) {
		lines.push(`self-signed; boards want a CA above it, which signs with openssl x509 -req -CA …`);
	} else if (leaf.subject === leaf.issuer) {
		lines.push(
			`the same subject as its CA's (${commonNameOf(leaf)}): mosquitto's tools take it for ` +
				"self-signed; give the CA a name of its own, such as -subj /CN=my-ca",
		);
	} else if (issuer !== undefined && commonNameOf(issuer) === commonNameOf(leaf)) {
		lines.push(
			`the CA's common name is the broker's (${commonNameOf(leaf)}): nobody can tell them apart; ` +
				"give the CA a name of its own, such as -subj /CN=my-ca",
		);
	}
	const last = chain.at(-1) as X509Certificate;
	const isUnder = authorities.some((one) => last.raw.equals(one.raw) || last.verify(one.publicKey));
	if (!isUnder && !isSelfSigned) {
		const name = commonNameIn(last.issuer);
		lines.push(
			`its CA (${name}) is not the store's (${known}): ` +
				'"npm run certs -- import broker-ca CA.crt" first, or --chain with what is between',
		);
	}
	return lines;
}

/** A device's certificate. @param authorities that brokers trust for devices */
export async function checkDevice(
	firmware: Firmware,
	id: string,
	certificate: X509Certificate,
	key: KeyObject,
	authorities: readonly X509Certificate[],
	nowMs: number,
): Promise<Findings> {
	const seen = await look(certificate);
	const lines = checkCommon(seen, key, nowMs);
	const isOld = (line: string) => /^version 1/.test(line);
	const notes = lines.filter(isOld).map((line) => `${line} (Mosquitto takes it)`);
	const problems = lines.filter((line) => !isOld(line));
	const whyNoKey = whyNoClientKey(firmware, certificate, key, nowMs);
	if (whyNoKey !== "") {
		const type = key.asymmetricKeyType;
		problems.push(
			`a key of type ${type}: a board signs with RSA only; openssl genrsa -out NEW.key 2048, or ` +
				`"npm run certs -- device ${id}" makes both`,
		);
	}
	const name = commonNameOf(certificate);
	if (name !== id) {
		problems.push(
			`its common name is ${name}, the node is ${id}: brokers take the common name for the user; ` +
				`sign it again with -subj /CN=${id}`,
		);
	}
	const { usages } = seen;
	if (usages !== undefined && !usages.includes(CLIENT_AUTH) && !usages.includes(ANY_USAGE)) {
		problems.push(`extendedKeyUsage without clientAuth: a broker refuses it; ${SIGN_AGAIN}`);
	}
	if (!authorities.some((one) => certificate.verify(one.publicKey))) {
		const known = authorities.map(commonNameOf).join(", ") || "none";
		const issuer = commonNameIn(certificate.issuer);
		problems.push(
			`its CA (${issuer}) is not the store's for devices (${known}): ` +
				'"npm run certs -- import device-ca CA.crt" first',
		);
	}
	const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
	if (problems.length === 0 && bits > 2048) {
		notes.push(`RSA of ${bits} bits: more memory and time in each handshake than 2,048`);
	}
	return { problems, notes };
}

/** The firmware's own answer. */
function whyNoClientKey(
	firmware: Firmware,
	certificate: X509Certificate,
	key: KeyObject,
	nowMs: number,
): string {
	const copy = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
	const identity = {
		authorities: [],
		certificate: copy(certificate.raw),
		key: copy(key.export({ format: "der", type: "pkcs8" })),
	};
	try {
		new firmware.Certificates(identity, "broker", nowMs);
		return "";
	} catch (error) {
		return (error as Error).message;
	}
}
