/**
 * Replaces the authorities with an overlap. The brokers' goes to the successor, which every image
 * carries already; the devices' is joined by a new one, which brokers trust beside it. Always
 * holds: stopped anywhere, the store is one that works, and the same command goes on; no key is
 * removed; who would be stranded is named first. Must not know the command line.
 */

import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { unflashedLine } from "../flashed";
import { fingerprintOf, imageAuthorities } from "../image";
import { hasOwnRights } from "../names";
import { type Item, readInventory } from "../store/inventory";
import { readLedger, recordIssued } from "../store/ledger";
import { keyToPem } from "../store/pem";
import {
	readCertificate,
	readCertificates,
	readIfThere,
	readKey,
	type Store,
	StoreError,
} from "../store/store";
import {
	commonNameOf,
	ensureAuthority,
	loadAuthority,
	newAuthority,
	refuseMissing,
} from "./authorities";
import type { Identity } from "./authority";
import { issueServer, isUnder, namesOf } from "./issue";
import { writeRevocationLists } from "./revocation";

export interface RotateOptions {
	readonly nowMs: number;
	/** Although devices are stranded by it. */
	readonly force: boolean;
}

type Say = (line: string) => void;

const SHOWN_DEVICES = 20;

/** The successor becomes the brokers' authority in use; a new successor is made. */
export async function rotateBrokerCa(
	store: Store,
	{ nowMs, force }: RotateOptions,
	say: Say,
): Promise<void> {
	const { brokerCa, brokerCaNext } = store;
	// It says how to begin.
	if (!existsSync(brokerCaNext.certificate)) await loadAuthority(store, brokerCaNext);
	// One that got lost has a successor all the same.
	const isThere = existsSync(brokerCa.certificate);
	const old = isThere ? readCertificate(brokerCa.certificate) : undefined;
	const successor = readCertificate(brokerCaNext.certificate);
	// Otherwise a run before this one was stopped after the brokers had their certificates.
	if (old?.raw.equals(successor.raw) !== true) {
		// Both have to be able to sign before anything is done.
		const authority = await loadAuthority(store, brokerCaNext);
		if (!force) refuseStranded(store, successor);
		const unflashed = unflashedLine(store);
		if (unflashed !== "") say(unflashed);
		await reissue(store, () => true, { nowMs, authority }, say);
		if (old !== undefined) keepRetired(store, "broker-ca", old, brokerCa);
		// The key decides which of them signs; what is trusted is the first.
		store.replace(brokerCa.certificate, `${successor}${old ?? ""}`);
	}
	if (!isKeyOf(brokerCa.key, successor)) {
		await loadAuthority(store, brokerCaNext);
		store.replaceKey(brokerCa.key, readIfThere(brokerCaNext.key) ?? "");
	}
	store.replace(brokerCa.certificate, String(successor));
	store.replace(brokerCa.der, successor.raw);
	// What was issued since a run was stopped.
	const isOther = ({ certificate, others }: Item) =>
		certificate !== undefined && !isUnder([certificate, ...others], successor);
	const authority = await loadAuthority(store, brokerCa);
	await reissue(store, isOther, { nowMs, authority }, say);
	const name = await makeSuccessor(store, successor, nowMs);
	say(`${store.shown(brokerCa.certificate)}: ${commonNameOf(successor)} is in use now`);
	say(`${store.shown(brokerCaNext.certificate)}: ${name} is its successor`);
	sayRotated(store, say);
}

async function reissue(
	store: Store,
	isWanted: (item: Item) => boolean,
	options: { readonly nowMs: number; readonly authority: Identity },
	say: Say,
): Promise<void> {
	for (const item of readInventory(store)) {
		const { kind, name, certificate } = item;
		if (kind !== "server" || certificate === undefined || !isWanted(item)) continue;
		await issueServer(store, namesOf(certificate), { ...options, name });
		const issuer = new X509Certificate(Buffer.from(options.authority.certificate.rawData));
		say(`${store.shown(item.path)}: new, under ${commonNameOf(issuer)}`);
	}
}

/**
 * Its certificate is written last: as long as it is the one of the authority in use, the same
 * command goes on here, and the key that it makes then has signed nothing.
 * @returns its name
 */
async function makeSuccessor(
	store: Store,
	predecessor: X509Certificate,
	nowMs: number,
): Promise<string> {
	const { brokerCaNext } = store;
	const made = await newAuthority("broker-ca", {
		nowMs,
		predecessorEndMs: Date.parse(predecessor.validTo),
	});
	const certificate = new X509Certificate(made.certificate);
	const name = commonNameOf(certificate);
	recordIssued(store, "broker-ca", name, certificate, certificate, nowMs);
	store.replaceKey(brokerCaNext.key, made.key);
	store.replace(brokerCaNext.der, certificate.raw);
	store.replace(store.brokerCas, `${predecessor}${certificate}`);
	store.replace(brokerCaNext.certificate, String(certificate));
	return name;
}

function isKeyOf(path: string, certificate: X509Certificate): boolean {
	return existsSync(path) && certificate.checkPrivateKey(readKey(path));
}

/** What is left for people to do. */
function sayRotated(store: Store, say: Say): void {
	const cas = store.shown(store.brokerCas);
	say("Now: give the brokers their new files and reload them; no board has to be touched.");
	say(`Programs with a copy of ${cas}, also of the one before, go on. Look at those`);
	say("with a copy of broker-ca.pem alone, which are refused from now on: bridges");
	say(`(bridge_cafile), dashboards, mosquitto_sub --cafile. They need ${cas}.`);
	const programs = store.devices().filter(hasOwnRights);
	if (programs.length > 0) say(`Programs with a certificate here: ${programs.join(", ")}.`);
	const key = store.shown(store.brokerCaNext.key);
	say(`Keep ${key} elsewhere: it is needed for the next rotation only.`);
	say('Before the next time: "npm run certs -- device --all", and flash the boards.');
}

/** Throws with the names of those whose boards accept no broker under the successor. */
function refuseStranded(store: Store, successor: X509Certificate): void {
	const { flashed, revoked } = readLedger(store);
	const wanted = fingerprintOf(successor);
	const stranded: string[] = [];
	for (const { kind, name, certificate } of readInventory(store)) {
		if (kind !== "device") continue;
		if (certificate !== undefined && revoked.has(certificate.serialNumber)) continue;
		// What a board carries is what was flashed, where that is known, and not what is here by now.
		const board = flashed.get(name)?.authorities;
		if ((board ?? imageAuthorities(store, name)).includes(wanted)) continue;
		stranded.push(`${name}: ${board === undefined ? "its image lacks" : "was flashed without"} it`);
	}
	if (stranded.length === 0) return;
	throw new StoreError(
		[
			stranded.length === 1
				? "1 device lacks the successor; its board would accept no broker:"
				: `${stranded.length} devices lack the successor; their boards would accept no broker:`,
			...shortened(stranded),
			'"npm run certs -- device ID", then flash the board; or remove the folder of a board that',
			"is no more; --force strands them",
		].join("\n"),
	);
}

function countOf(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function shortened(lines: readonly string[]): string[] {
	const more = lines.length - SHOWN_DEVICES;
	return more > 0 ? [...lines.slice(0, SHOWN_DEVICES), `and ${more} more`] : [...lines];
}

/** A copy in retired/, under a name of its own, so that doing it twice does no harm. */
function keepRetired(
	store: Store,
	kind: string,
	certificate: X509Certificate,
	files: { readonly certificate: string; readonly key: string },
): void {
	const name = `${kind}-${fingerprintOf(certificate).slice(0, 12)}`;
	const at = (ending: string) => `${store.retired}/${name}${ending}`;
	store.writeNew(at(".pem"), certificate.toString());
	const key = readIfThere(files.key);
	if (key !== undefined) store.writeNewKey(at(".key"), key);
}

/**
 * A new authority for devices; brokers trust the older ones beside it. It waits as deviceCaNext
 * until it is in use, so that no key is lost that is trusted, and a run that was stopped goes on.
 */
export async function rotateDeviceCa(
	store: Store,
	{ nowMs, force }: RotateOptions,
	say: Say,
): Promise<void> {
	const { deviceCa, deviceCaNext } = store;
	await loadAuthority(store, deviceCa);
	const present = readCertificates(deviceCa.certificate);
	const begun = existsSync(deviceCaNext.certificate)
		? readCertificate(deviceCaNext.certificate)
		: undefined;
	const older = present.filter((one) => begun?.raw.equals(one.raw) !== true);
	if (older.length === present.length && older.length > 1 && !force) refuseThird(store);
	if (begun === undefined || !isKeyOf(deviceCa.key, begun)) {
		keepRetired(store, "device-ca", older[0] as X509Certificate, deviceCa);
		await ensureAuthority(store, deviceCaNext, "device-ca", { nowMs });
	}
	const certificate = readCertificate(deviceCaNext.certificate);
	if (!isKeyOf(deviceCa.key, certificate)) {
		// Its list comes before it: an authority without one shuts out its devices.
		await writeRevocationLists(store, nowMs, [...older, certificate]);
		// First behind the others, where it does no harm: the key decides which of them signs.
		store.replace(deviceCa.certificate, [...older, certificate].join(""));
		store.replaceKey(deviceCa.key, keyToPem(readKey(deviceCaNext.key)));
	}
	store.replace(deviceCa.certificate, [certificate, ...older].join(""));
	await writeRevocationLists(store, nowMs);
	// Without the certificate the key would be taken for one that waits.
	store.discard(deviceCaNext.key);
	store.discard(deviceCaNext.certificate);
	const count = countOf(underOlder(store).length, "device");
	const name = commonNameOf(certificate);
	say(
		`${store.shown(deviceCa.certificate)}: ${name} signs now; brokers trust it and the one before`,
	);
	say(`Now: give the brokers this file and ${store.shown(store.deviceCrl)}, and reload them.`);
	say(`Then "npm run certs -- renew ID" and flash the board: ${count}.`);
	say('At last "npm run certs -- renew device-ca --finish".');
}

function refuseThird(store: Store): never {
	throw new StoreError(
		[
			`${store.shown(store.deviceCa.certificate)}: an older authority is still in it; ` +
				`"npm run certs -- renew device-ca --finish" comes first, --force adds a third`,
			...shortened(underOlder(store).map((name) => `${name}: is under the older one`)),
		].join("\n"),
	);
}

/** Ends the overlap: brokers trust the authority in use only. */
export async function finishDeviceCa(
	store: Store,
	{ nowMs, force }: RotateOptions,
	say: Say,
): Promise<void> {
	const { deviceCa, deviceCaNext } = store;
	if (existsSync(deviceCaNext.certificate)) {
		throw new StoreError(
			`${store.shown(deviceCaNext.certificate)}: a replacement was stopped; ` +
				'"npm run certs -- renew device-ca" goes on with it, --finish comes after that',
		);
	}
	refuseMissing(store, deviceCa);
	const present = readCertificates(deviceCa.certificate);
	if (present.length === 1) {
		say(`${store.shown(deviceCa.certificate)}: holds one authority; there is nothing to finish`);
		return;
	}
	const rest = underOlder(store);
	if (rest.length > 0 && !force) {
		throw new StoreError(
			[
				`${countOf(rest.length, "device")} would be refused by the brokers:`,
				...shortened(rest.map((name) => `${name}: its board is under an older authority`)),
				'"npm run certs -- renew ID", then flash the board; --force shuts them out',
			].join("\n"),
		);
	}
	const { certificate } = await loadAuthority(store, deviceCa);
	const own = present.find((one) => one.raw.equals(Buffer.from(certificate.rawData)));
	store.replace(deviceCa.certificate, String(own));
	await writeRevocationLists(store, nowMs);
	say(`${store.shown(deviceCa.certificate)}: ${commonNameOf(own as X509Certificate)} alone`);
	say(`Now: give the brokers this file and ${store.shown(store.deviceCrl)}, and reload them.`);
}

/** Devices whose certificate, or the one that was flashed, is not under the authority in use. */
function underOlder(store: Store): string[] {
	const { flashed, revoked } = readLedger(store);
	const authority = readCertificate(store.deviceCa.certificate);
	return readInventory(store)
		.filter(({ kind, certificate, name }) => {
			if (kind !== "device" || certificate === undefined) return false;
			if (revoked.has(certificate.serialNumber)) return false;
			const serial = flashed.get(name)?.serial;
			const isOnBoard = serial === undefined || serial === certificate.serialNumber;
			return !certificate.verify(authority.publicKey) || !isOnBoard;
		})
		.map(({ name }) => name);
}
