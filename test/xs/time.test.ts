/**
 * The clock and the resolver on XS, over the SDK's own UDP: against chrony, and against a server
 * that refuses.
 */

import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { NameServer, RCODE } from "../../host-sim/world/name-server";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { type Chrony, startChrony } from "../support/chrony";
import { skipWithout } from "../support/mosquitto";
import { type Application, buildApplication } from "./application";
import { runXs, whyNoXs, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("chronyd");

let chrony: Chrony;
let refusing: NtpServer;
let names: Socket;
let application: Application;
let run: XsRun;

async function startNames(): Promise<Socket> {
	const server = new NameServer({
		"time.test": ["127.0.0.1"],
		"two.test": ["192.0.2.1", "192.0.2.2"],
		"alias.test": { alias: "two.test" },
		"bad.test": { rcode: RCODE.serverFailure },
	});
	const socket = createSocket("udp4");
	socket.on("message", (query, { port, address }) => {
		void server.answer(query).then((answer) => answer && socket.send(answer, port, address));
	});
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}

before(async () => {
	if (skip) return;
	[chrony, refusing, names] = await Promise.all([
		startChrony(["local stratum 3"]),
		NtpServer.start({ faults: { kiss: "DENY" } }),
		startNames(),
	]);
	application = await buildApplication({
		program: 'import "./test/xs/time-main";',
		creation: {},
		values: [
			`ntp=${refusing.name} time.test:${chrony.port}`,
			`dns=127.0.0.1:${names.address().port}`,
		],
	});
	run = await runXs(application);
});

after(async () => {
	await run?.stop();
	application?.discard();
	names?.close();
	await refusing?.close();
	await chrony?.stop();
});

test("names resolve, and each failure has its reason", { skip }, async () => {
	await run.waitFor(/^name 192\.0\.2\.9:/);
	const said = run.lines.filter((line) => line.startsWith("name "));
	assert.deepEqual(said, [
		"name localhost: 127.0.0.1",
		"name two.test: 192.0.2.1 192.0.2.2",
		"name alias.test: 192.0.2.1 192.0.2.2",
		"name none.test: no such name",
		"name bad.test: name server failure (127.0.0.1)",
		"name 192.0.2.9: 192.0.2.9",
	]);
});

test("a server that refuses is left, chrony sets the clock", { skip }, async () => {
	await run.waitFor(/^clock failed: .*kiss-o'-death DENY; next try in 0\.0 s$/);
	await run.waitFor(/^clock: set, .*, server time\.test:\d+ \(127\.0\.0\.1\), stratum 3$/);
	assert.equal(refusing.requests, 1);
});

test("the clock agrees with the machine's within its bound, and never goes back", {
	skip,
}, async () => {
	const compared = () => {
		const found = run.lines.map((line) => /^miss (-?\d+) bound ([\d.]+) at (\S+)$/.exec(line));
		return found.filter((row) => row !== null);
	};
	// Beyond the four samples of the first round.
	for (let waitedMs = 0; compared().length < 16 && waitedMs < 30_000; waitedMs += 100) {
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	assert.ok(compared().length >= 16, run.lines.join("\n"));
	const rows = compared();
	let last = "";
	for (const [line, miss, bound, at] of rows) {
		assert.ok(Math.abs(Number(miss)) <= Number(bound), line);
		assert.ok(Number(bound) < 100, line);
		assert.ok(at >= last, line);
		last = at;
	}
});
