/** The store's promises: keys are not overwritten, files are whole, the ledger survives a cut. */

import assert from "node:assert/strict";
import {
	appendFileSync,
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readLedger, recordRevoked } from "../../certs/store/ledger";
import { readCertificates, readKey, Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";
import { startSimulator } from "../support/simulator";

function storeFor(context: TestContext): Store {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-store-"));
	context.after(() => rmSync(folder, { recursive: true }));
	return new Store(folder);
}

test("a key is written once, for its owner only, and a replaced one is kept", (context) => {
	const store = storeFor(context);
	const { key } = store.device("n1");
	const before = process.umask(0);
	context.after(() => process.umask(before));
	assert.equal(store.writeNewKey(key, "first"), true);
	assert.equal(store.writeNewKey(key, "second"), false);
	assert.equal(readFileSync(key, "utf8"), "first");
	assert.equal(statSync(key).mode & 0o777, 0o600);
	assert.equal(statSync(store.device("n1").folder).mode & 0o777, 0o700);
	// What comes between looking and writing, here a link to nowhere, is not written over.
	symlinkSync("nowhere", store.deviceCa.key);
	assert.equal(store.writeNewKey(store.deviceCa.key, "third"), false);
	assert.equal(readlinkSync(store.deviceCa.key), "nowhere");
	store.retire(key, "device-n1.key");
	store.writeNewKey(key, "second");
	store.retire(key, "device-n1.key");
	assert.deepEqual(readdirSync(store.retired).sort(), ["device-n1-2.key", "device-n1.key"]);
	assert.equal(readFileSync(join(store.retired, "device-n1.key"), "utf8"), "first");
	assert.equal(store.replace(store.deviceCrl, "text"), true);
	assert.equal(store.replace(store.deviceCrl, "text"), false);
	assert.equal(statSync(store.deviceCrl).mode & 0o777, 0o644);
});

test("what cannot be written leaves the file before, and nothing beside it", (context) => {
	if (process.getuid?.() === 0) {
		// The owner of everything can write everywhere: a folder in the way stops it as well.
		const store = storeFor(context);
		mkdirSync(join(store.deviceCrl, "x"), { recursive: true });
		assert.throws(() => store.replaceKey(store.deviceCrl, "text"));
		assert.deepEqual(
			readdirSync(store.directory).filter((name) => name !== "device-crl.pem"),
			[],
		);
		return;
	}
	const store = storeFor(context);
	store.replace(store.deviceCrl, "before");
	chmodSync(store.directory, 0o500);
	assert.throws(() => store.replace(store.deviceCrl, "after"), /EACCES/);
	chmodSync(store.directory, 0o700);
	assert.equal(readFileSync(store.deviceCrl, "utf8"), "before");
	assert.deepEqual(readdirSync(store.directory), ["device-crl.pem"]);
});

test("a line of the ledger that a power cut has cut costs that line only", (context) => {
	const store = storeFor(context);
	const at = new Date(0).toISOString();
	recordRevoked(store, { serial: "01", issuer: "a", at });
	appendFileSync(store.ledger, '{"event":"revoked","serial":"02","iss');
	recordRevoked(store, { serial: "03", issuer: "a", at });
	assert.deepEqual([...readLedger(store).revoked.keys()], ["01", "03"]);
	writeFileSync(store.ledger, "no ledger\n");
	assert.throws(() => readLedger(store), /ledger\.jsonl: no line of it can be read/);
});

test("two programs enter into the ledger at once: no line is lost", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	const runs = ["a", "b"].map((prefix) => {
		const directory = bench.store.directory;
		return startSimulator("certs", "device", prefix, "--count", "3", "--directory", directory);
	});
	for (const running of await Promise.all(runs)) assert.equal(await running.ended(), 0);
	const { certificates } = readLedger(bench.store);
	const names = [...certificates.values()].filter(({ kind }) => kind === "device");
	assert.deepEqual(names.map(({ name }) => name).sort(), [
		...["a-0001", "a-0002", "a-0003"],
		...["b-0001", "b-0002", "b-0003"],
	]);
	assert.equal((await bench.run("check")).status, 0);
});

test("Ctrl-C: what was begun is finished, exit code 130, and the same command goes on", async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	await bench.done("init");
	const words = ["certs", "device", "shed", "--count", "500", "--directory", store.directory];
	const running = await startSimulator(...words);
	const late = Date.now() + 20_000;
	while (store.devices().length === 0) {
		assert.ok(Date.now() < late, "no device was made");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	running.kill("SIGINT");
	assert.equal(await running.ended(), 130);
	assert.match(running.out(), /^\d+ of 500 devices: \d+ made, 0 were there/);
	assert.match(running.out(), /stopped; the same command goes on where it was/);
	const made = store.devices();
	assert.ok(made.length > 0 && made.length < 500);
	assert.equal((await bench.run("check")).status, 0);
	const again = await bench.done("device", "shed", "--count", String(made.length));
	assert.match(again, new RegExp(`: 0 made, ${made.length} were there`));
});

test("what is no certificate, no key, or not there is named", (context) => {
	const store = storeFor(context);
	const path = join(store.directory, "x.pem");
	assert.throws(() => readCertificates(path), /x\.pem: is not there/);
	writeFileSync(path, "text");
	assert.throws(() => readCertificates(path), /x\.pem: holds no certificate/);
	assert.throws(() => readKey(path), /x\.pem: holds no private key that can be read/);
});
