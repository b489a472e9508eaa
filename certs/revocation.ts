/**
 * The revocation lists of the devices' authorities: one for each that brokers trust, in one file,
 * as Mosquitto's `crlfile` takes them. Always holds: no authority is without its list, because
 * OpenSSL refuses every device of one that has none.
 */

import type { X509Certificate } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { identityOf, makeRevocationList } from "./authority";
import { keyIdOf, type RevokedEntry, readLedger } from "./ledger";
import { fromPem, toPem } from "./pem";
import {
	LIST_LIMIT_BYTES,
	readCertificate,
	readCertificates,
	readIfThere,
	readKey,
	type Store,
	StoreError,
} from "./store";
import { loadX509 } from "./x509";

/**
 * Writes the lists anew from the ledger. Throws StoreError where one cannot be signed.
 * @param authorities default: those that brokers trust
 */
export async function writeRevocationLists(
	store: Store,
	nowMs: number,
	authorities = readCertificates(store.deviceCa.certificate),
): Promise<void> {
	const revoked = [...readLedger(store).revoked.values()];
	const lists: string[] = [];
	for (const certificate of authorities) {
		const issuer = keyIdOf(certificate);
		const own = revoked.filter((entry) => entry.issuer === issuer);
		const key = findKey(store, certificate);
		if (key === undefined) lists.push(await keptList(store, certificate, own));
		else {
			const authority = await identityOf(certificate.raw, key);
			const list = await makeRevocationList(authority, own, nowMs);
			lists.push(toPem("X509 CRL", new Uint8Array(list.rawData)));
		}
	}
	store.replace(store.deviceCrl, lists.join(""));
}

/** The key of an authority: the one in use, the one to come, or one that was retired. */
export function findKey(store: Store, certificate: X509Certificate) {
	const retired = existsSync(store.retired) ? readdirSync(store.retired) : [];
	const paths = [
		store.deviceCa.key,
		store.deviceCaNext.key,
		...retired
			.filter((name) => /^device-ca.*\.key$/.test(name))
			.map((name) => join(store.retired, name)),
	];
	const keys = paths.filter((path) => existsSync(path)).map(readKey);
	return keys.find((key) => certificate.checkPrivateKey(key));
}

/** The list that is there, where its authority's key is not: good if nothing is to be added. */
async function keptList(
	store: Store,
	certificate: X509Certificate,
	revoked: readonly RevokedEntry[],
): Promise<string> {
	const x509 = await loadX509();
	const publicKey = new x509.X509Certificate(new Uint8Array(certificate.raw));
	for (const der of fromPem("X509 CRL", readIfThere(store.deviceCrl, LIST_LIMIT_BYTES) ?? "")) {
		const list = new x509.X509Crl(der);
		if (!(await list.verify({ publicKey }).catch(() => false))) continue;
		if (revoked.every(({ serial }) => list.findRevoked(serial) !== null)) {
			return toPem("X509 CRL", der);
		}
	}
	const { deviceCa, deviceCrl } = store;
	const isInUse = readCertificate(deviceCa.certificate).raw.equals(certificate.raw);
	const where = isInUse
		? `${store.shown(deviceCa.key)}: is not here`
		: `${store.shown(store.retired)}: the key is not there`;
	throw new StoreError(
		`${where}, and ${store.shown(deviceCrl)} cannot be signed for ${certificate.subject} without ` +
			"it; bring it back from where it is kept, and give the same command again",
	);
}
