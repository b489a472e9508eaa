/** Certificates of the first start: made once, kept, renewed when they no longer do. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { exportKey } from "../../certs/signing/authority";
import { toPem } from "../../certs/store/pem";
import { Store } from "../../certs/store/store";
import { ensureBuilt } from "../../host-sim/build.mjs";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";
import { type Made, make, makeKeys } from "../support/certificate-maker";
import { startSimulator } from "../support/simulator";

const NAMES = ["localhost", "127.0.0.1"];
const YEAR_MS = 365 * 86_400_000;

function folderFor(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-ensure-"));
	context.after(() => rmSync(folder, { recursive: true }));
	return folder;
}

/** All files by path, in hexadecimal. */
function contents(folder: string): Record<string, string> {
	const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
	const files = names.filter((name) => statSync(join(folder, name)).isFile());
	return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "hex")]));
}

test("the firmware trusts them", async (context) => {
	const files = await ensureCertificates(folderFor(context), { brokerNames: NAMES });
	const chain = pemBlocks(readFileSync(files.brokerChain, "utf8"));
	assert.equal(chain.length, 2);
	const program = await buildProgram("test/support/chain-checker.ts");
	const firmware = powerOn(makeBoard().board, program) as { checkText(json: string): string };
	const check = (host: string) =>
		firmware.checkText(
			JSON.stringify({
				chain: chain.map((one) => one.raw.toString("hex")),
				authorities: [readFileSync(files.brokerCaDer).toString("hex")],
				host,
				nowMs: Date.now(),
			}),
		);
	for (const name of NAMES) assert.equal(check(name), "");
	assert.equal(check("example.com"), "certificate is not for example.com (CN=localhost)");
});

test("a second start changes nothing", async (context) => {
	const folder = folderFor(context);
	const options = { brokerNames: NAMES, node: "node-1" };
	await ensureCertificates(folder, options);
	const before = contents(folder);
	await ensureCertificates(folder, options);
	assert.deepEqual(contents(folder), before);
});

test("keys are for their owner only", async (context) => {
	const folder = folderFor(context);
	const files = await ensureCertificates(folder, { brokerNames: NAMES, node: "node-1" });
	const keys = Object.keys(contents(folder)).filter((name) => /key/.test(name));
	assert.deepEqual(keys, [
		"broker-ca-next.key",
		"broker-ca.key",
		"brokers/localhost/privkey.pem",
		"device-ca.key",
		"devices/node-1/image/key.der",
		"devices/node-1/key.pem",
	]);
	for (const name of keys) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
	for (const name of [".", "devices", "devices/node-1/image"]) {
		if (name !== ".") assert.equal(statSync(join(folder, name)).mode & 0o777, 0o700, name);
	}
	const device = new X509Certificate(readFileSync(files.deviceCertificateDer));
	assert.equal(device.subject, "CN=node-1");
	assert.ok(device.verify(new X509Certificate(readFileSync(files.deviceCa)).publicKey));
	assert.equal(device.publicKey.asymmetricKeyType, "rsa");
});

test("an image carries the brokers' authority and its successor", async (context) => {
	const folder = folderFor(context);
	const files = await ensureCertificates(folder, { brokerNames: NAMES, node: "node-1" });
	const read = (path: string) => readFileSync(path);
	assert.deepEqual(readdirSync(files.deviceImage).sort(), [
		"authority-1.der",
		"authority.der",
		"certificate.der",
		"key.der",
	]);
	assert.ok(read(join(files.deviceImage, "authority.der")).equals(read(files.brokerCaDer)));
	const next = read(join(folder, "broker-ca-next.der"));
	assert.ok(read(join(files.deviceImage, "authority-1.der")).equals(next));
	assert.ok(!next.equals(read(files.brokerCaDer)));
});

test("what has expired is renewed, keys stay", async (context) => {
	const folder = folderFor(context);
	await ensureCertificates(folder, { brokerNames: NAMES });
	const before = contents(folder);
	await ensureCertificates(folder, { brokerNames: NAMES, nowMs: Date.now() + 3 * YEAR_MS });
	const after = contents(folder);
	const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
	assert.deepEqual(changed, ["brokers/localhost/fullchain.pem", "ledger.jsonl"]);
	await ensureCertificates(folder, { brokerNames: NAMES, nowMs: Date.now() + 21 * YEAR_MS });
	const late = contents(folder);
	const renewed = Object.keys(before).filter((name) => before[name] !== late[name]);
	assert.deepEqual(renewed, [
		"broker-ca.der",
		"broker-ca.pem",
		"broker-cas.pem",
		"brokers/localhost/fullchain.pem",
		"device-ca.pem",
		"device-crl.pem",
		"ledger.jsonl",
	]);
});

test("a new name brings a new certificate", async (context) => {
	const folder = folderFor(context);
	await ensureCertificates(folder, { brokerNames: NAMES });
	const files = await ensureCertificates(folder, { brokerNames: [...NAMES, "broker.local"] });
	const leaf = new X509Certificate(readFileSync(files.brokerChain));
	assert.equal(leaf.subjectAltName, "DNS:localhost, IP Address:127.0.0.1, DNS:broker.local");
	const again = await ensureCertificates(folder, { brokerNames: NAMES });
	assert.ok(leaf.raw.equals(new X509Certificate(readFileSync(again.brokerChain)).raw));
});

test("two starts at once end up with one set", async (context) => {
	const folder = folderFor(context);
	const both = [1, 2].map(() => ensureCertificates(folder, { brokerNames: NAMES }));
	const [files] = await Promise.all(both);
	const again = await ensureCertificates(folder, { brokerNames: NAMES });
	assert.deepEqual(again, files);
	const [leaf, authority] = pemBlocks(readFileSync(files.brokerChain, "utf8"));
	assert.ok(leaf?.verify(authority?.publicKey ?? leaf.publicKey));
	const own = new X509Certificate(readFileSync(files.brokerCa));
	assert.ok(authority?.raw.equals(own.raw));
	assert.ok(readdirSync(folder).every((name) => !name.endsWith(".new")));
});

test("an RSA broker", async (context) => {
	const options = { brokerNames: NAMES, brokerKeyKind: "RSA" } as const;
	const files = await ensureCertificates(folderFor(context), options);
	const leaf = new X509Certificate(readFileSync(files.brokerChain));
	assert.equal(leaf.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
});

test("a store of the layout before is taken over: the keys of broker and boards stay", async (context) => {
	const made = folderFor(context);
	const files = await ensureCertificates(made, { brokerNames: NAMES, node: "shed-1" });
	await ensureCertificates(made, { brokerNames: NAMES, node: "desk-1" });
	const folder = folderFor(context);
	for (const name of ["broker-ca.pem", "broker-ca.der", "broker-ca.key"]) {
		cpSync(join(made, name), join(folder, name));
	}
	for (const name of ["device-ca.pem", "device-ca.key"]) {
		cpSync(join(made, name), join(folder, name));
	}
	cpSync(files.brokerChain, join(folder, "broker.pem"));
	cpSync(files.brokerKey, join(folder, "broker.key"));
	// One that was flashed, one that a program on a computer used.
	mkdirSync(join(folder, "nodes/shed-1"), { recursive: true });
	for (const name of ["authority.der", "certificate.der", "key.der"]) {
		cpSync(join(files.deviceImage, name), join(folder, "nodes/shed-1", name));
	}
	cpSync(join(made, "devices/desk-1/key.pem"), join(folder, "desk-1.key"));
	cpSync(join(made, "devices/desk-1/certificate.pem"), join(folder, "desk-1.pem"));
	const old = contents(folder);

	// Two programs at once, as with npm start in two terminals.
	await ensureBuilt();
	const starts = [1, 2].map(() => startSimulator("certs", "init", "--directory", folder));
	for (const one of await Promise.all(starts)) assert.equal(await one.ended(), 0, one.err());
	await ensureCertificates(folder, { brokerNames: NAMES, node: "shed-1" });
	const now = contents(folder);
	assert.equal(now["brokers/localhost/privkey.pem"], old["broker.key"]);
	assert.equal(now["brokers/localhost/fullchain.pem"], old["broker.pem"]);
	assert.equal(now["devices/shed-1/image/key.der"], old["nodes/shed-1/key.der"]);
	assert.equal(now["devices/shed-1/image/certificate.der"], old["nodes/shed-1/certificate.der"]);
	assert.equal(now["devices/desk-1/key.pem"], old["desk-1.key"]);
	assert.equal(now["devices/desk-1/certificate.pem"], old["desk-1.pem"]);
	const there = Object.values(now);
	const lost = Object.keys(old).filter((name) => !there.includes(old[name] as string));
	assert.deepEqual(lost, []);
	const names = Object.keys(now).filter((name) => /^(nodes\/|broker\.|desk-1\.)/.test(name));
	assert.deepEqual(names, []);
	await ensureCertificates(folder, { brokerNames: NAMES, node: "shed-1" });
	assert.deepEqual(contents(folder), now);
});

test("a chain with one link more, brought along, is kept as it is", async (context) => {
	const folder = folderFor(context);
	const dates = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + YEAR_MS) };
	const keys = () => makeKeys("P-256");
	const root = await make({ name: "root", keys: await keys(), authority: true, ...dates });
	const between = { name: "between", keys: await keys(), authority: true, issuer: root, ...dates };
	const issuer = await make(between);
	const leaf = await make({ name: "a", keys: await keys(), issuer, names: ["a.lan"], ...dates });
	const store = new Store(folder);
	const pem = ({ der }: Made) => toPem("CERTIFICATE", der);
	store.replace(store.brokerCa.certificate, pem(root));
	const { chain, key } = store.server("a.lan");
	store.writeNew(chain, [leaf, issuer, root].map(pem).join(""));
	store.writeNewKey(key, toPem("PRIVATE KEY", await exportKey(leaf.keys)));
	const before = contents(folder);
	await ensureCertificates(folder, { brokerNames: ["a.lan"] });
	const after = contents(folder);
	for (const [name, hex] of Object.entries(before)) assert.equal(after[name], hex, name);
	assert.ok(after["broker-ca-next.key"]);
	assert.equal(after["broker-ca.key"], undefined);
});

function pemBlocks(text: string): X509Certificate[] {
	const blocks = text.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
	return blocks.map((block) => new X509Certificate(block));
}
