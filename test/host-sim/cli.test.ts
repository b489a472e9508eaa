/** `npm start` against brokers of the user, from the first line to the last. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { freePort, skipWithout, startMosquitto } from "../support/mosquitto";
import { LIMIT_MS, paste, startSimulator } from "../support/simulator";

const skip = skipWithout("mosquitto", "mosquitto_sub", "mosquitto_pub");
const folder = mkdtempSync(join(tmpdir(), "fieldmote cli "));
after(() => rmSync(folder, { recursive: true }));

test("Mosquitto: the printed lines work, and Ctrl-C says good-bye", {
	skip,
	timeout: LIMIT_MS,
}, async (t) => {
	const broker = await startMosquitto();
	t.after(() => broker.discard());
	const url = `mqtt://localhost:${broker.port}`;
	const simulator = await startSimulator("start", "--broker", url, "--node", "n1", "--verbose");
	const watch = (await simulator.until(/^ {2}(mosquitto_sub .*)$/m))[1];
	const command = (await simulator.until(/^ {2}(mosquitto_pub .*)$/m))[1];
	await simulator.until(/n1 +wifi: joined/);
	await simulator.until(/n1 +clock: set, offset .* server 127\.0\.0\.1:/);
	await simulator.until(/n1 +tcp: connected to localhost/);
	await simulator.until(/n1 +mqtt: subscribed to fieldmote\/n1\/\+\/set at QoS 2/);
	await simulator.until(/n1 +node: time 20\d\d-.*Z, sequence \d+/);
	await simulator.until(/n1 +node: first report accepted by the broker/);
	const watcher = paste(`exec ${watch}`);
	await watcher.until(/^fieldmote\/n1\/availability online$/m);
	assert.equal(await paste(command).ended(), 0);
	await watcher.until(/^fieldmote\/n1\/relay\/state ON$/m);
	await simulator.until(/world +pin GPIO5: high/);
	simulator.kill("SIGINT");
	await watcher.until(/^fieldmote\/n1\/availability offline$/m);
	assert.equal(await simulator.ended(), 0);
	assert.match(simulator.out(), /n1 +node: stopped\n$/, "nothing is printed after that");
	assert.equal(simulator.err(), "");
	watcher.kill("SIGTERM");
	await watcher.ended();
	assert.match(broker.log(), /Received DISCONNECT from n1/);
	const retained = paste(`${watch.replace("'fieldmote/n1/#'", "fieldmote/n1/availability")} -C 1`);
	await retained.ended();
	assert.equal(retained.out(), "fieldmote/n1/availability offline\n");
});

test("--once: 0 with the first report that the broker has", {
	skip,
	timeout: LIMIT_MS,
}, async (t) => {
	const broker = await startMosquitto();
	t.after(() => broker.discard());
	const url = `mqtt://127.0.0.1:${broker.port}`;
	const simulator = await startSimulator("start", "--broker", url, "--once");
	assert.equal(await simulator.ended(), 0, simulator.out());
	assert.match(simulator.out(), /first report accepted/);
	assert.match(broker.log(), /Received PUBLISH from sim-1 \(d0, q1, .*fieldmote\/sim-1\/time/);
	assert.match(broker.log(), /Received DISCONNECT from sim-1/);
});

test("--once: 1 with the first failure; step, reason, next try", {
	timeout: LIMIT_MS,
}, async () => {
	const nobody = await freePort();
	const refused = await startSimulator("--broker", `mqtt://127.0.0.1:${nobody}`, "--once");
	assert.equal(await refused.ended(), 1);
	assert.match(refused.out(), /sim-1 +tcp failed: .*; next try in \d+\.\d s\n/);
	const unknown = await startSimulator("--broker", "mqtt://no-such-host.invalid", "--once");
	assert.equal(await unknown.ended(), 1);
	assert.match(unknown.out(), /sim-1 +dns failed: .*; next try in \d+\.\d s\n/);
});

test("user name and password, right and wrong", { skip, timeout: LIMIT_MS }, async (t) => {
	const passwords = join(folder, "passwd");
	await paste(`mosquitto_passwd -b -c '${passwords}' me 's3cret word'`).ended();
	const lines = ["allow_anonymous false", `password_file ${passwords}`];
	const broker = await startMosquitto(lines);
	t.after(() => broker.discard());
	const right = join(folder, "pass word");
	writeFileSync(right, "s3cret word\n");
	const wrong = join(folder, "wrong");
	writeFileSync(wrong, "guess\n");
	const words = ["start", "--broker", `mqtt://127.0.0.1:${broker.port}`, "--username", "me"];
	const good = await startSimulator(...words, "--password-file", right);
	await good.until(/first report accepted/);
	const line = (await good.until(/^ {2}(mosquitto_sub .*)$/m))[1];
	const watcher = paste(`${line} -C 1 -W 5`);
	assert.equal(await watcher.ended(), 0, watcher.err());
	good.kill("SIGTERM");
	assert.equal(await good.ended(), 0);
	const bad = await startSimulator(...words, "--password-file", wrong, "--once");
	assert.equal(await bad.ended(), 1);
	assert.match(bad.out(), /mqtt failed: .*; next try in/);
	for (const run of [good, bad]) assert.doesNotMatch(run.out() + run.err(), /s3cret|guess/);
});

test("wrong use: exit code 2, what is wrong, nothing started", { timeout: LIMIT_MS }, async () => {
	const option = await startSimulator("start", "--brokr", "x");
	assert.equal(await option.ended(), 2);
	assert.equal(option.out(), "");
	assert.match(
		option.err(),
		/^fieldmote start: unknown option --brokr; did you mean --broker\?\n$/,
	);
	const command = await startSimulator("strat");
	assert.equal(await command.ended(), 2);
	assert.match(command.err(), /unknown command "strat"; did you mean "start"\?/);
});

test("help goes to stdout", { timeout: LIMIT_MS }, async () => {
	const help = await startSimulator("--help");
	assert.equal(await help.ended(), 0);
	assert.match(help.out(), /--password-file FILE/);
	const overview = await startSimulator("help");
	assert.equal(await overview.ended(), 0);
	assert.match(overview.out(), /client/);
});
