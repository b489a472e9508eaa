/** Certificates of the first start: made once, kept, renewed when they no longer do. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";

const NAMES = ["localhost", "127.0.0.1"];
const YEAR_MS = 365 * 86_400_000;

function folderFor(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-ensure-"));
	context.after(() => rmSync(folder, { recursive: true }));
	return folder;
}

function contents(folder: string): Record<string, string> {
	const read = (name: string) => [name, readFileSync(join(folder, name), "hex")];
	return Object.fromEntries(readdirSync(folder).sort().map(read));
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
	const modes = Object.keys(contents(folder))
		.filter((name) => name.includes(".key"))
		.map((name) => statSync(join(folder, name)).mode & 0o777);
	assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o600, 0o600]);
	const device = new X509Certificate(readFileSync(files.deviceCertificateDer));
	assert.equal(device.subject, "CN=node-1");
	assert.ok(device.verify(new X509Certificate(readFileSync(files.deviceCa)).publicKey));
	assert.equal(device.publicKey.asymmetricKeyType, "rsa");
});

test("what has expired is renewed, keys stay", async (context) => {
	const folder = folderFor(context);
	await ensureCertificates(folder, { brokerNames: NAMES });
	const before = contents(folder);
	await ensureCertificates(folder, { brokerNames: NAMES, nowMs: Date.now() + 3 * YEAR_MS });
	const after = contents(folder);
	const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
	assert.deepEqual(changed, ["broker.pem"]);
	await ensureCertificates(folder, { brokerNames: NAMES, nowMs: Date.now() + 21 * YEAR_MS });
	const late = contents(folder);
	const renewed = Object.keys(before).filter((name) => before[name] !== late[name]);
	assert.deepEqual(renewed, ["broker-ca.der", "broker-ca.pem", "broker.pem", "device-ca.pem"]);
});

test("a new name brings a new certificate", async (context) => {
	const folder = folderFor(context);
	await ensureCertificates(folder, { brokerNames: NAMES });
	const files = await ensureCertificates(folder, { brokerNames: [...NAMES, "broker.local"] });
	const leaf = new X509Certificate(readFileSync(files.brokerChain));
	assert.equal(leaf.subjectAltName, "DNS:localhost, IP Address:127.0.0.1, DNS:broker.local");
});

test("two starts at once end up with one set", async (context) => {
	const folder = folderFor(context);
	const both = [1, 2].map(() => ensureCertificates(folder, { brokerNames: NAMES }));
	const [files] = await Promise.all(both);
	const again = await ensureCertificates(folder, { brokerNames: NAMES });
	assert.deepEqual(again, files);
	const [leaf, authority] = pemBlocks(readFileSync(files.brokerChain, "utf8"));
	assert.ok(leaf?.verify(authority?.publicKey ?? leaf.publicKey));
	assert.ok(readdirSync(folder).every((name) => !name.endsWith(".new")));
});

test("an RSA broker", async (context) => {
	const options = { brokerNames: NAMES, brokerKeyKind: "RSA" } as const;
	const files = await ensureCertificates(folderFor(context), options);
	const leaf = new X509Certificate(readFileSync(files.brokerChain));
	assert.equal(leaf.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
});

function pemBlocks(text: string): X509Certificate[] {
	const blocks = text.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
	return blocks.map((block) => new X509Certificate(block));
}
