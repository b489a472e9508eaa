/** The simulator at a Mosquitto over TLS: with a client certificate, and with what must not work. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { skipWithout, startMosquitto } from "../support/mosquitto";
import { LIMIT_MS, paste, startSimulator } from "../support/simulator";

const skip = skipWithout("mosquitto", "mosquitto_sub");
const folder = mkdtempSync(join(tmpdir(), "fieldmote tls "));
after(() => rmSync(folder, { recursive: true }));

const files = await ensureCertificates(join(folder, "good"), {
	brokerNames: ["localhost"],
	node: "n1",
});

function lines(chain: string, key: string): string[] {
	return [`certfile ${chain}`, `keyfile ${key}`];
}

test("a client certificate: the broker knows the node by it", {
	skip,
	timeout: LIMIT_MS,
}, async (t) => {
	const broker = await startMosquitto([
		...lines(files.brokerChain, files.brokerKey),
		...[`cafile ${files.deviceCa}`, "require_certificate true", "use_identity_as_username true"],
	]);
	t.after(() => broker.discard());
	const url = `mqtts://localhost:${broker.port}`;
	const { brokerCa: ca, deviceCertificate: cert, deviceKey: key } = files;
	const words = ["--broker", url, "--ca", ca, "--cert", cert, "--key", key, "--node", "n1"];
	const simulator = await startSimulator(...words);
	await simulator.until(/first report accepted/);
	assert.match(broker.log(), /connected from .* as n1 \(p2, c0, k60, u'n1'\)/);
	const watch = (await simulator.until(/^ {2}(mosquitto_sub .*)$/m))[1];
	const watcher = paste(`${watch} -C 1 -W 5`);
	assert.equal(await watcher.ended(), 0, watcher.err());
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
	assert.match(broker.log(), /Received DISCONNECT from n1/);
});

test("wrong CA, wrong name: refused with step and reason, and no password goes out", {
	skip,
	timeout: LIMIT_MS,
}, async (t) => {
	const other = await ensureCertificates(join(folder, "other"), { brokerNames: ["localhost"] });
	const broker = await startMosquitto([
		...lines(files.brokerChain, files.brokerKey),
		"allow_anonymous true",
	]);
	t.after(() => broker.discard());
	const cases = [
		[`mqtts://localhost:${broker.port}`, other.brokerCa, /tls failed: .*(trusted|unknown|CA)/],
		[`mqtts://127.0.0.1:${broker.port}`, files.brokerCa, /tls failed: .* is not for 127\.0\.0\.1/],
	] as const;
	for (const [url, ca, reason] of cases) {
		const simulator = await startSimulator("--broker", url, "--ca", ca, "--once");
		assert.equal(await simulator.ended(), 1, simulator.out());
		assert.match(simulator.out(), reason);
		assert.match(simulator.out(), /; next try in \d+\.\d s$/m);
	}
	assert.doesNotMatch(broker.log(), /connected from .* as sim-1/);
});

test("files that do not fit: exit code 2, before anything starts", {
	timeout: LIMIT_MS,
}, async () => {
	const url = "mqtts://localhost:1";
	const wrong: [string[], RegExp][] = [
		[["--ca", files.brokerKey], /--ca .*: holds a private key, not a certificate/],
		[["--ca", files.brokerCa, "--cert", files.deviceCertificate, "--key", files.brokerKey], /RSA/],
	];
	for (const [words, reason] of wrong) {
		const simulator = await startSimulator("--broker", url, ...words);
		assert.equal(await simulator.ended(), 2);
		assert.match(simulator.err(), reason);
		assert.equal(simulator.out(), "");
	}
});
