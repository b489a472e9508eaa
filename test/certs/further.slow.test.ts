/** A further authority for boards: what the firmware refuses does not get into an image. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeStoreBench } from "../support/certs-command";
import { skipWithout } from "../support/mosquitto";

const CASES: [what: string, genkey: string, reason: RegExp | undefined][] = [
	[
		"RSA of more than 4,096 bits",
		"-algorithm RSA -pkeyopt rsa_keygen_bits:4608",
		/a board says: RSA key of 4608 bits/,
	],
	[
		"RSA of less than 2,048 bits",
		"-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
		/a board says: RSA key of 1024 bits/,
	],
	[
		"RSA, exponent 3",
		"-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
		/a board says: RSA exponent/,
	],
	[
		"P-384",
		"-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
		/a board says: key is neither RSA nor P-256/,
	],
	["P-256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", undefined],
];

test("device --authority: what a board refuses is refused, in its words", {
	skip: skipWithout("openssl"),
}, async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	const openssl = (line: string) => {
		execFileSync("openssl", line.split(" "), { cwd: store.directory, stdio: "pipe" });
	};
	for (const [what, genkey, reason] of CASES) {
		openssl(`genpkey ${genkey} -out ca.key`);
		openssl("req -new -x509 -key ca.key -subj /CN=root -out ca.crt -days 100");
		const path = join(store.directory, "ca.crt");
		const { status, err } = await run("device", "n1", "--authority", path);
		assert.equal(status, reason === undefined ? 0 : 1, `${what}: ${err}`);
		if (reason !== undefined) assert.match(err, reason, what);
		assert.equal(existsSync(store.device("n1").folder), reason === undefined, what);
	}
});
