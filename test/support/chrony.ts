/**
 * A real chrony on loopback for a test: as a server on a free port, or as a client that measures
 * a server once. Never touches the machine's clock (-x). Ended by its id.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { findProgram } from "./mosquitto";

export interface Chrony {
	readonly port: number;
	stop(): Promise<void>;
}

/** @param lines of chrony.conf, e.g. "local stratum 3"; without it the server is unsynchronised */
export async function startChrony(lines: readonly string[]): Promise<Chrony> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-chrony-"));
	const port = await freeUdpPort();
	const child = run(
		folder,
		["-d"],
		[`port ${port}`, "bindaddress 127.0.0.1", "allow 127.0.0.1", ...lines],
	);
	let text = "";
	child.stderr?.on("data", (bytes) => (text += bytes));
	child.stdout?.on("data", (bytes) => (text += bytes));
	const stop = async () => {
		if (child.exitCode === null) {
			child.kill("SIGTERM");
			await once(child, "exit");
		}
		rmSync(folder, { recursive: true, force: true });
	};
	for (let tries = 0; tries < 100; tries++) {
		if (child.exitCode !== null) break;
		if (await answers(port)) return { port, stop };
	}
	await stop();
	throw new Error(`chronyd did not start:\n${text}`);
}

/** How far chrony finds the machine's clock off from a server's; seconds, positive: too slow. */
export async function measureWithChrony(port: number): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-chrony-"));
	const child = run(
		folder,
		["-Q", "-t", "15"],
		[`server 127.0.0.1 port ${port} iburst maxsamples 1`],
	);
	let text = "";
	child.stderr?.on("data", (bytes) => (text += bytes));
	child.stdout?.on("data", (bytes) => (text += bytes));
	await once(child, "close");
	rmSync(folder, { recursive: true, force: true });
	const found = /System clock wrong by ([-\d.]+) seconds/.exec(text);
	if (found === null) throw new Error(`chrony measured nothing:\n${text}`);
	return Number(found[1]);
}

function run(folder: string, options: readonly string[], lines: readonly string[]): ChildProcess {
	const program = findProgram("chronyd");
	if (program === undefined) throw new Error("chronyd is not installed");
	const configuration = join(folder, "chrony.conf");
	const all = [...lines, "cmdport 0", "bindcmdaddress /", `pidfile ${join(folder, "pid")}`, ""];
	writeFileSync(configuration, all.join("\n"));
	const user = ["-u", userInfo().username];
	return spawn(program, ["-x", "-f", configuration, ...user, ...options], {
		stdio: ["ignore", "pipe", "pipe"],
	});
}

async function freeUdpPort(): Promise<number> {
	const socket = createSocket("udp4").bind(0, "127.0.0.1");
	await once(socket, "listening");
	const { port } = socket.address();
	socket.close();
	return port;
}

/** Whether an NTP server answers within 50 ms. */
async function answers(port: number): Promise<boolean> {
	const socket = createSocket("udp4");
	const request = new Uint8Array(48);
	request[0] = 0x23;
	socket.on("error", () => undefined);
	socket.send(request, port, "127.0.0.1");
	const answer = await Promise.race([
		once(socket, "message").then(() => true),
		new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 50)),
	]);
	socket.close();
	return answer;
}
