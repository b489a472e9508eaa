/** Certificates and keys of the user: what a board can use, and why it cannot use the rest. */

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { isPem, readCredentials } from "../../host-sim/key-files";
import { UsageError } from "../../host-sim/words";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-keys-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
}

/** Two device certificates that have nothing to do with each other. */
async function makePair(
	name: string,
): Promise<{ certificate: string; der: Buffer; key: KeyObject }> {
	const files = await ensureCertificates(join(folder, name), { brokerNames: ["a"], node: "n1" });
	return {
		certificate: readFileSync(files.deviceCertificate, "utf8"),
		der: readFileSync(files.deviceCertificateDer),
		key: createPrivateKey(readFileSync(files.deviceKey)),
	};
}

const one = await makePair("one");
const other = await makePair("other");
const ca = file("ca.pem", `some text\n${other.certificate}\n${one.certificate}\n`);
const cert = file("cert.pem", one.certificate);
const pkcs8 = one.key.export({ type: "pkcs8", format: "der" });

function refused(files: { cert?: string; key?: string; ca?: string }, reason: RegExp): void {
	const { cert: certificate, key, ca: authority } = files;
	assert.throws(
		() => readCredentials({ ca: authority ? [authority] : [], cert: certificate, key }),
		(error) => {
			assert.ok(error instanceof UsageError, String(error));
			assert.match(error.message, reason);
			return true;
		},
	);
}

test("authorities from PEM with several, and from DER", () => {
	const der = file("ca.der", one.der);
	const { authorities, certificate, key } = readCredentials({
		ca: [ca, der],
		cert: undefined,
		key: undefined,
	});
	assert.equal(authorities.length, 3);
	assert.ok(other.der.equals(authorities[0]));
	assert.ok(one.der.equals(authorities[2]));
	assert.deepEqual([certificate, key], [undefined, undefined]);
	assert.deepEqual([isPem(ca), isPem(der)], [true, false]);
});

test("every form of an RSA key becomes PKCS#8", () => {
	const forms: [string, string | Buffer][] = [
		["pkcs8.pem", one.key.export({ type: "pkcs8", format: "pem" })],
		["pkcs1.pem", one.key.export({ type: "pkcs1", format: "pem" })],
		["pkcs8.der", pkcs8],
		["pkcs1.der", one.key.export({ type: "pkcs1", format: "der" })],
	];
	for (const [name, content] of forms) {
		const { key, certificate } = readCredentials({ ca: [], cert, key: file(name, content) });
		assert.ok(key && Buffer.from(key).equals(pkcs8), name);
		assert.ok(certificate && one.der.equals(certificate));
	}
});

test("keys that a board cannot use: why", () => {
	const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
	const locked = { cipher: "aes-128-cbc", passphrase: "secret" };
	const wrong: [string | Buffer, RegExp][] = [
		[elliptic.export({ type: "pkcs8", format: "pem" }), /type ec; a board can sign with RSA only/],
		[elliptic.export({ type: "pkcs8", format: "der" }), /type ec/],
		[one.key.export({ type: "pkcs8", format: "pem", ...locked }), /is encrypted.*openssl pkcs8/],
		[one.key.export({ type: "pkcs1", format: "pem", ...locked }), /is encrypted/],
		[one.certificate, /holds no private key/],
		["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", /is no RSA key/],
		["hello", /is no RSA key/],
		[other.key.export({ type: "pkcs8", format: "pem" }), /does not belong to --cert/],
	];
	for (const [content, reason] of wrong) refused({ cert, key: file("wrong.key", content) }, reason);
	refused({ cert, key: join(folder, "none.key") }, /--key .*none\.key: no such file/);
});

test("files that hold no certificate: why", () => {
	const key = file("one.key", one.key.export({ type: "pkcs8", format: "pem" }));
	refused({ ca: key }, /--ca .*one\.key: holds a private key, not a certificate/);
	refused({ ca: file("x.pem", "hello") }, /is no certificate in PEM or DER form/);
	const broken = one.certificate.replace(/\n[^\n]{30}/, "\n");
	refused({ ca: file("y.pem", broken) }, /is no certificate/);
	refused({ ca: join(folder, "none.pem") }, /no such file/);
});
