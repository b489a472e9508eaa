/**
 * The firmware's own TLS client on Node: against servers that do not keep to the rules it says
 * word for word what it says on XS (test/xs/tls.test.ts), and gives none of them a byte; against
 * Mosquitto it gets through.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Attempt, connectAsNode } from "../../../certs/probe/connection";
import { loadFirmware } from "../../../certs/probe/load";
import { LOST } from "../../../firmware/net/socket";
import { HOST, make, makeKeys, NOW_MS } from "../../support/certificate-maker";
import { ANSWER, evilCases, REQUEST } from "../../support/evil-scripts";
import { startEvilServer } from "../../support/evil-server";
import { skipWithout } from "../../support/mosquitto";
import type { TlsCase } from "../../support/tls-attempt";
import { NODE, startTlsBrokers } from "../../support/tls-brokers";

const firmware = await loadFirmware();
after(() => firmware.close());

const bytes = (hex: string) => Buffer.from(hex, "hex");

function connect(row: TlsCase): Promise<Attempt> {
	return connectAsNode(firmware, {
		address: "127.0.0.1",
		port: row.port,
		host: row.host,
		credentials: {
			authorities: row.authorities.map(bytes),
			certificate: row.certificate === undefined ? undefined : bytes(row.certificate),
			key: row.key === undefined ? undefined : bytes(row.key),
		},
		nowMs: row.nowMs,
		recordBytes: 16_384,
		request: bytes(row.request),
		answerBytes: row.answerBytes,
		farewell: new Uint8Array(0),
		limitMs: row.patienceMs ?? 20_000,
	});
}

test("evil servers get the firmware's own answers", { timeout: 120_000 }, async () => {
	const authority = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const keys = await makeKeys("P-256");
	const plan = { name: "leaf", keys, issuer: authority, names: [HOST] };
	const leaf = await make(plan);
	const rsaLeaf = await make({ ...plan, keys: await makeKeys("RSA-2048") });
	const forged = await make({ ...plan, issuer: { ...authority, keys } });
	const said: string[] = [];
	const expected: string[] = [];
	for (const { title, reason, isTrusted, script } of evilCases(leaf, rsaLeaf, forged, authority)) {
		const server = await startEvilServer(script);
		const attempt = await connect({
			port: server.port,
			host: HOST,
			nowMs: NOW_MS,
			authorities: [Buffer.from(authority.der).toString("hex")],
			request: Buffer.from(REQUEST).toString("hex"),
			answerBytes: ANSWER.length,
		});
		server.close();
		const trusted = reason === "" || isTrusted === true;
		const answer = reason === "" ? ANSWER : "";
		const found = Buffer.from(attempt.answer).toString();
		said.push(
			`${title}: ${attempt.isTrusted}; ${attempt.reason}; ${found}; ${server.taken.length}`,
		);
		expected.push(`${title}: ${trusted}; ${reason}; ${answer}; ${Number(trusted)}`);
	}
	assert.ok(expected.length > 40);
	assert.deepEqual(said, expected);
});

test("Mosquitto takes it", { skip: skipWithout("mosquitto"), timeout: 60_000 }, async () => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-brokers-"));
	const brokers = await startTlsBrokers(folder);
	try {
		for (const row of brokers.cases) {
			const { reason, isTrusted, answer } = await connect(row);
			const closed = row.closesEarly === true && reason === LOST;
			if (!closed) assert.equal(reason, row.reason, row.title);
			assert.equal(isTrusted, row.reason === "", row.title);
			if (row.reason === "") assert.ok(answer.length >= row.answerBytes, row.title);
		}
		assert.match(brokers.strict.log(), new RegExp(`u'${NODE}'`));
	} finally {
		await brokers.discard();
		rmSync(folder, { recursive: true });
	}
});
