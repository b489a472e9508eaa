/** `fieldmote certs check`: a row for each damage, and silence when all is well. */

import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
	appendFileSync,
	chmodSync,
	existsSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importKey, makeAuthority } from "../../certs/signing/authority";
import { keyIdOf } from "../../certs/store/ledger";
import { toPem } from "../../certs/store/pem";
import { readCertificates } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";

const YEAR_MS = 365 * 86_400_000;

function certificate(path: string): X509Certificate {
	return new X509Certificate(readFileSync(path));
}

type Path = (name: string) => string;

/** The authority's own key under other dates: one that was made some years ago, for 20 years. */
async function age(path: Path, name: string, years: number): Promise<void> {
	const keys = await importKey(createPrivateKey(readFileSync(path(`${name}.key`))));
	const label = name.replace("-next", "").replace("-ca", " CA");
	const made = await makeAuthority(`fieldmote ${label}`, keys, Date.now() - years * YEAR_MS);
	writeFileSync(path(`${name}.pem`), toPem("CERTIFICATE", new Uint8Array(made.rawData)));
}

/** Of the store in the test: ends in 89 days. */
function leafOf(path: Path): Uint8Array {
	return certificate(path("brokers/a.lan/fullchain.pem")).raw;
}

const DAMAGES: [what: string, damage: (path: Path) => unknown, text: RegExp][] = [
	["a key for all", (p) => chmodSync(p("broker-ca.key"), 0o644), /broker-ca\.key: others can read/],
	[
		"another key",
		(p) => writeFileSync(p("brokers/a.lan/privkey.pem"), readFileSync(p("broker-ca.key"))),
		/privkey\.pem: does not belong to .*fullchain\.pem/,
	],
	[
		"no key",
		(p) => rmSync(p("brokers/a.lan/privkey.pem")),
		/privkey\.pem: is not there; .* server a\.lan --new-key/,
	],
	[
		"half a certificate",
		(p) => writeFileSync(p("devices/n1/certificate.pem"), "-----BEGIN CERTIFICATE-----\nMII"),
		/devices\/n1\/certificate\.pem: holds no certificate/,
	],
	[
		"a certificate that is none",
		(p) =>
			writeFileSync(
				p("devices/n1/certificate.pem"),
				"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
			),
		/devices\/n1\/certificate\.pem: is damaged/,
	],
	[
		"a broker under another authority",
		(p) => {
			writeFileSync(p("broker-ca.pem"), readFileSync(p("broker-ca-next.pem")));
			writeFileSync(p("broker-ca.key"), readFileSync(p("broker-ca-next.key")));
		},
		/fullchain\.pem: is not under the brokers' authority in use; .* renew a\.lan/,
	],
	[
		"an image without the successor",
		(p) => rmSync(p("devices/n1/image/authority-1.der")),
		/devices\/n1\/image: lacks the successor of the brokers' authority; .* device n1/,
	],
	[
		"an image with another key",
		(p) => writeFileSync(p("devices/n1/image/key.der"), "x", { mode: 0o600 }),
		/image\/key\.der: is another than /,
	],
	[
		"a further authority that ends",
		(p) => writeFileSync(p("devices/n1/image/authority-2.der"), leafOf(p)),
		/authority-2\.der: ends on 20\d\d-.*--force --authority FILE/,
	],
	[
		"a further authority that is none",
		(p) => writeFileSync(p("devices/n1/image/authority-2.der"), "text"),
		/authority-2\.der: holds no certificate; /,
	],
	[
		"an authority that ends in a year",
		(p) => age(p, "broker-ca", 19.5),
		/broker-ca\.pem: ends in 18\d days, on .*renew broker-ca"/,
	],
	[
		"a devices' authority that has ended",
		(p) => age(p, "device-ca", 20.1),
		/device-ca\.pem: ended on .*renew device-ca"/,
	],
	[
		"a successor that will be good for less than ten years",
		(p) => age(p, "broker-ca-next", 11),
		/broker-ca-next\.pem: is good for less than 10 years, until .*renew broker-ca" now/,
	],
	[
		"no file for programs",
		(p) => rmSync(p("broker-cas.pem")),
		/broker-cas\.pem: is not the brokers' authority in use and its successor; .*init" writes it/,
	],
	[
		"a file for programs from before a rotation",
		(p) => writeFileSync(p("broker-cas.pem"), readFileSync(p("broker-ca.pem"))),
		/broker-cas\.pem: is not the brokers' authority/,
	],
	[
		"a chain without its authority",
		(p) => {
			const [leaf] = readCertificates(p("brokers/a.lan/fullchain.pem"));
			writeFileSync(p("brokers/a.lan/fullchain.pem"), String(leaf));
		},
		/fullchain\.pem: lacks its authority behind it; .*renew a\.lan/,
	],
	[
		"an image without the authority in use",
		(p) => rmSync(p("devices/n1/image/authority.der")),
		/devices\/n1\/image: lacks the brokers' authority in use; .*device n1", then flash/,
	],
	[
		"an image without its certificate",
		(p) => rmSync(p("devices/n1/image/certificate.der")),
		/devices\/n1\/image: is not complete; .*device n1", then flash/,
	],
	[
		"an image without its key",
		(p) => rmSync(p("devices/n1/image/key.der")),
		/devices\/n1\/image: is not complete; /,
	],
	[
		"an image's key that others can read",
		(p) => chmodSync(p("devices/n1/image/key.der"), 0o640),
		/image\/key\.der: others can read it; chmod 600 .*image\/key\.der$/m,
	],
	[
		"a list that lacks a certificate that was revoked",
		(p) => {
			const issuer = keyIdOf(certificate(p("device-ca.pem")));
			const entry = { event: "revoked", serial: "0A0B", issuer, at: new Date().toISOString() };
			appendFileSync(p("ledger.jsonl"), `${JSON.stringify(entry)}\n`);
		},
		/device-crl\.pem: lacks 0A0B, which was revoked; .*revoke --serial 0A0B/,
	],
	["no list", (p) => rmSync(p("device-crl.pem")), /device-crl\.pem: is not there/],
	[
		"a list of nobody",
		(p) => writeFileSync(p("device-crl.pem"), ""),
		/device-crl\.pem: holds no list of CN=fieldmote device CA/,
	],
];

test("check: silent when good, one line for each thing that is not", async (context) => {
	const bench = makeStoreBench(context);
	const nothing = await bench.run("check");
	assert.equal(nothing.status, 1);
	assert.match(nothing.err, /no authorities there yet; .*init/);
	await bench.done("init");
	await bench.done("server", "a.lan", "--days", "90");
	await bench.done("device", "n1");
	assert.match(await bench.done("check"), /^5 certificates, all good; the next to end is a\.lan/);
	assert.equal(await bench.done("check", "--quiet"), "");
	const soon = await bench.run("check", "--within", "13w");
	assert.equal(soon.status, 1);
	assert.match(soon.out, /^.*fullchain\.pem: ends in 89 days, on .*renew a\.lan"\n$/);
	const path = (name: string) => join(bench.store.directory, name);
	const before = bench.contents();
	for (const [what, damage, text] of DAMAGES) {
		await damage(path);
		const isLater = /ends/.test(what);
		const { status, out } = await bench.run("check", "--within", isLater ? "13w" : "30d");
		assert.equal(status, 1, what);
		assert.match(out, text, what);
		rmSync(bench.store.device("n1").imageAuthorities[2], { force: true });
		for (const [name, hex] of Object.entries(before)) {
			writeFileSync(path(name), Buffer.from(hex, "hex"));
			if (/key/.test(name)) chmodSync(path(name), 0o600);
		}
	}
	assert.equal((await bench.run("check")).status, 0);
});

test("the key of an authority may be elsewhere: one line, exit code 0, and who needs it says so", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("server", "a.lan");
	await done("device", "n1");
	const { brokerCa, brokerCaNext, deviceCa } = store;
	const keys = [brokerCa.key, brokerCaNext.key, deviceCa.key];
	const away = (key: string) => `${key}.away`;
	renameSync(brokerCaNext.key, away(brokerCaNext.key));
	assert.match(
		await done("check"),
		/all good; [^\n]+\nnot here, .* when needed: broker-ca-next\.key \(for renew broker-ca\)\n$/,
	);
	assert.equal(await done("check", "--quiet"), "");
	for (const key of [brokerCa.key, deviceCa.key]) renameSync(key, away(key));
	assert.match(await done("check"), /broker-ca\.key .*broker-ca-next\.key .*device-ca\.key \(for /);
	const before = JSON.stringify(readFileSync(store.ledger, "utf8"));
	for (const [words, key] of [
		["server b.lan", brokerCa.key],
		["renew a.lan", brokerCa.key],
		["renew broker-ca", brokerCaNext.key],
		["device n2", deviceCa.key],
		["renew n1", deviceCa.key],
		["renew device-ca", deviceCa.key],
	] as const) {
		const { status, err } = await run(...words.split(" "));
		assert.equal(status, 1, words);
		assert.match(err, new RegExp(`${key}: is not here, and .*; bring it back`), words);
	}
	assert.equal(JSON.stringify(readFileSync(store.ledger, "utf8")), before);
	assert.ok(!existsSync(store.device("n2").folder));
	const revoked = await run("revoke", "n1");
	assert.equal(revoked.status, 1);
	assert.match(revoked.err, new RegExp(`${deviceCa.key}: is not here, and .*; bring it back`));
	renameSync(away(deviceCa.key), deviceCa.key);
	assert.match(await done("revoke", "n1"), /\(n1\): was revoked/);
	assert.doesNotMatch((await run("check")).out, /lacks/);
	await done("device", "n1", "--new-key");
	renameSync(deviceCa.key, away(deviceCa.key));
	// What asks for none goes on: nothing is due.
	await done("init");
	await done("renew");
	for (const key of keys) renameSync(away(key), key);
	await done("renew", "broker-ca");
});

test("a store of the layout before: what only reads says so, import too, and init takes it over", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("device", "n1");
	const { key, certificate: leaf, folder } = store.device("n1");
	const at = (name: string) => join(store.directory, name);
	renameSync(key, at("n1.key"));
	renameSync(leaf, at("n1.pem"));
	rmSync(folder, { recursive: true });
	const old = /n1\.key: is of the layout before; "npm run certs -- init"/;
	const checked = await run("check");
	assert.equal(checked.status, 1);
	assert.match(checked.out, old);
	assert.match(await done("list"), old);
	const imported = await run("import", "device", "n2", leaf, key);
	assert.equal(imported.status, 1);
	assert.match(imported.err, old);
	assert.match(await done("init"), /^n1: taken over from the layout before$/m);
	assert.doesNotMatch(await done("list"), /layout before/);
	assert.ok(existsSync(key));
});
