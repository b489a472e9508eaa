/**
 * TLS on XS, one connection after the other in one application: against servers that do not keep to
 * the rules, each of which is refused with its reason and gets no byte, and against real Mosquitto.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { LOST } from "../../firmware/net/socket";
import { HOST, type Made, make, makeKeys, NOW_MS } from "../support/certificate-maker";
import { ANSWER, type EvilCase, evilCases, REQUEST } from "../support/evil-scripts";
import { type EvilServer, startEvilServer } from "../support/evil-server";
import { skipWithout } from "../support/mosquitto";
import type { TlsCase } from "../support/tls-attempt";
import { NODE, startTlsBrokers, type TlsBrokers } from "../support/tls-brokers";
import { buildApplication, runApplication } from "./application";
import { whyNoXs } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");

let folder: string;
let evil: readonly EvilCase[];
const servers: EvilServer[] = [];
let brokers: TlsBrokers | undefined;
/** What became of each case: the evil ones, then Mosquitto's. */
let found: readonly string[];

before(
	async () => {
		if (skip) return;
		folder = mkdtempSync(join(tmpdir(), "fieldmote-brokers-"));
		const wicked = await startEvilServers();
		brokers = await startTlsBrokers(folder);
		const [, longChain] = brokers.cases;
		// Two certificates of RSA: more than that, in records that are not.
		const cases = [...wicked, ...brokers.cases, { ...longChain, recordBytes: 1024 }];
		const application = await buildApplication({
			program: 'import "./test/xs/tls-main";',
			json: { cases },
			// As on the ESP8266.
			creation: { stack: 320 },
		});
		try {
			const lines = await runApplication(application, /^end of the cases$/, 400_000);
			found = cases.map((_, i) => {
				const line = lines.find((one) => one.startsWith(`case ${i}: `)) ?? "";
				return line.slice(`case ${i}: `.length);
			});
		} finally {
			application.discard();
		}
	},
	{ timeout: 500_000 },
);

after(async () => {
	for (const server of servers) server.close();
	await brokers?.discard();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function startEvilServers(): Promise<TlsCase[]> {
	const authority = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const keys = await makeKeys("P-256");
	const plan = { name: "leaf", keys, issuer: authority, names: [HOST] };
	const leaf = await make(plan);
	const rsaLeaf = await make({ ...plan, keys: await makeKeys("RSA-2048") });
	const impostor: Made = { ...authority, keys };
	evil = evilCases(leaf, rsaLeaf, await make({ ...plan, issuer: impostor }), authority);
	for (const { script } of evil) servers.push(await startEvilServer(script));
	return servers.map(({ port }) => ({
		port,
		host: HOST,
		nowMs: NOW_MS,
		authorities: [Buffer.from(authority.der).toString("hex")],
		request: Buffer.from(REQUEST).toString("hex"),
		answerBytes: ANSWER.length,
	}));
}

test("evil servers learn nothing on XS", { skip }, (context) => {
	const said = evil.map(({ title }, i) => `${title}: ${found[i]}; took ${servers[i].taken.length}`);
	const expected = evil.map(({ title, reason, isTrusted }) => {
		const trusted = reason === "" || isTrusted === true;
		const answer = reason === "" ? ANSWER : "";
		return `${title}: ${trusted ? "trusted" : "refused"}; ${reason}; ${answer}; took ${Number(trusted)}`;
	});
	assert.deepEqual(said, expected);
	for (const line of said) context.diagnostic(line);
});

test("Mosquitto over TLS on XS", { skip }, (context) => {
	const longest = "a chain longer than the board's longest record";
	const cases = brokers?.cases ?? [];
	assert.notEqual(cases.length, 0);
	for (const [i, { title, reason, closesEarly = false }] of cases.entries()) {
		const line = found[evil.length + i].replace(/\d+ bytes$/, "many bytes");
		const expected = [reason === "" ? "trusted; ; many bytes" : `refused; ${reason}; `];
		// Our next write to a broker that has gone costs what it had said.
		if (closesEarly) expected.push(`refused; ${LOST}; `);
		assert.ok(expected.includes(line), `${title}: ${line}, not ${expected.join(" or ")}`);
		context.diagnostic(`${title}: ${line}`);
	}
	assert.match(brokers?.strict.log() ?? "", new RegExp(`u'${NODE}'`));
	assert.equal(found.at(-1), "refused; handshake message is too long; ", longest);
});
