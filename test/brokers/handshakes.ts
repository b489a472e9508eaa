/**
 * What a TLS handshake costs Mosquitto in CPU time, from /proc: as many as asked for, one after
 * the other, with the broker's certificate alone and with a client certificate. Run it on an idle
 * machine: `node --import tsx test/brokers/handshakes.ts [count]`. Linux only.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { makeCertificates } from "../support/flow-ways";
import { startMosquitto } from "../support/mosquitto";

/** USER_HZ, which Linux has the same everywhere. */
const TICK_MS = 10;
const count = Number(process.argv[2] ?? 400);

/** User and system time (proc(5): fields 14 and 15). */
function cpuMs(pid: number): number {
	const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
	return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function handshake(port: number, identity: object): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		const socket = connect({
			host: "127.0.0.1",
			port,
			// Whom it trusts is not what is measured.
			rejectUnauthorized: false,
			maxVersion: "TLSv1.2",
			ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
			ecdhCurve: "prime256v1",
			...identity,
		});
		socket.once("secureConnect", () => {
			socket.destroy();
			resolve();
		});
		socket.once("error", reject);
	});
}

const folder = mkdtempSync(join(tmpdir(), "fieldmote-handshakes-"));
try {
	const { serverFiles, identity } = await makeCertificates(folder);
	const server = [`certfile ${serverFiles.chain}`, `keyfile ${serverFiles.key}`];
	const clients = [`cafile ${serverFiles.clientCa}`, "require_certificate true"];
	const own = { cert: readFileSync(identity.cert), key: readFileSync(identity.key) };
	const cases: [string, string[], object][] = [
		["P-256", server, {}],
		["P-256, client certificate RSA 2048 under P-256", [...server, ...clients], own],
	];
	for (const [title, lines, more] of cases) {
		const pidFile = join(folder, "pid");
		const broker = await startMosquitto([...lines], [`pid_file ${pidFile}`]);
		try {
			const pid = Number(readFileSync(pidFile, "utf8"));
			const before = cpuMs(pid);
			for (let i = 0; i < count; i++) await handshake(broker.port, more);
			const each = (cpuMs(pid) - before) / count;
			console.log(`${title}: ${each.toFixed(2)} ms of CPU for a handshake`);
		} finally {
			await broker.discard();
		}
	}
} finally {
	rmSync(folder, { recursive: true });
}
