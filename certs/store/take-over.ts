/**
 * Takes over a store of the layout before this one: broker.pem and broker.key, <node>.pem and
 * <node>.key, nodes/<node>/ beside the authorities. Always holds: no key is lost, that of a flashed
 * board least of all; what is not needed any more is moved to retired/ and not removed; stopped in
 * the middle, it goes on the next time.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isId } from "../../firmware/topics";
import { firstServerName } from "../names";
import { writeBrokerCas } from "../signing/authorities";
import { namesOf } from "../signing/issue";
import { type LedgerKind, readLedger, recordIssued } from "./ledger";
import { keyToPem } from "./pem";
import { readCertificate, readCertificates, readIfThere, readKey, type Store } from "./store";

const MAXIMUM_TRIES = 10;

/** @returns what was taken over, by name; nothing where there is nothing old */
export function takeOver(store: Store, nowMs: number): string[] {
	const { server, ids } = findOld(store);
	const taken: string[] = [];
	if (server !== undefined) {
		again(() => takeServer(store, server.chain, server.key, nowMs));
		taken.push("broker");
	}
	for (const id of ids) {
		if (again(() => takeDevice(store, id, nowMs))) taken.push(id);
	}
	// Stores from before there was this file, and rotations that were stopped before they wrote it.
	if (store.isThere) writeBrokerCas(store);
	return taken;
}

/** Paths of what takeOver() would take; none where there is nothing old. */
export function oldFiles(store: Store): string[] {
	const { server, ids } = findOld(store);
	const devices = ids.map((id) => {
		const folder = join(store.directory, "nodes", id);
		return existsSync(folder) ? folder : join(store.directory, `${id}.key`);
	});
	return [...(server === undefined ? [] : [server.chain]), ...devices];
}

const AUTHORITIES = ["broker-ca", "broker-ca-next", "device-ca", "device-ca-next"];

function findOld(store: Store) {
	const at = (name: string) => join(store.directory, name);
	const names = existsSync(store.directory) ? readdirSync(store.directory) : [];
	const isPair = (stem: string) => names.includes(`${stem}.key`) && names.includes(`${stem}.pem`);
	const nodes = names.includes("nodes") ? readdirSync(at("nodes")) : [];
	const inImage = nodes.filter((id) => existsSync(join(at("nodes"), id, "key.der")));
	const flat = names.filter((name) => name.endsWith(".key")).map((name) => name.slice(0, -4));
	const ids = [...new Set([...inImage, ...flat.filter(isPair)])].filter(isId);
	return {
		server: isPair("broker") ? { chain: at("broker.pem"), key: at("broker.key") } : undefined,
		ids: ids.filter((id) => ![...AUTHORITIES, "broker"].includes(id)),
	};
}

/** Another program that takes over at the same moment moves files away that were there just now. */
function again<T>(take: () => T): T {
	for (let tries = 1; ; tries++) {
		try {
			return take();
		} catch (error) {
			if (tries === MAXIMUM_TRIES) throw error;
		}
	}
}

function takeServer(store: Store, chain: string, key: string, nowMs: number): void {
	if (!existsSync(key) || !existsSync(chain)) return;
	const leaf = readCertificate(chain);
	const name = firstServerName(namesOf(leaf)) ?? "broker";
	const files = store.server(name);
	if (store.writeNewKey(files.key, readIfThere(key) ?? "")) {
		store.writeNew(files.chain, readIfThere(chain) ?? "");
		record(store, "server", name, files.chain, nowMs);
	}
	store.retire(key, "server-before.key");
	store.retire(chain, "server-before.pem");
}

/** What was in nodes/ went into an image, so it is the one that counts. */
function takeDevice(store: Store, id: string, nowMs: number): boolean {
	const at = (name: string) => join(store.directory, name);
	const inImage = (name: string) => join(store.directory, "nodes", id, name);
	const key = [inImage("key.der"), at(`${id}.key`)].find((path) => existsSync(path));
	const certificate = [inImage("certificate.der"), at(`${id}.pem`)].find((path) =>
		existsSync(path),
	);
	if (key === undefined) return false;
	const paths = store.device(id);
	const isNew = store.writeNewKey(paths.key, keyToPem(readKey(key)));
	if (isNew && certificate !== undefined) {
		store.writeNew(paths.certificate, readCertificate(certificate).toString());
		record(store, "device", id, paths.certificate, nowMs);
	}
	for (const [path, name] of [
		[inImage("key.der"), `device-${id}-image.key`],
		[inImage("certificate.der"), `device-${id}-image.der`],
		[inImage("authority.der"), `device-${id}-authority.der`],
		[at(`${id}.key`), `device-${id}.key`],
		[at(`${id}.key.der`), `device-${id}-der.key`],
		[at(`${id}.pem`), `device-${id}.pem`],
		[at(`${id}.der`), `device-${id}.der`],
	] as const) {
		store.retire(path, name);
	}
	return isNew;
}

/** Enters a certificate that was issued before there was a ledger. */
function record(store: Store, kind: LedgerKind, name: string, path: string, nowMs: number): void {
	const certificate = readCertificate(path);
	if (readLedger(store).certificates.has(certificate.serialNumber)) return;
	const authorities = kind === "server" ? store.brokerCa : store.deviceCa;
	if (!existsSync(authorities.certificate)) return;
	const issuer = readCertificates(authorities.certificate).find((one) =>
		certificate.verify(one.publicKey),
	);
	if (issuer !== undefined) recordIssued(store, kind, name, certificate, issuer, nowMs);
}
