/**
 * `fieldmote certs renew`: new certificates for what ends soon, and new authorities. Always holds:
 * a leaf keeps its key unless a new one is asked for, and a broker its names.
 */

import { existsSync } from "node:fs";
import { readWords, UsageError, type Words } from "../../host-sim/words";
import { type Command, type CommandContext, readDays, readDurationMs } from "../command";
import { dayOf } from "../image";
import { loadAuthority, refuseMissing } from "../signing/authorities";
import { issueDevice, issueServer, isUnder, namesOf } from "../signing/issue";
import { finishDeviceCa, rotateBrokerCa, rotateDeviceCa } from "../signing/rotate";
import { type Item, readInventory, wayOut } from "../store/inventory";
import { readCertificate, type Store, StoreError } from "../store/store";
import { takeOver } from "../store/take-over";

export const renew: Command = {
	what: "new certificates for what ends soon; a new authority with an overlap",
	help: `usage: npm run certs -- renew [NAME…] [--within 30d]
       npm run certs -- renew broker-ca [--force]
       npm run certs -- renew device-ca [--finish] [--force]

Without a name: each broker and device whose certificate ends within that time, and each broker that
is not under the authority in use. With names: these. Keys stay. A name that is both a broker's and
a device's is written brokers/NAME or devices/NAME.

renew broker-ca: the successor, which every image carries, becomes the authority in use; brokers
get certificates from it; a new successor is made; the old authority goes to retired/. Refused
while an image lacks the successor, because its board would accept no broker any more.
renew device-ca: a new authority for devices; brokers trust both, and "renew ID" brings the devices
over one by one. --finish ends the overlap once nobody is left under the old one.

  --within TIME      30d, 12h, 2w (default: 30d)
  --days N           how long the new certificate is good
  --new-key          a new key, too; the one before goes to retired/
  --force            strand those who were named, and do it
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- renew --within 60d
  npm run certs -- renew broker.lan
  npm run certs -- renew broker-ca
  npm run certs -- renew device-ca && npm run certs -- renew greenhouse-1
  npm run certs -- renew device-ca --finish
`,
	run,
};

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, {
		within: "text",
		days: "text",
		"new-key": "flag",
		force: "flag",
		finish: "flag",
	});
	const { store, nowMs, say } = context;
	takeOver(store, nowMs);
	const [first, ...more] = given.names;
	if (first === "broker-ca" || first === "device-ca") {
		if (more.length > 0) throw new UsageError(`renew ${first}: alone, without "${more[0]}"`);
		for (const option of ["within", "days", "new-key"]) {
			if (given.has(option)) throw new UsageError(`renew ${first}: without --${option}`);
		}
		const options = { nowMs, force: given.has("force") };
		if (first === "broker-ca") {
			if (given.has("finish")) throw new UsageError("renew broker-ca: has no --finish");
			await rotateBrokerCa(store, options, say);
		} else if (given.has("finish")) await finishDeviceCa(store, options, say);
		else await rotateDeviceCa(store, options, say);
		return;
	}
	for (const option of ["finish", "force"]) {
		if (given.has(option)) throw new UsageError(`--${option}: with broker-ca or device-ca only`);
	}
	await renewLeaves(given, context);
}

async function renewLeaves(given: Words, context: CommandContext): Promise<void> {
	const { store, nowMs, say } = context;
	const withinMs = readDurationMs("within", given.text("within") ?? "30d");
	const options = { nowMs, days: readDays(given.text("days")), newKey: given.has("new-key") };
	if (!existsSync(store.deviceCa.certificate)) refuseMissing(store, store.brokerCa);
	const items = readInventory(store).filter(({ kind }) => kind === "server" || kind === "device");
	const chosen =
		given.names.length > 0
			? given.names.map((name) => choose(store, items, name, options.newKey))
			: items.filter((item) => isDue(store, item, nowMs + withinMs));
	for (const { kind, name, path, certificate } of chosen) {
		if (certificate === undefined) continue;
		if (kind === "server") {
			const authority = await loadAuthority(store, store.brokerCa);
			await issueServer(store, namesOf(certificate), { ...options, name, authority });
		} else {
			const authority = await loadAuthority(store, store.deviceCa);
			await issueDevice(store, name, { ...options, authority });
		}
		const then =
			kind === "server" ? "the broker needs it now" : "flash the board before the old ends";
		say(`${store.shown(path)}: new, valid until ${dayOf(readCertificate(path))}; ${then}`);
	}
	const broken = given.names.length > 0 ? [] : items.filter((item) => item.problem !== "");
	if (broken.length > 0) {
		const lines = broken.map((item) => `${store.shown(item.path)}: ${wayOut(item)}`);
		throw new StoreError(lines.join("\n"));
	}
	if (chosen.length === 0) say("nothing ends within that time");
}

function choose(store: Store, items: readonly Item[], word: string, newKey: boolean): Item {
	const found = items.filter(({ kind, name }) => {
		return word === name || word === `${kind === "server" ? "brokers" : "devices"}/${name}`;
	});
	const [item, other] = found;
	if (item === undefined)
		throw new StoreError(`${word}: no broker or device of that name; see list`);
	if (other !== undefined) {
		throw new StoreError(`${word}: is a broker and a device; brokers/${word} or devices/${word}`);
	}
	if (item.certificate === undefined) {
		throw new StoreError(`${store.shown(item.path)}: ${wayOut(item)}`);
	}
	if (item.revokedAt !== undefined) {
		throw new StoreError(`${word}: was revoked; "npm run certs -- device ${word} --new-key"`);
	}
	if (newKey || (item.key !== undefined && existsSync(item.key))) return item;
	throw new StoreError(`${store.shown(item.key ?? item.path)}: the key is not there; --new-key`);
}

function isDue(store: Store, item: Item, untilMs: number): boolean {
	const { kind, certificate, others, revokedAt } = item;
	if (certificate === undefined || revokedAt !== undefined) return false;
	if (Date.parse(certificate.validTo) <= untilMs) return true;
	const authority = readCertificate(store.brokerCa.certificate);
	return kind === "server" && !isUnder([certificate, ...others], authority);
}
