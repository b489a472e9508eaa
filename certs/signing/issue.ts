/**
 * Issues brokers' and devices' certificates into a store. Always holds: a key that is there is kept
 * unless a new one is asked for, and then the old one goes to retired/; what is issued is in the
 * ledger before it is in its place. Must not know the command line.
 */

import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { isIPv4 } from "node:net";
import { refreshImage } from "../image";
import { type Ledger, type LedgerKind, readLedger, recordIssued } from "../store/ledger";
import { toPem } from "../store/pem";
import {
	type DevicePaths,
	readCertificate,
	readCertificates,
	readIfThere,
	readKey,
	type ServerFiles,
	type Store,
	StoreError,
} from "../store/store";
import { loadAuthority } from "./authorities";
import {
	exportKey,
	type Identity,
	importKey,
	type KeyKind,
	type LeafRequest,
	makeDeviceCertificate,
	makeKeys,
	makeServerCertificate,
} from "./authority";
import { certificateMessageBytes, RECORD_BYTES } from "./record-bytes";

/** A leaf that ends sooner than this is not taken as it is. */
const RENEW_MS = 14 * 86_400_000;

export interface IssueOptions {
	readonly nowMs: number;
	/** How long it is to be good; never longer than its authority. */
	readonly days?: number | undefined;
	/** Replaces the key that is there. */
	readonly newKey?: boolean | undefined;
}

export interface ServerOptions extends IssueOptions {
	/** Its folder's name; default: the first of its names. */
	readonly name?: string | undefined;
	/** Of a new key; default P-256. */
	readonly keyKind?: KeyKind | undefined;
	/** Default: that of the store. */
	readonly authority?: Identity | undefined;
}

/**
 * Issues a broker's certificate; names as checkServerNames() returns them. Throws StoreError for
 * new names that make it longer than boards take, before anything is written.
 */
export async function issueServer(
	store: Store,
	names: readonly string[],
	options: ServerOptions,
): Promise<ServerFiles> {
	const name = options.name ?? names[0] ?? "";
	const files = store.server(name);
	const authority = options.authority ?? (await loadAuthority(store, store.brokerCa));
	const isKept = !options.newKey && existsSync(files.key);
	const kind = options.keyKind ?? "P-256";
	const keys = isKept ? await importKey(readKey(files.key)) : await makeKeys(kind);
	const { nowMs, days } = options;
	const { publicKey } = keys;
	const made = await makeServerCertificate(authority, names, { publicKey, nowMs, days });
	// What boards with a larger recordBytes take already can be renewed.
	if (!names.every((one) => namesIn(files.chain).includes(one))) checkLength(made, authority);
	if (!isKept) {
		retireKey(store, files.key, `server-${name.replace("*", "_")}.key`);
		if (!store.writeNewKey(files.key, toPem("PRIVATE KEY", await exportKey(keys)))) {
			throw new StoreError(`${store.shown(files.key)}: is a link to nothing; remove it`);
		}
	}
	const { certificate, issuer } = recorded(store, "server", name, made, authority, nowMs);
	store.replace(files.chain, `${certificate}${issuer}`);
	return files;
}

/** Names of the certificate that is there; none where it cannot be read. */
function namesIn(chain: string): string[] {
	try {
		return namesOf(readCertificate(chain));
	} catch {
		return [];
	}
}

function checkLength(leaf: Identity["certificate"], { certificate }: Identity): void {
	const chain = [leaf, certificate].map(({ rawData }) => new Uint8Array(rawData));
	const bytes = certificateMessageBytes(chain);
	if (bytes <= RECORD_BYTES) return;
	throw new StoreError(
		`the names make a Certificate message of ${bytes} bytes; boards take ${RECORD_BYTES} ` +
			"(recordBytes in the board's file); fewer or shorter names, or several brokers",
	);
}

/** What a certificate for the key in a file is made from; the key is made where there is none. */
async function requestFor(
	store: Store,
	key: string,
	kind: KeyKind,
	{ nowMs, days }: IssueOptions,
): Promise<LeafRequest> {
	if (!existsSync(key)) {
		store.writeNewKey(key, toPem("PRIVATE KEY", await exportKey(await makeKeys(kind))));
	}
	const { publicKey } = await importKey(readKey(key));
	return { publicKey, nowMs, days };
}

/** Enters what was made in the ledger, before it is in its place. */
function recorded(
	store: Store,
	kind: LedgerKind,
	name: string,
	made: Identity["certificate"],
	authority: Identity,
	nowMs: number,
) {
	const certificate = new X509Certificate(Buffer.from(made.rawData));
	const issuer = new X509Certificate(Buffer.from(authority.certificate.rawData));
	recordIssued(store, kind, name, certificate, issuer, nowMs);
	return { certificate, issuer };
}

/** Issues a broker's certificate unless there is one that is good for these names. */
export async function ensureServer(
	store: Store,
	names: readonly string[],
	options: ServerOptions,
): Promise<ServerFiles> {
	const files = store.server(names[0] ?? "");
	const present = existsSync(files.chain) ? readCertificates(files.chain) : [];
	const [leaf] = present;
	if (leaf !== undefined && isGoodServer(store, files, options.nowMs)) {
		if (names.every((name) => covers(leaf, name))) return files;
	}
	// Names that somebody added are not taken away.
	const kept = leaf === undefined ? [] : namesOf(leaf);
	return issueServer(store, [...new Set([...names, ...kept])], options);
}

/** Whether a broker's files belong together, under the authority in use, for some days more. */
function isGoodServer(store: Store, files: ServerFiles, nowMs: number): boolean {
	const chain = readCertificates(files.chain);
	const leaf = chain[0] as X509Certificate;
	const authority = readCertificate(store.brokerCa.certificate);
	if (!chain.some((one) => one.raw.equals(authority.raw))) return false;
	if (!existsSync(files.key) || !leaf.checkPrivateKey(readKey(files.key))) return false;
	return isInTime(leaf, nowMs) && isUnder(chain, authority);
}

/** Whether a chain, leaf first, leads to an authority; one that was brought may have more links. */
export function isUnder(chain: readonly X509Certificate[], authority: X509Certificate): boolean {
	const [leaf, ...others] = chain;
	let last = leaf as X509Certificate;
	for (const next of others) {
		if (last.verify(authority.publicKey)) break;
		if (last.verify(next.publicKey)) last = next;
	}
	return last.verify(authority.publicKey);
}

function isInTime({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
	const fromMs = Date.parse(validFrom);
	const untilMs = Date.parse(validTo);
	return fromMs <= nowMs && untilMs - nowMs > Math.min(RENEW_MS, (untilMs - fromMs) / 3);
}

/** Whether the subjectAltName covers a name, as clients ask. */
export function covers(leaf: X509Certificate, name: string): boolean {
	const found = isIPv4(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: "never" });
	return found !== undefined;
}

/** Names of a certificate, as issueServer() takes them. */
export function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
	const found = subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g);
	return [...found].map(([, name]) => name as string);
}

export interface DeviceOptions extends IssueOptions {
	/** DER of a further authority for the image. */
	readonly further?: Uint8Array | undefined;
	/** Default: that of the store. */
	readonly authority?: Identity | undefined;
	/** Default: that of the store. */
	readonly ledger?: Ledger | undefined;
}

/** Issues a device's certificate and brings its image up to date. */
export async function issueDevice(
	store: Store,
	id: string,
	options: DeviceOptions,
): Promise<DevicePaths> {
	const paths = store.device(id);
	const authority = options.authority ?? (await loadAuthority(store, store.deviceCa));
	if (options.newKey) {
		retireKey(store, paths.key, `device-${id}.key`);
		retireKey(store, paths.imageKey, `device-${id}-image.key`);
	}
	const request = await requestFor(store, paths.key, "RSA", options);
	const made = await makeDeviceCertificate(authority, id, request);
	const { certificate } = recorded(store, "device", id, made, authority, options.nowMs);
	store.replace(paths.certificate, certificate.toString());
	refreshImage(store, id, options.further);
	return paths;
}

/**
 * Issues a device's certificate unless it has one that still holds; its image is brought up to date
 * in any case. Throws StoreError for one that was revoked.
 * @returns what came of it
 */
export async function ensureDevice(
	store: Store,
	id: string,
	options: DeviceOptions,
): Promise<"made" | "refreshed" | "kept"> {
	const paths = store.device(id);
	if (options.newKey || !existsSync(paths.key) || !existsSync(paths.certificate)) {
		await issueDevice(store, id, options);
		return "made";
	}
	const certificate = readCertificate(paths.certificate);
	const { revoked } = options.ledger ?? readLedger(store);
	if (revoked.has(certificate.serialNumber)) {
		throw new StoreError(
			`${id}: its certificate was revoked; "npm run certs -- device ${id} --new-key" makes a new ` +
				"key and certificate, and the board has to be flashed",
		);
	}
	const isGood =
		isInTime(certificate, options.nowMs) &&
		certificate.checkPrivateKey(readKey(paths.key)) &&
		readCertificates(store.deviceCa.certificate).some((one) => certificate.verify(one.publicKey));
	if (!isGood) {
		await issueDevice(store, id, options);
		return "made";
	}
	return refreshImage(store, id, options.further) ? "refreshed" : "kept";
}

function retireKey(store: Store, path: string, name: string): void {
	if (readIfThere(path) !== undefined) store.retire(path, name);
}
