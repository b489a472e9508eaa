/**
 * How long the start takes: `npm start` to the first report that the broker accepted, and the
 * round trips over TLS from the TCP connection to the first PUBLISH, counted in a proxy.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureCertificates } from "../../certs/ensure";
import { startMosquitto } from "../support/mosquitto";
import { median, type Row } from "./table";

const ROUNDS = 5;
const APPLICATION_DATA = 23;

export async function rows(): Promise<Row[]> {
	const times: number[] = [];
	// The first start makes certificates and builds; it does not count.
	for (let round = 0; round <= ROUNDS; round++) {
		const ms = await firstReportMs([]);
		if (round > 0) times.push(ms);
	}
	return [
		{
			name: "npm start to first report accepted",
			ours: median(times),
			peer: undefined,
			unit: "ms",
			peerName: "",
			target: 5000,
			lessIsBetter: true,
		},
		{
			name: "round trips, TCP connected to first PUBLISH, TLS 1.2",
			ours: await roundTrips(),
			peer: undefined,
			unit: "",
			peerName: "",
			target: 3,
			lessIsBetter: true,
		},
	];
}

/** Milliseconds from the start of `npm start` to the console line that says so. */
async function firstReportMs(options: readonly string[]): Promise<number> {
	const begin = performance.now();
	const child = spawn("npm", ["start", "-s", "--", ...options], {
		stdio: ["ignore", "pipe", "ignore"],
		detached: true,
	});
	try {
		await lineOf(child, /first report accepted/);
		return performance.now() - begin;
	} finally {
		// npm's own group: Ctrl-C at a terminal reaches all of it, too.
		if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
		if (child.exitCode === null) await once(child, "exit");
	}
}

function lineOf(child: ChildProcess, pattern: RegExp): Promise<void> {
	return new Promise((resolve, reject) => {
		if (child.stdout === null) throw new Error("no pipe");
		createInterface({ input: child.stdout }).on("line", (line) => {
			if (pattern.test(line)) resolve();
		});
		child.once("exit", () => reject(new Error(`ended before ${pattern}`)));
	});
}

/**
 * Counts answers of the broker that the node waited for: changes of direction from broker to node
 * before the record that carries the first PUBLISH. That is the first record of application data
 * that the node sends after the broker's first, which is CONNACK.
 */
async function roundTrips(): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-bench-"));
	const files = await ensureCertificates(folder, { brokerNames: ["127.0.0.1"] });
	const tls = [`certfile ${files.brokerChain}`, `keyfile ${files.brokerKey}`];
	const broker = await startMosquitto(["allow_anonymous true", ...tls]);
	let trips = 0;
	let counting = true;
	const proxy = createServer((node) => {
		const upstream = connect(broker.port, "127.0.0.1");
		let last = "";
		let accepted = false;
		const record = (from: string, type: number): void => {
			if (!counting) return;
			if (from === "node" && last === "broker") trips++;
			last = from;
			if (type !== APPLICATION_DATA) return;
			if (from === "broker") accepted = true;
			else if (accepted) counting = false;
		};
		tap(node, upstream, (type) => record("node", type));
		tap(upstream, node, (type) => record("broker", type));
	}).listen(0, "127.0.0.1");
	await once(proxy, "listening");
	const { port } = proxy.address() as { port: number };
	try {
		await firstReportMs(["--broker", `mqtts://127.0.0.1:${port}`, "--ca", files.brokerCa]);
		return trips;
	} finally {
		proxy.close();
		await broker.discard();
		rmSync(folder, { recursive: true });
	}
}

/** Passes bytes on and tells the type of each TLS record that begins (RFC 5246 6.2.1). */
function tap(source: Socket, target: Socket, onRecord: (type: number) => void): void {
	let header: number[] = [];
	let rest = 0;
	source.on("data", (bytes) => {
		for (const byte of bytes) {
			if (rest > 0) rest--;
			else if (header.push(byte) === 5) {
				rest = header[3] * 256 + header[4];
				onRecord(header[0]);
				header = [];
			}
		}
		target.write(bytes);
	});
	source.on("close", () => target.destroy());
	source.on("error", () => target.destroy());
}
