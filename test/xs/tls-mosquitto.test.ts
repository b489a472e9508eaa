/** TLS on XS against real Mosquitto: EC and RSA, client certificates, and what is refused. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { skipWithout } from "../support/mosquitto";
import { NODE, startTlsBrokers } from "../support/tls-brokers";
import { runApplication } from "./application";
import { whyNoXs } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");

test("Mosquitto over TLS on XS", { skip, timeout: 300_000 }, async () => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-brokers-"));
	const brokers = await startTlsBrokers(folder);
	try {
		// The SDK's sockets on Linux do not hold back SIGPIPE, which ends the simulator.
		const cases = brokers.cases.filter(({ closesEarly }) => !closesEarly);
		const last = /^end of the cases$/;
		const lines = await runApplication({ name: "tls", cases, last, limitMs: 200_000 });
		for (const [i, { title, reason }] of cases.entries()) {
			const line = lines.find((one) => one.startsWith(`case ${i}: `)) ?? "";
			const found = line.slice(`case ${i}: `.length).replace(/\d+ bytes$/, "many bytes");
			const good = "trusted; ; many bytes";
			assert.equal(found, reason === "" ? good : `refused; ${reason}; `, title);
		}
		assert.match(brokers.strict.log(), new RegExp(`u'${NODE}'`));
	} finally {
		await brokers.discard();
		rmSync(folder, { recursive: true });
	}
});
