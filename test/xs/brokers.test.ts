/**
 * The whole firmware on XS with two brokers and mutual TLS. The image trusts a CA, its successor and
 * a public root. The first broker is killed: on at the second, whose chain is a public CA's. Then
 * back to the first, which has a certificate of the successor by now.
 */

import assert from "node:assert/strict";
import { KeyObject } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { type Made, make, makeKeys } from "../support/certificate-maker";
import { freePort, type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { makePublicChain, makePublicRoot } from "../support/public-chain";
import { files } from "../support/tls-brokers";
import {
	bootFirmware,
	buildFirmware,
	count,
	exercise,
	NODE,
	tellLine,
	waitForCount,
} from "./firmware-rig";
import { whyNoXs, type XsApplication, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const slow = { skip, timeout: 300_000 };
const DATES = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) };
const NAMES = ["localhost", "127.0.0.1"];

let folder: string;
let ntp: NtpServer;
let devices: Made;
let successor: Made;
let publicRoot: Made;
let first: Mosquitto;
let second: Mosquitto;
/** For the tests' own clients. */
let plainPorts: readonly number[];
let application: XsApplication;
let run: XsRun;

async function authority(name: string): Promise<Made> {
	return await make({ name, keys: await makeKeys("P-256"), authority: true, ...DATES });
}

/** Certificate of a broker under one of our CAs. */
async function leaf(issuer: Made): Promise<Made> {
	return await make({
		name: "broker",
		keys: await makeKeys("P-256"),
		issuer,
		names: NAMES,
		...DATES,
	});
}

async function startBroker(
	name: string,
	made: Made,
	issuers: readonly Made[],
	plainPort: number,
): Promise<Mosquitto> {
	return await startMosquitto(
		[
			...files(folder, name, made, issuers, devices),
			"require_certificate true",
			"use_identity_as_username true",
		],
		["allow_anonymous true", `listener ${plainPort} 127.0.0.1`],
	);
}

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-xs-brokers-"));
	const inUse = await authority("brokers 1");
	successor = await authority("brokers 2");
	devices = await authority("devices");
	publicRoot = await makePublicRoot();
	const keys = await makeKeys("RSA-2048");
	const device = await make({ name: NODE, keys, issuer: devices, ...DATES });
	const image = join(folder, "image");
	mkdirSync(image);
	const key = KeyObject.from(keys.privateKey).export({ format: "der", type: "pkcs8" });
	const contents = {
		"authority.der": inUse.der,
		"authority-1.der": successor.der,
		"authority-2.der": publicRoot.der,
		"certificate.der": device.der,
		"key.der": key,
	};
	for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(image, name), bytes);
	[ntp, plainPorts] = [await NtpServer.start(), [await freePort(), await freePort()]];
	first = await startBroker("first", await leaf(inUse), [inUse], plainPorts[0]);
	const [made, ...issuers] = await makePublicChain(publicRoot, NAMES, ["RSA-2048"]);
	second = await startBroker("second", made, issuers, plainPorts[1]);
	const urls = [first, second].map(({ port }) => `mqtts://localhost:${port}`);
	application = await buildFirmware({ broker: urls, ntp: ntp.name, credentials: image });
	run = await bootFirmware(application);
}, slow);

after(async () => {
	await run?.stop();
	application?.discard();
	await first?.discard();
	await second?.discard();
	await ntp?.close();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

const connectedTo = ({ port }: Mosquitto, session: string): RegExp =>
	new RegExp(`^mqtt: connected, localhost:${port}, session ${session}$`);

test(
	"the first broker is killed: on at the second, whose chain is a public CA's",
	slow,
	async (context) => {
		await run.waitFor(connectedTo(first, "new"), 60_000);
		await run.waitFor(/^mqtt: subscribed/, 60_000);
		await first.stop();
		const [line] = await run.waitFor(/^mqtt failed: .*/, 60_000);
		assert.match(
			line,
			new RegExp(`^mqtt failed: localhost:${first.port}: .*; next try in [01]\\.\\d s$`),
		);
		context.diagnostic(line);
		await run.waitFor(connectedTo(second, "new"), 60_000);
		await exercise(context, run, second, plainPorts[1]);
	},
);

test(
	"back at the first, which has a certificate of the CA's successor by now",
	slow,
	async (context) => {
		files(folder, "first", await leaf(successor), [successor], devices);
		const before = first.log().length;
		await first.start();
		await second.stop();
		await run.waitFor(connectedTo(first, "resumed"), 60_000);
		assert.equal(count(run, /^tls failed/), 0, run.lines.join("\n"));
		await waitForCount(run, /^mqtt: subscribed/, 3);
		const report = new RegExp(`Received PUBLISH from ${NODE} \\(d0, q1, .*/time'`);
		for (const late = Date.now() + 60_000; !report.test(first.log().slice(before)); ) {
			assert.ok(Date.now() < late, "no report at the first broker");
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		tellLine(context, first.log().slice(before).split("\n"), "a report", report);
	},
);

test(
	"a public CA's chain with a second root between, as Let's Encrypt's of 2026",
	slow,
	async (context) => {
		const [made, ...issuers] = await makePublicChain(publicRoot, NAMES, ["RSA-4096", "RSA-2048"]);
		files(folder, "second", made, issuers, devices);
		await second.start();
		await first.stop();
		await run.waitFor(connectedTo(second, "resumed"), 120_000);
		assert.equal(count(run, /^tls failed/), 0, run.lines.join("\n"));
		for (const line of run.lines.filter((one) => / failed: /.test(one))) context.diagnostic(line);
	},
);
