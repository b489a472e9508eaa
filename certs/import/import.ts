/**
 * `fieldmote certs import`: takes over keys and certificates made with the openssl command line.
 * Always holds: everything is read and checked before anything is written, so that what is refused
 * leaves the store as it was; a passphrase is never an argument, and keys lie in the store without
 * one, for their owner only.
 */

import type { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { isId } from "../../firmware/topics";
import { readWords, UsageError, type Words } from "../../host-sim/words";
import type { Command, CommandContext } from "../command";
import { dayOf } from "../image";
import { type Firmware, loadFirmware } from "../probe/load";
import { readCertificates, StoreError } from "../store/store";
import { oldFiles } from "../store/take-over";
import { checkAuthority, checkDevice, checkServer } from "./checks";
import { readImportedCertificates, readImportedKey } from "./files";
import type { Findings } from "./look";
import { passphraseFrom } from "./passphrase";
import {
	checkBrokerCa,
	checkDeviceCa,
	checkDevicePlace,
	checkServerPlace,
	putBrokerCa,
	putDevice,
	putDeviceCa,
	putServer,
	serverName,
} from "./store";

export const IMPORT_HELP = `usage: npm run certs -- import broker-ca CERT [KEY] [options]
   or: npm run certs -- import device-ca CERT [KEY] [options]
   or: npm run certs -- import server CERT KEY [--chain FILE] [options]
   or: npm run certs -- import device NODE CERT KEY [options]

Takes over keys and certificates made with openssl: PEM or DER; keys as PKCS#1, SEC1 or PKCS#8, with
a passphrase or without; in the store they lie without one. Says everything that is wrong with them,
and then writes nothing. What a board has to check is decided by the firmware's own check.

  --chain FILE            certificates between the broker's and its CA
  --passphrase-file FILE  the first line is the key's passphrase (default: the terminal is asked)
  --force                 replaces what is there; keys and authorities go to retired/
  --directory DIR         another store than certs/generated

An authority without KEY is trusted, and signs elsewhere.

Examples:
  npm run certs -- import broker-ca ca.crt ca.key
  npm run certs -- import server server.crt server.key
  npm run certs -- import device-ca ca.crt ca.key --passphrase-file secret.txt
  npm run certs -- import device greenhouse-1 client.crt client.key
`;

const OPTIONS = { chain: "text", "passphrase-file": "text", force: "flag" } as const;

/** Runs the command with the words that followed it. @throws UsageError, StoreError */
export async function runImport(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, OPTIONS);
	const [kind, ...names] = given.names;
	const run = kind !== undefined && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
	if (run === undefined) {
		const what = kind === undefined ? "what?" : `"${kind}"?`;
		throw new UsageError(`import ${what} One of ${Object.keys(KINDS).join(", ")}; see --help`);
	}
	if (given.text("chain") !== undefined && kind !== "server") {
		throw new UsageError("--chain: only with import server");
	}
	const [old] = oldFiles(context.store);
	if (old !== undefined) {
		const shown = context.store.shown(old);
		throw new StoreError(`${shown}: is of the layout before; "npm run certs -- init" first`);
	}
	const firmware = await loadFirmware();
	try {
		await run({ firmware, context, given, names });
	} finally {
		await firmware.close();
	}
}

export const importCommand: Command = {
	what: "takes over keys and certificates made with openssl",
	help: IMPORT_HELP,
	run: runImport,
};

interface Job {
	readonly firmware: Firmware;
	readonly context: CommandContext;
	readonly given: Words;
	/** The words behind the kind. */
	readonly names: readonly string[];
}

const SHARED =
	"one authority for brokers and devices: only extendedKeyUsage keeps a device from posing as a " +
	'broker; "npm run certs -- init" makes one for each';

const KINDS: Readonly<Record<string, (job: Job) => Promise<void>>> = {
	"broker-ca": (job) => importAuthority(job, "broker-ca"),
	"device-ca": (job) => importAuthority(job, "device-ca"),
	server: importServer,
	device: importDevice,
};

async function importAuthority(job: Job, kind: "broker-ca" | "device-ca"): Promise<void> {
	const { firmware, context, given, names } = job;
	const { store, nowMs } = context;
	const [path, keyPath] = takeNames(names, kind, ["CERT"], ["KEY"]);
	const certificate = await onlyOne(path as string);
	const read = keyPath === undefined ? undefined : await readKey(keyPath, given);
	const key = read?.key;
	const found = await checkAuthority(firmware, kind, certificate, key, nowMs);
	refuseWrong(path as string, found);
	found.notes.push(...(read?.notes ?? []));
	const other = kind === "broker-ca" ? store.deviceCa : store.brokerCa;
	if (
		existsSync(other.certificate) &&
		readCertificates(other.certificate)[0]?.raw.equals(certificate.raw)
	) {
		found.notes.push(SHARED);
	}
	const taken = { certificate, key, nowMs, force: given.has("force") };
	if (kind === "broker-ca") {
		checkBrokerCa(store, taken);
		sayTaken(context, certificate, found, putBrokerCa(store, taken));
	} else {
		checkDeviceCa(store, taken);
		sayTaken(context, certificate, found, await putDeviceCa(store, taken));
	}
	if (!store.isThere) context.say('what is still missing of the store: "npm run certs -- init"');
}

async function importServer({ firmware, context, given, names }: Job): Promise<void> {
	const { store, nowMs } = context;
	const [path, keyPath] = takeNames(names, "server", ["CERT", "KEY"], []) as [string, string];
	const own = await readImportedCertificates(path);
	const between = given.text("chain");
	const more = between === undefined ? [] : await readImportedCertificates(between);
	const { key, notes } = await readKey(keyPath, given);
	const { brokerCa, brokerCaNext } = store;
	const authorities = [brokerCa.certificate, brokerCaNext.certificate]
		.filter((one) => existsSync(one))
		.flatMap((one) => readCertificates(one));
	const chain = orderOf([...own, ...more]);
	const certificate = chain[0] as X509Certificate;
	const found = await checkServer(firmware, chain, key, authorities, nowMs);
	refuseWrong(path, found);
	try {
		serverName(certificate);
	} catch (error) {
		refuseWrong(path, { problems: [(error as Error).message], notes: [] });
	}
	const taken = { certificate, key, nowMs, force: given.has("force") };
	checkServerPlace(store, taken);
	found.notes.push(...notes);
	sayTaken(context, certificate, found, putServer(store, taken, completed(chain, authorities)));
}

async function importDevice({ firmware, context, given, names }: Job): Promise<void> {
	const { store, nowMs } = context;
	const wanted = ["NODE", "CERT", "KEY"];
	const [id, path, keyPath] = takeNames(names, "device", wanted, []) as [string, string, string];
	if (!isId(id)) throw new UsageError(`"${id}": an id is 1 to 32 of a-z, 0-9 and -`);
	const [certificate] = (await readImportedCertificates(path)) as [X509Certificate];
	const { key, notes } = await readKey(keyPath, given);
	const file = store.deviceCa.certificate;
	const authorities = existsSync(file) ? readCertificates(file) : [];
	const found = await checkDevice(firmware, id, certificate, key, authorities, nowMs);
	refuseWrong(path, found);
	const taken = { certificate, key, nowMs, force: given.has("force") };
	checkDevicePlace(store, id, taken);
	found.notes.push(...notes);
	const issuer = authorities.find((one) => certificate.verify(one.publicKey)) as X509Certificate;
	sayTaken(context, certificate, found, putDevice(store, id, taken, issuer));
}

function takeNames(
	names: readonly string[],
	kind: string,
	wanted: readonly string[],
	optional: readonly string[],
): (string | undefined)[] {
	const usage = [kind, ...wanted, ...optional.map((name) => `[${name}]`)].join(" ");
	if (names.length < wanted.length) {
		throw new UsageError(`import ${kind}: ${wanted[names.length]} is missing: import ${usage}`);
	}
	const most = wanted.length + optional.length;
	if (names.length > most) {
		throw new UsageError(`import ${kind}: unexpected word "${names[most]}": import ${usage}`);
	}
	return [...names];
}

async function onlyOne(path: string): Promise<X509Certificate> {
	const found = await readImportedCertificates(path);
	if (found.length === 1) return found[0] as X509Certificate;
	throw new StoreError(`${path}: holds ${found.length} certificates; one authority is wanted`);
}

/** @returns the key, and a note where it had a passphrase */
async function readKey(path: string, given: Words) {
	const notes: string[] = [];
	const ask = passphraseFrom(given.text("passphrase-file"));
	const key = await readImportedKey(path, (...asked) => {
		notes.splice(0, 1, "the key lies in the store without a passphrase, for its owner only");
		return ask(...asked);
	});
	return { key, notes };
}

/** The first one, and then each that signed the one before, as far as they are there. */
function orderOf(certificates: readonly X509Certificate[]): X509Certificate[] {
	const chain = certificates.slice(0, 1);
	for (const _ of certificates) {
		const last = chain.at(-1) as X509Certificate;
		const next = certificates.find((one) => last.checkIssued(one) && !chain.includes(one));
		if (next === undefined) break;
		chain.push(next);
	}
	return chain;
}

/** With the authority at its end, as `certs server` writes it. */
function completed(
	chain: readonly X509Certificate[],
	authorities: readonly X509Certificate[],
): X509Certificate[] {
	const last = chain.at(-1) as X509Certificate;
	if (authorities.some((one) => one.raw.equals(last.raw))) return [...chain];
	const authority = authorities.find((one) => last.verify(one.publicKey));
	return authority === undefined ? [...chain] : [...chain, authority];
}

/** Throws StoreError with everything that is wrong, if anything is. */
function refuseWrong(path: string, { problems, notes }: Findings): void {
	if (problems.length === 0) return;
	const lines = [`${path}: not taken over, nothing was written:`, ...problems, ...notes];
	throw new StoreError(lines.join("\n"));
}

/** @param lines what was written, then what else there is to say */
function sayTaken(
	{ say }: CommandContext,
	certificate: X509Certificate,
	{ notes }: Findings,
	lines: readonly string[],
): void {
	const [first = "", ...others] = lines;
	say(`${first}: taken over, valid until ${dayOf(certificate)}`);
	for (const line of others) say(`  ${line}`);
	for (const note of notes) say(`  note: ${note}`);
}
