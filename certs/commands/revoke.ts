/**
 * `fieldmote certs revoke`: devices that brokers are not to let in any more. Always holds: what was
 * revoked stays so; the lists are signed anew from the ledger.
 */

import { existsSync } from "node:fs";
import { readWords, UsageError } from "../../host-sim/words";
import type { Command, CommandContext } from "../command";
import { refuseMissing } from "../signing/authorities";
import { writeRevocationLists } from "../signing/revocation";
import { keyIdOf, type Ledger, readLedger, recordRevoked, serialOf } from "../store/ledger";
import { readCertificate, readCertificates, type Store, StoreError } from "../store/store";
import { takeOver } from "../store/take-over";

export const revoke: Command = {
	what: "a device that brokers are not to let in any more; writes the revocation list",
	help: `usage: npm run certs -- revoke ID…
       npm run certs -- revoke --serial HEX [--force]

Revokes all certificates that a device has, and writes device-crl.pem, which Mosquitto's crlfile
reads. After a reload Mosquitto does not let it in again; a restart also cuts the connection that
it has.

  --serial HEX       one certificate by its number; may be given several times
  --force            also a number that the ledger does not know
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- revoke greenhouse-1
  npm run certs -- revoke --serial 5A31C0FFEE
`,
	run,
};

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, { serial: "texts", force: "flag" });
	const { store, nowMs, say } = context;
	const numbers = given.texts("serial").map(readSerial);
	if (given.names.length === 0 && numbers.length === 0) {
		throw new UsageError("revoke: needs a device's id, or --serial");
	}
	takeOver(store, nowMs);
	refuseMissing(store, store.deviceCa);
	const ledger = readLedger(store);
	const found = [
		...given.names.flatMap((id) => certificatesOf(store, ledger, id, nowMs)),
		...numbers.map((serial) => certificateOf(store, ledger, serial, given.has("force"))),
	];
	const lines = new Map<string, string>();
	let count = 0;
	for (const { serial, issuer, name } of found) {
		if (lines.has(serial)) continue;
		const before = ledger.revoked.get(serial);
		const what = before === undefined ? "revoked" : `was revoked on ${before.at.slice(0, 10)}`;
		lines.set(serial, `${serial} (${name}): ${what}`);
		if (before !== undefined) continue;
		recordRevoked(store, { serial, issuer, at: new Date(nowMs).toISOString() });
		count++;
	}
	// Also when all were revoked before: a run that was cut may not have come to this.
	await writeRevocationLists(store, nowMs);
	for (const line of lines.values()) say(line);
	if (count === 0) return;
	say(`Now: give the brokers ${store.shown(store.deviceCrl)} and restart them; a reload keeps it`);
	say("from coming in again, but does not cut a connection that it has.");
}

interface Found {
	readonly serial: string;
	readonly issuer: string;
	readonly name: string;
}

/** All certificates of a device that still hold: the one in use, and those before it. */
function certificatesOf(store: Store, ledger: Ledger, id: string, nowMs: number): Found[] {
	const found = new Map<string, Found>();
	for (const entry of ledger.certificates.values()) {
		if (entry.kind !== "device" || entry.name !== id) continue;
		if (Date.parse(entry.until) > nowMs) found.set(entry.serial, entry);
	}
	const { certificate: path } = store.device(id);
	if (existsSync(path)) {
		const certificate = readCertificate(path);
		const issuer = readCertificates(store.deviceCa.certificate).find((one) =>
			certificate.verify(one.publicKey),
		);
		if (issuer !== undefined) {
			const serial = certificate.serialNumber;
			found.set(serial, { serial, issuer: keyIdOf(issuer), name: id });
		}
	}
	if (found.size > 0) return [...found.values()];
	const hint = store.servers().includes(id)
		? "is a broker: boards read no lists; make its key anew with server --new-key, and replace " +
			"the authority with renew broker-ca if the key got lost"
		: "no device of that name; see list";
	throw new StoreError(`${id}: ${hint}`);
}

function readSerial(text: string): string {
	const serial = serialOf(text.replace(/[:\s]|^0x/gi, ""));
	if (/^[0-9A-F]{1,40}$/.test(serial)) return serial;
	throw new UsageError(`--serial ${text}: hexadecimal, up to 40 digits`);
}

function certificateOf(store: Store, ledger: Ledger, serial: string, force: boolean): Found {
	const entry = ledger.certificates.get(serial);
	if (entry !== undefined && entry.kind !== "device") {
		throw new StoreError(`${serial}: is ${entry.name} (${entry.kind}); only devices are revoked`);
	}
	if (entry !== undefined) return entry;
	const before = ledger.revoked.get(serial);
	if (before !== undefined) return { ...before, name: "not in the ledger" };
	if (!force) {
		throw new StoreError(
			`${serial}: no certificate of that number was issued here; "npm run -s certs -- list ` +
				'--json" has the numbers; --force revokes it all the same',
		);
	}
	const [authority] = readCertificates(store.deviceCa.certificate);
	if (authority === undefined) throw new StoreError(`${store.directory}: has no authority`);
	return { serial, issuer: keyIdOf(authority), name: "not in the ledger" };
}
