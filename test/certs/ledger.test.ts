/** A ledger that is lost or damaged, and authorities that are: what was revoked stays revoked. */

import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { imageAuthorities } from "../../certs/image";
import { loadX509 } from "../../certs/signing/x509";
import { readLedger, recordFlashed, serialOf } from "../../certs/store/ledger";
import { fromPem } from "../../certs/store/pem";
import { readCertificate, type Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";

/** Serial numbers in all lists, in order. */
async function listed({ deviceCrl }: Store): Promise<string[]> {
	const { X509Crl } = await loadX509();
	return fromPem("X509 CRL", readFileSync(deviceCrl, "utf8"))
		.flatMap((der) => new X509Crl(der).entries)
		.map(({ serialNumber }) => serialOf(serialNumber))
		.sort();
}

function serialsOf(store: Store, ...ids: string[]): string[] {
	return ids.map((id) => readCertificate(store.device(id).certificate).serialNumber).sort();
}

test("without its ledger a store keeps what its list revokes", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "n1", "n2");
	await done("revoke", "n1");
	rmSync(store.ledger);
	const { status, out } = await run("check");
	assert.equal(status, 1);
	const [serial] = serialsOf(store, "n1");
	assert.match(out, new RegExp(`ledger\\.jsonl: lacks what the list revokes: 1 .*${serial}.*init`));
	await done("revoke", "n2");
	assert.deepEqual(await listed(store), serialsOf(store, "n1", "n2"));
	assert.match((await run("check")).out, /n1\/certificate\.pem: was revoked on /);
});

for (const command of [["init"], ["renew", "device-ca"]]) {
	test(`${command.join(" ")} without the ledger takes no revocation back`, async (context) => {
		const { store, done } = makeStoreBench(context);
		await done("init");
		await done("device", "n1");
		await done("revoke", "n1");
		rmSync(store.ledger);
		await done(...command);
		assert.deepEqual(await listed(store), serialsOf(store, "n1"));
		assert.ok(readLedger(store).revoked.has(serialsOf(store, "n1")[0] as string));
	});
}

test("lines of the ledger that cannot be read are named, and hide no others", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "n1");
	const count = readFileSync(store.ledger, "utf8").split("\n").length - 1;
	appendFileSync(store.ledger, '{"event":"revoked","serial":"0\n{"event":"issued"}\n');
	const { status, out } = await run("check");
	assert.equal(status, 1);
	for (const line of [count + 1, count + 2]) {
		assert.match(out, new RegExp(`ledger\\.jsonl: line ${line} cannot be read; `));
	}
	await done("revoke", "n1");
	assert.deepEqual(await listed(store), serialsOf(store, "n1"));
	writeFileSync(store.ledger, "text\n");
	assert.match((await run("revoke", "n1")).err, /no line of it can be read; .*move it away/);
});

test("a devices' authority that got lost is made anew, and its list with it", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "n1", "n2");
	await done("revoke", "n2");
	rmSync(store.deviceCa.certificate);
	rmSync(store.deviceCa.key);
	const stale = readFileSync(store.deviceCrl);
	assert.match(await done("init"), /made .*device-crl\.pem/);
	assert.match(await done("device", "n1"), /n1 valid until .*; flash the board/);
	rmSync(store.device("n2").folder, { recursive: true });
	assert.match(await done("check"), /all good/);
	writeFileSync(store.deviceCrl, stale);
	assert.match((await run("check")).out, /device-crl\.pem: holds no list of .*init" writes it/);
	assert.match(await done("init"), /made .*device-crl\.pem/);
	assert.match(await done("check"), /all good/);
	assert.match(await done("init"), /nothing made/);
});

test("boards that nobody has noted as flashed are counted, in check and before a rotation", async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("device", "n1", "n2", "gone", "dashboard");
	await done("revoke", "gone");
	rmSync(store.device("gone").folder, { recursive: true });
	const two = /2 boards are not noted as flashed; judged by their image folders/;
	assert.match(await done("check"), two);
	assert.match(await done("renew", "broker-ca"), two);
	const { serialNumber: serial } = readCertificate(store.device("n1").certificate);
	const authorities = imageAuthorities(store, "n1");
	recordFlashed(store, { name: "n1", authorities, serial, at: new Date().toISOString() });
	await done("device", "--all");
	assert.match(await done("check"), /1 board is not noted as flashed; judged by its image folder/);
});
