/**
 * Names that come from outside: those in certificates that others made, and those of folders and
 * links in the store. None leads out of the store, none reaches the terminal as more than text.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { RECORD_BYTES } from "../../certs/signing/record-bytes";
import { readCertificate, Store } from "../../certs/store/store";
import { takeOver } from "../../certs/store/take-over";
import { makeStoreBench } from "../support/certs-command";
import { Workbench } from "./openssl";

function workbench(context: TestContext): Workbench {
	const bench = new Workbench();
	context.after(() => bench.discard());
	bench.write("shared.key", bench.openssl("genrsa 2048"));
	return bench;
}

/** All paths below a folder. */
function pathsIn(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

const BAD = ["../../../escaped", "a/b", ".hidden", "..", "/tmp/escaped"];

test("import server: a name that is a path is refused, or another of its names is taken", async (context) => {
	const bench = workbench(context);
	bench.ca("ca");
	const { store, run, done } = makeStoreBench(context);
	await done("import", "broker-ca", bench.at("ca.crt"), bench.at("ca.key"));
	for (const [at, name] of BAD.entries()) {
		bench.leaf(`s${at}`, "ca", "/CN=server", `subjectAltName=DNS:${name}`);
		const words = ["import", "server", bench.at(`s${at}.crt`), bench.at(`s${at}.key`), "--force"];
		const { status, err } = await run(...words);
		assert.equal(status, 1, name);
		assert.ok(err.includes(`s${at}.crt: not taken over, nothing was written`), err);
	}
	assert.deepEqual(store.servers(), []);
	assert.ok(!existsSync(join(store.directory, "brokers")));
	assert.ok(!existsSync(join(store.directory, "brokers", "../../../escaped")));
	bench.leaf("good", "ca", "/CN=server", "subjectAltName=DNS:../x,DNS:Broker.LAN");
	await done("import", "server", bench.at("good.crt"), bench.at("good.key"));
	assert.deepEqual(store.servers(), ["broker.lan"]);
});

test("a store of the layout before: its broker's name stays inside as well", (context) => {
	const bench = workbench(context);
	bench.ca("ca");
	bench.leaf("broker", "ca", "/CN=server", "subjectAltName=DNS:../../escaped");
	const store = new Store(bench.folder);
	bench.openssl("x509 -in broker.crt -out broker.pem");
	assert.deepEqual(takeOver(store, Date.now()), ["broker"]);
	assert.deepEqual(store.servers(), ["broker"]);
	assert.ok(existsSync(store.server("broker").key));
});

test("what is no folder's name is none of a broker or a board", () => {
	const store = new Store("/nowhere");
	for (const name of [...BAD, "", "a\0b"]) {
		assert.throws(() => store.server(name), /cannot be the name of a folder/, name);
		assert.throws(() => store.device(name), /cannot be the name of a folder/, name);
	}
	assert.match(store.server("*.example.com").folder, /\/_\.example\.com$/);
});

test("a link in the store is seen, and nothing is written behind it", async (context) => {
	const outside = mkdtempSync(join(tmpdir(), "fieldmote-outside-"));
	context.after(() => rmSync(outside, { recursive: true }));
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	mkdirSync(join(store.directory, "devices"));
	mkdirSync(join(outside, "n1"));
	symlinkSync(join(outside, "n1"), store.device("n1").folder);
	symlinkSync(outside, join(store.directory, "brokers"));
	for (const words of [
		["device", "n1"],
		["server", "broker.lan"],
	]) {
		const { status, err } = await run(...words);
		assert.equal(status, 1, words.join(" "));
		assert.match(err, /(devices\/n1|brokers): is a link/);
	}
	assert.deepEqual(pathsIn(outside), ["n1"]);
	assert.match(await done("list"), /device +n1 .*is a link/);
	const checked = await run("check");
	assert.equal(checked.status, 1);
	for (const name of ["devices/n1", "brokers"])
		assert.ok(checked.out.includes(`${name}: is a link`));
	// The folder of the store itself may be one.
	const link = join(outside, "store");
	symlinkSync(store.directory, link);
	rmSync(store.device("n1").folder);
	rmSync(join(store.directory, "brokers"));
	assert.equal((await run("device", "n2")).status, 0);
	const other = new Store(link);
	assert.deepEqual(other.devices(), ["n2"]);
	assert.deepEqual(other.links(), []);
});

test("letters that a terminal obeys are shown, not sent; JSON stays JSON", async (context) => {
	const bench = workbench(context);
	const evil = "my\u202eAC\u2066\u009b31m\u200f\u001b[2J";
	const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-utf8", "-days", "9"];
	const names = ["-subj", `/CN=${evil}`, "-keyout", bench.at("ca.key"), "-out", bench.at("ca.crt")];
	execFileSync("openssl", [...words, ...names], { stdio: "ignore" });
	bench.ca("other");
	bench.leaf("leaf", "ca", "/CN=other", "extendedKeyUsage=clientAuth");
	const { run, done } = makeStoreBench(context);
	await done("init");
	const said = [
		await run("import", "broker-ca", bench.at("ca.crt"), bench.at("ca.key"), "--force"),
		await run("import", "device-ca", bench.at("ca.crt"), bench.at("ca.key"), "--force"),
		await run("import", "device", "n1", bench.at("leaf.crt"), bench.at("leaf.key")),
		await run("import", "server", bench.at("leaf.crt"), bench.at("leaf.key")),
		await run("list"),
		await run("check"),
		await run("renew", "device-ca", "--force"),
	];
	const text = said.map(({ out, err }) => out + err).join("");
	assert.match(text, /my\\u202eAC\\u2066/);
	assert.doesNotMatch(text, /(?![\n\t])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
	const [first] = JSON.parse(await done("list", "--json"));
	assert.ok(first.subject.startsWith("my\u202eAC\u2066"), first.subject);
});

test("names too long for a board's handshake are refused before anything is written", async (context) => {
	const { store, run, done, contents } = makeStoreBench(context);
	await done("init");
	const before = contents();
	const label = "a".repeat(60);
	const names = (count: number) => {
		return Array.from({ length: count }, (_, at) => `n${at}.${label}.${label}.lan`);
	};
	const { status, err } = await run("server", ...names(32));
	assert.equal(status, 1);
	assert.match(err, new RegExp(`Certificate message of \\d{4} bytes; boards take ${RECORD_BYTES}`));
	assert.deepEqual(contents(), before);
	await done("server", ...names(24));
	const [first = ""] = names(1);
	const key = readCertificate(store.server(first).chain).publicKey;
	assert.equal((await run("server", ...names(32), "--force", "--new-key")).status, 1);
	assert.ok(readCertificate(store.server(first).chain).publicKey.equals(key));
	assert.ok(!existsSync(store.retired));
});
