/**
 * What is in a store, as its files say: one record for each certificate that is in use. Always
 * holds: a file that cannot be read is a record with a reason, so that one broken file hides no
 * other. Pure but for reading.
 */

import type { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { commonNameOf } from "../signing/authorities";
import { namesOf } from "../signing/issue";
import { type LedgerKind, readLedger } from "./ledger";
import { readCertificates, type Store } from "./store";

export interface Item {
	readonly kind: LedgerKind;
	/** Of a server its folder, of a device its id, of an authority its file's stem. */
	readonly name: string;
	readonly path: string;
	/** Where its key is; undefined for an authority that was replaced. */
	readonly key: string | undefined;
	/** Undefined when the file cannot be read. */
	readonly certificate: X509Certificate | undefined;
	/** What follows it in its file. */
	readonly others: readonly X509Certificate[];
	/** Why it cannot be read, otherwise "". */
	readonly problem: string;
	/** ISO 8601, undefined: not revoked. */
	readonly revokedAt: string | undefined;
}

/** Everything, authorities first. */
export function readInventory(store: Store): Item[] {
	const { revoked } = readLedger(store);
	const items: Item[] = [];
	const add = (kind: LedgerKind, name: string, path: string, key: string | undefined) => {
		const base = { kind, name, path, key, others: [], problem: "" };
		try {
			const [certificate, ...others] = readCertificates(path) as [X509Certificate];
			const revokedAt = revoked.get(certificate.serialNumber)?.at;
			items.push({ ...base, certificate, others, revokedAt });
		} catch (error) {
			const problem = (error as Error).message.slice(path.length + 2);
			items.push({ ...base, certificate: undefined, problem, revokedAt: undefined });
		}
	};
	const { brokerCa, brokerCaNext, deviceCa } = store;
	if (existsSync(brokerCa.certificate)) {
		add("broker-ca", "broker-ca", brokerCa.certificate, brokerCa.key);
	}
	if (existsSync(brokerCaNext.certificate)) {
		add("broker-ca", "broker-ca-next", brokerCaNext.certificate, brokerCaNext.key);
	}
	if (existsSync(deviceCa.certificate)) {
		add("device-ca", "device-ca", deviceCa.certificate, deviceCa.key);
	}
	for (const name of store.servers()) {
		const files = store.server(name);
		add("server", name, files.chain, files.key);
	}
	for (const id of store.devices()) {
		const device = store.device(id);
		add("device", id, device.certificate, device.key);
	}
	for (const path of store.links()) {
		const problem = "is a link; the store follows none; move the folder itself here";
		const kind = basename(dirname(path)) === "brokers" ? "server" : "device";
		const base = { kind, name: basename(path), path, key: undefined, others: [], problem } as const;
		items.push({ ...base, certificate: undefined, revokedAt: undefined });
	}
	return items;
}

/** What to do about a certificate that cannot be read, behind its problem. */
export function wayOut({ kind, name, problem }: Item): string {
	if (/^is a link/.test(problem)) return problem;
	const copy = `${problem}; bring it back from the copy`;
	if (kind === "server") {
		return `${copy}, or with all of its names: "npm run certs -- server ${name} --force"`;
	}
	if (kind !== "device") return copy;
	const first = /^is not there/.test(problem) ? "" : "remove it: ";
	return `${copy}, or ${first}"npm run certs -- device ${name}" makes another for its key`;
}

/** For whom a certificate is: names of a server, the id of a device, an authority's name. */
export function subjectOf({ kind, certificate }: Item): string {
	if (certificate === undefined) return "";
	return kind === "server" ? namesOf(certificate).join(", ") : commonNameOf(certificate);
}
