/**
 * The authorities of a store: one for brokers with its successor, one for devices. Makes what is
 * missing, and loads them for signing. Always holds: an authority that is there keeps its key;
 * a certificate and a key that do not belong together sign nothing.
 */

import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { type LedgerKind, readLedger, recordIssued } from "../store/ledger";
import { toPem } from "../store/pem";
import {
	type AuthorityFiles,
	readCertificate,
	readCertificates,
	readKey,
	type Store,
	StoreError,
} from "../store/store";
import {
	exportKey,
	type Identity,
	identityOf,
	importKey,
	makeAuthority,
	makeKeys,
} from "./authority";
import { writeRevocationLists } from "./revocation";

const NAMES = { "broker-ca": "fieldmote broker CA", "device-ca": "fieldmote device CA" } as const;

/** When an authority is made, and after whom it comes; both Unix milliseconds. */
interface AuthorityOptions {
	readonly nowMs: number;
	/** End of the one whose successor it is. */
	readonly predecessorEndMs?: number;
}

/**
 * Makes the authorities that are missing, and the revocation lists. Throws StoreError where the
 * brokers' got lost of a store that is in use.
 * @returns paths of what was made
 */
export async function ensureAuthorities(store: Store, nowMs: number): Promise<string[]> {
	refuseLost(store);
	const made: string[] = [];
	let predecessorEndMs = 0;
	for (const files of [store.brokerCa, store.brokerCaNext]) {
		const options = { nowMs, predecessorEndMs };
		if (await ensureAuthority(store, files, "broker-ca", options)) made.push(files.certificate);
		const certificate = readCertificate(files.certificate);
		store.replace(files.der, certificate.raw);
		predecessorEndMs = Date.parse(certificate.validTo);
	}
	writeBrokerCas(store);
	const { deviceCa } = store;
	const isNew = await ensureAuthority(store, deviceCa, "device-ca", { nowMs });
	if (isNew) made.push(deviceCa.certificate);
	if ((isNew || !existsSync(store.deviceCrl)) && existsSync(deviceCa.key)) {
		await writeRevocationLists(store, nowMs);
		made.push(store.deviceCrl);
	}
	return made;
}

/** Boards that carry the one that got lost would accept no broker of another. */
function refuseLost(store: Store): void {
	const { brokerCa, brokerCaNext } = store;
	if (existsSync(brokerCa.certificate) || existsSync(brokerCa.key)) return;
	const isUsed =
		existsSync(brokerCaNext.certificate) ||
		store.servers().length > 0 ||
		store.devices().some((id) => existsSync(store.device(id).imageAuthorities[0])) ||
		[...readLedger(store).certificates.values()].some(({ kind }) => kind === "broker-ca");
	if (!isUsed) return;
	throw new StoreError(
		[
			`${store.shown(brokerCa.certificate)}: is not here, and boards accept no broker of another:`,
			"bring it back from the copy, with its key;",
			'or its successor, which boards carry too: "npm run certs -- renew broker-ca";',
			'or begin anew, and flash every board: "npm run certs -- init --force"',
		].join("\n"),
	);
}

/** Writes what programs trust, as far as it is there: the brokers' authority, its successor. */
export function writeBrokerCas(store: Store): void {
	const wanted = brokerCasOf(store);
	if (wanted !== "") store.replace(store.brokerCas, wanted);
}

/** What belongs in store.brokerCas; "" without an authority. */
export function brokerCasOf({ brokerCa, brokerCaNext }: Store): string {
	const present = [brokerCa, brokerCaNext].filter(({ certificate }) => existsSync(certificate));
	return [...new Set(present.map(({ certificate }) => String(readCertificate(certificate))))].join(
		"",
	);
}

/**
 * Makes what is missing of one authority, key or certificate.
 * @returns whether a certificate was made
 */
export async function ensureAuthority(
	store: Store,
	files: AuthorityFiles,
	kind: keyof typeof NAMES & LedgerKind,
	options: AuthorityOptions,
): Promise<boolean> {
	const isThere = existsSync(files.certificate);
	if (isThere) {
		const [certificate, ...older] = readCertificates(files.certificate);
		if (Date.parse((certificate as X509Certificate).validTo) > options.nowMs) return false;
		// The same key and name under a new date: what it signed stays good. One that was brought along
		// has another name.
		const isOurs = commonNameOf(certificate as X509Certificate).startsWith(NAMES[kind]);
		if (!isOurs || !existsSync(files.key)) return false;
		const pem = (await certificateFor(store, files, kind, options)).toString();
		return store.replace(files.certificate, [pem, ...older.map(String)].join(""));
	}
	if (!existsSync(files.key)) store.writeNewKey(files.key, await newKey());
	return store.writeNew(
		files.certificate,
		(await certificateFor(store, files, kind, options)).toString(),
	);
}

async function certificateFor(
	store: Store,
	files: AuthorityFiles,
	kind: keyof typeof NAMES,
	{ nowMs, predecessorEndMs }: AuthorityOptions,
): Promise<X509Certificate> {
	const keys = await importKey(readKey(files.key));
	const made = await makeAuthority(NAMES[kind], keys, nowMs, predecessorEndMs);
	const certificate = new X509Certificate(Buffer.from(made.rawData));
	recordIssued(store, kind, commonNameOf(certificate), certificate, certificate, nowMs);
	return certificate;
}

/** A key of a new authority; PEM. */
async function newKey(): Promise<string> {
	return toPem("PRIVATE KEY", await exportKey(await makeKeys("P-256")));
}

/** A new authority for devices or brokers, not yet written anywhere; PEM. */
export async function newAuthority(
	kind: keyof typeof NAMES,
	{ nowMs, predecessorEndMs }: AuthorityOptions,
): Promise<{ readonly certificate: string; readonly key: string }> {
	const keys = await makeKeys("P-256");
	const certificate = await makeAuthority(NAMES[kind], keys, nowMs, predecessorEndMs);
	return {
		certificate: toPem("CERTIFICATE", new Uint8Array(certificate.rawData)),
		key: toPem("PRIVATE KEY", await exportKey(keys)),
	};
}

/** Loads the authority in use for signing; throws StoreError where it cannot sign. */
export async function loadAuthority(store: Store, files: AuthorityFiles): Promise<Identity> {
	const { certificate: path, key: keyPath } = files;
	refuseMissing(store, files);
	if (!existsSync(keyPath)) {
		const shown = store.shown(path);
		throw new StoreError(
			`${store.shown(keyPath)}: is not here, and ${shown} cannot sign without it; bring it back ` +
				"from where it is kept",
		);
	}
	const key = readKey(keyPath);
	const certificate = readCertificates(path).find((one) => one.checkPrivateKey(key));
	if (certificate === undefined) {
		throw new StoreError(`${store.shown(keyPath)}: does not belong to ${store.shown(path)}`);
	}
	return identityOf(certificate.raw, key);
}

/** Throws where an authority's certificate is not there, with the way to one. */
export function refuseMissing(store: Store, { certificate }: AuthorityFiles): void {
	if (existsSync(certificate)) return;
	const where = store.shown(store.directory);
	throw new StoreError(`${where}: no authorities there yet; "npm run certs -- init" makes them`);
}

/** The common name of a subject; the whole of it where there is none. */
export function commonNameOf({ subject }: X509Certificate): string {
	return commonNameIn(subject);
}

/** The same of a name as node:crypto writes it: `CN=…` and others, a line each. */
export function commonNameIn(name: string): string {
	return /^CN=(.*)$/m.exec(name)?.[1] ?? name.replaceAll("\n", ", ");
}
