/**
 * The brokers' authority replaced under running boards, with a real Mosquitto: no connection is
 * lost but for the broker's own restart, and a board whose image lacks the successor is stranded.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Store } from "../../certs/store/store";
import { makeStoreBench } from "../support/certs-command";
import type { ClientProcess } from "../support/client";
import { freePort, type Mosquitto, skipWithout } from "../support/mosquitto";
import {
	assertNoGap,
	atEnd,
	LIMIT_MS,
	type NodeRig,
	broker as startBroker,
	startNode,
	watch,
} from "../support/node-rig";

const skip = skipWithout("mosquitto", "mosquitto_sub");
const AGAIN_MS = 500;
const CONNECTED = /^mqtt: connected/;

/** A Mosquitto with the store's files, and how to make it read them again. */
async function brokerOf(
	store: Store,
): Promise<{ readonly broker: Mosquitto; readonly plainPort: number; reload(): Promise<void> }> {
	const files = store.server("localhost");
	const pidFile = join(store.directory, "mosquitto.pid");
	const plainPort = await freePort();
	const broker = await startBroker(
		[
			`certfile ${files.chain}`,
			`keyfile ${files.key}`,
			`cafile ${store.deviceCa.certificate}`,
			`crlfile ${store.deviceCrl}`,
			"require_certificate true",
			"use_identity_as_username true",
			`listener ${plainPort} 127.0.0.1`,
			"allow_anonymous true",
		],
		[`pid_file ${pidFile}`],
	);
	async function reload(): Promise<void> {
		const before = count(broker.log(), /Reloading config/g);
		process.kill(Number(readFileSync(pidFile, "utf8")), "SIGHUP");
		await until(() => count(broker.log(), /Reloading config/g) > before, "reload");
	}
	return { broker, plainPort, reload };
}

/** A board with what is in its image now. */
function boardOf(store: Store, id: string, port: number): Promise<NodeRig> {
	const { imageAuthorities, imageCertificate, imageKey } = store.device(id);
	return startNode(
		{ url: `mqtts://localhost:${port}` },
		{
			name: id,
			credentials: {
				authorities: imageAuthorities.filter(existsSync).map((path) => readFileSync(path)),
				certificate: readFileSync(imageCertificate),
				key: readFileSync(imageKey),
			},
		},
	);
}

function count(text: string, pattern: RegExp): number {
	return (text.match(pattern) ?? []).length;
}

async function until(condition: () => boolean, what: string): Promise<void> {
	const late = Date.now() + LIMIT_MS;
	while (!condition()) {
		assert.ok(Date.now() < late, `${what} did not come`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

function linesSince(node: NodeRig, from: number, pattern: RegExp): string[] {
	return node.lines.slice(from).filter((line) => pattern.test(line));
}

/**
 * A program with a certificate and a CA file of its own, as bridges and dashboards have: it shows
 * what it gets, and comes back by itself, or is started again when it ends.
 */
function program(store: Store, id: string, cafile: string, port: number) {
	const { certificate, key } = store.device(id);
	const tls = ["--cafile", cafile, "--cert", certificate, "--key", key];
	const words = ["-h", "localhost", "-p", String(port), "-i", id, ...tls, "-t", "#", "-q", "1"];
	let lines = 0;
	let complaints = "";
	let isOver = false;
	let end = () => {};
	const start = () => {
		const child = spawn("mosquitto_sub", words, { stdio: ["ignore", "pipe", "pipe"] });
		child.stdout.on("data", (data: Buffer) => {
			lines += data.toString().split("\n").length - 1;
		});
		child.stderr.on("data", (data: Buffer) => {
			complaints += data.toString();
		});
		const timer = { again: undefined as NodeJS.Timeout | undefined };
		child.once("close", () => {
			if (!isOver) timer.again = setTimeout(start, AGAIN_MS);
		});
		end = () => {
			clearTimeout(timer.again);
			// While it connects it does not heed SIGTERM.
			child.kill("SIGKILL");
		};
	};
	start();
	atEnd(() => {
		isOver = true;
		end();
	});
	return { lines: () => lines, complaints: () => complaints };
}

/** The numbers of boards' reports, as a broker had them. */
class Reports {
	private readonly client: ClientProcess;
	private readonly seen: ReadonlyMap<string, number[]>;

	constructor(client: ClientProcess, ids: readonly string[]) {
		this.client = client;
		this.seen = new Map(ids.map((id) => [id, []]));
	}

	/** Waits for so many more of each. */
	async more(count: number): Promise<void> {
		const wanted = new Map([...this.seen].map(([id, { length }]) => [id, length + count]));
		const isMissing = () =>
			[...this.seen].some(([id, { length }]) => length < (wanted.get(id) ?? 0));
		while (isMissing()) {
			const { topic, payload } = await this.client.next({ ev: "msg" }, LIMIT_MS);
			const numbers = this.seen.get(String(topic).split("/")[1] ?? "");
			const { seq } = JSON.parse(String(payload));
			// What was not acknowledged comes again (QoS 1).
			if (numbers !== undefined && seq > (numbers.at(-1) ?? -1)) numbers.push(seq);
		}
	}

	assertNoGap(): void {
		for (const numbers of this.seen.values()) assertNoGap(numbers);
	}
}

/** Waits until it has got so many more lines. */
async function gets(subscriber: ReturnType<typeof program>, more: number): Promise<void> {
	const before = subscriber.lines();
	await until(() => subscriber.lines() >= before + more, `messages (${subscriber.complaints()})`);
}

test("a rotation of the brokers' authority under running boards strands none that carries the successor", {
	skip,
	timeout: 3 * LIMIT_MS,
}, async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	await bench.done("init");
	await bench.done("server", "localhost");
	await bench.done("device", "one", "two", "old");
	await bench.done("device", "edge", "careless");
	// As one that was flashed from an image without the successor.
	rmSync(store.device("old").imageAuthorities[1]);
	const copy = join(store.directory, "copied-before.pem");
	copyFileSync(store.brokerCas, copy);
	const alone = join(store.directory, "copied-alone.pem");
	copyFileSync(store.brokerCa.certificate, alone);
	const { broker, reload, plainPort } = await brokerOf(store);
	// A session that lasts: it misses nothing that the broker has acknowledged.
	const watcher = await watch(plainPort, "fieldmote/+/time");
	const reports = new Reports(watcher, ["one", "two"]);
	const [one, two, old] = await Promise.all(
		["one", "two", "old"].map((id) => boardOf(store, id, broker.port)),
	);
	for (const node of [one, two, old]) await node.line(CONNECTED);
	const edge = program(store, "edge", copy, broker.port);
	const careless = program(store, "careless", alone, broker.port);
	for (const subscriber of [edge, careless]) await gets(subscriber, 2);

	const refused = await bench.run("renew", "broker-ca");
	assert.equal(refused.status, 1);
	assert.match(refused.err, /^fieldmote certs: 1 device lacks the successor/);
	assert.match(refused.err, /^ {2}old: its image lacks it$/m);
	const before = bench.contents();
	const said = await bench.done("renew", "broker-ca", "--force");
	assert.match(said, /copy of broker-ca\.pem alone.*\n.*bridge_cafile.*broker-cas\.pem/);
	assert.match(said, /^Programs with a certificate here: edge\.$/m);
	const after = bench.contents();
	// No board's file and no broker's key is touched.
	for (const [name, hex] of Object.entries(before)) {
		if (/^(devices|device-ca|brokers\/localhost\/privkey)/.test(name)) {
			assert.equal(after[name], hex, name);
		}
	}
	assert.equal(after["broker-ca.pem"], before["broker-ca-next.pem"]);
	assert.equal(after["broker-cas.pem"], `${after["broker-ca.pem"]}${after["broker-ca-next.pem"]}`);

	// Reloaded, the broker keeps who is connected.
	const from = [one, two, old].map(({ lines }) => lines.length);
	await reload();
	await reports.more(4);
	await gets(careless, 2);
	for (const [at, node] of [one, two, old].entries()) {
		assert.deepEqual(
			linesSince(node, from[at], /failed|lost|connected/),
			[],
			node.lines.join("\n"),
		);
	}

	// Restarted, it shows the new certificate: one reconnect, and the certificate is taken.
	await broker.stop();
	// Reports go on being made meanwhile, and wait in the board.
	for (const node of [one, two]) {
		await node.line(/^mqtt failed/);
		const { length } = node.lines;
		const made = () => linesSince(node, length, /^node: time .*sequence/).length;
		await until(() => made() >= 2, "two reports without a broker");
	}
	const down = [one, two, old].map(({ lines }) => lines.length);
	await broker.start();
	for (const [at, node] of [one, two].entries()) {
		await node.line(CONNECTED);
		assert.deepEqual(linesSince(node, from[at], /tls failed/), []);
		assert.equal(linesSince(node, down[at], CONNECTED).length, 1);
	}
	await reports.more(6);
	reports.assertNoGap();
	assert.match(
		await old.line(/tls failed/),
		/tls failed: .*unknown authority CN=fieldmote broker CA [0-9a-f]{6}/,
	);
	await gets(edge, 2);
	// Mosquitto's tools say no more about a certificate that they do not trust.
	await until(() => /TLS error/.test(careless.complaints()), "a refusal");
	const lines = careless.lines();
	await gets(program(store, "careless", store.brokerCas, broker.port), 2);
	assert.equal(careless.lines(), lines);
	// A board with the image of today comes in as well.
	await bench.done("device", "old");
	const flashed = await boardOf(store, "old", broker.port);
	await flashed.line(CONNECTED);
});

test("a second rotation waits for the boards that were not flashed since the first", async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	await bench.done("init");
	await bench.done("device", "n1", "n2");
	await bench.done("renew", "broker-ca");
	const late = await bench.run("renew", "broker-ca");
	assert.equal(late.status, 1);
	assert.match(late.err, /2 devices lack the successor/);
	await bench.done("device", "--all");
	await bench.done("renew", "broker-ca");
	assert.ok(existsSync(store.retired));
});

test("a board that was revoked holds up no rotation", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("device", "n1", "gone");
	rmSync(store.device("gone").imageAuthorities[1]);
	assert.match((await run("renew", "broker-ca")).err, /1 device lacks the successor/);
	await done("revoke", "gone");
	await done("renew", "broker-ca");
});

test("renew without a name brings a broker over that is still under the authority before", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	await done("server", "a.lan");
	await done("server", "b.lan");
	const { chain } = store.server("a.lan");
	const before = readFileSync(chain, "utf8");
	await done("renew", "broker-ca");
	const other = readFileSync(store.server("b.lan").chain, "utf8");
	// As one that was brought back from a copy.
	writeFileSync(chain, before);
	assert.match((await run("check")).out, /a\.lan\/fullchain\.pem: is not under .* in use/);
	const said = await done("renew");
	assert.match(said, /a\.lan\/fullchain\.pem: new, /);
	assert.doesNotMatch(said, /b\.lan/);
	assert.equal(readFileSync(store.server("b.lan").chain, "utf8"), other);
	assert.match(await done("check"), /all good/);
});

test("what was flashed counts, not what the image on the computer is by now", async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	await bench.done("init");
	await bench.done("device", "n1");
	const { imageAuthorities } = await import("../../certs/image");
	const { recordFlashed } = await import("../../certs/store/ledger");
	const flash = () => {
		const at = new Date().toISOString();
		recordFlashed(store, {
			name: "n1",
			authorities: imageAuthorities(store, "n1"),
			serial: "",
			at,
		});
	};
	flash();
	await bench.done("renew", "broker-ca");
	await bench.done("device", "--all");
	const refused = await bench.run("renew", "broker-ca");
	assert.match(refused.err, /n1: was flashed without it/);
	flash();
	await bench.done("renew", "broker-ca");
});

test("a rotation that was stopped in the middle goes on with the same command", async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	await bench.done("init");
	await bench.done("server", "a.lan");
	await bench.done("device", "n1");
	const before = bench.contents();
	await bench.done("renew", "broker-ca");
	// As after the broker's certificates and the new authority's, before its key.
	for (const name of ["broker-ca.key", "broker-ca-next.pem", "broker-ca-next.key"]) {
		writeFileSync(join(store.directory, name), Buffer.from(before[name] ?? "", "hex"));
	}
	copyFileSync(store.brokerCaNext.certificate, store.brokerCa.certificate);
	assert.match((await bench.run("check")).out, /broker-ca\.key: does not belong to/);
	const between = bench.contents();
	await bench.done("renew", "broker-ca");
	const after = bench.contents();
	// What was done already is not done again.
	for (const name of Object.keys({ ...between, ...after })) {
		if (/^(retired|brokers)\//.test(name)) assert.equal(after[name], between[name], name);
	}
	assert.equal(after["broker-ca.key"], before["broker-ca-next.key"]);
	assert.notEqual(after["broker-ca-next.key"], before["broker-ca-next.key"]);
	await bench.done("device", "n1");
	assert.equal((await bench.run("check")).out.split("\n").length, 2);
});
