/**
 * TLS on XS against servers that do not keep to the rules: each is refused with its reason and
 * gets no byte, and the application lives on to the next one.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOST, type Made, make, makeKeys, NOW_MS } from "../support/certificate-maker";
import { ANSWER, evilCases, REQUEST } from "../support/evil-scripts";
import { type EvilServer, startEvilServer } from "../support/evil-server";
import { runApplication } from "./application";
import { whyNoXs } from "./xs";

const skip = whyNoXs();

test("evil servers learn nothing on XS", {
	skip,
	timeout: 300_000,
}, async () => {
	const authority = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const keys = await makeKeys("P-256");
	const plan = { name: "leaf", keys, issuer: authority, names: [HOST] };
	const leaf = await make(plan);
	const rsaLeaf = await make({ ...plan, keys: await makeKeys("RSA-2048") });
	const impostor: Made = { ...authority, keys };
	const table = evilCases(leaf, rsaLeaf, await make({ ...plan, issuer: impostor }), authority);
	const servers: EvilServer[] = [];
	for (const { script } of table) servers.push(await startEvilServer(script));
	const cases = servers.map(({ port }) => ({
		port,
		host: HOST,
		nowMs: NOW_MS,
		authorities: [Buffer.from(authority.der).toString("hex")],
		request: Buffer.from(REQUEST).toString("hex"),
		answerBytes: ANSWER.length,
	}));
	try {
		const last = /^end of the cases$/;
		const lines = await runApplication({ name: "tls", cases, last, limitMs: 200_000 });
		const found = table.map(({ title }, i) => {
			const line = lines.find((one) => one.startsWith(`case ${i}: `)) ?? "";
			return `${title}: ${line.slice(`case ${i}: `.length)}; took ${servers[i].taken.length}`;
		});
		const expected = table.map(({ title, reason, isTrusted }) => {
			const trusted = reason === "" || isTrusted === true;
			const answer = reason === "" ? ANSWER : "";
			return `${title}: ${trusted ? "trusted" : "refused"}; ${reason}; ${answer}; took ${Number(trusted)}`;
		});
		assert.deepEqual(found, expected);
	} finally {
		for (const server of servers) server.close();
	}
});
