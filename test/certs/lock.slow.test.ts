/**
 * Several programs on one store at once: each command is whole, whoever else is at work, and the
 * lock of a program that was killed is in nobody's way.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { fingerprintOf, imageAuthorities } from "../../certs/image";
import { loadX509 } from "../../certs/signing/x509";
import { readLedger } from "../../certs/store/ledger";
import { withLock } from "../../certs/store/lock";
import { fromPem } from "../../certs/store/pem";
import type { Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";
import { type Running, startSimulator } from "../support/simulator";

const LIMIT_MS = 60_000;
const limited = { timeout: LIMIT_MS };

function start(store: Store, ...words: string[]) {
	return startSimulator("certs", ...words, "--directory", store.directory);
}

/** Processes that begin almost at once. */
async function startAll(store: Store, ...commands: string[][]): Promise<Running[]> {
	const running: Running[] = [];
	for (const words of commands) running.push(await start(store, ...words));
	return running;
}

async function untilWaiting(one: Running): Promise<void> {
	const late = Date.now() + LIMIT_MS / 2;
	while (!/waiting/.test(one.err())) {
		assert.ok(Date.now() < late, `does not wait: ${one.err()}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** Files of locks, and others without a name of their own. */
function hidden({ directory }: Store): string[] {
	return readdirSync(directory).filter((name) => name.startsWith("."));
}

/** What a program that is gone leaves. */
function leaveLock({ directory }: Store, name: string, token: string): void {
	const { pid } = spawnSync("true");
	const holder = { token, pid, host: hostname(), start: "" };
	writeFileSync(join(directory, name), JSON.stringify(holder));
}

test("two rotations at once: one after the other, or the second is refused; no key is lost", {
	timeout: 2 * LIMIT_MS,
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "board");
	for (let round = 0; round < 5; round++) {
		await done("device", "--all");
		const carried = imageAuthorities(store, "board");
		const both = await startAll(store, ["renew", "broker-ca"], ["renew", "broker-ca"]);
		const codes = await Promise.all(both.map((one) => one.ended()));
		// The second finds a successor that no image carries.
		assert.deepEqual(codes.sort(), [0, 1]);
		const inUse = new X509Certificate(readFileSync(store.brokerCa.certificate));
		assert.equal(fingerprintOf(inUse), carried[1]);
		for (const { certificate, key } of [store.brokerCa, store.brokerCaNext]) {
			const own = new X509Certificate(readFileSync(certificate));
			assert.ok(own.checkPrivateKey(createPrivateKey(readFileSync(key))), `${round}: ${key}`);
		}
	}
	assert.deepEqual(hidden(store), []);
});

test("eight revocations at once: all are in the list", limited, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	const ids = Array.from({ length: 8 }, (_, at) => `n${at}`);
	await done("device", ...ids);
	// Held until all of them stand at it: without the lock none would say that it waits.
	const running = await withLock(store, async () => {
		const all = await startAll(store, ...ids.map((id) => ["revoke", id]));
		for (const one of all) await untilWaiting(one);
		return all;
	});
	for (const one of running) assert.equal(await one.ended(), 0, one.err());
	const { X509Crl } = await loadX509();
	const [der] = fromPem("X509 CRL", readFileSync(store.deviceCrl, "utf8"));
	const listed = new X509Crl(der as Uint8Array<ArrayBuffer>).entries.length;
	assert.equal(readLedger(store).revoked.size, 8);
	assert.equal(listed, 8);
	assert.deepEqual(hidden(store), []);
});

test(
	"who waits says for whom; Ctrl-C ends that, and nothing was begun",
	limited,
	async (context) => {
		const { store, done, contents } = makeStoreBench(context);
		await done("init");
		const before = contents();
		await withLock(store, async () => {
			const waiting = await start(store, "device", "n1");
			await untilWaiting(waiting);
			assert.match(waiting.err(), /another program works on .* \(process \d+\); waiting\n$/);
			assert.ok(waiting.err().includes(`(process ${process.pid})`));
			// Who only looks does not wait.
			assert.match(await done("list"), /broker-ca-next/);
			waiting.kill("SIGINT");
			assert.equal(await waiting.ended(), 130);
		});
		assert.deepEqual(contents(), before);
	},
);

test(
	"the lock of a program that is gone is removed by one of many, and what it left too",
	limited,
	async (context) => {
		const { store, done } = makeStoreBench(context);
		await done("init");
		const name = (digit: string) => "00000000-0000-4000-8000-00000000000x".replace("x", digit);
		for (let round = 0; round < 8; round++) {
			leaveLock(store, ".lock", name("1"));
			// Killed while it removed the lock of another.
			if (round % 2 === 0) leaveLock(store, `.lock-${name("1")}`, name("2"));
			if (round % 4 === 0) leaveLock(store, `.lock-${name("2")}`, name("3"));
			writeFileSync(join(store.directory, `.${name("4")}.new`), "half a key");
			let inside = 0;
			await Promise.all(
				Array.from({ length: 6 }, () => {
					return withLock(store, async () => {
						assert.equal(++inside, 1);
						await new Promise((resolve) => setImmediate(resolve));
						inside--;
					});
				}),
			);
			assert.deepEqual(hidden(store), []);
		}
	},
);

test(
	"many programs find the lock of one that is gone: each comes in alone",
	limited,
	async (context) => {
		const { store, done } = makeStoreBench(context);
		await done("init");
		leaveLock(store, ".lock", "00000000-0000-4000-8000-000000000001");
		const running = await startAll(store, ...["a", "b", "c", "d"].map((id) => ["device", id]));
		for (const one of running) assert.equal(await one.ended(), 0, one.err());
		assert.deepEqual(store.devices(), ["a", "b", "c", "d"]);
		assert.deepEqual(hidden(store), []);
	},
);

test("the number of a process that is another's by now keeps nobody out", {
	...limited,
	skip: existsSync("/proc/self/stat") ? false : "no /proc here",
}, async (context) => {
	const { store } = makeStoreBench(context);
	const holder = { token: "x", pid: process.pid, host: hostname(), start: "1" };
	writeFileSync(join(store.directory, ".lock"), JSON.stringify(holder));
	assert.equal(await withLock(store, async () => "in"), "in");
});

test(
	"a command that fails gives the store back, and no folder is left of one that began none",
	limited,
	async (context) => {
		const { store, run } = makeStoreBench(context);
		const other = join(store.directory, "none", "here");
		const { err } = await run("device", "n1");
		assert.match(err, /no authorities there yet/);
		assert.deepEqual(hidden(store), []);
		await assert.rejects(
			ensureCertificates(join(other, "x\0"), { brokerNames: ["localhost"] }),
			/null bytes/,
		);
		const failed = start({ directory: other } as Store, "server", "broker.lan");
		assert.equal(await (await failed).ended(), 1);
		assert.ok(!existsSync(other));
	},
);
