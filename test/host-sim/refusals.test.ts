/**
 * Who is refused, on both sides of the TLS connection, with certificates of the store and a real
 * Mosquitto; and the line on the node's console that says why. A recorder between the two is the
 * witness that a node which refuses its broker says nothing but its hello.
 */

import assert from "node:assert/strict";
import { KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { init } from "../../certs/commands/init";
import { revoke } from "../../certs/commands/revoke";
import { issueDevice, issueServer } from "../../certs/signing/issue";
import { type ServerFiles, Store } from "../../certs/store/store";
import { readCredentials } from "../../host-sim/key-files";
import { type Program, powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard, relayBoard } from "../support/board";
import { make, makeKeys } from "../support/certificate-maker";
import { makePasswords, PASSWORD, USER } from "../support/flow-ways";
import { type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";
import { recordTypes, startRecorder, waitFor } from "../support/packet-recorder";
import { pemOf } from "../support/tls-brokers";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const options = { skip, timeout: 90_000 };
const WIFI = { ssid: "garden", password: "eight chars" };
const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const PAST = { nowMs: NOW_MS - 30 * DAY_MS, days: 5 };
/** Content types of TLS records: Alert and Handshake; Data would be 23. */
const [ALERT, HANDSHAKE] = [21, 22];

const folder = mkdtempSync(join(tmpdir(), "fieldmote-refusals-"));
const store = new Store(join(folder, "store"));
const other = new Store(join(folder, "other"));
const ends: (() => unknown)[] = [];

let program: Program;
let ntp: NtpServer;

before(async () => {
	if (skip !== false) return;
	program = await buildProgram("firmware/main.ts");
	ntp = await NtpServer.start();
	for (const one of [store, other]) {
		await init.run([], contextOf(one));
		await issueServer(one, ["localhost"], { nowMs: NOW_MS });
	}
});

after(async () => {
	for (const end of ends.reverse()) await end();
	await ntp?.close();
	rmSync(folder, { recursive: true });
});

function contextOf(one: Store) {
	return { store: one, nowMs: NOW_MS, say: () => undefined, isInterrupted: () => false };
}

interface NodeOptions {
	readonly port: number;
	readonly ca: string;
	readonly identity?: { readonly certificate: string; readonly key: string };
	readonly username?: string | undefined;
	readonly password?: string | undefined;
}

/** Runs the firmware until it is in or says why it is not; that line, and the delay it names. */
async function outcome(node: NodeOptions): Promise<{ line: string; delayMs: number }> {
	const { port, ca, identity, username, password } = node;
	const { certificate: cert, key } = identity ?? {};
	const { board, lines, crashes } = makeBoard({
		name: USER,
		accessPoint: new AccessPoint({ networks: [WIFI] }),
		boardFile: relayBoard(),
		credentials: readCredentials({ ca: [ca], cert, key }),
		site: {
			node: USER,
			wifi: [WIFI],
			ntp: { servers: [ntp.name] },
			broker: { url: `mqtts://localhost:${port}`, username, password },
		},
	});
	ends.push(() => board.powerOff());
	powerOn(board, program);
	const ending =
		/^((?:tls|mqtt|tcp) failed: .*); next try in ([\d.]+) (ms|s)$|first report accepted/;
	await waitFor(
		() => lines.some((line) => ending.test(line)),
		() => lines.join("\n"),
	);
	board.powerOff();
	assert.deepEqual(crashes, []);
	assert.ok(!lines.join("\n").includes(PASSWORD), "the password is on the console");
	const [whole, line, delay, unit] = lines.map((text) => ending.exec(text)).find(Boolean) ?? [];
	if (line === undefined) return { line: whole ?? "", delayMs: 0 };
	return { line: withoutChance(line), delayMs: Number(delay) * (unit === "s" ? 1000 : 1) };
}

/** Ports, dates and the authorities' own numbers differ from run to run. */
function withoutChance(line: string): string {
	return line
		.replace(/127\.0\.0\.1:\d+/, "ADDRESS")
		.replace(/ CA [0-9a-f]{6}$/, " CA …")
		.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, "DATE");
}

async function start(files: ServerFiles, ...more: string[]): Promise<Mosquitto> {
	const broker = await startMosquitto([`certfile ${files.chain}`, `keyfile ${files.key}`, ...more]);
	ends.push(() => broker.discard());
	return broker;
}

const ACCEPTED = "first report accepted";

test("a broker with passwords: who is refused, and what the node says", options, async () => {
	const passwords = makePasswords(folder);
	const strict = ["allow_anonymous false", `password_file ${passwords}`];
	const broker = await start(store.server("localhost"), ...strict);
	const why = "not authorized: unknown user, wrong password or not allowed";
	const reason = `mqtt failed: connection refused: ${why}`;
	const table: [string, Partial<NodeOptions>, string][] = [
		["right", { username: USER, password: PASSWORD }, ACCEPTED],
		["wrong password", { username: USER, password: "wrong" }, reason],
		["unknown user", { username: "nobody", password: PASSWORD }, reason],
		["no user", {}, reason],
	];
	for (const [title, who, line] of table) {
		const ca = store.brokerCa.certificate;
		const found = await outcome({ port: broker.port, ca, ...who });
		assert.equal(found.line, line, title);
		// Who is refused for what it is does not hurry.
		if (line !== ACCEPTED) assert.ok(found.delayMs >= 60_000, `${title}: ${found.delayMs}`);
	}
});

type Row = readonly [title: string, identity: NodeOptions["identity"], line: string];

/** At a broker that asks devices for certificates; the first row is to be let in. */
async function checkIdentities(table: readonly Row[]): Promise<void> {
	const broker = await start(
		store.server("localhost"),
		`cafile ${store.deviceCa.certificate}`,
		`crlfile ${store.deviceCrl}`,
		"require_certificate true",
		"use_identity_as_username true",
	);
	const found: string[][] = [];
	for (const [title, identity] of table) {
		const ca = store.brokerCa.certificate;
		found.push([title, (await outcome({ port: broker.port, ca, identity })).line]);
	}
	assert.deepEqual(
		found,
		table.map(([title, , line]) => [title, line]),
	);
	assert.equal(broker.log().match(/New client connected/g)?.length, 1);
}

test(
	"a broker that wants a certificate: none is refused, and the node says so",
	options,
	async () => {
		const good = await issueDevice(store, USER, { nowMs: NOW_MS });
		const what = "handshake failure: no ECDHE with AES-GCM there, or it wants a client certificate";
		await checkIdentities([
			["good", good, ACCEPTED],
			["none", undefined, `tls failed: ADDRESS: broker sent alert 40, ${what}`],
		]);
	},
);

test("certificates that a broker refuses, and what the node says", options, async () => {
	const now = { nowMs: NOW_MS };
	const good = await issueDevice(store, USER, now);
	const lost = await issueDevice(store, "lost", now);
	await revoke.run(["lost"], contextOf(store));
	const old = await issueDevice(store, "old", PAST);
	const foreign = await issueDevice(other, USER, now);
	const server = await issueServer(store, [USER], { ...now, keyKind: "RSA" });
	const alert = "tls failed: ADDRESS: broker sent alert";
	const unknown = `${alert} 48, unknown CA: it does not know who signed our certificate`;
	await checkIdentities([
		["good", good, ACCEPTED],
		["of another store's CA", foreign, unknown],
		["a broker's", { certificate: server.chain, key: server.key }, unknown],
		["expired", old, `${alert} 45, certificate expired: ours, or its revocation list`],
		["revoked", lost, `${alert} 44, certificate revoked: ours is`],
	]);
});

test("a broker that is not the right one: refused, and nothing said to it", options, async () => {
	const genuine = store.server("localhost");
	const forged = await make({
		name: "localhost",
		names: ["localhost"],
		keys: await makeKeys("P-256"),
		from: new Date(NOW_MS - DAY_MS),
		to: new Date(NOW_MS + DAY_MS),
	});
	const at = (name: string) => join(folder, name);
	const ca = store.brokerCa.certificate;
	writeFileSync(at("forged.pem"), pemOf(forged) + readFileSync(ca, "utf8"));
	const forgedKey = KeyObject.from(forged.keys.privateKey);
	writeFileSync(at("forged.key"), forgedKey.export({ format: "pem", type: "pkcs8" }));
	const now = { nowMs: NOW_MS };
	const device = await issueDevice(store, "poser", now);
	const tls = "tls failed: ADDRESS:";
	const table: [string, Pick<ServerFiles, "chain" | "key">, string][] = [
		["genuine", genuine, ACCEPTED],
		[
			"wrong name",
			await issueServer(store, ["broker.example"], now),
			`${tls} certificate is not for localhost (CN=broker.example)`,
		],
		[
			"of another store's CA",
			other.server("localhost"),
			`${tls} unknown authority CN=fieldmote broker CA …`,
		],
		[
			"expired",
			await issueServer(store, ["localhost"], { ...PAST, name: "expired" }),
			`${tls} certificate expired DATE (CN=localhost)`,
		],
		[
			"forged, the genuine CA behind it",
			{ chain: at("forged.pem"), key: at("forged.key") },
			`${tls} unknown authority CN=localhost`,
		],
		[
			"a device's",
			{ chain: device.certificate, key: device.key },
			`${tls} extended key usage without serverAuth (CN=poser)`,
		],
	];
	const found: string[][] = [];
	for (const [title, files] of table) {
		const broker = await start({ folder, ...files }, "allow_anonymous true");
		const recorder = await startRecorder(broker.port);
		ends.push(() => recorder.close());
		const who = { username: USER, password: PASSWORD };
		const { line } = await outcome({ port: recorder.port, ca, ...who });
		found.push([title, line]);
		const sent = recordTypes(Buffer.concat(recorder.recordings[0].sent));
		if (line === ACCEPTED) continue;
		const isSilent = sent.every((type) => type === HANDSHAKE || type === ALERT);
		assert.ok(isSilent, `${title}: sent records of types ${sent}`);
		assert.doesNotMatch(broker.log(), /New client connected/, title);
	}
	assert.deepEqual(
		found,
		table.map(([title, , line]) => [title, line]),
	);
});
