/**
 * What goes into a device's image: the brokers' authority and its successor, perhaps a public one,
 * and the device's own certificate and key. Always holds: the key in it is the device's, and an
 * image is never given another without that being asked for. Must not know who issues.
 */

import { createHash, type X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { readCertificate, readCertificates, readKey, type Store, StoreError } from "./store";

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
	if (!isNewKey && !readFileSync(device.imageKey).equals(key)) {
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
	rmSync(path, { force: true });
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

/**
 * Reads a further authority for images; throws StoreError where boards could not use it.
 * @param path PEM or DER
 */
export function readFurtherAuthority(path: string, nowMs: number): X509Certificate {
	const found = readCertificates(path);
	const certificate = found[0] as X509Certificate;
	const wrong = (why: string) => new StoreError(`${path}: ${why}`);
	if (found.length > 1) throw wrong("holds several certificates; one authority is wanted");
	if (!certificate.ca) throw wrong("is no authority's certificate (basicConstraints)");
	if (Date.parse(certificate.validTo) <= nowMs) throw wrong(`ended on ${dayOf(certificate)}`);
	const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
	const isGood =
		(type === "rsa" && (details?.modulusLength ?? 0) >= 2048) ||
		(type === "ec" && details?.namedCurve === "prime256v1");
	if (!isGood) throw wrong("boards check RSA of 2048 bits or more and P-256; its key is neither");
	return certificate;
}

/** The day on which a certificate ends, as 2026-12-31. */
export function dayOf({ validTo }: { readonly validTo: string }): string {
	return new Date(validTo).toISOString().slice(0, 10);
}
