/**
 * Whom a real Mosquitto lets in with the store's files: revoked boards, an overlap of two devices'
 * authorities, a list that has expired, a list that is missing; by reload and by restart.
 */

import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "mqtt";
import { identityOf } from "../../certs/signing/authority";
import { loadX509 } from "../../certs/signing/x509";
import { fromPem, toPem } from "../../certs/store/pem";
import { readCertificate, type Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";

const skip = skipWithout("mosquitto");
const LIMIT_MS = 60_000;

async function brokerOf(store: Store): Promise<Mosquitto> {
	const files = store.server("localhost");
	return startMosquitto(
		[
			`certfile ${files.chain}`,
			`keyfile ${files.key}`,
			`cafile ${store.deviceCa.certificate}`,
			`crlfile ${store.deviceCrl}`,
			"require_certificate true",
			"use_identity_as_username true",
		],
		[`pid_file ${join(store.directory, "mosquitto.pid")}`],
	);
}

async function reload(store: Store, broker: Mosquitto): Promise<void> {
	const count = () => broker.log().split("Reloading config").length;
	const before = count();
	process.kill(Number(readFileSync(join(store.directory, "mosquitto.pid"), "utf8")), "SIGHUP");
	const late = Date.now() + LIMIT_MS;
	while (count() === before) {
		assert.ok(Date.now() < late, "no reload");
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

interface Client {
	/** "in", or the alert that the broker sent. */
	readonly answer: string;
	end(): void;
	/** Whether a message of its own comes back. */
	works(): Promise<boolean>;
}

async function enter(store: Store, id: string, { port }: Mosquitto): Promise<Client> {
	const { certificate, key } = store.device(id);
	const client = connect({
		protocol: "mqtts",
		host: "localhost",
		port,
		ca: [readFileSync(store.brokerCa.certificate)],
		cert: readFileSync(certificate),
		key: readFileSync(key),
		clientId: id,
		reconnectPeriod: 0,
	});
	const answer = await new Promise<string>((resolve) => {
		client.once("connect", () => resolve("in"));
		client.on("error", (error) => {
			resolve(/alert ([a-z ]+)/.exec(error.message)?.[1] ?? error.message);
		});
		client.once("close", () => resolve("closed"));
	});
	return {
		answer,
		end: () => client.end(true),
		works: async () => {
			const echo = new Promise<boolean>((resolve) => {
				client.once("message", () => resolve(true));
				client.once("close", () => resolve(false));
			});
			await client.subscribeAsync(`echo/${id}`);
			await client.publishAsync(`echo/${id}`, "x", { qos: 1 });
			return echo;
		},
	};
}

/** Whom the broker lets in: `id: answer`, one after the other. */
async function answers(store: Store, broker: Mosquitto, ...ids: string[]): Promise<string> {
	const lines: string[] = [];
	for (const id of ids) {
		const client = await enter(store, id, broker);
		client.end();
		lines.push(`${id}: ${client.answer}`);
	}
	return lines.join(", ");
}

const REVOKED = "certificate revoked";
const UNKNOWN = "unknown ca";

test("revoked: refused once the broker has read the list; who is connected stays", {
	skip,
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "a", "b");
	const broker = await brokerOf(store);
	context.after(() => broker.discard());
	assert.equal(await answers(store, broker, "a", "b"), "a: in, b: in");
	const connected = await enter(store, "a", broker);
	context.after(() => connected.end());
	await done("revoke", "a");
	await reload(store, broker);
	assert.equal(await connected.works(), true);
	assert.equal(await answers(store, broker, "b"), "b: in");
	connected.end();
	assert.equal(await answers(store, broker, "a", "b"), `a: ${REVOKED}, b: in`);
	await broker.restart();
	assert.equal(await answers(store, broker, "a", "b"), `a: ${REVOKED}, b: in`);
	await done("device", "a", "--new-key");
	assert.equal(await answers(store, broker, "a"), "a: in");
});

test("what the probe advises for a revoked board brings it back, as pasted", {
	skip,
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "a");
	await done("revoke", "a");
	const broker = await brokerOf(store);
	context.after(() => broker.discard());
	const { certificate, key } = store.device("a");
	const url = `mqtts://localhost:${broker.port}`;
	const probe = () => run("probe", url, "--cert", certificate, "--key", key, "--json");
	const refused = await probe();
	assert.equal(refused.status, 1);
	const advice = /npm run certs -- (device [^"]*)"/.exec(refused.out)?.[1] ?? "";
	assert.equal(advice, "device NODE --new-key", refused.out);
	await done(...advice.replace("NODE", "a").split(" "));
	const { status, out } = await probe();
	assert.equal(status, 0, out);
});

test("all certificates of an id are revoked, also those before it was renewed or had a new key", {
	skip,
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "a", "b");
	const broker = await brokerOf(store);
	context.after(() => broker.discard());
	// The same board under other names: with what it had at three times.
	const keep = (name: string) => {
		const [from, to] = [store.device("a"), store.device(name)];
		store.writeNewKey(to.key, readFileSync(from.key));
		store.writeNew(to.certificate, readFileSync(from.certificate));
	};
	keep("first");
	await done("renew", "a");
	keep("second");
	await done("device", "a", "--new-key");
	const ids = ["first", "second", "a", "b"];
	const serials = ids.map((id) => readCertificate(store.device(id).certificate).serialNumber);
	assert.equal(new Set(serials).size, 4);
	assert.equal(await answers(store, broker, ...ids), ids.map((id) => `${id}: in`).join(", "));
	const said = await done("revoke", "a");
	for (const serial of serials.slice(0, 3)) assert.match(said, new RegExp(`${serial} .*: revoked`));
	await broker.restart();
	assert.equal(
		await answers(store, broker, ...ids),
		`first: ${REVOKED}, second: ${REVOKED}, a: ${REVOKED}, b: in`,
	);
});

test("a list that has expired shuts out every board, so ours lasts as long as its authority", {
	skip,
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "a");
	const x509 = await loadX509();
	const [own] = fromPem("X509 CRL", readFileSync(store.deviceCrl, "utf8"));
	const until = new x509.X509Crl(own).nextUpdate?.getTime();
	const authority = new X509Certificate(readFileSync(store.deviceCa.certificate));
	assert.equal(until, Date.parse(authority.validTo));

	const key = createPrivateKey(readFileSync(store.deviceCa.key));
	const signer = await identityOf(authority.raw, key);
	const expired = await x509.X509CrlGenerator.create({
		issuer: signer.certificate.subjectName,
		thisUpdate: new Date(Date.now() - 7_200_000),
		nextUpdate: new Date(Date.now() - 3_600_000),
		signingAlgorithm: { name: "ECDSA", hash: "SHA-256" } as never,
		signingKey: signer.keys.privateKey,
	});
	writeFileSync(store.deviceCrl, toPem("X509 CRL", new Uint8Array(expired.rawData)));
	const broker = await brokerOf(store);
	context.after(() => broker.discard());
	assert.match(await answers(store, broker, "a"), /^a: (?!in)/);
	const { status, out } = await run("check");
	assert.equal(status, 1);
	assert.match(out, /device-crl\.pem: the list of CN=fieldmote device CA .* ends on 20/);
	await done("revoke", "--serial", "01", "--force");
	await broker.restart();
	assert.equal(await answers(store, broker, "a"), "a: in");
});

test("the devices' authority replaced: both are trusted until the overlap ends", {
	skip,
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("server", "localhost");
	await done("device", "old", "over", "gone");
	await done("revoke", "gone");
	const broker = await brokerOf(store);
	context.after(() => broker.discard());
	await done("renew", "device-ca");
	await done("renew", "over");
	await done("device", "new");
	const all = ["old", "over", "new", "gone"];
	const both = `old: in, over: in, new: in, gone: ${REVOKED}`;
	await broker.restart();
	assert.equal(await answers(store, broker, ...all), both);
	// A board of the older authority can still be revoked: its key is in retired/.
	await done("revoke", "old");
	await broker.restart();
	assert.equal(await answers(store, broker, ...all), both.replace("old: in", `old: ${REVOKED}`));

	const full = readFileSync(store.deviceCrl, "utf8");
	const lists = fromPem("X509 CRL", full);
	assert.equal(lists.length, 2);
	writeFileSync(store.deviceCrl, toPem("X509 CRL", lists[0] as Uint8Array));
	await broker.restart();
	assert.equal(
		await answers(store, broker, ...all),
		`old: ${UNKNOWN}, over: in, new: in, gone: ${UNKNOWN}`,
	);
	writeFileSync(store.deviceCrl, full);

	await done("device", "late");
	const second = await run("renew", "device-ca");
	assert.match(second.err, /an older authority is still in it; .*--finish" comes first/);
	await done("renew", "device-ca", "--finish");
	await broker.restart();
	assert.equal(
		await answers(store, broker, ...all, "late"),
		`old: ${UNKNOWN}, over: in, new: in, gone: ${UNKNOWN}, late: in`,
	);
});

test("the overlap does not end while a board is under the older authority", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("device", "a", "b");
	await done("renew", "device-ca");
	await done("renew", "a");
	const refused = await run("renew", "device-ca", "--finish");
	assert.equal(refused.status, 1);
	assert.match(refused.err, /1 device would be refused by the brokers:\n {2}b: its board is under/);
	assert.match((await run("check")).out, /b\/certificate\.pem: is under an older authority/);
	await done("renew", "b");
	// Renewed, but what was flashed is the one before.
	const { recordFlashed } = await import("../../certs/store/ledger");
	recordFlashed(store, { name: "b", authorities: [], serial: "01", at: new Date().toISOString() });
	assert.match((await run("renew", "device-ca", "--finish")).err, /b: its board is under/);
	await done("renew", "device-ca", "--finish", "--force");
	assert.match(await done("renew", "device-ca", "--finish"), /there is nothing to finish/);
});
