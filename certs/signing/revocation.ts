/**
 * The revocation lists of the devices' authorities: one for each that brokers trust, in one file,
 * as Mosquitto's `crlfile` takes them. Always holds: no authority is without its list, because
 * OpenSSL refuses every device of one that has none; what a list has revoked stays so, also where
 * the ledger got lost.
 */

import type { X509Certificate } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { keyIdOf, type RevokedEntry, readLedger, recordRevoked, serialOf } from "../store/ledger";
import { fromPem, toPem } from "../store/pem";
import {
	LIST_LIMIT_BYTES,
	readCertificate,
	readCertificates,
	readIfThere,
	readKey,
	type Store,
	StoreError,
} from "../store/store";
import { identityOf, makeRevocationList } from "./authority";
import { loadX509 } from "./x509";

/**
 * Writes the lists anew from the ledger and from those that are there. Throws StoreError where one
 * cannot be signed.
 * @param authorities default: those that brokers trust
 */
export async function writeRevocationLists(
	store: Store,
	nowMs: number,
	authorities = readCertificates(store.deviceCa.certificate),
): Promise<void> {
	await restoreRevoked(store, authorities);
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

/** Enters in the ledger what is in the lists that are there, and not in the ledger. */
async function restoreRevoked(
	store: Store,
	authorities: readonly X509Certificate[],
): Promise<void> {
	const { revoked } = readLedger(store);
	for (const certificate of authorities) {
		const issuer = keyIdOf(certificate);
		for (const { list } of await listsOf(store, certificate)) {
			for (const { serialNumber, revocationDate } of list.entries) {
				const serial = serialOf(serialNumber);
				if (revoked.has(serial)) continue;
				recordRevoked(store, { serial, issuer, at: revocationDate.toISOString() });
			}
		}
	}
}

/** The lists in the file that an authority has signed; one that cannot be read is none. */
async function listsOf(store: Store, certificate: X509Certificate) {
	const x509 = await loadX509();
	const publicKey = new x509.X509Certificate(new Uint8Array(certificate.raw));
	const found = [];
	for (const der of fromPem("X509 CRL", readIfThere(store.deviceCrl, LIST_LIMIT_BYTES) ?? "")) {
		try {
			const list = new x509.X509Crl(der);
			if (await list.verify({ publicKey })) found.push({ der, list });
		} catch {
			// Damaged: the ledger says what was in it.
		}
	}
	return found;
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
	for (const { der, list } of await listsOf(store, certificate)) {
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
