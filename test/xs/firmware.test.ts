/**
 * The whole firmware on the real engine: built by mcconfig from the root's manifest, run in the
 * SDK's simulator against a real Mosquitto.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { ClientProcess } from "../support/client";
import { freePort, type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { buildXs, runXs, whyNoXs, type XsApplication, type XsRun } from "./xs";

const NODE = "xs-shed";
const skip = whyNoXs() || skipWithout("mosquitto");
/** Modules of the SDK that XS warns about; none of them is ours. */
const SDK_WARNING = /### warning: (wifi|ssl\/cache): /;

let folder: string;
let ntp: NtpServer;
let port: number;
let plainPort: number;
let files: Awaited<ReturnType<typeof makeCertificates>>;
let application: XsApplication;
let broker: Mosquitto | undefined;
let run: XsRun | undefined;

async function makeCertificates() {
	const made = await ensureCertificates(join(folder, "pki"), {
		brokerNames: ["localhost", "127.0.0.1"],
		node: NODE,
	});
	const image = join(folder, "image");
	mkdirSync(image);
	copyFileSync(made.brokerCaDer, join(image, "authority.der"));
	copyFileSync(made.deviceCertificateDer, join(image, "certificate.der"));
	copyFileSync(made.deviceKeyDer, join(image, "key.der"));
	return { ...made, image };
}

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-xs-firmware-"));
	ntp = await NtpServer.start();
	[port, plainPort] = [await freePort(), await freePort()];
	files = await makeCertificates();
	application = await build({ CREDENTIALS: files.image });
});

after(async () => {
	await run?.stop();
	await broker?.discard();
	await ntp?.close();
	application?.discard();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** The firmware of the root's manifest, with the values that a test needs. */
async function build(environment: Record<string, string>): Promise<XsApplication> {
	Object.assign(process.env, environment);
	const values = [`broker=mqtts://localhost:${port}`, `node=${NODE}`, `ntp=${ntp.name}`];
	return await buildXs({ folder: ".", values: ["ssid=lin", ...values] });
}

/** Mosquitto with mutual TLS on `port`, and plain for the test itself on `plainPort`. */
function startBroker(): Promise<Mosquitto> {
	return startMosquitto(
		[
			`cafile ${files.deviceCa}`,
			`certfile ${files.brokerChain}`,
			`keyfile ${files.brokerKey}`,
			"require_certificate true",
			"use_identity_as_username true",
		],
		["allow_anonymous true", `listener ${plainPort} 127.0.0.1`],
		port,
	);
}

test("the build warns about none of our modules", { skip }, () => {
	const warnings = application.buildLog.split("\n").filter((line) => /### warning/.test(line));
	assert.deepEqual(
		warnings.filter((line) => !SDK_WARNING.test(line)),
		[],
	);
	assert.match(application.buildLog, /xsl/);
});

test("over TLS with a client certificate: time arrives, a command at QoS 2 switches", {
	skip,
}, async () => {
	broker = await startBroker();
	run = await runXs(application);
	await run.waitFor(/^pin 5 is low/);
	const boot = run.lines.findIndex((line) => line.startsWith("boot: node"));
	assert.ok(
		run.lines.indexOf("pin 5 is low") < boot,
		"the pin has its level before the node boots",
	);
	await run.waitFor(/^clock: set, offset/);
	await run.waitFor(/^mqtt: subscribed to fieldmote\/xs-shed\/relay\/set at QoS 2/);
	// Mosquitto names the user from the certificate's common name.
	assert.match(broker.log(), new RegExp(`as ${NODE} \\(p2, c0, k60, u'${NODE}'\\)`));

	const client = new ClientProcess();
	try {
		client.send({ op: "connect", port: plainPort, id: "watcher" });
		client.send({ op: "subscribe", subs: [{ topic: `fieldmote/${NODE}/#`, qos: 1 }], tag: "s" });
		await client.next({ ev: "done", tag: "s" });
		const online = await client.next({ ev: "msg", topic: `fieldmote/${NODE}/availability` });
		assert.equal(online.payload, "online");
		const set = `fieldmote/${NODE}/relay/set`;
		client.send({ op: "publish", topic: set, payload: '{"state":"ON","id":"1"}', qos: 2, tag: 1 });
		await run.waitFor(/^pin 5 is high/);
		const result = await client.next({ ev: "msg", topic: `fieldmote/${NODE}/result` });
		assert.deepEqual(JSON.parse(String(result.payload)), {
			entity: "relay",
			id: "1",
			done: true,
			state: "ON",
		});
		const time = await client.next({ ev: "msg", topic: `fieldmote/${NODE}/time` }, 15_000);
		const report = JSON.parse(String(time.payload));
		assert.equal(report.clock, "set");
		assert.ok(Math.abs(report.unix_ms - Date.now()) < 2000, `${report.unix_ms} is not now`);
	} finally {
		client.kill();
	}
});

test("after a restart of the broker it comes back by itself", { skip }, async () => {
	assert.ok(broker !== undefined && run !== undefined);
	const before = run.lines.filter((line) => line.startsWith("mqtt: connected")).length;
	await broker.restart();
	await run.waitFor(/^mqtt failed: /);
	for (let waited = 0; waited < 30_000; waited += 100) {
		const now = run.lines.filter((line) => line.startsWith("mqtt: connected")).length;
		if (now > before) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	assert.fail(run.lines.join("\n"));
});

test("a board on another platform fails the build, with its reason", { skip }, async () => {
	process.env.BOARD = "nodemcu-v2";
	try {
		await assert.rejects(buildXs({ folder: "." }), /board nodemcu-v2 is an ESP8266/);
	} finally {
		delete process.env.BOARD;
	}
});
