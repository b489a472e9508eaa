/** Keys are for their owner from the first byte on, whatever the umask, and not only at the end. */

import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { rotateBrokerCa, rotateDeviceCa } from "../../certs/signing/rotate";
import { Store } from "../../certs/store/store";

const SECRET_MODE = 0o600;

/** Whether bytes are a private key: PEM, or PKCS#8 in DER (version 0 behind the first header). */
function isKey(bytes: Buffer): boolean {
	if (bytes.includes("PRIVATE KEY")) return true;
	const header = (bytes[1] ?? 0) > 0x80 ? 2 + ((bytes[1] ?? 0) & 0x7f) : 2;
	return bytes[0] === 0x30 && bytes.subarray(header, header + 3).equals(Buffer.of(2, 1, 0));
}

test("a key's file is its owner's before the first byte is in it", async (context) => {
	const folder = fs.mkdtempSync(join(tmpdir(), "fieldmote-modes-"));
	const umask = process.umask(0);
	const modes: number[] = [];
	const { writeSync } = fs;
	context.mock.method(fs, "writeSync", ((file: number, bytes: Buffer, ...rest: never[]) => {
		if (isKey(Buffer.from(bytes))) modes.push(fs.fstatSync(file).mode & 0o777);
		return writeSync(file, bytes, ...rest);
	}) as typeof writeSync);
	// What comes later mends nothing here.
	context.mock.method(fs, "chmodSync", () => undefined);
	syncBuiltinESMExports();
	context.after(() => {
		process.umask(umask);
		fs.rmSync(folder, { recursive: true });
		context.mock.restoreAll();
		syncBuiltinESMExports();
	});
	const nowMs = Date.now();
	const store = new Store(folder);
	await ensureCertificates(folder, { brokerNames: ["a.lan"], node: "n1" });
	await rotateBrokerCa(store, { nowMs, force: true }, () => undefined);
	await rotateDeviceCa(store, { nowMs, force: true }, () => undefined);
	// Three authorities, a broker, a board's in two forms; and what two rotations write.
	assert.ok(modes.length >= 6 + 4, `${modes.length} keys were written`);
	assert.deepEqual([...new Set(modes)], [SECRET_MODE]);
	const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
	const files = names
		.map((name) => join(folder, name))
		.filter((path) => fs.statSync(path).isFile());
	const keys = files.filter((path) => isKey(fs.readFileSync(path)));
	assert.ok(keys.length >= 8, keys.join());
	for (const path of keys) assert.equal(fs.statSync(path).mode & 0o777, SECRET_MODE, path);
});
