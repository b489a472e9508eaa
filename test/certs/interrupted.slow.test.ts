/**
 * A replacement of an authority that is killed before each of its writes in turn: what is there by
 * then works, and the same command finishes it.
 */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fingerprintOf, imageAuthorities } from "../../certs/image";
import { loadAuthority } from "../../certs/signing/authorities";
import { issueServer, isUnder } from "../../certs/signing/issue";
import { findKey, writeRevocationLists } from "../../certs/signing/revocation";
import { rotateBrokerCa, rotateDeviceCa } from "../../certs/signing/rotate";
import { loadX509 } from "../../certs/signing/x509";
import { fromPem } from "../../certs/store/pem";
import { readCertificate, readCertificates, readKey, Store } from "../../certs/store/store";
import { makeStoreBench, type StoreBench } from "../support/certs-command";

const LIMIT_MS = 60_000;
const MOST_WRITES = 40;
const options = { nowMs: Date.now(), force: false };
const silent = () => undefined;

/** Ends whatever writes for the n-th time. */
class StoppedStore extends Store {
	private left: number;

	constructor(directory: string, writes: number) {
		super(directory);
		this.left = writes;
	}

	override changing(): void {
		if (this.left-- === 0) throw new Error("killed");
	}
}

/** A copy of a store. */
function copyOf(context: TestContext, { directory }: Store): string {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-interrupted-"));
	context.after(() => rmSync(folder, { recursive: true }));
	cpSync(directory, folder, { recursive: true });
	return folder;
}

async function makeBase(context: TestContext): Promise<StoreBench> {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("server", "a.lan");
	await bench.done("server", "b.lan");
	await bench.done("device", "board", "gone");
	await bench.done("revoke", "gone");
	return bench;
}

/**
 * Kills a command before its first write, its second and so on, each time on a new copy.
 * @param after what has to hold then
 * @returns how many writes it has
 */
async function killEach(
	context: TestContext,
	base: Store,
	command: (store: Store) => Promise<void>,
	after: (store: Store, writes: number) => Promise<void>,
): Promise<number> {
	for (let writes = 0; writes < MOST_WRITES; writes++) {
		const directory = copyOf(context, base);
		try {
			await command(new StoppedStore(directory, writes));
			return writes;
		} catch (error) {
			assert.equal((error as Error).message, "killed", (error as Error).stack);
		}
		await after(new Store(directory), writes);
	}
	throw new Error("has no end");
}

/** Every broker is one that a board accepts with what it carries. */
function assertNoneStranded(store: Store, carried: readonly X509Certificate[], when: string): void {
	for (const name of store.servers()) {
		const chain = readCertificates(store.server(name).chain);
		assert.ok(
			carried.some((one) => isUnder(chain, one)),
			`${when}: ${name}`,
		);
		const leaf = chain[0] as X509Certificate;
		assert.ok(leaf.checkPrivateKey(readKey(store.server(name).key)), when);
	}
}

test("renew broker-ca, killed before each write: it works, and the same command finishes", {
	timeout: LIMIT_MS,
}, async (context) => {
	const { store: base } = await makeBase(context);
	const old = readCertificate(base.brokerCa.certificate);
	const successor = readCertificate(base.brokerCaNext.certificate);
	const oldKey = readKey(base.brokerCa.key);
	const carried = base.device("board").imageAuthorities.slice(0, 2).map(readCertificate);
	const rotate = (store: Store) => rotateBrokerCa(store, options, silent);

	const writes = await killEach(context, base, rotate, async (store, count) => {
		const when = `after ${count} writes`;
		assertNoneStranded(store, carried, when);
		// Brokers can be issued meanwhile.
		await loadAuthority(store, store.brokerCa);
		await issueServer(store, ["c.lan"], options);
		assertNoneStranded(store, carried, when);
		await rotate(store);
		assert.equal(
			fingerprintOf(readCertificate(store.brokerCa.certificate)),
			fingerprintOf(successor),
		);
		assert.equal(readCertificates(store.brokerCa.certificate).length, 1, when);
		const pairs = [store.brokerCa, store.brokerCaNext].map((files) => {
			const certificate = readCertificate(files.certificate);
			assert.ok(certificate.checkPrivateKey(readKey(files.key)), `${when}: ${files.key}`);
			assert.ok(readFileSync(files.der).equals(certificate.raw), `${when}: ${files.der}`);
			return certificate;
		});
		assert.equal(readFileSync(store.brokerCas, "utf8"), pairs.join(""), when);
		assert.notEqual(fingerprintOf(pairs[1] as X509Certificate), fingerprintOf(successor), when);
		for (const name of store.servers()) {
			assert.ok(isUnder(readCertificates(store.server(name).chain), successor), `${when}: ${name}`);
		}
		const kept = readdirSync(store.retired).filter((name) => /^broker-ca-.*\.key$/.test(name));
		assert.ok(
			kept.some((name) => readKey(join(store.retired, name)).equals(oldKey)),
			`${when}: the key of ${old.subject} is gone`,
		);
		assert.ok(imageAuthorities(store, "board").includes(fingerprintOf(successor)));
	});
	assert.ok(writes > 10, String(writes));
});

/** Each authority that brokers trust has its list, with what was revoked under it. */
async function assertListed({ deviceCa, deviceCrl }: Store, when: string): Promise<void> {
	const { X509Crl, X509Certificate: Certificate } = await loadX509();
	const lists = fromPem("X509 CRL", readFileSync(deviceCrl, "utf8")).map((der) => new X509Crl(der));
	for (const { raw, subject } of readCertificates(deviceCa.certificate)) {
		const publicKey = new Certificate(new Uint8Array(raw));
		const good = await Promise.all(lists.map((list) => list.verify({ publicKey })));
		assert.ok(good.includes(true), `${when}: no list of ${subject}`);
	}
}

test("renew device-ca, killed before each write: it works, and the same command finishes", {
	timeout: LIMIT_MS,
}, async (context) => {
	const { store: base } = await makeBase(context);
	const [old] = readCertificates(base.deviceCa.certificate) as [X509Certificate];
	const rotate = (store: Store) => rotateDeviceCa(store, options, silent);

	const writes = await killEach(context, base, rotate, async (store, count) => {
		const when = `after ${count} writes`;
		await assertListed(store, when);
		// Boards can be issued and revoked meanwhile.
		await loadAuthority(store, store.deviceCa);
		await writeRevocationLists(store, options.nowMs);
		const present = readCertificates(store.deviceCa.certificate);
		assert.ok(
			present.some((one) => one.raw.equals(old.raw)),
			`${when}: the boards are shut out`,
		);
		await rotate(store);
		const [first, ...others] = readCertificates(store.deviceCa.certificate) as [X509Certificate];
		assert.ok(first.checkPrivateKey(readKey(store.deviceCa.key)), when);
		assert.deepEqual(others.map(fingerprintOf), [fingerprintOf(old)], when);
		assert.ok(findKey(store, old), `${when}: the key of ${old.subject} is gone`);
		await assertListed(store, when);
		const names = readdirSync(store.directory).filter((name) => /^device-ca/.test(name));
		assert.deepEqual(names.sort(), ["device-ca.key", "device-ca.pem"], when);
		// Once more is another replacement, and that is refused.
		await assert.rejects(rotate(store), /--finish" comes first/);
	});
	assert.ok(writes > 8, String(writes));
});

test("the overlap does not end before its beginning is finished", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "board");
	await assert.rejects(
		rotateDeviceCa(new StoppedStore(store.directory, 6), options, silent),
		/killed/,
	);
	const { status, err } = await run("renew", "device-ca", "--finish");
	assert.equal(status, 1);
	assert.match(err, /device-ca-next\.pem: a replacement was stopped; .*"npm run certs -- renew/);
	assert.match(await done("renew", "device-ca"), /signs now; brokers trust it and the one before/);
	assert.deepEqual(new X509Certificate(readFileSync(store.deviceCa.certificate)).ca, true);
});
