/**
 * Certificates for a broker and its devices in one directory: made where they are missing,
 * renewed when they have expired or do not fit any more. Always holds: a key is never
 * overwritten, and only its owner can read it; a file is there wholly or not at all, also when
 * two programs start at once; nothing but this directory is touched.
 */

import {
	createPrivateKey,
	createPublicKey,
	randomUUID,
	type webcrypto,
	X509Certificate,
} from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import {
	exportKey,
	type Identity,
	type KeyKind,
	makeAuthority,
	makeBrokerCertificate,
	makeDeviceCertificate,
	makeKeys,
} from "./authority";
import { loadX509 } from "./x509";

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** A leaf that ends sooner than this is renewed. */
const RENEW_MS = 14 * 86_400_000;

export interface EnsureOptions {
	/** DNS names and IPv4 addresses under which the broker is reached. */
	readonly brokerNames: readonly string[];
	/** Key of the broker's certificate; default P-256. */
	readonly brokerKeyKind?: KeyKind;
	/** Node id: makes a device certificate with a key of RSA 2,048, which takes a moment. */
	readonly node?: string;
	/** Default: the machine's clock, unix milliseconds. */
	readonly nowMs?: number;
}

/** Paths. */
export interface CertificateFiles {
	/** What boards trust, PEM and DER. */
	readonly brokerCa: string;
	readonly brokerCaDer: string;
	/** The broker's certificate with its CA's behind it, and its key; PEM. */
	readonly brokerChain: string;
	readonly brokerKey: string;
	/** What the broker trusts, PEM. */
	readonly deviceCa: string;
}

/** Paths, with those of a node. */
export interface DeviceFiles extends CertificateFiles {
	/** PEM. */
	readonly deviceCertificate: string;
	readonly deviceKey: string;
	/** As the firmware takes them: DER, the key PKCS#8. */
	readonly deviceCertificateDer: string;
	readonly deviceKeyDer: string;
}

export function ensureCertificates(
	directory: string,
	options: EnsureOptions & { readonly node: string },
): Promise<DeviceFiles>;
export function ensureCertificates(
	directory: string,
	options: EnsureOptions,
): Promise<CertificateFiles>;
export async function ensureCertificates(
	directory: string,
	options: EnsureOptions,
): Promise<CertificateFiles | DeviceFiles> {
	await mkdir(directory, { recursive: true, mode: 0o700 });
	const { brokerNames, brokerKeyKind = "P-256", node, nowMs = Date.now() } = options;
	const at = (name: string) => join(directory, name);
	const files = {
		brokerCa: at("broker-ca.pem"),
		brokerCaDer: at("broker-ca.der"),
		brokerChain: at("broker.pem"),
		brokerKey: at("broker.key"),
		deviceCa: at("device-ca.pem"),
	};
	const brokerAuthority = await ensureAuthority(files.brokerCa, at("broker-ca.key"), nowMs);
	await ensureDer(files.brokerCaDer, brokerAuthority.pem);
	await ensureLeaf(files.brokerChain, files.brokerKey, brokerKeyKind, brokerAuthority, {
		nowMs,
		withAuthority: true,
		fits: (leaf) => brokerNames.every((name) => covers(leaf, name)),
		make: (authority, key) => makeBrokerCertificate(authority, key, brokerNames, nowMs),
	});
	const deviceAuthority = await ensureAuthority(files.deviceCa, at("device-ca.key"), nowMs);
	if (node === undefined) return files;
	const device = {
		deviceCertificate: at(`${node}.pem`),
		deviceKey: at(`${node}.key`),
		deviceCertificateDer: at(`${node}.der`),
		deviceKeyDer: at(`${node}.key.der`),
	};
	const pem = await ensureLeaf(device.deviceCertificate, device.deviceKey, "RSA", deviceAuthority, {
		nowMs,
		withAuthority: false,
		fits: () => true,
		make: (authority, key) => makeDeviceCertificate(authority, key, node, nowMs),
	});
	await ensureDer(device.deviceCertificateDer, pem);
	const key = createPrivateKey(await readFile(device.deviceKey, "utf8"));
	if (!existsSync(device.deviceKeyDer)) {
		await writeNew(device.deviceKeyDer, key.export({ format: "der", type: "pkcs8" }));
	}
	return { ...files, ...device };
}

interface Authority {
	readonly pem: string;
	/** For signing; only when needed, because reading it takes the library. */
	load(): Promise<Identity>;
}

async function ensureAuthority(path: string, keyPath: string, nowMs: number): Promise<Authority> {
	const key = await ensureKey(keyPath, "P-256");
	let pem = await readIfThere(path);
	if (pem === undefined || !isGood(pem, key, nowMs, nowMs)) {
		const name = path.includes("device") ? "fieldmote device CA" : "fieldmote broker CA";
		pem = (await makeAuthority(name, await importKey(key), nowMs)).toString("pem");
		await replace(path, pem);
	}
	const load = async () => {
		const { X509Certificate: Certificate } = await loadX509();
		return { certificate: new Certificate(pem), keys: await importKey(key) };
	};
	return { pem, load };
}

interface LeafPlan {
	readonly nowMs: number;
	readonly withAuthority: boolean;
	fits(leaf: X509Certificate): boolean;
	make(authority: Identity, key: CryptoKey): Promise<{ toString(format: "pem"): string }>;
}

/** @returns the leaf's PEM, without its authority's */
async function ensureLeaf(
	path: string,
	keyPath: string,
	kind: KeyKind,
	authority: Authority,
	plan: LeafPlan,
): Promise<string> {
	const key = await ensureKey(keyPath, kind);
	const present = await readIfThere(path);
	if (present !== undefined && isGood(present, key, plan.nowMs, plan.nowMs + RENEW_MS)) {
		const leaf = new X509Certificate(present);
		const issuer = new X509Certificate(authority.pem);
		const isComplete = !plan.withAuthority || present.includes(authority.pem.trim());
		if (isComplete && leaf.verify(issuer.publicKey) && plan.fits(leaf)) return leaf.toString();
	}
	const { publicKey } = await importKey(key);
	const pem = (await plan.make(await authority.load(), publicKey)).toString("pem");
	await replace(path, plan.withAuthority ? `${pem.trim()}\n${authority.pem}` : pem);
	return pem;
}

function isGood(pem: string, key: string, fromMs: number, untilMs: number): boolean {
	const certificate = new X509Certificate(pem);
	const { validFrom, validTo } = certificate;
	if (Date.parse(validFrom) > fromMs || Date.parse(validTo) <= untilMs) return false;
	return certificate.checkPrivateKey(createPrivateKey(key));
}

function covers(leaf: X509Certificate, name: string): boolean {
	const found = isIPv4(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: "never" });
	return found !== undefined;
}

/** @returns PEM of the key that is there, or of a new one */
async function ensureKey(path: string, kind: KeyKind): Promise<string> {
	const present = await readIfThere(path);
	if (present !== undefined) return present;
	const der = Buffer.from(await exportKey(await makeKeys(kind)));
	const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
	await writeNew(path, key.export({ format: "pem", type: "pkcs8" }));
	return readFile(path, "utf8");
}

async function importKey(pem: string): Promise<CryptoKeyPair> {
	const key = createPrivateKey(pem);
	const isRsa = key.asymmetricKeyType === "rsa";
	const algorithm = isRsa
		? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
		: { name: "ECDSA", namedCurve: "P-256" };
	const secret = key.export({ format: "der", type: "pkcs8" });
	const open = createPublicKey(pem).export({ format: "der", type: "spki" });
	const { subtle } = globalThis.crypto;
	return {
		privateKey: await subtle.importKey("pkcs8", secret, algorithm, true, ["sign"]),
		publicKey: await subtle.importKey("spki", open, algorithm, true, ["verify"]),
	};
}

async function ensureDer(path: string, pem: string): Promise<void> {
	const { raw } = new X509Certificate(pem);
	if (existsSync(path) && raw.equals(await readFile(path))) return;
	await replace(path, raw);
}

async function readIfThere(path: string): Promise<string | undefined> {
	return existsSync(path) ? readFile(path, "utf8") : undefined;
}

/** Writes a secret, unless somebody else was faster. */
async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
	const temporary = `${path}.${randomUUID()}.new`;
	await writeFile(temporary, content, { mode: 0o600 });
	try {
		await link(temporary, path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	} finally {
		await rm(temporary, { force: true });
	}
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
	const temporary = `${path}.${randomUUID()}.new`;
	await writeFile(temporary, content, { mode: 0o644 });
	await rename(temporary, path);
}
