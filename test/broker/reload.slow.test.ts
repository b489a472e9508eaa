/**
 * What Mosquitto reads again at SIGHUP and what only at a restart; docs/brokers.md says it after
 * these tests. And the files that go wrong.
 */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import tls from "node:tls";
import type { IClientOptions } from "mqtt";
import { generate, parser } from "mqtt-packet";
import { main as certs } from "../../certs/cli";
import { ensureCertificates } from "../../certs/ensure";
import { Store } from "../../certs/store/store";
import { skipWithout } from "../support/mosquitto";
import {
	connect,
	eventually,
	makeDirectory,
	SOURCE,
	type Staged,
	servedCertificate,
	startStaged,
} from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const options = { skip, timeout: 90_000 };
const directory = makeDirectory();
const other = makeDirectory();
const names = { brokerNames: ["localhost", "127.0.0.1"] };
const CHAIN = "/etc/mosquitto/certs/fullchain.pem";
const KEY = "/etc/mosquitto/certs/privkey.pem";
const CA = "/etc/mosquitto/certs/device-ca.pem";
const CRL = "/etc/mosquitto/certs/device-crl.pem";

before(async () => {
	for (const folder of [directory, other]) {
		await ensureCertificates(folder, { ...names, node: "sim-1" });
	}
});

/** Copies, so that the store stays as it is. */
function copies(from: string): Record<string, string> {
	const folder = makeDirectory();
	const store = new Store(from);
	const { chain, key } = store.server("localhost");
	const sources = { [CHAIN]: chain, [KEY]: key, [CA]: store.deviceCa.certificate };
	const paths: Record<string, string> = {};
	for (const [path, source] of Object.entries({ ...sources, [CRL]: store.deviceCrl })) {
		paths[path] = join(folder, path.slice(path.lastIndexOf("/") + 1));
		copyFileSync(source, paths[path]);
	}
	return paths;
}

/** Puts the files of another store in the place of these. */
function replace(paths: Readonly<Record<string, string>>, which: readonly string[]): void {
	const theirs = copies(other);
	for (const path of which) copyFileSync(theirs[path] as string, paths[path] as string);
}

function fingerprint(path: string): string {
	return new X509Certificate(readFileSync(path)).fingerprint256;
}

/** Whether a device comes in; the broker's own certificate is not the question. */
async function knock(broker: Staged, user: string, from = directory): Promise<string> {
	const device = new Store(from).device(user);
	const login: IClientOptions = {
		protocol: "mqtts",
		rejectUnauthorized: false,
		cert: readFileSync(device.certificate),
		key: readFileSync(device.key),
	};
	try {
		await (await connect(broker.ports.mutual as number, login)).endAsync();
		return "in";
	} catch (error) {
		return (error as Error).message.replace(/^.*?(alert [a-z ]+):.*$/s, "$1");
	}
}

test(
	"certificate and key: at SIGHUP; over WebSocket once somebody has been connected",
	options,
	async () => {
		const paths = copies(directory);
		const broker = await startStaged(["mutual", "websockets"], { directory, paths });
		const { mutual = 0, websockets = 0 } = broker.ports;
		const first = fingerprint(paths[CHAIN] as string);
		assert.equal(await servedCertificate(mutual), first);
		replace(paths, [CHAIN, KEY]);
		const second = fingerprint(paths[CHAIN] as string);
		await broker.reload();
		assert.equal(await servedCertificate(mutual), second);
		assert.equal(await servedCertificate(websockets), first, "no client yet");
		const login = { username: "dashboard", password: broker.password("dashboard") };
		const client = await connect(websockets, {
			protocol: "wss",
			rejectUnauthorized: false,
			...login,
		});
		await broker.reload();
		assert.equal(await servedCertificate(websockets), second, "after a client");
		await client.endAsync();
		await broker.stop();
	},
);

test("a certificate without its key closes the listener until it is mended", options, async () => {
	const paths = copies(directory);
	const broker = await startStaged(["mutual"], { directory, paths });
	assert.equal(await knock(broker, "sim-1"), "in");
	replace(paths, [CHAIN]);
	await broker.reload();
	assert.match(await knock(broker, "sim-1"), /handshake failure/);
	await broker.until(/Unable to load server key file/);
	replace(paths, [KEY]);
	await broker.reload();
	assert.equal(await knock(broker, "sim-1"), "in");
	await broker.stop();
});

test("revoked: at SIGHUP, but who is connected stays until a restart", options, async () => {
	const folder = makeDirectory();
	await ensureCertificates(folder, names);
	const broker = await startStaged(["mutual"], { directory: folder });
	const { cert, key } = broker.files.certificateOf("sim-1");
	const files = { cert: readFileSync(cert), key: readFileSync(key) };
	const inside = await connect(broker.ports.mutual as number, {
		protocol: "mqtts",
		rejectUnauthorized: false,
		...files,
	});
	let isOut = false;
	inside.on("close", () => {
		isOut = true;
	});
	await revoke(folder, "sim-1");
	await broker.reload();
	assert.equal(await knock(broker, "sim-1", folder), "alert certificate revoked");
	assert.equal(await knock(broker, "logger", folder), "in");
	await inside.subscribeAsync("fieldmote/sim-1/+/set");
	assert.equal(isOut, false);
	await broker.stop();
	await eventually("the end", () => isOut || undefined);
	await broker.start();
	assert.equal(await knock(broker, "sim-1", folder), "alert certificate revoked");
	await broker.stop();
});

test("a TLS session of before its certificate was revoked helps nobody in", options, async () => {
	for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
		const folder = makeDirectory();
		await ensureCertificates(folder, names);
		const broker = await startStaged(["mutual"], { directory: folder });
		const first = await greet(broker, version);
		assert.equal(first.answer, "connack");
		const again = await greet(broker, version, first.session);
		assert.equal(`${again.answer}, resumed: ${again.isResumed}`, "connack, resumed: true");
		await revoke(folder, "sim-1");
		await broker.reload();
		const late = await greet(broker, version, again.session ?? first.session);
		assert.match(late.answer, /certificate revoked/, version);
		await broker.stop();
	}
});

interface Greeted {
	readonly answer: string;
	readonly session: Buffer | undefined;
	readonly isResumed: boolean;
}

/** TLS and CONNECT as sim-1, with a TLS session of before; the answer, or the error. */
function greet(
	{ ports, files }: Staged,
	version: "TLSv1.2" | "TLSv1.3",
	session?: Buffer,
): Promise<Greeted> {
	const { cert, key } = files.certificateOf("sim-1");
	return new Promise((resolve) => {
		let next: Buffer | undefined;
		const socket = tls.connect({
			port: ports.mutual as number,
			host: "localhost",
			rejectUnauthorized: false,
			cert: readFileSync(cert),
			key: readFileSync(key),
			minVersion: version,
			maxVersion: version,
			...(session && { session }),
		});
		const end = (answer: string) => {
			resolve({ answer, session: next, isResumed: socket.isSessionReused() });
			socket.destroy();
		};
		const packets = parser({ protocolVersion: 4 });
		packets.on("packet", ({ cmd }) => end(cmd));
		socket.on("session", (given) => {
			next = given;
		});
		socket.on("data", (data) => packets.parse(data));
		socket.on("error", ({ message }) => end(message));
		socket.on("close", () => end("closed"));
		const common = { protocolId: "MQTT", protocolVersion: 4, keepalive: 60, clean: true } as const;
		socket.write(generate({ cmd: "connect", clientId: "x", ...common }));
	});
}

for (const name of ["password", "mutual"]) {
	test(`${name}: the session of a node that is away outlives SIGHUP`, options, async () => {
		const broker = await startStaged([name], { directory });
		const port = broker.ports[name] as number;
		const as = (user: string): IClientOptions => {
			if (name === "password") return { username: user, password: broker.password(user) };
			const { cert, key } = broker.files.certificateOf(user);
			const files = { cert: readFileSync(cert), key: readFileSync(key) };
			return { protocol: "mqtts", rejectUnauthorized: false, ...files };
		};
		const session = { ...as("sim-1"), clientId: "sim-1", clean: false };
		const node = await connect(port, session);
		await node.subscribeAsync("fieldmote/sim-1/+/set", { qos: 1 });
		await node.endAsync();
		// Out of the file a session has no password, and no TLS.
		await broker.stop();
		await broker.start();
		const dashboard = await connect(port, as("dashboard"));
		await dashboard.publishAsync("fieldmote/sim-1/relay/set", "1", { qos: 1 });
		await broker.reload();
		await dashboard.publishAsync("fieldmote/sim-1/relay/set", "2", { qos: 1 });
		const commands: string[] = [];
		const back = await connect(port, session, (_topic, payload) => commands.push(payload));
		await eventually("the commands", () => commands.includes("2") || undefined);
		assert.deepEqual(commands, ["1", "2"]);
		for (const client of [back, dashboard]) await client.endAsync();
		await broker.stop();
	});
}

async function revoke(folder: string, id: string): Promise<void> {
	await certs(["revoke", id, "--directory", folder]);
}

test("the devices' CA: at SIGHUP", options, async () => {
	const paths = copies(directory);
	const broker = await startStaged(["mutual"], { directory, paths });
	assert.equal(await knock(broker, "sim-1"), "in");
	assert.equal(await knock(broker, "sim-1", other), "alert unknown ca");
	replace(paths, [CA, CRL]);
	await broker.reload();
	assert.equal(await knock(broker, "sim-1", other), "in");
	assert.equal(await knock(broker, "sim-1"), "alert unknown ca");
	await broker.stop();
});

test(
	"without a list of its CA nobody comes in, and an empty file is refused",
	options,
	async () => {
		const paths = copies(directory);
		// The list of another CA.
		replace(paths, [CRL]);
		const broker = await startStaged(["mutual"], { directory, paths });
		assert.equal(await knock(broker, "sim-1"), "alert unknown ca");
		await broker.stop();
		writeFileSync(paths[CRL] as string, "");
		await assert.rejects(
			startStaged(["mutual"], { directory, paths }),
			/Unable to load certificate revocation file/,
		);
	},
);

test("passwords and ACL: at SIGHUP, for those who are connected too", options, async () => {
	const broker = await startStaged(["password"], { directory, users: ["n1"], acl: ["# more"] });
	const port = broker.ports.password as number;
	const as = (username: string) => ({ username, password: broker.password(username) });
	const seen: string[] = [];
	const logger = await connect(port, as("logger"), (topic) => seen.push(topic));
	await logger.subscribeAsync(["house/#", "fieldmote/#"], { qos: 1 });
	const n1 = await connect(port, as("n1"));
	await n1.publishAsync("house/door", "x", { qos: 1 });
	const lines = "user logger\ntopic read house/#\nuser n1\ntopic write house/#\n";
	appendFileSync(broker.paths["/etc/mosquitto/acl"] as string, lines);
	const passwords = broker.paths["/etc/mosquitto/passwords"] as string;
	const kept = readFileSync(passwords, "utf8").split("\n");
	writeFileSync(passwords, kept.filter((line) => !line.startsWith("sim-1:")).join("\n"));
	await broker.reload();
	await n1.publishAsync("house/door", "x", { qos: 1 });
	await n1.publishAsync("fieldmote/n1/time", "x", { qos: 1 });
	await eventually("the last", () => seen.includes("fieldmote/n1/time") || undefined);
	assert.deepEqual(seen, ["house/door", "fieldmote/n1/time"]);
	await assert.rejects(connect(port, as("sim-1")), /Not authorized/);
	for (const client of [logger, n1]) await client.endAsync();
	await broker.stop();
	assert.ok(readFileSync(join(SOURCE, "acl"), "utf8").includes("user logger"));
});
