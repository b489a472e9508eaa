/**
 * TLS on the desktop: the same firmware, the same brokers and the same reasons as on XS
 * (test/xs/tls-*.test.ts). Of a handshake that is wrong in itself OpenSSL says something else.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";
import { HOST, make, makeKeys, NOW_MS } from "../support/certificate-maker";
import { ANSWER, type EvilCase, evilCases, REQUEST } from "../support/evil-scripts";
import { type EvilServer, startEvilServer } from "../support/evil-server";
import { skipWithout } from "../support/mosquitto";
import type { TlsCase } from "../support/tls-attempt";
import { NODE, startTlsBrokers } from "../support/tls-brokers";

/** What OpenSSL does not see, or says in our words. */
const SAME_REASON =
	/alert (?!instead)|close notify in the|notify instead of S|no TLS|MQTT|forged|no certificates|TLS 1.0/;

const program = await buildProgram("test/support/tls-program.ts");

/** Runs cases on a simulated board; one line each. */
async function runOnBoard(cases: readonly TlsCase[]): Promise<string[]> {
	let ended: () => void = () => undefined;
	const end = new Promise<void>((resolve) => {
		ended = resolve;
	});
	const lines: string[] = [];
	const { board, crashes } = makeBoard({
		onTrace: (line) => (line === "end of the cases" ? ended() : lines.push(line)),
		onCrash: (error) => {
			lines.push(`crash: ${error}`);
			ended();
		},
	});
	const firmware = powerOn(board, program) as { run(json: string): void };
	board.run(() => firmware.run(JSON.stringify(cases)));
	await end;
	board.powerOff();
	assert.deepEqual(crashes, []);
	return lines.map((line) => line.replace(/^case \d+: /, ""));
}

test("evil servers learn nothing", { timeout: 120_000 }, async () => {
	const authority = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const keys = await makeKeys("P-256");
	const plan = { name: "leaf", keys, issuer: authority, names: [HOST] };
	const leaf = await make(plan);
	const rsaLeaf = await make({ ...plan, keys: await makeKeys("RSA-2048") });
	const forged = await make({ ...plan, issuer: { ...authority, keys } });
	// OpenSSL gives up after 32 records without progress.
	const table = evilCases(leaf, rsaLeaf, forged, authority).filter(
		({ title }) => title !== "messages in records of 1",
	);
	const servers: EvilServer[] = [];
	for (const { script } of table) servers.push(await startEvilServer(script));
	const cases = servers.map(({ port }) => ({
		port,
		host: HOST,
		nowMs: NOW_MS,
		authorities: [Buffer.from(authority.der).toString("hex")],
		request: Buffer.from(REQUEST).toString("hex"),
		answerBytes: ANSWER.length,
		patienceMs: 3_000,
	}));
	try {
		const lines = await runOnBoard(cases);
		const found = table.map(({ title }, i) => {
			const [trust, reason, answer] = (lines[i] ?? "").split("; ");
			const shown = SAME_REASON.test(title) ? reason : reason === "" ? "" : "some reason";
			return `${title}: ${trust}; ${shown}; ${answer}; took ${servers[i].taken.length}`;
		});
		assert.deepEqual(found, table.map(expected));
	} finally {
		for (const server of servers) server.close();
	}
});

function expected({ title, reason, isTrusted }: EvilCase): string {
	const trusted = reason === "" || isTrusted === true;
	const shown = SAME_REASON.test(title) || reason === "" ? reason : "some reason";
	const answer = reason === "" ? ANSWER : "";
	return `${title}: ${trusted ? "trusted" : "refused"}; ${shown}; ${answer}; took ${Number(trusted)}`;
}

test("Mosquitto over TLS", { skip: skipWithout("mosquitto"), timeout: 60_000 }, async () => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-brokers-"));
	const brokers = await startTlsBrokers(folder);
	try {
		const lines = await runOnBoard(brokers.cases);
		for (const [i, { title, reason }] of brokers.cases.entries()) {
			const found = lines[i]?.replace(/\d+ bytes$/, "many bytes");
			const good = "trusted; ; many bytes";
			assert.equal(found, reason === "" ? good : `refused; ${reason}; `, title);
		}
		assert.match(brokers.strict.log(), new RegExp(`u'${NODE}'`));
	} finally {
		await brokers.discard();
		rmSync(folder, { recursive: true });
	}
});
