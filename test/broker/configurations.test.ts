/**
 * Each configuration starts without a complaint in its log, lets in whom it says, and holds them to
 * the ACL and to their own client id. What the ACL says is acl.test.ts's.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import type { IClientOptions, MqttClient } from "mqtt";
import { CONFIGURATIONS } from "../../broker/configurations";
import { ensurePasswords } from "../../broker/passwords";
import { ensureCertificates } from "../../certs/ensure";
import { freePort, skipWithout } from "../support/mosquitto";
import {
	complaints,
	connect,
	eventually,
	makeDirectory,
	SOURCE,
	type Staged,
	startStaged,
} from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const options = { skip, timeout: 90_000 };
const directory = makeDirectory();
const names = { brokerNames: ["localhost", "127.0.0.1"] };

before(async () => {
	// In one go: test after test would find another state.
	await ensureCertificates(directory, { ...names, node: "sim-1" });
});

const text = (name: string) => readFileSync(join(SOURCE, `${name}.conf`), "utf8");

function portOf(broker: Staged): number {
	return Object.values(broker.ports)[0] as number;
}

/** Says "in", or how it was refused. */
async function knock(port: number, login: IClientOptions): Promise<string> {
	try {
		const client = await connect(port, login);
		await client.endAsync();
		return "in";
	} catch (error) {
		return (error as Error).message.replace(/^.*?(alert [a-z ]+):.*$/s, "$1");
	}
}

/**
 * A node's and a dashboard's day: state up, command down; and what the ACL forbids, before it: a
 * node that speaks for another, and one that listens to another's commands.
 * @returns what came of these four
 */
async function talk(node: MqttClient, dashboard: MqttClient, id: string): Promise<string[]> {
	const seen: string[] = [];
	for (const client of [node, dashboard]) {
		client.on("message", (topic) => seen.push(topic));
	}
	await node.subscribeAsync("fieldmote/+/+/set", { qos: 2 });
	await dashboard.subscribeAsync("fieldmote/+/+/state", { qos: 1 });
	for (const one of ["other", id]) {
		await node.publishAsync(`fieldmote/${one}/relay/state`, "ON", { qos: 1 });
		await dashboard.publishAsync(`fieldmote/${one}/relay/set`, "OFF", { qos: 2 });
	}
	const last = [`fieldmote/${id}/relay/set`, `fieldmote/${id}/relay/state`];
	await eventually("both messages", () => last.every((one) => seen.includes(one)) || undefined);
	for (const client of [node, dashboard]) await client.endAsync();
	return seen.sort();
}

/** What comes of it where an ACL holds. */
const OWN = ["fieldmote/sim-1/relay/set", "fieldmote/sim-1/relay/state"];
/** A client that is older than the firmware. */
const OLD = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" } as const;
/** As Mosquitto logs a client whose id became its user name. */
const AS_USER = / as sim-1 \(p2, c1, k60, u'sim-1'\)/;

test("the list is what is in the folder, and the ports are the files'", () => {
	for (const { name, port } of CONFIGURATIONS) {
		assert.match(text(name), new RegExp(`^listener ${port}( \\S+)?$`, "m"));
	}
});

test("limits and persistence are the same in all files, but the edge's queue", () => {
	const option = /^(max_\w+|persist\w+|autosave\w+) .*$/gm;
	const limitsOf = (name: string) => text(name).match(option)?.join("\n");
	for (const { name, hasUpstream } of CONFIGURATIONS) {
		const queue = (limits = "") => limits.replace(/^max_queued_.*$/gm, "");
		if (hasUpstream) assert.equal(queue(limitsOf(name)), queue(limitsOf("plain")));
		else assert.equal(limitsOf(name), limitsOf("plain"), name);
	}
});

test("plain: anybody on this machine", options, async () => {
	assert.match(text("plain"), /^listener 1883 127\.0\.0\.1$/m);
	const broker = await startStaged(["plain"], { directory });
	const port = portOf(broker);
	const came = await talk(await connect(port), await connect(port), "n1");
	// No ACL: whoever is on this machine is trusted.
	assert.equal(came.length, 4);
	await broker.stop();
	assert.deepEqual(complaints(broker.log()), []);
});

test("password: the right one only; the client id is the user name", options, async () => {
	const broker = await startStaged(["password"], { directory });
	const port = portOf(broker);
	const as = (username: string) => ({ username, password: broker.password(username) });
	const node = await connect(port, as("sim-1"));
	assert.deepEqual(await talk(node, await connect(port, as("dashboard")), "sim-1"), OWN);
	assert.equal(await knock(port, {}), "Connection refused: Not authorized");
	const wrong = { username: "sim-1", password: broker.password("logger") };
	assert.equal(await knock(port, wrong), "Connection refused: Not authorized");
	assert.equal(
		await knock(port, { ...wrong, username: "x" }),
		"Connection refused: Not authorized",
	);
	await broker.until(AS_USER);
	await broker.stop();
	assert.deepEqual(complaints(broker.log()), []);
});

test(
	"tls: encrypted, from 1.2 on; the right password only; the user's client id",
	options,
	async () => {
		const broker = await startStaged(["tls"], { directory });
		const port = portOf(broker);
		const ca = readFileSync(broker.files.brokerCas);
		const as = (username: string, password = broker.password(username)): IClientOptions => {
			return { protocol: "mqtts", ca, username, password };
		};
		const client = await connect(port, as("sim-1"));
		assert.deepEqual(await talk(client, await connect(port, as("dashboard")), "sim-1"), OWN);
		await broker.until(AS_USER);
		assert.deepEqual(complaints(broker.log()), []);
		assert.equal(await knock(port, as("sim-1", "x")), "Connection refused: Not authorized");
		assert.equal(await knock(port, { ...as("sim-1"), ...OLD }), "alert protocol version");
		const node = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
		assert.equal(await knock(port, { ...as("sim-1"), ...node }), "in");
		assert.match(await knock(port, { username: "sim-1", password: "x" }), /closed|reset/i);
		assert.match(await knock(port, { protocol: "mqtts" }), /unable to verify|self.signed/);
		await broker.stop();
	},
);

test(
	"mutual: who has a certificate of the devices' CA, under its common name",
	options,
	async () => {
		const broker = await startStaged(["mutual"], { directory });
		const port = portOf(broker);
		const ca = readFileSync(broker.files.brokerCas);
		const with_ = (cert: string, key: string): IClientOptions => {
			return { protocol: "mqtts", ca, cert: readFileSync(cert), key: readFileSync(key) };
		};
		const as = (user: string) => {
			const { cert, key } = broker.files.certificateOf(user);
			// A certificate is what counts: a user name beside it is not looked at.
			return { ...with_(cert, key), username: "dashboard", clientId: `not ${user}` };
		};
		const node = await connect(port, as("sim-1"));
		assert.deepEqual(await talk(node, await connect(port, as("dashboard")), "sim-1"), OWN);
		assert.deepEqual(complaints(broker.log()), []);
		await broker.until(AS_USER);
		assert.equal(await knock(port, { ...as("sim-1"), ...OLD }), "alert protocol version");
		assert.equal(await knock(port, { protocol: "mqtts", ca }), "alert certificate required");
		const { paths } = broker;
		const chain = paths["/etc/mosquitto/certs/fullchain.pem"] as string;
		const key = paths["/etc/mosquitto/certs/privkey.pem"] as string;
		assert.equal(await knock(port, with_(chain, key)), "alert unknown ca");
		const other = makeDirectory();
		const theirs = await ensureCertificates(other, { ...names, node: "sim-1" });
		const foreign = with_(theirs.deviceCertificate, theirs.deviceKey);
		assert.equal(await knock(port, foreign), "alert unknown ca");
		await broker.stop();
	},
);

test("websockets: a browser's stand-in, with passwords; alone", options, async () => {
	const broker = await startStaged(["websockets"], { directory });
	const port = portOf(broker);
	const ca = readFileSync(broker.files.brokerCas);
	const as = (username: string): IClientOptions => {
		return { protocol: "wss", ca, username, password: broker.password(username) };
	};
	// Two pages of one user.
	const [first, second] = [await connect(port, as("dashboard")), await connect(port, as("logger"))];
	const third = await connect(port, as("dashboard"));
	const seen: string[] = [];
	second.on("message", (topic) => seen.push(topic));
	await second.subscribeAsync("fieldmote/#", { qos: 1 });
	await first.publishAsync("fieldmote/n1/relay/set", "ON", { qos: 1 });
	await third.publishAsync("fieldmote/n2/relay/set", "ON", { qos: 1 });
	await eventually("both", () => seen.length === 2 || undefined);
	for (const client of [first, second, third]) await client.endAsync();
	assert.deepEqual(complaints(broker.log()), []);
	assert.equal(await knock(port, { protocol: "wss", ca }), "Connection refused: Not authorized");
	// A node's password is in the other file.
	ensurePasswords(join(directory, "passwords"), "nodes", ["sim-1"]);
	assert.equal(await knock(port, as("sim-1")), "Connection refused: Not authorized");
	assert.notEqual(await knock(port, { ...as("logger"), protocol: "ws" }), "in");
	assert.equal(await knock(port, { ...as("logger"), wsOptions: OLD }), "alert internal error");
	await broker.stop();
});

test(
	"websockets: the ACL holds there, whatever the listener beside it allows",
	options,
	async () => {
		const broker = await startStaged(["plain", "websockets"], { directory });
		const ca = readFileSync(broker.files.brokerCas);
		const login = { username: "logger", password: broker.password("logger") };
		const logger = await connect(broker.ports.websockets as number, {
			protocol: "wss",
			ca,
			...login,
		});
		const witness = await connect(broker.ports.plain as number);
		const seen: string[] = [];
		for (const client of [logger, witness]) {
			client.on("message", (topic) => seen.push(topic));
			await client.subscribeAsync("#", { qos: 1 });
		}
		// Written by the logger, then read by it: both refused. What follows arrives at both.
		await logger.publishAsync("fieldmote/logger/time", "x", { qos: 1 });
		await witness.publishAsync("house/door", "x", { qos: 1 });
		await witness.publishAsync("fieldmote/n1/time", "x", { qos: 1 });
		const wanted = ["fieldmote/n1/time", "fieldmote/n1/time", "house/door"];
		await eventually("the last", () => seen.length >= wanted.length || undefined);
		assert.deepEqual(seen.sort(), wanted);
		for (const client of [logger, witness]) await client.endAsync();
		await broker.stop();
	},
);

test(
	"websockets beside tls and mutual: each with its own users; a reload too",
	options,
	async () => {
		for (const name of ["tls", "mutual", "password", "bridge", "plain"]) {
			const broker = await startStaged([name, "websockets"], { directory });
			const ca = readFileSync(broker.files.brokerCas);
			const web = broker.ports.websockets as number;
			const login = { username: "dashboard", password: broker.password("dashboard") };
			const check = async () => {
				assert.equal(await knock(web, { protocol: "wss", ca, ...login }), "in", name);
				const anonymous = await knock(web, { protocol: "wss", ca });
				assert.equal(anonymous, "Connection refused: Not authorized", name);
				const outside = name === "plain" ? "in" : /Not authorized|certificate required/;
				const secure = ["tls", "mutual"].includes(name);
				const found = await knock(
					broker.ports[name] as number,
					secure ? { protocol: "mqtts", ca } : {},
				);
				assert.match(found, new RegExp(outside), name);
			};
			await check();
			const from = broker.log().length;
			await broker.reload();
			await check();
			assert.doesNotMatch(broker.log().slice(from), /Error: (?!.*upstream)/);
			await broker.stop();
		}
	},
);

test("bridge: its nodes need passwords, and are held to the ACL there", options, async () => {
	const upstream = { host: "localhost", port: await freePort() };
	const broker = await startStaged(["bridge"], { directory, upstream });
	const port = portOf(broker);
	const as = (username: string) => ({ username, password: broker.password(username) });
	const node = await connect(port, as("sim-1"));
	assert.deepEqual(await talk(node, await connect(port, as("dashboard")), "sim-1"), OWN);
	assert.equal(await knock(port, {}), "Connection refused: Not authorized");
	const wrong = { username: "sim-1", password: broker.password("logger") };
	assert.equal(await knock(port, wrong), "Connection refused: Not authorized");
	await broker.until(AS_USER);
	await broker.stop();
});

test("a port that is in use is an error with words", options, async () => {
	const server = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as { port: number };
	const start = startStaged(["plain"], { directory, ports: { plain: port } });
	await assert.rejects(start, /mosquitto ended: Address already in use/);
	server.close();
});
