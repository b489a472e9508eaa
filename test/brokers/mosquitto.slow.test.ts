/** The table's first column: Mosquitto, which the others are compared with. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bench } from "../support/broker-bench";
import { makeCertificates, makePasswords, PASSWORD, USER } from "../support/flow-ways";
import { freePort, skipWithout, startMosquitto } from "../support/mosquitto";
import { compareWithPage } from "./table";

const skip = skipWithout("mosquitto", "mosquitto_passwd");

test("the table of docs/scale.md: Mosquitto 2.0", { skip, timeout: 300_000 }, async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-mosquitto-files-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const { ca, identity, serverFiles } = await makeCertificates(folder);
	const who = { user: USER, pass: PASSWORD };
	const tlsPort = await freePort();
	const strict = ["allow_anonymous false", `password_file ${makePasswords(folder)}`];
	const certificatePort = await freePort();
	const server = [`certfile ${serverFiles.chain}`, `keyfile ${serverFiles.key}`];
	const clients = [`cafile ${serverFiles.clientCa}`, "require_certificate true"];
	const mosquitto = await startMosquitto(
		[
			...strict,
			...[`listener ${tlsPort} 127.0.0.1`, ...server, ...strict],
			...[`listener ${certificatePort} 127.0.0.1`, ...server, ...clients],
			"use_identity_as_username true",
		],
		["per_listener_settings true"],
	);
	t.after(() => mosquitto.discard());
	const { port, restart } = mosquitto;
	const broker = { port, tlsPort, certificatePort, restart };
	const bench = new Bench(broker, who, { ca, ...identity });
	t.after(() => bench.close());
	await compareWithPage(t, "Mosquitto 2.0", bench);
});
