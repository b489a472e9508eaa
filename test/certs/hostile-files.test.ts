/**
 * Files that are not what they are given for: pipes, huge ones, texts made to take long, damaged
 * certificates, in the store and from outside. Nobody waits, and each is named.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pemBlocks, toPem } from "../../certs/store/pem";
import { readCertificate, readCertificates } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";

const LIMIT_MS = 60_000;
const limited = { timeout: LIMIT_MS };

function folderFor(context: TestContext): (name: string) => string {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-hostile-"));
	context.after(() => rmSync(folder, { recursive: true }));
	return (name) => join(folder, name);
}

test(
	"a pipe and a huge file are refused at once, wherever a file is asked for",
	limited,
	async (context) => {
		const at = folderFor(context);
		const { store, run, done } = makeStoreBench(context);
		await done("init");
		await done("device", "n1");
		execFileSync("mkfifo", [at("pipe")]);
		writeFileSync(at("huge"), "");
		truncateSync(at("huge"), (1 << 20) + 1);
		execFileSync(
			"openssl",
			[...["genrsa", "-aes256", "-passout", "pass:secret", "-out", at("locked.key"), "2048"]],
			{ stdio: "ignore" },
		);
		const { certificate, key } = store.device("n1");
		for (const [name, why] of [
			["pipe", "is no file"],
			["huge", "is too large, 1 MiB at most"],
		] as const) {
			for (const words of [
				["device", "n1", "--authority", at(name)],
				["import", "broker-ca", at(name), "--force"],
				["import", "server", certificate, at(name)],
				["import", "server", certificate, key, "--chain", at(name)],
				["import", "device", "n2", certificate, at("locked.key"), "--passphrase-file", at(name)],
				["probe", "mqtts://localhost:1", "--ca", at(name)],
				[
					"probe",
					"mqtts://localhost:1",
					"--ca",
					certificate,
					"--cert",
					certificate,
					"--key",
					at(name),
				],
			]) {
				const { status, err } = await run(...words);
				assert.ok(status !== 0, words.join(" "));
				assert.ok(err.includes(`${at(name)}: ${why}`), `${words.join(" ")}: ${err}`);
			}
		}
	},
);

test("a pipe in the store is named by list, check and what writes", limited, async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("device", "n1");
	const { imageKey } = store.device("n1");
	for (const path of [imageKey, store.deviceCa.certificate, store.deviceCrl]) {
		const before = readFileSync(path);
		rmSync(path);
		execFileSync("mkfifo", [path]);
		await done("list");
		assert.match((await run("check")).out, /is no file/, path);
		await run("revoke", "n1");
		await run("device", "n1");
		rmSync(path);
		writeFileSync(path, before, { mode: 0o600 });
	}
});

test(
	"a text full of labels takes no longer than another of its length",
	limited,
	async (context) => {
		const at = folderFor(context);
		const { run, done } = makeStoreBench(context);
		await done("init");
		const texts = {
			begins: "-----BEGIN A-----\n",
			letters: `${"-----BEGIN "}${"A".repeat(50)}`,
			certificates: "-----BEGIN CERTIFICATE-----\n",
			ends: "-----BEGIN A----------END B-----\n",
		};
		for (const [name, part] of Object.entries(texts)) {
			writeFileSync(at(name), part.repeat(Math.floor((1 << 20) / part.length)));
			const startMs = performance.now();
			const answers = [
				await run("import", "broker-ca", at(name), "--force"),
				await run("device", "n1", "--authority", at(name)),
				await run("probe", "mqtts://localhost:1", "--ca", at(name)),
			];
			for (const { err } of answers) assert.ok(err.includes(`${at(name)}: `), err);
			// A minute each, when every label was searched to the end of the file.
			assert.ok(performance.now() - startMs < 15_000, name);
		}
	},
);

test("parts of a text: each with its own end, whatever is around it", () => {
	const one = toPem("CERTIFICATE", Uint8Array.of(1, 2, 3));
	const two = toPem("PRIVATE KEY", Uint8Array.of(4));
	const cut = one.slice(0, 30);
	const text = `text -----\n${one}-----BEGIN x-----\n${cut}${two}-----END CERTIFICATE-----\n${one}${cut}`;
	const found = pemBlocks(text);
	assert.deepEqual(
		found.map(({ label }) => label),
		["CERTIFICATE", "PRIVATE KEY", "CERTIFICATE"],
	);
	assert.equal(`${found[0]?.text}\n`, one);
	assert.equal(found[1]?.inside.trim(), Buffer.of(4).toString("base64"));
});

test(
	"a certificate with one byte changed: taken, or refused by its name",
	limited,
	async (context) => {
		const at = folderFor(context);
		const { store, run, done } = makeStoreBench(context);
		await done("init");
		await done("server", "localhost");
		const bytes = readCertificate(store.brokerCa.certificate).raw;
		const chain = readCertificates(store.server("localhost").chain);
		const leaf = chain[0]?.raw ?? Buffer.of();
		const path = at("changed.pem");
		const write = (raw: Buffer, position: number) => {
			const changed = Buffer.from(raw);
			changed[position] = (changed[position] ?? 0) ^ (1 << (position % 8));
			writeFileSync(path, toPem("CERTIFICATE", changed));
		};
		const shown = new Set<string>();
		const begins = ({ err }: { err: string }, where: string) => {
			if (err === "") return;
			shown.add(err.split("\n")[0] ?? "");
			assert.ok(err.startsWith(`fieldmote certs: ${path}: `), `${where}: ${err}`);
		};
		for (let position = 0; position < bytes.length; position += 5) {
			write(bytes, position);
			begins(await run("import", "broker-ca", path, "--force"), `authority, byte ${position}`);
			begins(
				await run("device", "n1", "--authority", path, "--force"),
				`further, byte ${position}`,
			);
		}
		for (let position = 0; position < leaf.length; position += 5) {
			write(leaf, position);
			const { key } = store.server("localhost");
			begins(await run("import", "server", path, key, "--force"), `leaf, byte ${position}`);
		}
		assert.ok([...shown].some((line) => /is no certificate that can be read/.test(line)));
	},
);

test(
	"dates that cannot be read: refused before anything is moved, also with --force",
	limited,
	async (context) => {
		const at = folderFor(context);
		const { run, done, contents } = makeStoreBench(context);
		await done("init");
		const words = [
			"req",
			"-x509",
			"-newkey",
			"rsa:2048",
			"-nodes",
			"-days",
			"9",
			"-subj",
			"/CN=mine",
		];
		execFileSync("openssl", [...words, "-keyout", at("ca.key"), "-out", at("ca.pem")], {
			stdio: "ignore",
		});
		const der = Buffer.from(readCertificate(at("ca.pem")).raw);
		// notBefore and notAfter are UTCTime, 13 letters: the month of the second becomes 99.
		const first = der.indexOf(Buffer.of(0x17, 13));
		const second = der.indexOf(Buffer.of(0x17, 13), first + 2);
		der.write("99", second + 4, "latin1");
		writeFileSync(at("bad.pem"), toPem("CERTIFICATE", der));
		const before = contents();
		for (const kind of ["device-ca", "broker-ca"]) {
			const { status, err } = await run("import", kind, at("bad.pem"), at("ca.key"), "--force");
			assert.equal(status, 1);
			assert.match(err, /bad\.pem: is no certificate that can be read/);
			assert.deepEqual(contents(), before);
		}
		mkdirSync(at("folder"));
		assert.match((await run("import", "device-ca", at("folder"))).err, /folder: is no file/);
	},
);
