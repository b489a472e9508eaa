/**
 * The hook for certbot against those who mean harm, or make a mistake that harms: what stands in a
 * lineage and should not, and who may write where root is to write.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { make, makeKeys } from "../support/certificate-maker";
import { skipWithout } from "../support/mosquitto";
import {
	DATES,
	HOOK,
	type LineageParts,
	makeHierarchy,
	makeParts,
	pem,
	rsa,
	runHook,
	writeLineage,
} from "./lineage";
import { makeDirectory } from "./staged";

const skip = skipWithout("openssl");
const good = await makeParts("RSA-2048", rsa);
const NAMES = ["fullchain.pem", "privkey.pem"];

/** A folder for the copies, and the hook run on a lineage with these parts. */
function deploy(
	parts: Omit<LineageParts, "leaf">,
	certs = makeDirectory(),
): { status: number | null; text: string; certs: string } {
	const lineage = writeLineage(makeDirectory(), parts);
	const pidFile = join(lineage, "none.pid");
	const environment = { RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: certs };
	return { ...runHook({ ...environment, MOSQUITTO_PID_FILE: pidFile }), certs };
}

test("a key in the file of the chain is not given to everybody", { skip }, () => {
	const [leaf = "", intermediate = ""] = good.chain.split(/(?<=-----END CERTIFICATE-----\n)/);
	const chains = [
		leaf + intermediate + good.key,
		good.key + leaf + intermediate,
		`${leaf}Bag Attributes\n${good.key}${intermediate}trailing words\n`,
		good.chain.replaceAll("\n", "\r\n"),
	];
	for (const chain of chains) {
		const { status, text, certs } = deploy({ ...good, chain });
		assert.equal(status, 0, text);
		assert.equal(readFileSync(join(certs, "fullchain.pem"), "utf8"), good.chain);
		assert.equal(readFileSync(join(certs, "privkey.pem"), "utf8"), good.key);
	}
});

test("each certificate's dates count, and each has to sign the one before it", {
	skip,
	timeout: 60_000,
}, async () => {
	const day = (year: number) => new Date(Date.UTC(year, 0, 1));
	const ended = await makeHierarchy("RSA-2048", { from: day(2020), to: day(2021) });
	const later = await makeHierarchy("RSA-2048", { from: day(2090), to: day(2091) });
	const other = await makeHierarchy("RSA-2048");
	const of = (...made: { der: Uint8Array }[]) =>
		made.map(({ der }) => pem("CERTIFICATE", der)).join("");
	const { leaf } = good;
	const board = { name: "n1", issuer: rsa.top, authority: false, ...DATES };
	const intermediate = await make({ ...board, keys: await makeKeys("RSA-2048") });
	const cases: [Omit<LineageParts, "leaf">, RegExp][] = [
		[await makeParts("RSA-2048", ended), /: CN=R99: certificate has expired$/m],
		[await makeParts("RSA-2048", later), /: CN=R99: certificate is not yet valid$/m],
		[
			await makeParts("RSA-2048", rsa, { from: day(2090), to: day(2091) }),
			/: CN=: certificate is not yet valid$/m,
		],
		[
			await makeParts("RSA-2048", rsa, { from: day(2020), to: day(2021) }),
			/: CN=: certificate has expired$/m,
		],
		// The same name, another key.
		[{ ...good, chain: of(leaf, other.intermediate) }, /: CN=R99: did not sign .* before it: /],
		[{ ...good, chain: of(leaf, other.top) }, /: CN=Root X9: did not sign .* before it: /],
		[{ ...good, chain: of(leaf, rsa.intermediate, other.top) }, /: CN=Root X9: did not sign /],
		[{ ...good, chain: of(leaf, rsa.top, rsa.intermediate) }, /: CN=Root X9: did not sign /],
		[
			await makeParts("RSA-2048", { intermediate }),
			/: CN=n1: did not sign the certificate before it: invalid CA certificate$/m,
		],
		[await makeParts("RSA-2048", rsa, { hash: "SHA-1" }), /before it: .* algorithm too weak$/m],
	];
	for (const [parts, reason] of cases) {
		const { status, text, certs } = deploy(parts);
		assert.equal(status, 1, text);
		assert.match(text, reason);
		assert.deepEqual(readdirSync(certs), []);
	}
	const whole = deploy({ ...good, chain: of(leaf, rsa.intermediate, rsa.top) });
	assert.equal(whole.status, 0, whole.text);
});

test("a link that waits under a temporary name is not written through", { skip }, () => {
	const certs = makeDirectory();
	const victim = join(makeDirectory(), "victim");
	writeFileSync(victim, "untouched", { mode: 0o640 });
	const lineage = writeLineage(makeDirectory(), good);
	// $$ stays what it is through exec: who guesses the process id knows a name made of it.
	const plant = NAMES.map((name) => `ln -s "$VICTIM" "$MOSQUITTO_CERTS/.${name}.$$"`).join("\n");
	const { status, stderr } = spawnSync("sh", ["-c", `${plant}\nexec sh "$HOOK"`], {
		encoding: "utf8",
		env: {
			PATH: process.env.PATH,
			HOOK,
			VICTIM: victim,
			RENEWED_LINEAGE: lineage,
			MOSQUITTO_CERTS: certs,
			MOSQUITTO_OWNER: userInfo().username,
			MOSQUITTO_PID_FILE: join(certs, "none.pid"),
		},
	});
	assert.equal(status, 0, stderr);
	assert.equal(readFileSync(victim, "utf8"), "untouched");
	assert.equal(readFileSync(join(certs, "privkey.pem"), "utf8"), good.key);
});

test("what fails on the way leaves nothing behind", { skip }, () => {
	const programs = makeDirectory();
	writeFileSync(join(programs, "chown"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
	const certs = makeDirectory();
	const environment = { RENEWED_LINEAGE: writeLineage(makeDirectory(), good) };
	const PATH = `${programs}:${process.env.PATH}`;
	const { status, text } = runHook({ ...environment, MOSQUITTO_CERTS: certs, PATH });
	assert.equal(status, 1, text);
	assert.deepEqual(readdirSync(certs), []);
});

test("a folder in which others may write is refused", { skip }, () => {
	const certs = makeDirectory();
	for (const mode of [0o775, 0o757, 0o1777]) {
		chmodSync(certs, mode);
		const { status, text } = deploy(good, certs);
		assert.equal(status, 1, text);
		assert.match(text, /others may write there: chmod go-w$/m);
	}
	chmodSync(certs, 0o755);
	assert.equal(deploy(good, certs).status, 0);
	assert.deepEqual(readdirSync(certs).sort(), NAMES);
});

test("a folder of another user is refused", {
	skip: skip || (process.getuid?.() !== 0 && "not root"),
}, () => {
	const folder = makeDirectory();
	const certs = join(folder, "certs");
	mkdirSync(certs);
	// nobody
	chownSync(certs, 65_534, 65_534);
	const { status, text } = deploy(good, certs);
	assert.equal(status, 1, text);
	assert.match(text, /: belongs to nobody, who could have root write elsewhere: chown root$/m);
	assert.deepEqual(readdirSync(certs), []);
});
