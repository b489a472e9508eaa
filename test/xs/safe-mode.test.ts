/**
 * The whole firmware on XS with a relay that makes it crash: the broker sends the command again
 * after each start, until the node is in safe mode and refuses it. Each life is a process of its
 * own, with the same preferences.
 */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { ClientProcess } from "../support/client";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { buildXs, runXs, whyNoXs, type XsApplication, type XsRun } from "./xs";

const skip = whyNoXs() || skipWithout("mosquitto");
const NODE = "xs-crasher";
const PATIENCE_MS = 30_000;

/** Instead of host-sim/xs/digital. */
const DIGITAL = `export default class Digital {
	static Output = 8;
	constructor() {}
	write(value) {
		if (value === 1) throw new TypeError("no coil");
	}
}
`;

/** What waited for the node is carried out: otherwise it would crash only once. */
const SITE = {
	entities: [{ kind: "relay", id: "relay", pin: "GPIO5", whileAway: "execute" }],
};

let folder: string;
let ntp: NtpServer;
let broker: Mosquitto;
let client: ClientProcess;
let application: XsApplication;

before(async () => {
	if (skip) return;
	folder = mkdtempSync(join(tmpdir(), "fieldmote-safe-"));
	const flash = join(folder, "flash");
	mkdirSync(flash);
	const manifest = {
		include: [resolve("manifest.json")],
		modules: { "~": [resolve("host-sim/xs/digital")], "embedded:io/digital": "./digital" },
		platforms: { lin: { config: { file: { root: `${flash}/` } } } },
	};
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
	writeFileSync(join(folder, "digital.js"), DIGITAL);
	writeFileSync(join(folder, "site.json"), JSON.stringify(SITE));
	[ntp, broker] = await Promise.all([NtpServer.start(), startMosquitto()]);
	const values = [`broker=mqtt://localhost:${broker.port}`, `node=${NODE}`, `ntp=${ntp.name}`];
	const environment = { SITE: join(folder, "site") };
	application = await buildXs({ folder, values: ["ssid=lin", ...values], environment });
	client = new ClientProcess();
	client.send({ op: "connect", port: broker.port, id: "watcher" });
	client.send({ op: "subscribe", subs: [{ topic: `fieldmote/${NODE}/#`, qos: 1 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
});

after(async () => {
	client?.kill();
	await broker?.discard();
	await ntp?.close();
	application?.discard();
	if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Also after the end of the machine: the hook's work is done when XS says so. */
async function line(run: XsRun, pattern: RegExp): Promise<void> {
	const deadline = Date.now() + PATIENCE_MS;
	while (!run.lines.some((text) => pattern.test(text))) {
		assert.ok(Date.now() < deadline, `no ${pattern}:\n${run.lines.join("\n")}`);
		await new Promise((done) => setTimeout(done, 50));
	}
}

/** One life that ends in a crash; what the next must find is on the disk. */
async function crash(first: RegExp, send: boolean): Promise<void> {
	const run = await runXs(application);
	try {
		await line(run, first);
		if (send) {
			await line(run, /^mqtt: subscribed/);
			const command = { op: "publish", topic: `fieldmote/${NODE}/relay/set`, payload: "ON" };
			client.send({ ...command, qos: 2, tag: 2 });
		}
		await line(run, /^XS abort: unhandled exception/);
		// The hook comes after this line.
		await new Promise((done) => setTimeout(done, 500));
	} finally {
		await run.stop();
	}
}

test("three crashes, then safe mode, which refuses what made it crash", { skip }, async () => {
	await crash(/^boot: start 1, crashes 0$/, true);
	await crash(/^boot: start 2, crash, crashes 1$/, false);
	await crash(/^boot: crashed: TypeError: no coil$/, false);
	const run = await runXs(application);
	try {
		await line(run, /^boot: start 4, crash, crashes 3$/);
		await line(run, /^boot: safe mode after 3 crashes in a row$/);
		const result = await client.next({ ev: "msg", topic: `fieldmote/${NODE}/result` });
		assert.deepEqual(JSON.parse(String(result.payload)), {
			entity: "relay",
			done: false,
			reason: "safe mode after 3 crashes in a row",
		});
		for (;;) {
			const said = await client.next({ ev: "msg", topic: `fieldmote/${NODE}/diag` });
			const diag = JSON.parse(String(said.payload));
			if (!diag.safe_mode) continue;
			assert.equal(diag.last_crash, "TypeError: no coil");
			assert.deepEqual([diag.boots, diag.crashes, diag.reset], [4, 3, "crash"]);
			// What XS tells of itself, here too.
			for (const key of ["xs_slots", "xs_chunks", "xs_stack"]) assert.ok(diag[key] > 0, key);
			assert.equal("heap" in diag, false);
			break;
		}
	} finally {
		await run.stop();
	}
});
