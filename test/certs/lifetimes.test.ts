/**
 * How long certificates are good: a successor outlives its predecessor by ten years whenever the
 * rotations are, no leaf outlives its authority, and all begin an hour ago.
 */

import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ensureAuthorities } from "../../certs/signing/authorities";
import { ensureDevice, issueDevice, issueServer } from "../../certs/signing/issue";
import { rotateBrokerCa, rotateDeviceCa } from "../../certs/signing/rotate";
import { loadX509 } from "../../certs/signing/x509";
import { fromPem } from "../../certs/store/pem";
import { readCertificate, readIfThere, Store } from "../../certs/store/store";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const START_MS = Date.UTC(2026, 10, 21, 12);

function storeFor(context: TestContext): Store {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-lifetimes-"));
	context.after(() => rmSync(folder, { recursive: true }));
	return new Store(folder);
}

const endOf = ({ validTo }: X509Certificate) => Date.parse(validTo);
const beginOf = ({ validFrom }: X509Certificate) => Date.parse(validFrom);
const quietly = () => undefined;

test("a rotation on any day yields an authority that is good for ten years and more", async (context) => {
	for (const [what, daysOf] of [
		["on the last day of each", (leftDays: number) => leftDays - 1],
		[
			"at once, and again, then on the last day",
			(left: number, nth: number) => (nth < 3 ? 1 : left),
		],
		["every year", () => 365],
		["at half time", (leftDays: number) => Math.floor(leftDays / 2)],
	] as const) {
		const store = storeFor(context);
		let nowMs = START_MS;
		await ensureAuthorities(store, nowMs);
		assert.equal(endOf(readCertificate(store.brokerCa.certificate)), nowMs + 20 * YEAR_MS);
		for (let nth = 0; nth < 6; nth++) {
			const used = readCertificate(store.brokerCa.certificate);
			const leftDays = Math.floor((endOf(used) - nowMs) / DAY_MS);
			nowMs += daysOf(leftDays, nth) * DAY_MS;
			await rotateBrokerCa(store, { nowMs, force: false }, quietly);
			const left = endOf(readCertificate(store.brokerCa.certificate)) - nowMs;
			assert.ok(left >= 10 * YEAR_MS, `${what}, rotation ${nth}: ${left / YEAR_MS} years`);
			const next = readCertificate(store.brokerCaNext.certificate);
			assert.ok(endOf(next) - nowMs >= left + 10 * YEAR_MS - DAY_MS, what);
		}
	}
});

test("no leaf and no list outlives its authority", async (context) => {
	const store = storeFor(context);
	await ensureAuthorities(store, START_MS);
	const nowMs = START_MS + 19 * YEAR_MS;
	await issueServer(store, ["a.lan"], { nowMs });
	await issueDevice(store, "n1", { nowMs });
	const ends = START_MS + 20 * YEAR_MS;
	const server = store.server("a.lan").chain;
	for (const path of [server, store.device("n1").certificate]) {
		assert.equal(endOf(readCertificate(path)), ends, path);
	}
	const asked = { nowMs, days: 7300 };
	await issueServer(store, ["a.lan"], asked);
	assert.equal(endOf(readCertificate(server)), ends);
	await issueServer(store, ["a.lan"], { nowMs, days: 30 });
	assert.equal(endOf(readCertificate(server)), nowMs + 30 * DAY_MS);
	// A leaf that ends with its authority is not issued anew on each start.
	assert.equal(await ensureDevice(store, "n1", { nowMs }), "kept");
	await rotateDeviceCa(store, { nowMs, force: false }, quietly);
	const x509 = await loadX509();
	const lists = fromPem("X509 CRL", readIfThere(store.deviceCrl) ?? "");
	const untils = lists.map((der) => new x509.X509Crl(der).nextUpdate?.getTime());
	assert.deepEqual(untils, [nowMs + 20 * YEAR_MS, ends]);
});

test("all begin an hour ago: clocks of others may be slow", async (context) => {
	const store = storeFor(context);
	const nowMs = START_MS;
	await ensureAuthorities(store, nowMs);
	await issueServer(store, ["a.lan"], { nowMs });
	await issueDevice(store, "n1", { nowMs });
	const { brokerCa, brokerCaNext, deviceCa } = store;
	const authorities = [brokerCa, brokerCaNext, deviceCa].map(({ certificate }) => certificate);
	for (const path of [
		...authorities,
		store.server("a.lan").chain,
		store.device("n1").certificate,
	]) {
		assert.equal(beginOf(readCertificate(path)), nowMs - HOUR_MS, path);
	}
	const x509 = await loadX509();
	const [list] = fromPem("X509 CRL", readIfThere(store.deviceCrl) ?? "");
	assert.ok(list !== undefined);
	assert.equal(new x509.X509Crl(list).thisUpdate.getTime(), nowMs - HOUR_MS);
});
