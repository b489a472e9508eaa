/**
 * The certificates and the key that go into the image: finds those that somebody put there, or
 * makes them. Always holds: a key is never overwritten, and only its owner can read it; what the
 * firmware could not use is refused here, with the file's name. Must not know mcconfig.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type DeviceFiles, ensureCertificates } from "../certs/ensure";
import { fingerprintOf } from "../certs/image";
import { covers, namesOf } from "../certs/signing/issue";
import { recordFlashed } from "../certs/store/ledger";
import { readCertificate, Store, StoreError } from "../certs/store/store";
import { UsageError } from "../host-sim/words";
import { ConfigurationError } from "./site/files";

/** What the firmware looks for; firmware/credentials.ts. */
const AUTHORITIES = ["authority.der", "authority-1.der", "authority-2.der"];
const KNOWN = [...AUTHORITIES, "certificate.der", "key.der"];
/** manifest.json leaves this one out of the image. */
const PAGE = "certs/device/README.md";
/** Under these names the simulator reaches its own broker, with the same certificate. */
const SIMULATOR_NAMES = ["localhost", "127.0.0.1"];
const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;

export interface Credentials {
	/** Absolute. */
	readonly folder: string;
	/** Whether the folder and what is in it are there already. */
	readonly state: "found" | "made" | "to be made";
	/** What to say: files, and until when they are good. */
	readonly lines: readonly string[];
}

/** Where the credentials of this node are, or will be. Makes nothing. */
export function findCredentials(
	root: string,
	node: string,
	given: string | undefined,
	nowMs: number,
): Credentials {
	if (given !== undefined) {
		const folder = resolve(given);
		if (!existsSync(folder) || !statSync(folder).isDirectory()) {
			throw new UsageError(`--credentials ${given}: no such folder`);
		}
		return found(folder, root, nowMs);
	}
	const own = join(root, "certs/device");
	if (existsSync(join(own, "authority.der"))) return found(own, root, nowMs);
	const { image } = storeOf(root).device(node);
	return { folder: image, state: "to be made", lines: [] };
}

function storeOf(root: string): Store {
	return new Store(join(root, "certs/generated"));
}

function found(folder: string, root: string, nowMs: number): Credentials {
	return { folder, state: "found", lines: checkFolder(folder, relative(root, folder), nowMs) };
}

/**
 * Makes what is missing of a node's certificate, of its brokers', and of the CAs of both.
 * @param brokerHosts names or addresses under which the node reaches its brokers; one or more
 */
export async function makeCredentials(
	root: string,
	node: string,
	brokerHosts: readonly string[],
	nowMs: number,
): Promise<Credentials> {
	const store = storeOf(root);
	const folder = store.device(node).image;
	const before = contentOf(folder);
	const shown = (path: string) => relative(root, path);
	const needs = new Set<string>();
	for (const host of brokerHosts) {
		const files = await ensureCertificates(store.directory, {
			brokerNames: brokerNames(store, host),
			node,
			nowMs,
		}).catch((error): DeviceFiles => {
			throw error instanceof StoreError ? new ConfigurationError(error.message) : error;
		});
		needs.add(
			`the broker ${host} needs: cafile ${shown(files.deviceCa)}, ` +
				`certfile ${shown(files.brokerChain)}, keyfile ${shown(files.brokerKey)}, ` +
				`crlfile ${shown(files.deviceCrl)}`,
		);
	}
	return {
		folder,
		state: before === contentOf(folder) ? "found" : "made",
		lines: [...checkFolder(folder, shown(folder), nowMs), ...needs],
	};
}

/**
 * Enters in the ledger what a board carries now: a CA is not replaced before its boards carry the
 * successor.
 * @param folder what went into the image
 */
export function noteFlashed(root: string, node: string, folder: string, nowMs: number): void {
	const store = storeOf(root);
	const there = (name: string) => existsSync(join(folder, name));
	const own = there("certificate.der")
		? readCertificate(join(folder, "certificate.der"))
		: undefined;
	recordFlashed(store, {
		name: node,
		authorities: AUTHORITIES.filter(there).map((name) => {
			return fingerprintOf(readCertificate(join(folder, name)));
		}),
		serial: own?.serialNumber ?? "",
		at: new Date(nowMs).toISOString(),
	});
}

function contentOf(folder: string): string {
	if (!existsSync(folder)) return "";
	return readdirSync(folder)
		.map((name) => readFileSync(join(folder, name), "latin1"))
		.join();
}

/** Names of the broker's certificate in the store that is for this host, or of one to be made. */
function brokerNames(store: Store, host: string): readonly string[] {
	for (const name of store.servers()) {
		const { chain } = store.server(name);
		if (!existsSync(chain)) continue;
		const leaf = readCertificate(chain);
		if (covers(leaf, host)) return namesOf(leaf);
	}
	return SIMULATOR_NAMES.includes(host) ? SIMULATOR_NAMES : [host];
}

/** @returns what there is; throws with the name of a file that the firmware could not use */
function checkFolder(folder: string, shown: string, nowMs: number): string[] {
	const names = readdirSync(folder);
	const strange = names.filter((name) => !KNOWN.includes(name) && `${shown}/${name}` !== PAGE);
	if (strange.length > 0) {
		const reason = "all files there go into the image; move it away";
		throw new ConfigurationError(`${shown}/${strange[0]}: ${reason} (${KNOWN.join(", ")})`);
	}
	const read = (name: string) =>
		readImageCertificate(join(folder, name), `${shown}/${name}`, nowMs);
	const authorities = AUTHORITIES.filter((name) => names.includes(name));
	if (authorities.length === 0) {
		throw new ConfigurationError(`${shown}: no authority.der, the CA of the broker's certificate`);
	}
	const lines: string[] = [];
	for (const name of authorities) {
		const { certificate, line } = read(name);
		if (!certificate.ca) throw new ConfigurationError(`${shown}/${name}: is no CA certificate`);
		lines.push(line);
	}
	const hasCertificate = names.includes("certificate.der");
	if (hasCertificate !== names.includes("key.der")) {
		const alone = hasCertificate
			? "certificate.der without key.der"
			: "key.der without certificate.der";
		throw new ConfigurationError(`${shown}: ${alone}`);
	}
	if (!hasCertificate) return lines;
	const { certificate, line } = read("certificate.der");
	checkKey(join(folder, "key.der"), `${shown}/key.der`, certificate);
	return [...lines, line];
}

function readImageCertificate(path: string, shown: string, nowMs: number) {
	const bytes = readFileSync(path);
	if (bytes[0] !== 0x30) {
		const how = `openssl x509 -outform der -in ca.pem -out ${shown}`;
		throw new ConfigurationError(`${shown}: is not DER; ${how}`);
	}
	let certificate: X509Certificate;
	try {
		certificate = new X509Certificate(bytes);
	} catch {
		throw new ConfigurationError(`${shown}: is no certificate`);
	}
	const untilMs = Date.parse(certificate.validTo);
	const day = new Date(untilMs).toISOString().slice(0, 10);
	if (untilMs <= nowMs) throw new ConfigurationError(`${shown}: was valid until ${day}`);
	const left = Math.floor((untilMs - nowMs) / DAY_MS);
	const soon = untilMs - nowMs < SOON_MS ? `, ${left} days from now` : "";
	return { certificate, line: `${shown} valid until ${day}${soon}` };
}

function checkKey(path: string, shown: string, certificate: X509Certificate): void {
	const wrong = (reason: string) => new ConfigurationError(`${shown}: ${reason}`);
	let key: ReturnType<typeof createPrivateKey>;
	try {
		key = createPrivateKey({ key: readFileSync(path), format: "der", type: "pkcs8" });
	} catch {
		const how = `openssl pkcs8 -topk8 -nocrypt -in node.key -outform der -out ${shown}`;
		throw wrong(`is no key in PKCS#8 DER form; ${how}`);
	}
	if (key.asymmetricKeyType !== "rsa") throw wrong("is no RSA key; a board can sign with RSA only");
	if (!certificate.checkPrivateKey(key)) throw wrong("does not belong to certificate.der");
	if ((statSync(path).mode & 0o077) !== 0) throw wrong(`others can read it; chmod 600 ${shown}`);
}
