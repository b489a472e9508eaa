/**
 * The hook for certbot, on made-up lineages of the shape that certbot leaves, with a real Mosquitto
 * that has to serve the new certificate. systemctl is a stand-in that writes down what it is told;
 * the owner mosquitto is seen only where the tests run as root.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { KeyObject, X509Certificate } from "node:crypto";
import {
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import type { Made } from "../support/certificate-maker";
import { skipWithout } from "../support/mosquitto";
import {
	DATES,
	ecdsa,
	HOOK,
	type LineageParts,
	makeParts,
	pem,
	rsa,
	runHook,
	writeLineage,
} from "./lineage";
import { complaints, connect, makeDirectory, servedCertificate, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd", "openssl");
const skipHook = skipWithout("openssl");

test("the renewed certificate is served, and who is connected stays", {
	skip,
	timeout: 90_000,
}, async () => {
	const folder = makeDirectory();
	const certs = join(folder, "certs");
	mkdirSync(certs);
	const first = await makeParts("RSA-2048", rsa);
	const lineage = writeLineage(folder, first);
	const environment = {
		RENEWED_LINEAGE: lineage,
		MOSQUITTO_CERTS: certs,
		MOSQUITTO_PID_FILE: join(folder, "state", "tls", "mosquitto.pid"),
	};
	const before = runHook(environment);
	assert.equal(before.status, 0, before.text);
	assert.match(before.text, /does not run, nothing to reload/);
	const paths = {
		"/etc/mosquitto/certs/fullchain.pem": join(certs, "fullchain.pem"),
		"/etc/mosquitto/certs/privkey.pem": join(certs, "privkey.pem"),
	};
	const broker = await startStaged(["tls"], { directory: folder, paths });
	const port = broker.ports.tls as number;
	assert.equal(await servedCertificate(port), fingerprint(first.leaf));
	const login = { username: "logger", password: broker.password("logger") };
	const ca = pem("CERTIFICATE", rsa.top.der);
	const client = await connect(port, { protocol: "mqtts", ca, ...login });

	const second = await makeParts("RSA-2048", rsa);
	writeLineage(folder, second);
	const after = runHook(environment);
	assert.equal(after.status, 0, after.text);
	await broker.until(/Reloading config/);
	assert.equal(await servedCertificate(port), fingerprint(second.leaf));
	// Still there: a subscription is answered.
	await client.subscribeAsync("fieldmote/#");
	await client.endAsync();
	assert.equal(statSync(join(certs, "privkey.pem")).mode & 0o777, 0o600);
	assert.equal(statSync(join(certs, "fullchain.pem")).mode & 0o777, 0o644);
	assert.deepEqual(readdirSync(certs).sort(), ["fullchain.pem", "privkey.pem"]);
	assert.deepEqual(complaints(broker.log()), []);
	const password = broker.password("logger");
	assert.doesNotMatch(broker.log() + after.text, new RegExp(password));
});

function fingerprint(made: Made): string {
	return new X509Certificate(made.der).fingerprint256;
}

test("the key belongs to mosquitto", {
	skip: skip || (process.getuid?.() !== 0 && "not root"),
}, async () => {
	const certs = makeDirectory();
	const lineage = writeLineage(makeDirectory(), await makeParts("RSA-2048", rsa));
	const environment = { RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: certs };
	const pidFile = join(certs, "none.pid");
	const { status, text } = runHook({
		...environment,
		MOSQUITTO_OWNER: "mosquitto",
		MOSQUITTO_PID_FILE: pidFile,
	});
	assert.equal(status, 0, text);
	const id = spawnSync("id", ["-u", "mosquitto"], { encoding: "utf8" }).stdout.trim();
	assert.equal(statSync(join(certs, "privkey.pem")).uid, Number(id));
});

test("what boards or Mosquitto would refuse is not copied, and why is said", {
	skip,
	timeout: 90_000,
}, async () => {
	const certs = makeDirectory();
	const good = await makeParts("RSA-2048", rsa);
	const curve = await makeParts("P-256", ecdsa);
	const ended = { from: DATES.from, to: new Date(Date.now() - 60_000) };
	const leafAlone = good.chain.split(/(?=-----BEGIN)/)[0] as string;
	const passphrase = { cipher: "aes-256-cbc", passphrase: "secret", type: "pkcs8" } as const;
	const locked = KeyObject.from(good.leaf.keys.privateKey).export({ format: "pem", ...passphrase });
	const cases: [Omit<LineageParts, "leaf">, RegExp][] = [
		[curve, /CN=R99: its key is secp384r1\n.*P-256; Let's Encrypt.*\n.*certbot renew /],
		[await makeParts("RSA-1024", rsa), /its key is rsaEncryption, 1024 bits/],
		[await makeParts("RSA-2048", rsa, ended), /fullchain\.pem: CN=: certificate has expired/],
		[{ ...good, key: curve.key }, /privkey\.pem: does not belong to .*fullchain\.pem/],
		[{ ...good, key: locked.toString() }, /cannot|can be read without passphrase/],
		[{ ...good, chain: leafAlone }, /holds the leaf alone/],
		[{ ...good, chain: "" }, /holds no certificate/],
		[{ ...good, chain: good.chain.replace(/MII/, "AAA") }, /a certificate in it cannot be read/],
	];
	for (const [parts, reason] of cases) {
		const lineage = writeLineage(makeDirectory(), parts);
		const { status, text } = runHook({ RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: certs });
		assert.equal(status, 1, text);
		assert.match(text, reason);
		assert.deepEqual(readdirSync(certs), []);
	}
	const lineage = writeLineage(makeDirectory(), good);
	const wrong: [Record<string, string>, RegExp][] = [
		[{}, /RENEWED_LINEAGE is not set/],
		[{ RENEWED_LINEAGE: join(certs, "none") }, /fullchain\.pem: is not there/],
		[{ RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: join(certs, "none") }, /no such folder/],
		[{ RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: certs, MOSQUITTO_OWNER: "nobody-x" }, /no user/],
		[{ RENEWED_LINEAGE: lineage, MOSQUITTO_ACTION: "stop" }, /must be reload or restart/],
	];
	for (const [environment, reason] of wrong) {
		const { status, text } = runHook(environment);
		assert.equal(status, 1, text);
		assert.match(text, reason);
	}
	assert.deepEqual(readdirSync(certs), []);
});

test("the number in a pid file that is another program's by now is left alone", {
	skip,
}, async () => {
	const certs = makeDirectory();
	const pidFile = join(certs, "pid");
	// Ours: SIGHUP would end this test.
	writeFileSync(pidFile, `${process.pid}\n`);
	const lineage = writeLineage(makeDirectory(), await makeParts("RSA-2048", rsa));
	const environment = { RENEWED_LINEAGE: lineage, MOSQUITTO_CERTS: certs };
	const { status, text } = runHook({ ...environment, MOSQUITTO_PID_FILE: pidFile });
	assert.equal(status, 0, text);
	assert.match(text, /does not run/);
	assert.match(readFileSync(join(certs, "fullchain.pem"), "latin1"), /BEGIN CERTIFICATE/);
});

/** A program of this name that comes first in PATH. */
function standIn(folder: string, name: string, ...lines: string[]): void {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, name), `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
}

test("the key is for nobody else from its first byte on", { skip: skipHook }, async () => {
	const certs = makeDirectory();
	const programs = join(makeDirectory(), "bin");
	const modes = join(programs, "modes");
	// chown is the first that touches the copies when they are written.
	standIn(programs, "chown", `stat -c %a "$3" "$4" >'${modes}'`);
	const lineage = writeLineage(makeDirectory(), await makeParts("RSA-2048", rsa));
	const { status, text } = runHook({
		RENEWED_LINEAGE: lineage,
		MOSQUITTO_CERTS: certs,
		MOSQUITTO_PID_FILE: join(certs, "none.pid"),
		PATH: `${programs}:${process.env.PATH}`,
	});
	assert.equal(status, 0, text);
	assert.equal(readFileSync(modes, "utf8"), "600\n600\n");
	assert.equal(statSync(join(certs, "privkey.pem")).mode & 0o777, 0o600);
});

test("each file is another file afterwards, never the same with new content", {
	skip: skipHook,
}, async () => {
	const certs = makeDirectory();
	const folder = makeDirectory();
	const names = ["fullchain.pem", "privkey.pem"];
	const environment = { MOSQUITTO_CERTS: certs, MOSQUITTO_PID_FILE: join(certs, "none.pid") };
	const copy = async () => {
		const lineage = writeLineage(folder, await makeParts("RSA-2048", rsa));
		const { status, text } = runHook({ RENEWED_LINEAGE: lineage, ...environment });
		assert.equal(status, 0, text);
		return names.map((name) => readFileSync(join(lineage, name), "utf8"));
	};
	const first = await copy();
	// Whoever has opened a file, as Mosquitto at a reload, reads that one to its end.
	const open = names.map((name) => openSync(join(certs, name), "r"));
	const second = await copy();
	for (const [i, name] of names.entries()) {
		const file = open[i] as number;
		assert.equal(readFileSync(file, "utf8"), first[i], name);
		closeSync(file);
		assert.equal(readFileSync(join(certs, name), "utf8"), second[i], name);
	}
});

test("systemd's service is reloaded or restarted as asked, once", { skip: skipHook }, async () => {
	const lineage = writeLineage(makeDirectory(), await makeParts("RSA-2048", rsa));
	const programs = join(makeDirectory(), "bin");
	const calls = join(programs, "calls");
	const run = (action?: string) => {
		rmSync(calls, { force: true });
		const { status, text } = runHook({
			RENEWED_LINEAGE: lineage,
			MOSQUITTO_CERTS: makeDirectory(),
			PATH: `${programs}:${process.env.PATH}`,
			...(action && { MOSQUITTO_ACTION: action }),
		});
		return { status, text, told: existsSync(calls) ? readFileSync(calls, "utf8") : "" };
	};
	const note = `printf '%s\\n' "$*" >>'${calls}'`;
	standIn(programs, "systemctl", note);
	const asked = "is-active --quiet mosquitto\n";
	const reloaded = run();
	assert.equal(reloaded.status, 0, reloaded.text);
	assert.equal(reloaded.told, `${asked}reload mosquitto\n`);
	assert.match(reloaded.text, /copied to .*; Mosquitto: reload$/m);
	const restarted = run("restart");
	assert.equal(restarted.status, 0, restarted.text);
	assert.equal(restarted.told, `${asked}restart mosquitto\n`);
	standIn(programs, "systemctl", note, '[ "$1" = is-active ]');
	const failed = run();
	assert.equal(failed.status, 1);
	assert.match(failed.text, /: systemctl reload mosquitto: failed$/m);
});

test("one certbot line everywhere: in the hook, in its advice, in both pages", () => {
	const wanted = '--key-type rsa --rsa-key-size 2048 --preferred-chain "ISRG Root X1"';
	const hook = readFileSync(HOOK, "utf8");
	assert.equal(hook.split(wanted).length - 1, 2, "header and advice");
	for (const page of ["brokers.md", "certificates.md"]) {
		assert.ok(readFileSync(join(root, "docs", page), "utf8").includes(wanted), page);
	}
});

test("the hook is clean by shellcheck", { skip: skipWithout("shellcheck") }, () => {
	const { status, stdout, error } = spawnSync("shellcheck", ["-s", "sh", HOOK], {
		encoding: "utf8",
	});
	assert.equal(status, 0, error?.message ?? stdout);
});
