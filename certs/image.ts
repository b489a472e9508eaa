/**
 * What goes into a device's image: the brokers' authority and its successor, perhaps a public one,
 * and the device's own certificate and key. Always holds: the key in it is the device's, and an
 * image is never given another without that being asked for. Must not know who issues.
 */

import { createHash, type X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { readBounded, readCertificate, readKey, type Store, StoreError } from "./store/store";

/**
 * Brings the image of a device up to what the store has.
 * @param further DER of a further authority; undefined: the one that is there stays
 * @returns whether anything changed
 */
export function refreshImage(store: Store, id: string, further?: Uint8Array): boolean {
	const device = store.device(id);
	const [authority, next, public_] = device.imageAuthorities;
	const key = readKey(device.key).export({ format: "der", type: "pkcs8" });
	const isNewKey = store.writeNewKey(device.imageKey, key);
	if (!isNewKey && !readBounded(device.imageKey).equals(key)) {
		throw new StoreError(
			`${store.shown(device.imageKey)}: is another key than ${store.shown(device.key)}; ` +
				"move the one away that the board does not have",
		);
	}
	const certificate = readCertificate(device.certificate);
	const changes = [
		isNewKey,
		store.replace(authority, readCertificate(store.brokerCa.certificate).raw),
		replaceOrRemove(store, next, store.brokerCaNext.certificate),
		store.replace(device.imageCertificate, certificate.raw),
		further !== undefined && store.replace(public_, further),
	];
	return changes.includes(true);
}

function replaceOrRemove(store: Store, path: string, source: string): boolean {
	if (existsSync(source)) return store.replace(path, readCertificate(source).raw);
	const isThere = existsSync(path);
	if (isThere) store.discard(path);
	return isThere;
}

/** SHA-256 of each authority in an image, hex. */
export function imageAuthorities(store: Store, id: string): string[] {
	return store
		.device(id)
		.imageAuthorities.filter((path) => existsSync(path))
		.map((path) => fingerprintOf(readCertificate(path)));
}

/** SHA-256 of a certificate, hex. */
export function fingerprintOf({ raw }: X509Certificate): string {
	return createHash("sha256").update(raw).digest("hex");
}

/** The day on which a certificate ends, as 2026-12-31. */
export function dayOf({ validTo }: { readonly validTo: string }): string {
	return new Date(validTo).toISOString().slice(0, 10);
}
