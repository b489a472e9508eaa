/**
 * The ledger: what was issued, and what became of it, one line of JSON for each event, in the order
 * in which they happened. Lines are appended and never changed, so two programs may write at once,
 * and a line that a power cut has cut is left out. Always holds: nothing secret is in it. Must not
 * know how certificates are made.
 */

import { createHash, type X509Certificate } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { readIfThere, type Store, StoreError } from "./store";

export type LedgerKind = "broker-ca" | "device-ca" | "server" | "device";

/** A certificate, and what became of it. */
export interface LedgerEntry {
	/** serialOf() it. */
	readonly serial: string;
	readonly kind: LedgerKind;
	/** Of a server its first name, of a device its id, of an authority its common name. */
	readonly name: string;
	/** keyIdOf() the issuer. */
	readonly issuer: string;
	/** ISO 8601, UTC. */
	readonly from: string;
	readonly until: string;
	readonly issuedAt: string;
}

/** An image that was written to a board. */
export interface FlashedEntry {
	readonly name: string;
	/** SHA-256 of each authority in the image, hex. */
	readonly authorities: readonly string[];
	/** Serial of the certificate in it, "" without one. */
	readonly serial: string;
	readonly at: string;
}

/** A certificate that is not to be taken any more, by whoever made it. */
export interface RevokedEntry {
	readonly serial: string;
	/** keyIdOf() its issuer. */
	readonly issuer: string;
	readonly at: string;
}

export interface Ledger {
	/** By serial, in the order of issue. */
	readonly certificates: ReadonlyMap<string, LedgerEntry>;
	/** By serial. */
	readonly revoked: ReadonlyMap<string, RevokedEntry>;
	/** The last one of each device. */
	readonly flashed: ReadonlyMap<string, FlashedEntry>;
	/** Numbers of the lines that cannot be read, from 1. */
	readonly unread: readonly number[];
}

type Line =
	| ({ event: "issued" } & LedgerEntry)
	| ({ event: "revoked" } & RevokedEntry)
	| ({ event: "flashed" } & FlashedEntry);

/** A serial number in hex as node:crypto prints it: upper case, whole bytes, no zero in front. */
export function serialOf(hex: string): string {
	const digits = hex.toUpperCase().replace(/^0+(?=.)/, "");
	return digits.length % 2 === 0 || digits === "0" ? digits : `0${digits}`;
}

/** Names an authority's key: SHA-256 of its SubjectPublicKeyInfo, hex. */
export function keyIdOf({ publicKey }: X509Certificate): string {
	const der = publicKey.export({ format: "der", type: "spki" });
	return createHash("sha256").update(der).digest("hex");
}

/** @param issuer itself for an authority */
export function recordIssued(
	store: Store,
	kind: LedgerKind,
	name: string,
	certificate: X509Certificate,
	issuer: X509Certificate,
	nowMs: number,
): void {
	append(store, {
		event: "issued",
		serial: certificate.serialNumber,
		kind,
		name,
		issuer: keyIdOf(issuer),
		from: new Date(certificate.validFrom).toISOString(),
		until: new Date(certificate.validTo).toISOString(),
		issuedAt: new Date(nowMs).toISOString(),
	});
}

export function recordRevoked(store: Store, entry: RevokedEntry): void {
	append(store, { event: "revoked", ...entry });
}

export function recordFlashed(store: Store, entry: FlashedEntry): void {
	append(store, { event: "flashed", ...entry });
}

function append(store: Store, line: Line): void {
	store.changing(store.ledger);
	store.makeFolder(store.directory);
	const file = openSync(store.ledger, "a+", 0o600);
	try {
		const { size } = fstatSync(file);
		const last = Buffer.alloc(1);
		if (size > 0) readSync(file, last, 0, 1, size - 1);
		// What a power cut has cut stays a line of its own.
		const start = size === 0 || last.toString() === "\n" ? "" : "\n";
		// One write: two programs' lines never mix.
		writeSync(file, `${start}${JSON.stringify(line)}\n`);
	} finally {
		closeSync(file);
	}
}

/** Everything that is known; throws StoreError where the file is no ledger. */
export function readLedger(store: Store): Ledger {
	const certificates = new Map<string, LedgerEntry>();
	const revoked = new Map<string, RevokedEntry>();
	const flashed = new Map<string, FlashedEntry>();
	const lines = (readIfThere(store.ledger, Number.POSITIVE_INFINITY) ?? "").split("\n");
	const unread: number[] = [];
	for (const [at, text] of lines.entries()) {
		if (text === "") continue;
		const line = parse(text);
		if (line === undefined) unread.push(at + 1);
		else if (line.event === "issued") {
			const { event: _, ...entry } = { ...line, serial: serialOf(line.serial) };
			certificates.set(entry.serial, entry);
		} else if (line.event === "revoked") {
			// Numbers that were given by hand, with zeros in front, are in older ledgers.
			const { event: _, ...entry } = { ...line, serial: serialOf(line.serial) };
			if (!revoked.has(entry.serial)) revoked.set(entry.serial, entry);
		} else if (line.event === "flashed") {
			const { event: _, ...entry } = line;
			flashed.set(entry.name, entry);
		}
	}
	if (unread.length > 0 && unread.length === lines.filter((text) => text !== "").length) {
		throw new StoreError(
			`${store.ledger}: no line of it can be read; is it a ledger? Bring it back from the ` +
				'copy, or move it away: "npm run certs -- init" then reads from the list what was revoked',
		);
	}
	return { certificates, revoked, flashed, unread };
}

function parse(text: string): Line | undefined {
	try {
		const line = JSON.parse(text);
		return isLine(line) ? line : undefined;
	} catch {
		return undefined;
	}
}

/** Of an event that nobody here knows, everything: a later version may write others. */
function isLine(line: Record<string, unknown> | undefined): boolean {
	const areTexts = (...names: string[]) => names.every((name) => typeof line?.[name] === "string");
	const isDate = (name: string) => Number.isFinite(Date.parse(String(line?.[name])));
	if (line?.event === "issued") return areTexts("serial", "kind", "name", "issuer", "until");
	if (line?.event === "revoked") return areTexts("serial", "issuer") && isDate("at");
	if (line?.event === "flashed") {
		return areTexts("name", "serial") && Array.isArray(line.authorities);
	}
	return areTexts("event");
}
