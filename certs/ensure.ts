/**
 * Certificates for a broker and its devices for programs that need them now: whatever is missing of
 * a store is made, and a leaf that ends soon or does not fit any more is renewed. Always holds: a
 * key is never overwritten; a second start changes nothing; two starts at once are one after the
 * other. Must not know the command line.
 */

import { ensureAuthorities } from "./signing/authorities";
import type { KeyKind } from "./signing/authority";
import { ensureDevice, ensureServer } from "./signing/issue";
import { withLock } from "./store/lock";
import { Store } from "./store/store";
import { takeOver } from "./store/take-over";

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
	/** What programs trust: that one and its successor, PEM. */
	readonly brokerCas: string;
	/** The broker's certificate with its CA's behind it, and its key; PEM. */
	readonly brokerChain: string;
	readonly brokerKey: string;
	/** What the broker trusts, PEM, and what it does not trust any more. */
	readonly deviceCa: string;
	readonly deviceCrl: string;
}

/** Paths, with those of a node. */
export interface DeviceFiles extends CertificateFiles {
	/** PEM. */
	readonly deviceCertificate: string;
	readonly deviceKey: string;
	/** As the firmware takes them: DER, the key PKCS#8. */
	readonly deviceCertificateDer: string;
	readonly deviceKeyDer: string;
	/** The folder that goes into the image. */
	readonly deviceImage: string;
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
	const store = new Store(directory);
	return withLock(store, () => ensureIn(store, options));
}

async function ensureIn(
	store: Store,
	{ brokerNames, brokerKeyKind, node, nowMs = Date.now() }: EnsureOptions,
): Promise<CertificateFiles | DeviceFiles> {
	takeOver(store, nowMs);
	await ensureAuthorities(store, nowMs);
	const server = await ensureServer(store, brokerNames, { keyKind: brokerKeyKind, nowMs });
	const files = {
		brokerCa: store.brokerCa.certificate,
		brokerCaDer: store.brokerCa.der,
		brokerCas: store.brokerCas,
		brokerChain: server.chain,
		brokerKey: server.key,
		deviceCa: store.deviceCa.certificate,
		deviceCrl: store.deviceCrl,
	};
	if (node === undefined) return files;
	await ensureDevice(store, node, { nowMs });
	const device = store.device(node);
	return {
		...files,
		deviceCertificate: device.certificate,
		deviceKey: device.key,
		deviceCertificateDer: device.imageCertificate,
		deviceKeyDer: device.imageKey,
		deviceImage: device.image,
	};
}
