/** What docs/certificates.md says about lost keys, with the lines as they stand there. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "../../host-sim/build.mjs";
import { makeStoreBench, type StoreBench } from "../support/certs-command";
import { paste } from "../support/simulator";

const PAGE = readFileSync(join(root, "docs/certificates.md"), "utf8");

/** The first block of the page behind a text, for this store. */
function blockBehind(text: string, { store }: StoreBench): string[] {
	const [, block = ""] = /```\n([\s\S]*?)```/.exec(PAGE.slice(PAGE.indexOf(text))) ?? [];
	const { directory } = store;
	return block
		.trim()
		.split("\n")
		.map((line) => line.replaceAll("certs/generated", directory))
		.map((line) => {
			const ours = line.replace("npm run certs --", `node ${join(root, "host-sim/bin.mjs")} certs`);
			return ours === line || line.includes("--directory")
				? ours
				: `${ours} --directory ${directory}`;
		});
}

async function storeWith(context: TestContext, ...ids: string[]): Promise<StoreBench> {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("server", "a.lan");
	await bench.done("device", ...ids);
	return bench;
}

async function run(lines: readonly string[]): Promise<void> {
	assert.ok(lines.length >= 3, lines.join("\n"));
	const running = paste(lines.join(" && "));
	assert.equal(await running.ended(), 0, running.err());
}

test("the brokers' authority's key is lost: a rotation does without it", async (context) => {
	const { store, done } = await storeWith(context, "n1");
	rmSync(store.brokerCa.key);
	await done("renew", "broker-ca");
	await done("server", "b.lan");
	await done("device", "--all");
	assert.match(await done("check"), /all good; [^\n]*\n$/);
});

test("the successor's key is lost: another successor, and the rotation works", async (context) => {
	const bench = await storeWith(context, "n1");
	const { store, done, run: ask } = bench;
	rmSync(store.brokerCaNext.key);
	const before = bench.contents();
	assert.match((await ask("renew", "broker-ca")).err, /broker-ca-next\.key: is not here, and /);
	await run(blockBehind("(1) The old one moves away", bench));
	const after = bench.contents();
	assert.equal(after["broker-ca.pem"], before["broker-ca.pem"]);
	assert.notEqual(after["broker-ca-next.pem"], before["broker-ca-next.pem"]);
	assert.equal(after["devices/n1/image/authority-1.der"], after["broker-ca-next.der"]);
	assert.equal(after["devices/n1/key.pem"], before["devices/n1/key.pem"]);
	assert.match(await done("check"), /all good; [^\n]*\n$/);
	await done("renew", "broker-ca");
});

test("the devices' authority's key is lost: another one beside it", async (context) => {
	const bench = await storeWith(context, "n1", "n2");
	const { store, done, run: ask } = bench;
	rmSync(store.deviceCa.key);
	assert.match((await ask("renew", "device-ca")).err, /device-ca\.key: is not here, and /);
	await run(blockBehind("(3) Brokers trust both", bench));
	assert.match((await ask("check")).out, /n1\/certificate\.pem: is under an older authority/);
	for (const id of ["n1", "n2"]) await done("renew", id);
	await done("renew", "device-ca", "--finish");
	await done("revoke", "n2");
	assert.match(await done("device", "n2", "--new-key"), /n2/);
	assert.match(await done("check"), /all good; [^\n]*\n$/);
});

test("init makes no other brokers' authority in a store that is in use", async (context) => {
	const { store, done, run: ask, contents } = await storeWith(context, "n1");
	const kept = readFileSync(store.brokerCa.certificate);
	const key = readFileSync(store.brokerCa.key);
	rmSync(store.brokerCa.certificate);
	rmSync(store.brokerCa.key);
	const before = contents();
	const { status, err } = await ask("init");
	assert.equal(status, 1);
	assert.match(err, /broker-ca\.pem: is not here, .*copy, .*renew broker-ca";.*init --force"/s);
	assert.deepEqual(contents(), before);
	writeFileSync(store.brokerCa.certificate, kept);
	writeFileSync(store.brokerCa.key, key, { mode: 0o600 });
	assert.match(await done("init"), /nothing made/);

	rmSync(store.brokerCa.certificate);
	rmSync(store.brokerCa.key);
	await done("renew", "broker-ca");
	await done("device", "--all");
	assert.match(await done("check"), /all good; [^\n]*\n$/);

	rmSync(store.brokerCa.certificate);
	rmSync(store.brokerCa.key);
	await done("init", "--force");
});
