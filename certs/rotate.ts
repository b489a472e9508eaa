/**
 * Replaces the authorities with an overlap. The brokers' goes to the successor, which every image
 * carries already; the devices' is joined by a new one, which brokers trust beside it. Always
 * holds: stopped anywhere, the store is one that works, and the same command goes on; no key is
 * removed; who would be stranded is named first. Must not know the command line.
 */

import type { X509Certificate } from "node:crypto";
import { commonNameOf, loadAuthority, newAuthority, writeBrokerCas } from "./authorities";
import { fingerprintOf, imageAuthorities } from "./image";
import { readInventory } from "./inventory";
import { issueServer, namesOf } from "./issue";
import { readLedger, recordIssued } from "./ledger";
import { hasOwnRights } from "./names";
import { writeRevocationLists } from "./revocation";
import { readCertificate, readCertificates, readIfThere, type Store, StoreError } from "./store";

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
	// Both have to be able to sign before anything is done.
	const next = await loadAuthority(store, brokerCaNext);
	const nextPem = readIfThere(brokerCaNext.certificate) ?? "";
	const old = readCertificate(brokerCa.certificate);
	const successor = readCertificate(brokerCaNext.certificate);
	// A run before this one was stopped after the brokers had their certificates.
	const isHalfDone = old.raw.equals(successor.raw);
	if (!isHalfDone) {
		if (!force) refuseStranded(store, successor);
		for (const item of readInventory(store)) {
			if (item.kind !== "server" || item.certificate === undefined) continue;
			const { name, certificate } = item;
			await issueServer(store, namesOf(certificate), { nowMs, name, authority: next });
			say(`${store.shown(item.path)}: new, under ${commonNameOf(successor)}`);
		}
		keepRetired(store, "broker-ca", old, brokerCa);
		store.replace(brokerCa.certificate, nextPem);
	}
	store.replaceKey(brokerCa.key, readIfThere(brokerCaNext.key) ?? "");
	store.replace(brokerCa.der, successor.raw);
	const made = await newAuthority("broker-ca", {
		nowMs,
		predecessorEndMs: Date.parse(successor.validTo),
	});
	store.replaceKey(brokerCaNext.key, made.key);
	store.replace(brokerCaNext.certificate, made.certificate);
	const certificate = readCertificate(brokerCaNext.certificate);
	store.replace(brokerCaNext.der, certificate.raw);
	writeBrokerCas(store);
	const name = commonNameOf(certificate);
	recordIssued(store, "broker-ca", name, certificate, certificate, nowMs);
	say(`${store.shown(brokerCa.certificate)}: ${commonNameOf(successor)} is in use now`);
	say(`${store.shown(brokerCaNext.certificate)}: ${name} is its successor`);
	sayRotated(store, say);
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
			`${stranded.length} devices lack the successor; their boards would accept no broker:`,
			...shortened(stranded),
			'"npm run certs -- device ID", then flash the board; or remove the folder of a board that',
			"is no more; --force strands them",
		].join("\n"),
	);
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

/** A new authority for devices; brokers trust the older ones beside it. */
export async function rotateDeviceCa(
	store: Store,
	{ nowMs, force }: RotateOptions,
	say: Say,
): Promise<void> {
	const { deviceCa } = store;
	await loadAuthority(store, deviceCa);
	const present = readCertificates(deviceCa.certificate);
	if (present.length > 1 && !force) {
		const rest = underOlder(store);
		throw new StoreError(
			[
				`${store.shown(deviceCa.certificate)}: an older authority is still in it; ` +
					`"npm run certs -- renew device-ca --finish" comes first, --force adds a third`,
				...shortened(rest.map((name) => `${name}: is under the older one`)),
			].join("\n"),
		);
	}
	const old = present[0] as X509Certificate;
	keepRetired(store, "device-ca", old, deviceCa);
	const made = await newAuthority("device-ca", { nowMs });
	const older = present.map(String).join("");
	// First behind the others, where it does no harm: the key decides which of them signs.
	store.replace(deviceCa.certificate, `${older}${made.certificate}`);
	store.replaceKey(deviceCa.key, made.key);
	store.replace(deviceCa.certificate, `${made.certificate}${older}`);
	const certificate = readCertificate(deviceCa.certificate);
	const name = commonNameOf(certificate);
	recordIssued(store, "device-ca", name, certificate, certificate, nowMs);
	await writeRevocationLists(store, nowMs);
	const count = underOlder(store).length;
	say(
		`${store.shown(deviceCa.certificate)}: ${name} signs now; brokers trust it and the one before`,
	);
	say(`Now: give the brokers this file and ${store.shown(store.deviceCrl)}, and reload them.`);
	say(`Then "npm run certs -- renew ID" and flash the board, for each of ${count} devices.`);
	say('At last "npm run certs -- renew device-ca --finish".');
}

/** Ends the overlap: brokers trust the authority in use only. */
export async function finishDeviceCa(
	store: Store,
	{ nowMs, force }: RotateOptions,
	say: Say,
): Promise<void> {
	const { deviceCa } = store;
	const present = readCertificates(deviceCa.certificate);
	if (present.length === 1) {
		say(`${store.shown(deviceCa.certificate)}: holds one authority; there is nothing to finish`);
		return;
	}
	const rest = underOlder(store);
	if (rest.length > 0 && !force) {
		throw new StoreError(
			[
				`${rest.length} devices would be refused by the brokers:`,
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
