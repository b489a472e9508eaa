/**
 * The whole firmware on XS over TLS without a client certificate: real Mosquitto, then brokers with
 * bad chains on the same port. Each is told with its reason and tried again, gets not a byte, and
 * nothing aborts: behind the bad ones a good broker is connected to.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { freePort, type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { files } from "../support/tls-brokers";
import { type BadChain, type ChainCast, makeBadChains, startChainServer } from "./bad-chains";
import {
	bootFirmware,
	buildFirmware,
	count,
	exercise,
	NODE,
	restartBroker,
	tellLine,
	waitForCount,
} from "./firmware-rig";
import { Front } from "./front";
import { whyNoXs, type XsApplication } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const slow = { skip, timeout: 300_000 };
/** Bad chains in one run: the waits between tries double with each. */
const TOGETHER = 3;
const FAILED = /^(tcp|tls|mqtt) failed: .*; next try in [\d.]+ s$/;

let folder: string;
let ntp: NtpServer;
let front: Front;
let plainPort: number;
let cast: ChainCast;
let broker: Mosquitto;
/** Wants client certificates, of which the image has none. */
let strict: Mosquitto;
let application: XsApplication;

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-xs-chains-"));
	[ntp, front, plainPort] = [await NtpServer.start(), await Front.start(), await freePort()];
	cast = await makeBadChains();
	const tls = files(folder, "broker", cast.good, cast.authority);
	broker = await startMosquitto(
		["allow_anonymous true", ...tls],
		["allow_anonymous true", `listener ${plainPort} 127.0.0.1`],
	);
	strict = await startMosquitto([...tls, "require_certificate true"]);
	const credentials = join(folder, "image");
	mkdirSync(credentials);
	writeFileSync(join(credentials, "authority.der"), cast.authority.der);
	const url = `mqtts://localhost:${front.port}`;
	application = await buildFirmware({ broker: url, ntp: ntp.name, credentials });
}, slow);

after(async () => {
	application?.discard();
	await front?.close();
	await broker?.discard();
	await strict?.discard();
	await ntp?.close();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

test(
	"TLS: reports and commands at QoS 0, 1 and 2, a restart of the broker",
	slow,
	async (context) => {
		front.lead(broker.port);
		const run = await bootFirmware(application);
		try {
			await run.waitFor(/^mqtt: subscribed to .*\/set at QoS 2/, 60_000);
			const { tap } = front.visits[front.visits.length - 1];
			context.diagnostic(`handshake: ${tap}`);
			assert.ok(tap.isDone && !tap.hasClientCertificate, String(tap));
			assert.equal(tap.chosen, "TLS 1.2, ECDHE-ECDSA-AES128-GCM-SHA256");
			const known = new RegExp(`as ${NODE} \\(p2, c0, k60\\)`);
			tellLine(context, broker.log().split("\n"), "Mosquitto", known);
			await exercise(context, run, broker, plainPort);
			await restartBroker(context, run, broker);
			const last = front.visits[front.visits.length - 1];
			assert.ok(last.tap !== tap && last.tap.isDone, String(last.tap));
		} finally {
			await run.stop();
		}
	},
);

test("a broker that wants a client certificate is told, and tried again", slow, async (context) => {
	const first = front.visits.length;
	front.lead(strict.port, broker.port);
	const run = await bootFirmware(application);
	try {
		const [line] = await run.waitFor(FAILED, 90_000);
		context.diagnostic(line);
		assert.match(line, /wants a client certificate/);
		await run.waitFor(/^mqtt: connected/, 60_000);
		context.diagnostic(
			`handshakes: ${front.visits
				.slice(first)
				.map(({ tap }) => tap)
				.join("; ")}`,
		);
		assert.match(strict.log(), /peer did not return a certificate/);
		assert.equal(front.visits.length, first + 2);
	} finally {
		await run.stop();
	}
});

test("bad chains: an error and the next try, never an abort", slow, async (context) => {
	const { chains } = cast;
	assert.ok(chains.length >= 18);
	for (let at = 0; at < chains.length; at += TOGETHER) {
		const some = chains.slice(at, at + TOGETHER);
		const titles = some.map(({ title }) => title).join("; ");
		await context.test(titles, slow, async (inner) => {
			for (const line of await meet(some)) inner.diagnostic(line);
		});
	}
});

/** One life of the firmware: each bad chain once, then the good broker. What was seen. */
async function meet(some: readonly BadChain[]): Promise<readonly string[]> {
	const servers = await Promise.all(some.map(startChainServer));
	const first = front.visits.length;
	front.lead(...servers.map(({ port }) => port), broker.port);
	const run = await bootFirmware(application);
	try {
		await waitForCount(run, FAILED, some.length);
		await run.waitFor(/^mqtt: connected/, 60_000);
		const said = run.lines.filter((line) => FAILED.test(line));
		assert.equal(said.length, some.length, said.join("\n"));
		assert.equal(count(run, /^XS abort/), 0);
		const visits = front.visits.slice(first);
		assert.equal(visits.length, some.length + 1);
		some.forEach(({ title, reason }, i) => {
			assert.ok(said[i].includes(`: ${reason}`), `${title}: ${said[i]}`);
			const { tap } = visits[i];
			assert.notEqual(tap.chosen, "", `${title}: no handshake was begun`);
			assert.ok(!tap.client.encrypts && !tap.client.hasData, `${title}: ${tap}`);
			assert.equal(servers[i].completed.length + servers[i].taken.length, 0, title);
		});
		const { tap } = visits[some.length];
		assert.ok(tap.isDone, String(tap));
		const ends = servers.map(({ ends }) => ends.join(", ") || "nothing");
		const lines = some.map(({ title }, i) => `${title}: ${said[i]}; its OpenSSL: ${ends[i]}`);
		return [...lines, `then the good broker, try ${visits.length}: ${tap}`];
	} finally {
		await run.stop();
		for (const server of servers) await server.close();
	}
}
