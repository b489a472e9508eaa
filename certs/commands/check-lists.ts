/** The part of `check` that is about the revocation lists: there, signed, complete, in time. */

import { existsSync } from "node:fs";
import { loadX509 } from "../signing/x509";
import { keyIdOf, readLedger, serialOf } from "../store/ledger";
import { fromPem } from "../store/pem";
import {
	LIST_LIMIT_BYTES,
	readBounded,
	readCertificates,
	type Store,
	StoreError,
} from "../store/store";

/** @param say path, and what is wrong with it */
export async function checkRevocationLists(
	store: Store,
	nowMs: number,
	withinMs: number,
	say: (path: string, text: string) => void,
): Promise<void> {
	const path = store.deviceCrl;
	const revoke = '"npm run certs -- init" makes it, where the authority\'s key is here';
	if (!existsSync(path)) {
		say(path, `is not there; ${revoke}`);
		return;
	}
	const x509 = await loadX509();
	const lists = [];
	try {
		const parts = fromPem("X509 CRL", readBounded(path, LIST_LIMIT_BYTES).toString());
		for (const der of parts) lists.push(new x509.X509Crl(der));
	} catch (error) {
		const isFile = !(error instanceof StoreError);
		const why = isFile ? "is damaged: a list in it cannot be read" : error.message;
		say(path, `${why.replace(`${path}: `, "")}; "npm run certs -- init" writes it anew`);
		return;
	}
	const ledger = readLedger(store);
	const revoked = [...ledger.revoked.values()];
	for (const certificate of readCertificates(store.deviceCa.certificate)) {
		const publicKey = new x509.X509Certificate(new Uint8Array(certificate.raw));
		let own: (typeof lists)[number] | undefined;
		for (const list of lists) {
			if (await list.verify({ publicKey }).catch(() => false)) own = list;
		}
		const { subject } = certificate;
		if (own === undefined) {
			const why = "Mosquitto refuses every device under it";
			say(path, `holds no list of ${subject}; ${why}; "npm run certs -- init" writes it`);
			continue;
		}
		const untilMs = own.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY;
		if (untilMs <= nowMs + withinMs) {
			const day = new Date(untilMs).toISOString().slice(0, 10);
			say(path, `the list of ${subject} ends on ${day}; Mosquitto refuses every device then`);
		}
		const missing = own.entries
			.map(({ serialNumber }) => serialOf(serialNumber))
			.filter((serial) => !ledger.revoked.has(serial));
		if (missing.length > 0) {
			const some = `${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}`;
			const what = `lacks what the list revokes: ${missing.length} numbers (${some})`;
			say(store.ledger, `${what}; "npm run certs -- init" puts it back`);
		}
		const issuer = keyIdOf(certificate);
		for (const { serial } of revoked.filter((entry) => entry.issuer === issuer)) {
			if (own.findRevoked(serial) !== null) continue;
			say(path, `lacks ${serial}, which was revoked; "npm run certs -- revoke --serial ${serial}"`);
		}
	}
}
