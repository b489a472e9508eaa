/**
 * The whole firmware on XS over plain MQTT, against a real Mosquitto: the profile `node`, and
 * beside it the profile `demo`, whose reports have each QoS.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import {
	bootFirmware,
	buildFirmware,
	exercise,
	NODE,
	restartBroker,
	tellLine,
} from "./firmware-rig";
import { runXs, whyNoXs, type XsApplication, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const slow = { skip, timeout: 300_000 };

let ntp: NtpServer;
const brokers: Mosquitto[] = [];
const applications: XsApplication[] = [];
const runs: XsRun[] = [];

before(async () => {
	if (skip) return;
	ntp = await NtpServer.start();
	// The demo first: it says nothing to a broker for 30 s.
	for (const profile of ["demo", "node"]) {
		const broker = await startMosquitto();
		brokers.push(broker);
		const url = `mqtt://localhost:${broker.port}`;
		const application = await buildFirmware({ broker: url, ntp: ntp.name, profile });
		applications.push(application);
		const isNode = profile === "node";
		runs.push(isNode ? await bootFirmware(application) : await runXs(application));
	}
}, slow);

after(async () => {
	for (const run of runs) await run.stop();
	for (const application of applications) application.discard();
	for (const broker of brokers) await broker.discard();
	await ntp?.close();
});

test("plain: reports and commands at QoS 0, 1 and 2", slow, async (context) => {
	const [, broker] = brokers;
	const [, run] = runs;
	await run.waitFor(/^mqtt: subscribed to fieldmote\/xs-shed\/\+\/set at QoS 2/, 60_000);
	const known = new RegExp(`as ${NODE} \\(p2, c0, k60\\)`);
	tellLine(context, broker.log().split("\n"), "Mosquitto", known);
	await exercise(context, run, broker, broker.port);
});

test("plain: after a restart of the broker it comes back by itself", slow, async (context) => {
	await restartBroker(context, runs[1], brokers[1]);
});

test("demo: a report at each QoS, and its own back, at QoS 2 too", slow, async (context) => {
	const [run] = runs;
	const [broker] = brokers;
	for (const qos of [0, 1, 2]) {
		const [line] = await run.waitFor(
			new RegExp(`^demo: .*ESP8266_Pub at QoS ${qos}, 5 bytes`),
			90_000,
		);
		context.diagnostic(line);
	}
	const log = broker.log().split("\n");
	const from = `from ${NODE} `;
	for (const qos of [0, 1, 2]) {
		const sent = new RegExp(`Received PUBLISH ${from}\\(d0, q${qos}, .*ESP8266_Pub'`);
		tellLine(context, log, `a report at QoS ${qos}`, sent);
		const given = new RegExp(`Sending PUBLISH to ${NODE} \\(d0, q${qos}, .*ESP8266_Pub'`);
		tellLine(context, log, `its own, at QoS ${qos}`, given);
	}
	tellLine(context, log, "PUBREL of the report", new RegExp(`Received PUBREL ${from}`));
	tellLine(context, log, "PUBCOMP of its own", new RegExp(`Received PUBCOMP ${from}`));
	assert.ok(run.isRunning);
});
