/**
 * The hook for certbot, on made-up lineages of the shape that certbot leaves, with a real Mosquitto
 * that has to serve the new certificate. Not seen here: systemd, and the owner mosquitto unless the
 * tests run as root.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { KeyObject, X509Certificate } from "node:crypto";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Kind, type Made, make, makeKeys } from "../support/certificate-maker";
import { findProgram, skipWithout } from "../support/mosquitto";
import {
	complaints,
	connect,
	makeDirectory,
	SOURCE,
	servedCertificate,
	startStaged,
} from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd", "openssl");
const HOOK = join(SOURCE, "letsencrypt-deploy.sh");
const DAY_MS = 86_400_000;
const DATES = { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + 30 * DAY_MS) };

function pem(label: string, der: Uint8Array): string {
	const lines = Buffer.from(der)
		.toString("base64")
		.replace(/(.{64})(?=.)/g, "$1\n");
	return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

interface Hierarchy {
	readonly root: Made;
	readonly intermediate: Made;
}

async function makeHierarchy(kind: Kind): Promise<Hierarchy> {
	const common = { authority: true, ...DATES };
	const root = await make({ name: "Root X9", keys: await makeKeys(kind), ...common });
	const keys = await makeKeys(kind);
	const intermediate = await make({ name: "R99", keys, issuer: root, pathLength: 0, ...common });
	return { root, intermediate };
}

const rsa = await makeHierarchy("RSA-2048");
const ecdsa = await makeHierarchy("P-384");

interface LineageParts {
	readonly chain: string;
	readonly key: string;
	readonly leaf: Made;
}

async function makeParts(
	kind: Kind,
	{ intermediate }: Hierarchy,
	dates: { from: Date; to: Date } = DATES,
): Promise<LineageParts> {
	const keys = await makeKeys(kind);
	const leaf = await make({ name: "", keys, issuer: intermediate, names: ["localhost"], ...dates });
	return {
		chain: pem("CERTIFICATE", leaf.der) + pem("CERTIFICATE", intermediate.der),
		key: KeyObject.from(keys.privateKey).export({ format: "pem", type: "pkcs8" }).toString(),
		leaf,
	};
}

/** live/NAME with links into archive/NAME, as certbot has it. @returns the former's path */
function writeLineage(folder: string, { chain, key }: Omit<LineageParts, "leaf">): string {
	const live = join(folder, "live", "localhost");
	mkdirSync(live, { recursive: true });
	mkdirSync(join(folder, "archive", "localhost"), { recursive: true });
	for (const [name, text] of Object.entries({ fullchain: chain, privkey: key })) {
		const count = readdirSync(join(folder, "archive", "localhost")).length;
		const file = join("archive", "localhost", `${name}${count}.pem`);
		writeFileSync(join(folder, file), text, { mode: 0o600 });
		symlinkSync(join("..", "..", file), join(live, `${name}.new`));
		renameSync(join(live, `${name}.new`), join(live, `${name}.pem`));
	}
	return live;
}

function runHook(environment: Record<string, string>): { status: number | null; text: string } {
	const { PATH = "" } = process.env;
	const env = { PATH, MOSQUITTO_OWNER: userInfo().username, ...environment };
	const { status, stderr, stdout } = spawnSync("sh", [HOOK], { env, encoding: "utf8" });
	return { status, text: stderr + stdout };
}

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
	const ca = pem("CERTIFICATE", rsa.root.der);
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
		[curve, /CN=R99: its key is secp384r1\n.*P-256; Let's Encrypt.*\n.*--key-type rsa/],
		[await makeParts("RSA-1024", rsa), /its key is rsaEncryption, 1024 bits/],
		[await makeParts("RSA-2048", rsa, ended), /fullchain\.pem: has expired/],
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

test("the hook is clean by shellcheck", {
	skip: findProgram("shellcheck") === undefined && "shellcheck not installed",
}, () => {
	const { status, stdout } = spawnSync("shellcheck", ["-s", "sh", HOOK], { encoding: "utf8" });
	assert.equal(status, 0, stdout);
});
