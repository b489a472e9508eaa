/** Damaged, missing and foreign stores: what is wrong is named, with a way that leads out of it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolders, refuseUnreadable } from "../../certs/store/folders";
import { root } from "../../host-sim/build.mjs";
import { makeStoreBench } from "../support/certs-command";

const LIMIT_MS = 60_000;

test("a damaged or missing certificate: check and renew name it, and the way out works", async (context) => {
	const { store, run, done } = makeStoreBench(context);
	await done("init");
	await done("server", "a.lan");
	await done("device", "n1", "n2");
	writeFileSync(store.server("a.lan").chain, "text");
	writeFileSync(store.device("n1").certificate, "text");
	rmSync(store.device("n2").certificate);
	const { out } = await run("check");
	const ways = [
		/fullchain\.pem: holds no certificate; bring it back .*server a\.lan --force"/,
		/n1\/certificate\.pem: holds no certificate; .*remove it: "npm run certs -- device n1"/,
		/n2\/certificate\.pem: is not there; bring it back .*"npm run certs -- device n2"/,
	];
	for (const way of ways) assert.match(out, way);
	const renewed = await run("renew");
	assert.equal(renewed.status, 1);
	for (const way of ways) assert.match(renewed.err, way);
	assert.match((await run("renew", "n2")).err, ways[2] as RegExp);
	await done("server", "a.lan", "--force");
	rmSync(store.device("n1").certificate);
	await done("device", "n1", "n2");
	assert.match(await done("renew"), /nothing ends within that time/);
	assert.match(await done("check"), /all good/);
	rmSync(store.deviceCa.certificate);
	assert.match((await run("check")).err, /device-ca\.pem: is not there; .*init" /);
});

test("without a store every command points to init", async (context) => {
	const { run } = makeStoreBench(context);
	for (const words of [
		["renew"],
		["renew", "device-ca", "--finish"],
		["revoke", "n1"],
		["check"],
	]) {
		const { status, err } = await run(...words);
		assert.equal(status, 1, words.join(" "));
		assert.match(err, /no authorities there yet; "npm run certs -- init" makes them/);
	}
});

test("a folder that cannot be made ends with a word", { timeout: LIMIT_MS }, async () => {
	assert.throws(() => makeFolders("/proc/foo/bar"), { code: "ENOENT" });
	const bin = join(root, "host-sim/bin.mjs");
	const words = [bin, "certs", "init", "--directory", "/proc/foo"];
	const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
	let err = "";
	child.stderr.on("data", (data) => {
		err += data;
	});
	const [code] = await once(child, "close");
	assert.equal(code, 1);
	assert.match(err, /\/proc\/foo: no folder can be made there/);
});

test("a store of another user is not called empty", {
	skip: process.getuid?.() !== 0,
}, (context) => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-foreign-"));
	context.after(() => {
		process.seteuid?.(0);
		rmSync(folder, { recursive: true });
	});
	chmodSync(folder, 0o700);
	chownSync(folder, 1, 1);
	refuseUnreadable(folder);
	refuseUnreadable(join(folder, "nothing"));
	process.seteuid?.(65_534);
	const why = { message: new RegExp(`${folder}(/nothing)?: may not be read by you`) };
	assert.throws(() => refuseUnreadable(folder), why);
	assert.throws(() => refuseUnreadable(join(folder, "nothing")), why);
});

test("server says how Mosquitto gets its files, as docs/brokers.md does", async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	const out = await done("server", "broker.example", "192.168.1.20");
	const said = out.replaceAll(store.directory, "certs/generated");
	const page = readFileSync(join(root, "docs/brokers.md"), "utf8");
	// Those behind are the bridge's.
	const lines = (page.match(/^sudo install .*certs\/generated.*$/gm) ?? []).slice(0, 3);
	assert.equal(lines.length, 3);
	for (const line of lines) assert.ok(said.includes(`  ${line}\n`), `${line}\n${said}`);
	const conf = readFileSync(join(root, "broker/mutual.conf"), "utf8");
	for (const line of conf.match(/^(certfile|keyfile|cafile|crlfile) .*$/gm) ?? []) {
		assert.ok(said.includes(`  ${line}\n`), line);
	}
});
