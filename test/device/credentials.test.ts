/** The certificates for an image: which folder is taken, and which files are refused and why. */

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findCredentials, makeCredentials } from "../../device/credentials";

const NOW_MS = Date.now();
const YEAR_MS = 365 * 86_400_000;

let root: string;
let made: string;

before(async () => {
	root = mkdtempSync(join(tmpdir(), "fieldmote-credentials-"));
	made = (await makeCredentials(root, "shed-1", ["broker.lan"], NOW_MS)).folder;
});

after(() => rmSync(root, { recursive: true, force: true }));

test("each broker has a certificate; one that is for the host already is taken as it is", async () => {
	await makeCredentials(root, "shed-2", ["other.lan"], NOW_MS);
	await makeCredentials(root, "shed-3", ["127.0.0.1"], NOW_MS);
	const before = await makeCredentials(root, "shed-3", ["localhost"], NOW_MS);
	assert.equal(before.state, "found");
	const brokers = join(root, "certs/generated/brokers");
	assert.deepEqual(readdirSync(brokers).sort(), ["broker.lan", "localhost", "other.lan"]);
	const broker = new X509Certificate(readFileSync(join(brokers, "localhost/fullchain.pem")));
	assert.equal(broker.subjectAltName, "DNS:localhost, IP Address:127.0.0.1");
	assert.match(before.lines.join("\n"), /certfile certs\/generated\/brokers\/localhost\/fullchain/);
});

test("certs/device is taken when it has an authority, with its page, and else the node's folder", () => {
	assert.equal(findCredentials(root, "shed-1", undefined, NOW_MS).folder, made);
	const own = join(root, "certs/device");
	mkdirSync(own, { recursive: true });
	cpSync(join(made, "authority.der"), join(own, "authority.der"));
	writeFileSync(join(own, "README.md"), "page");
	const found = findCredentials(root, "shed-1", undefined, NOW_MS);
	assert.deepEqual([found.folder, found.state], [own, "found"]);
	assert.match(found.lines.join(), /^certs\/device\/authority\.der valid until 20\d\d-/);
	rmSync(own, { recursive: true });
});

test("a certificate that ends soon is said to", () => {
	const { validTo } = new X509Certificate(readFileSync(join(made, "certificate.der")));
	const { lines } = findCredentials(root, "x", made, Date.parse(validTo) - 5.5 * 86_400_000);
	assert.match(lines.join("\n"), /certificate\.der valid until .*, 5 days from now/);
});

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const der = (key: typeof rsa) => key.export({ format: "der", type: "pkcs8" });

function remove(folder: string, ...names: string[]): void {
	for (const name of names) rmSync(join(folder, name));
}

const REFUSED: [what: string, change: (folder: string) => void, text: RegExp, nowMs?: number][] = [
	["a file more", (f) => writeFileSync(join(f, "notes.txt"), ""), /notes\.txt: all files there go/],
	["a page", (f) => writeFileSync(join(f, "README.md"), ""), /README\.md: all files there go/],
	[
		"no authority",
		(f) => remove(f, "authority.der", "authority-1.der"),
		/no authority\.der, the CA/,
	],
	["no key", (f) => rmSync(join(f, "key.der")), /certificate\.der without key\.der/],
	["no certificate", (f) => rmSync(join(f, "certificate.der")), /key\.der without certificate/],
	[
		"PEM",
		(f) => writeFileSync(join(f, "authority.der"), "-----BEGIN CERTIFICATE-----"),
		/authority\.der: is not DER; openssl x509 -outform der/,
	],
	[
		"no CA",
		(f) => cpSync(join(f, "certificate.der"), join(f, "authority.der")),
		/authority\.der: is no CA certificate/,
	],
	["garbage", (f) => writeFileSync(join(f, "certificate.der"), "0000"), /is no certificate/],
	["P-256", (f) => writeFileSync(join(f, "key.der"), der(p256)), /is no RSA key/],
	["another key", (f) => writeFileSync(join(f, "key.der"), der(rsa)), /does not belong to/],
	[
		"PKCS#1",
		(f) => {
			const key = createPrivateKey({ key: der(rsa), format: "der", type: "pkcs8" });
			writeFileSync(join(f, "key.der"), key.export({ format: "pem", type: "pkcs1" }));
		},
		/is no key in PKCS#8 DER form; openssl pkcs8/,
	],
	["too late", () => {}, /authority\.der: was valid until 20/, NOW_MS + 40 * YEAR_MS],
];

for (const [what, change, text, nowMs = NOW_MS] of REFUSED) {
	test(`refused: ${what}`, () => {
		const folder = join(root, "given");
		cpSync(made, folder, { recursive: true });
		try {
			change(folder);
			assert.throws(() => findCredentials(root, "shed-1", folder, nowMs), text);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
}

test("refused: a key that others can read", () => {
	const folder = join(root, "given");
	cpSync(made, folder, { recursive: true });
	const key = readFileSync(join(folder, "key.der"));
	rmSync(join(folder, "key.der"));
	writeFileSync(join(folder, "key.der"), key, { mode: 0o644 });
	assert.throws(
		() => findCredentials(root, "shed-1", folder, NOW_MS),
		/others can read it; chmod 600/,
	);
	rmSync(folder, { recursive: true });
});
