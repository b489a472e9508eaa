/** Serial numbers as people write them: with zeros in front, colons, in lower case, twice. */

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadX509 } from "../../certs/signing/x509";
import { readLedger, serialOf } from "../../certs/store/ledger";
import { fromPem } from "../../certs/store/pem";
import { readCertificate, type Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";

/** Serial numbers in the list, in order. */
async function listed({ deviceCrl }: Store): Promise<string[]> {
	const { X509Crl } = await loadX509();
	const [der] = fromPem("X509 CRL", readFileSync(deviceCrl, "utf8"));
	const { entries } = new X509Crl(der as Uint8Array<ArrayBuffer>);
	return entries.map(({ serialNumber }) => serialOf(serialNumber)).sort();
}

test("one number in several spellings is revoked once, and the next revocation works", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "d1", "d2");
	const serial = readCertificate(store.device("d1").certificate).serialNumber;
	const said = await done("revoke", "--serial", `00${serial}`, "--serial", serial.toLowerCase());
	assert.match(said, new RegExp(`^${serial} \\(d1\\): revoked\\nNow: `));
	assert.match(await done("revoke", "d1"), new RegExp(`${serial} \\(d1\\): was revoked on `));
	for (const text of ["ABC", "0ABC", "a:bc", "0", "00", "0x0000", "80", "FF"]) {
		const { status, err } = await run("revoke", "--serial", text, "--force");
		assert.equal(status, 0, `${text}: ${err}`);
	}
	await done("revoke", "d2");
	const second = readCertificate(store.device("d2").certificate).serialNumber;
	const wanted = ["0", "0ABC", "80", "FF", serial, second].sort();
	assert.deepEqual([...readLedger(store).revoked.keys()].sort(), wanted);
	assert.deepEqual(await listed(store), wanted);
	assert.match((await run("check")).out, /d1\/certificate\.pem: was revoked/);
});

test("a ledger that has a number in two spellings already is no obstacle", async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("revoke", "--serial", "0ABC", "--force");
	const [line = ""] = readFileSync(store.ledger, "utf8").split("\n").slice(-2);
	appendFileSync(
		store.ledger,
		`${line.replace("0ABC", "ABC")}\n${line.replace("0ABC", "00abc")}\n`,
	);
	await done("revoke", "--serial", "77", "--force");
	assert.deepEqual(await listed(store), ["0ABC", "77"]);
});

test("what is not in the list yet is not called revoked; the same command writes it", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "d1");
	rmSync(store.deviceCrl);
	mkdirSync(join(store.deviceCrl, "in-the-way"), { recursive: true });
	const { status, out } = await run("revoke", "d1");
	assert.equal(status, 1);
	assert.equal(out, "");
	rmSync(store.deviceCrl, { recursive: true });
	assert.match(await done("revoke", "d1"), /\(d1\): was revoked on/);
	assert.equal((await listed(store)).length, 1);
});

test("a number that nobody was given here is refused, unless by force", async (context) => {
	const { store, run, done, contents } = makeStoreBench(context);
	assert.match((await run("revoke", "--serial", "77")).err, /no authorities there yet; .*init"/);
	await done("init");
	const before = contents();
	const { status, err } = await run("revoke", "--serial", "77");
	assert.equal(status, 1);
	assert.match(err, /77: no certificate of that number was issued here; .*--force/);
	assert.deepEqual(contents(), before);
	await done("revoke", "--serial", "77", "--force");
	assert.match(await done("revoke", "--serial", "77"), /77 \(not in the ledger\): was revoked on /);
	assert.deepEqual(await listed(store), ["77"]);
});
