/**
 * Puts keys and certificates that were checked into the store. Always holds: what is there is not
 * replaced unless that is asked for, and then it goes to retired/ first; the key comes before the
 * certificate that needs it. Must not know what makes a certificate good.
 */

import type { KeyObject, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { refreshImage } from "../image";
import { firstServerName } from "../names";
import { commonNameOf, writeBrokerCas } from "../signing/authorities";
import { namesOf } from "../signing/issue";
import { writeRevocationLists } from "../signing/revocation";
import { recordIssued } from "../store/ledger";
import { keyToPem } from "../store/pem";
import { readCertificate, readCertificates, readKey, type Store, StoreError } from "../store/store";

export interface Taken {
	readonly certificate: X509Certificate;
	/** Undefined: an authority that signs elsewhere. */
	readonly key: KeyObject | undefined;
	readonly nowMs: number;
	/** Replaces what is there. */
	readonly force: boolean;
}

/** Throws StoreError where something else is in the way. */
function refuse(store: Store, path: string, what: string, why: string): never {
	throw new StoreError(`${store.shown(path)}: ${what}; --force moves it to retired/${why}`);
}

function isSameKey(path: string, key: KeyObject | undefined): boolean {
	return key !== undefined && existsSync(path) && readKey(path).equals(key);
}

/** Whether this may be written: nothing else is there, or it may go. */
export function checkBrokerCa(store: Store, { certificate, key, force }: Taken): void {
	const { brokerCa } = store;
	if (force) return;
	const isThere = existsSync(brokerCa.certificate);
	if (isThere && !readCertificate(brokerCa.certificate).raw.equals(certificate.raw)) {
		const why = ", and boards that carry it accept no broker of the new one";
		refuse(store, brokerCa.certificate, "another authority is in use", why);
	}
	if (key !== undefined && existsSync(brokerCa.key) && !isSameKey(brokerCa.key, key)) {
		refuse(store, brokerCa.key, "is another key", "");
	}
}

export function putBrokerCa(store: Store, taken: Taken): string[] {
	const { certificate, key } = taken;
	const { brokerCa } = store;
	const before = existsSync(brokerCa.certificate)
		? readCertificate(brokerCa.certificate)
		: undefined;
	const isNew = before?.raw.equals(certificate.raw) !== true;
	if (!isSameKey(brokerCa.key, key) && (isNew || key !== undefined)) {
		store.retire(brokerCa.key, "broker-ca.key");
	}
	if (isNew) store.retire(brokerCa.certificate, "broker-ca.pem");
	if (key !== undefined) store.writeNewKey(brokerCa.key, keyToPem(key));
	store.replace(brokerCa.der, certificate.raw);
	if (isNew) record(store, "broker-ca", taken, certificate);
	store.replace(brokerCa.certificate, certificate.toString());
	writeBrokerCas(store);
	const stranded = before === undefined || !isNew ? [] : store.servers();
	return [
		store.shown(brokerCa.certificate),
		...stranded.map((name) => `${name} is under the authority before: certs -- renew ${name}`),
	];
}

export function checkDeviceCa(store: Store, { certificate, key, force }: Taken): void {
	const { deviceCa } = store;
	if (force || !existsSync(deviceCa.certificate)) return;
	const [first] = readCertificates(deviceCa.certificate);
	if (first?.raw.equals(certificate.raw) !== true) {
		refuse(store, deviceCa.certificate, "another authority is in use", "'s keys and stays trusted");
	}
	if (key !== undefined && existsSync(deviceCa.key) && !isSameKey(deviceCa.key, key)) {
		refuse(store, deviceCa.key, "is another key", "");
	}
}

/** The new authority comes first; what was trusted stays trusted. */
export async function putDeviceCa(store: Store, taken: Taken): Promise<string[]> {
	const { certificate, key, nowMs } = taken;
	const { deviceCa } = store;
	const before = existsSync(deviceCa.certificate) ? readCertificates(deviceCa.certificate) : [];
	const isNew = before[0]?.raw.equals(certificate.raw) !== true;
	if (!isSameKey(deviceCa.key, key) && (isNew || key !== undefined)) {
		store.retire(deviceCa.key, "device-ca.key");
	}
	if (key !== undefined) store.writeNewKey(deviceCa.key, keyToPem(key));
	if (isNew) record(store, "device-ca", taken, certificate);
	const older = before.filter((one) => !one.raw.equals(certificate.raw));
	store.replace(deviceCa.certificate, [certificate, ...older].join(""));
	const shown = store.shown(deviceCa.certificate);
	if (key === undefined) {
		return [shown, "no revocation list for it: its key is not here; without one no crlfile"];
	}
	await writeRevocationLists(store, nowMs);
	return [shown, store.shown(store.deviceCrl)];
}

/** The folder's name; throws StoreError for a certificate without a name that a broker can have. */
export function serverName(certificate: X509Certificate): string {
	const names = namesOf(certificate);
	const name = firstServerName(names);
	if (name !== undefined) return name;
	throw new StoreError(
		`no broker can be called ${names.join(", ")}; sign it again with a DNS name or an IPv4 ` +
			"address in subjectAltName",
	);
}

export function checkServerPlace(store: Store, { certificate, force }: Taken): void {
	const files = store.server(serverName(certificate));
	if (force) return;
	for (const path of [files.chain, files.key]) {
		if (existsSync(path)) refuse(store, path, "is there already", "");
	}
}

/** @param chain the broker's own first, up to its authority */
export function putServer(store: Store, taken: Taken, chain: readonly X509Certificate[]): string[] {
	const { certificate, key } = taken;
	const name = serverName(certificate);
	const files = store.server(name);
	if (!isSameKey(files.key, key)) store.retire(files.key, `server-${name.replace("*", "_")}.key`);
	store.writeNewKey(files.key, keyToPem(key as KeyObject));
	record(store, "server", taken, chain[1] ?? certificate, name);
	store.replace(files.chain, chain.join(""));
	return [store.shown(files.chain), store.shown(files.key)];
}

export function checkDevicePlace(store: Store, id: string, { key, force }: Taken): void {
	const paths = store.device(id);
	if (!existsSync(store.brokerCa.certificate)) {
		throw new StoreError(
			`${store.shown(store.brokerCa.certificate)}: is not there; it goes into a board's image; ` +
				'"npm run certs -- import broker-ca CA.crt" or "npm run certs -- init" first',
		);
	}
	if (force) return;
	for (const path of [paths.key, paths.imageKey]) {
		if (existsSync(path) && !isSameKey(path, key)) refuse(store, path, "is another key", "");
	}
	if (existsSync(paths.certificate)) refuse(store, paths.certificate, "is there already", "");
}

/** @param issuer who signed it */
export function putDevice(
	store: Store,
	id: string,
	taken: Taken,
	issuer: X509Certificate,
): string[] {
	const { certificate, key } = taken;
	const paths = store.device(id);
	if (!isSameKey(paths.key, key)) store.retire(paths.key, `device-${id}.key`);
	if (!isSameKey(paths.imageKey, key)) store.retire(paths.imageKey, `device-${id}-image.key`);
	store.writeNewKey(paths.key, keyToPem(key as KeyObject));
	record(store, "device", taken, issuer, id);
	store.replace(paths.certificate, certificate.toString());
	refreshImage(store, id);
	return [store.shown(paths.certificate), store.shown(paths.key), store.shown(paths.image)];
}

function record(
	store: Store,
	kind: Parameters<typeof recordIssued>[1],
	{ certificate, nowMs }: Taken,
	issuer: X509Certificate,
	name = commonNameOf(certificate),
): void {
	recordIssued(store, kind, name, certificate, issuer, nowMs);
}
