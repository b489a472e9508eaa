/**
 * `fieldmote certs check`: what ends soon, and what does not belong together. For cron: says
 * nothing but what is to be done, exit code 1 when there is something. Reads only.
 */

import type { X509Certificate } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readWords, UsageError } from "../../host-sim/words";
import { type Command, type CommandContext, readDurationMs } from "../command";
import { unflashedLine } from "../flashed";
import { dayOf, fingerprintOf, imageAuthorities } from "../image";
import { refuseMissing } from "../signing/authorities";
import { isUnder } from "../signing/issue";
import { type Item, readInventory, wayOut } from "../store/inventory";
import {
	readBounded,
	readCertificate,
	readCertificates,
	readKey,
	type Store,
	StoreError,
} from "../store/store";
import { AUTHORITY_NOTICE_MS, awayKeys, checkAuthorities } from "./check-authorities";
import { checkRevocationLists } from "./check-lists";

export const check: Command = {
	what: "what ends soon or is broken; exit code 1 when there is something, for cron",
	help: `usage: npm run certs -- check [--within 30d]

Says what ends within that time or has ended, whose key is missing, is open to others or belongs to
another certificate, which broker is not under the authority in use, which image lacks the
authority in use or its successor, which revoked certificate is still in use, and what of the
revocation list is missing. Exit code 0: nothing to do. 1: something, one line each. The key of an
authority may be kept elsewhere: a line says which is not here, and that is nothing to do.

  --within TIME      30d, 12h, 2w (default: 30d); authorities are named a year ahead
  --quiet            nothing is printed when there is nothing to do
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- check
  0 6 * * *  cd /srv/fieldmote && npm run -s certs -- check --within 30d --quiet
`,
	isReader: true,
	run,
};

/** What is wrong, and what to do. */
type Say = (path: string, text: string) => void;

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, { within: "text", quiet: "flag" });
	if (given.names.length > 0) throw new UsageError(`check: takes no word`);
	const withinMs = readDurationMs("within", given.text("within") ?? "30d");
	const { store, nowMs } = context;
	const items = readInventory(store);
	if (items.length === 0) refuseMissing(store, store.brokerCa);
	for (const { certificate } of [store.brokerCa, store.deviceCa]) {
		if (existsSync(certificate)) continue;
		const how = 'bring it back from the copy, or "npm run certs -- init" says what can be done';
		throw new StoreError(`${store.shown(certificate)}: is not there; ${how}`);
	}
	let count = 0;
	const say: Say = (path, text) => {
		count++;
		context.say(`${store.shown(path)}: ${text}`);
	};
	for (const item of items) {
		checkDates(item, nowMs, withinMs, say);
		checkKey(store, item, say);
		if (item.kind === "server") checkServer(store, item, say);
		if (item.kind === "device") {
			checkDevice(store, item, say);
			checkFurther(store, item.name, nowMs + withinMs, say);
		}
	}
	checkAuthorities(store, items, nowMs, say);
	await checkRevocationLists(store, nowMs, withinMs, say);
	if (count > 0) process.exitCode = 1;
	if (given.has("quiet")) return;
	if (count === 0) {
		const unflashed = unflashedLine(store);
		const good = `${items.length} certificates, all good; ${next(items)}`;
		context.say(unflashed === "" ? good : `${good}; ${unflashed}`);
	}
	const away = awayKeys(store);
	if (away !== "") context.say(away);
}

function next(items: readonly Item[]): string {
	const ends = items.filter(({ certificate }) => certificate !== undefined);
	const first = ends.reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
	return `the next to end is ${first.name}, ${dayOf(first.certificate as X509Certificate)}`;
}

function endOf({ certificate }: Item): number {
	return Date.parse(certificate?.validTo ?? "");
}

function checkDates(item: Item, nowMs: number, withinMs: number, say: Say): void {
	const { certificate, path, kind, name, revokedAt } = item;
	if (certificate === undefined) {
		say(path, wayOut(item));
		return;
	}
	if (revokedAt !== undefined) {
		const how = `"npm run certs -- device ${name} --new-key" replaces it, or remove the folder`;
		say(path, `was revoked on ${revokedAt.slice(0, 10)} and is still here; ${how}`);
	}
	const untilMs = Date.parse(certificate.validTo);
	const isLeaf = kind === "server" || kind === "device";
	if (untilMs > nowMs + (isLeaf ? withinMs : Math.max(withinMs, AUTHORITY_NOTICE_MS))) return;
	const days = Math.floor((untilMs - nowMs) / 86_400_000);
	const when = untilMs <= nowMs ? "ended on" : `ends in ${days} days, on`;
	const what = isLeaf ? name : kind;
	say(path, `${when} ${dayOf(certificate)}; "npm run certs -- renew ${what}"`);
}

function checkKey(store: Store, { certificate, path, key, kind, name }: Item, say: Say): void {
	if (key === undefined || certificate === undefined) return;
	if (!existsSync(key)) {
		// An authority may do without: its key is kept elsewhere.
		if (kind === "server" || kind === "device") {
			say(key, `is not there; "npm run certs -- ${kind} ${name} --new-key" makes another`);
		}
		return;
	}
	if ((statSync(key).mode & 0o077) !== 0) {
		say(key, `others can read it; chmod 600 ${store.shown(key)}`);
	}
	try {
		// Of devices' authorities there may be several in the file; in a chain the first one counts.
		const own = kind === "device-ca" ? readCertificates(path) : [certificate];
		if (!own.some((one) => one.checkPrivateKey(readKey(key))))
			say(key, `does not belong to ${store.shown(path)}`);
	} catch (error) {
		say(key, (error as Error).message.replace(`${key}: `, ""));
	}
}

function checkServer(store: Store, { certificate, others, path, name }: Item, say: Say): void {
	if (certificate === undefined) return;
	const authority = readCertificate(store.brokerCa.certificate);
	const renew = `"npm run certs -- renew ${name}"`;
	if (!isUnder([certificate, ...others], authority)) {
		say(path, `is not under the brokers' authority in use; ${renew}`);
		return;
	}
	if (!others.some((other) => other.raw.equals(authority.raw))) {
		say(path, `lacks its authority behind it; ${renew}`);
	}
}

function checkDevice(store: Store, item: Item, say: Say): void {
	const { certificate, path, name, revokedAt } = item;
	if (certificate === undefined || revokedAt !== undefined) return;
	const authorities = readCertificates(store.deviceCa.certificate);
	const at = authorities.findIndex((one) => certificate.verify(one.publicKey));
	if (at !== 0) {
		const which = at < 0 ? "no authority that brokers trust" : "an older authority";
		say(path, `is under ${which}; "npm run certs -- renew ${name}", then flash the board`);
	}
	checkImage(store, name, certificate, say);
}

/** The authority that is not the store's own. */
function checkFurther(store: Store, id: string, untilMs: number, say: Say): void {
	const path = store.device(id).imageAuthorities[2];
	if (!existsSync(path)) return;
	const how = `"npm run certs -- device ${id} --force --authority FILE", then flash the board`;
	try {
		const certificate = readCertificate(path);
		if (Date.parse(certificate.validTo) <= untilMs)
			say(path, `ends on ${dayOf(certificate)}; ${how}`);
	} catch (error) {
		say(path, `${(error as Error).message.replace(`${path}: `, "")}; ${how}`);
	}
}

function checkImage(store: Store, id: string, certificate: X509Certificate, say: Say): void {
	const { image, imageKey, imageCertificate, key } = store.device(id);
	const refresh = `"npm run certs -- device ${id}", then flash the board`;
	if (!existsSync(imageKey) || !existsSync(imageCertificate)) {
		say(image, `is not complete; ${refresh}`);
		return;
	}
	try {
		if ((statSync(imageKey).mode & 0o077) !== 0) {
			say(imageKey, `others can read it; chmod 600 ${store.shown(imageKey)}`);
		}
		if (existsSync(key)) {
			const der = readKey(key).export({ format: "der", type: "pkcs8" });
			if (!readBounded(imageKey).equals(der)) say(imageKey, `is another than ${store.shown(key)}`);
		}
		if (!readCertificate(imageCertificate).raw.equals(certificate.raw)) {
			say(imageCertificate, `is another than the device's; ${refresh}`);
		}
		const carried = imageAuthorities(store, id);
		for (const [what, path] of [
			["the brokers' authority in use", store.brokerCa.certificate],
			["the successor of the brokers' authority", store.brokerCaNext.certificate],
		] as const) {
			if (!existsSync(path) || carried.includes(fingerprintOf(readCertificate(path)))) continue;
			say(image, `lacks ${what}; ${refresh}`);
		}
	} catch (error) {
		say(image, (error as Error).message);
	}
}
