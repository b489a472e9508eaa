/** The whole firmware on XS over mutual TLS, against a real Mosquitto. */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ensureCertificates } from "../../certs/ensure";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { freePort, type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import {
	bootFirmware,
	buildFirmware,
	exercise,
	NODE,
	restartBroker,
	tellLine,
} from "./firmware-rig";
import { Front } from "./front";
import { buildXs, whyNoXs, type XsApplication, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const slow = { skip, timeout: 300_000 };

let folder: string;
let ntp: NtpServer;
let front: Front;
let plainPort: number;
let broker: Mosquitto;
let application: XsApplication;
let run: XsRun;

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-xs-firmware-"));
	const made = await ensureCertificates(join(folder, "pki"), {
		brokerNames: ["localhost", "127.0.0.1"],
		node: NODE,
	});
	const credentials = join(folder, "image");
	mkdirSync(credentials);
	copyFileSync(made.brokerCaDer, join(credentials, "authority.der"));
	copyFileSync(made.deviceCertificateDer, join(credentials, "certificate.der"));
	copyFileSync(made.deviceKeyDer, join(credentials, "key.der"));
	[ntp, front, plainPort] = [await NtpServer.start(), await Front.start(), await freePort()];
	// Mutual TLS for the node, and plain for the test itself.
	broker = await startMosquitto(
		[
			`cafile ${made.deviceCa}`,
			`certfile ${made.brokerChain}`,
			`keyfile ${made.brokerKey}`,
			"require_certificate true",
			"use_identity_as_username true",
		],
		["allow_anonymous true", `listener ${plainPort} 127.0.0.1`],
	);
	front.lead(broker.port);
	const url = `mqtts://localhost:${front.port}`;
	application = await buildFirmware({ broker: url, ntp: ntp.name, credentials });
	run = await bootFirmware(application);
}, slow);

after(async () => {
	await run?.stop();
	application?.discard();
	await front?.close();
	await broker?.discard();
	await ntp?.close();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

test("mutual TLS: the node is known by its certificate", slow, async (context) => {
	await run.waitFor(/^clock: set, offset/);
	await run.waitFor(/^mqtt: subscribed to fieldmote\/xs-shed\/\+\/set at QoS 2/, 60_000);
	const { tap } = front.visits[front.visits.length - 1];
	context.diagnostic(`handshake: ${tap}`);
	assert.ok(tap.isDone && tap.hasClientCertificate, String(tap));
	assert.match(tap.chosen, /^TLS 1\.2, ECDHE-(RSA|ECDSA)-AES128-GCM-SHA256$/);
	// Mosquitto names the user from the certificate's common name.
	const known = new RegExp(`as ${NODE} \\(p2, c0, k60, u'${NODE}'\\)`);
	tellLine(context, broker.log().split("\n"), "Mosquitto", known);
});

test("mutual TLS: reports and commands at QoS 0, 1 and 2", slow, async (context) => {
	await exercise(context, run, broker, plainPort);
});

test("mutual TLS: after a restart of the broker it comes back by itself", slow, async (context) => {
	const before = front.visits.length;
	await restartBroker(context, run, broker);
	const { tap } = front.visits[front.visits.length - 1];
	assert.ok(front.visits.length > before && tap.isDone && tap.hasClientCertificate, String(tap));
	context.diagnostic(`handshake: ${tap}`);
});

test("a board on another platform fails the build, with its reason", slow, async () => {
	const environment = { BOARD: "nodemcu-v2" };
	const built = buildXs({ folder: ".", environment });
	await assert.rejects(built, /board nodemcu-v2 is an ESP8266/);
});
