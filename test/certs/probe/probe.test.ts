/**
 * `certs probe` against real brokers, good and bad: each says the rule, in the firmware's words
 * where a node would refuse, and the directive to change. Servers that no Mosquitto can be made
 * into are Node's, or of test/support/evil-server.ts.
 */

import assert from "node:assert/strict";
import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { probe } from "../../../certs/probe/probe";
import type { Report } from "../../../certs/probe/report";
import { RULE_NAMES, type RuleName } from "../../../certs/probe/rule";
import type { Target } from "../../../certs/probe/survey";
import { type Made, make, makeKeys, type Plan } from "../../support/certificate-maker";
import { firstFlight, wholeHandshake } from "../../support/evil-scripts";
import { Content, type Script, startEvilServer } from "../../support/evil-server";
import { freePort, skipWithout, startMosquitto } from "../../support/mosquitto";
import { files, pemOf } from "../../support/tls-brokers";

const skip = skipWithout("mosquitto");
const folder = mkdtempSync(join(tmpdir(), "fieldmote-probe-"));
const ends: (() => unknown)[] = [];
after(async () => {
	for (const end of ends) await end();
	rmSync(folder, { recursive: true });
});

const now = Date.now();
const DAY_MS = 86_400_000;
const dates = { from: new Date(now - DAY_MS), to: new Date(now + 90 * DAY_MS) };
const past = { from: new Date(now - 3 * DAY_MS), to: new Date(now - DAY_MS) };
const root = { authority: true, ...dates };
const ecRoot = await make({ name: "EC root", keys: await makeKeys("P-256"), ...root });
const rsaRoot = await make({ name: "RSA root", keys: await makeKeys("RSA-2048"), ...root });
const devices = await make({ name: "devices", keys: await makeKeys("P-256"), ...root });
const ecKeys = await makeKeys("P-256");
const rsaKeys = await makeKeys("RSA-2048");
const NAMES = ["localhost", "127.0.0.1"];
const NOBODY = "allow_anonymous false";
/** Debian's OpenSSL would not load the weak ones otherwise. */
const WEAK = "ciphers DEFAULT@SECLEVEL=0";

const leaf = (plan: Partial<Plan> = {}) =>
	make({ name: "broker", keys: ecKeys, issuer: ecRoot, names: NAMES, ...dates, ...plan });
const device = (plan: Partial<Plan> = {}) =>
	make({ name: "node-1", keys: rsaKeys, issuer: devices, ...dates, ...plan });

let count = 0;

/** A broker with this certificate, its issuer's behind it unless that is the same. */
async function broker(made: Made, issuer: Made, lines: string[] = [], clients = issuer) {
	const name = `broker-${count++}`;
	const own = files(folder, name, made, issuer, clients);
	if (made === issuer) writeFileSync(join(folder, `${name}.crt`), pemOf(made));
	const started = await startMosquitto(["allow_anonymous true", ...own, ...lines]);
	ends.push(() => started.discard());
	return started;
}

async function ask(port: number, change: Partial<Target> = {}, ca: Made = ecRoot): Promise<Report> {
	const target: Target = {
		host: "localhost",
		port,
		name: "localhost",
		credentials: { authorities: [ca.der] },
		recordBytes: 4096,
		nowMs: now,
		limitMs: 20_000,
		...change,
	};
	return probe(target, ["ca.pem"]);
}

function identityOf(made: Made, ca: Made = ecRoot): Partial<Target> {
	const key = KeyObject.from(made.keys.privateKey).export({ format: "der", type: "pkcs8" });
	return { credentials: { authorities: [ca.der], certificate: made.der, key } };
}

function rule({ rules }: Report, name: RuleName) {
	const found = rules.find((one) => one.name === name);
	assert.ok(found, name);
	return { ...found, text: found.found.join("; "), advice: found.change.join("; ") };
}

function failed({ rules }: Report): string[] {
	return rules.filter(({ result }) => result === "fail").map(({ name }) => name);
}

/** @param expected rules that fail; of the first, what it begins with, and what to change */
function assertFails(report: Report, expected: RuleName[], text: RegExp, advice: RegExp): void {
	assert.deepEqual(failed(report), expected, JSON.stringify(report.rules, undefined, 1));
	const first = rule(report, expected[0] as RuleName);
	assert.match(first.text, text);
	assert.match(first.advice, advice);
	const mqtt = rule(report, "MQTT");
	if (expected[0] !== "MQTT") assert.notEqual(mqtt.result, "ok");
	if (report.reason !== "") {
		const said = report.rules.filter((one) => one.found[0] === report.reason);
		assert.equal(said.length, 1, `${report.reason} begins no rule`);
	}
}

test("a P-256 broker with Mosquitto's defaults, which prefer TLS 1.3", { skip }, async () => {
	const { port, log } = await broker(await leaf(), ecRoot);
	const report = await ask(port);
	assert.deepEqual(failed(report), []);
	assert.equal(report.reason, "");
	assert.deepEqual(
		report.rules.map(({ name, result }) => `${name}: ${result}`),
		RULE_NAMES.map((name) => `${name}: ${name === "MQTT" ? "warn" : "ok"}`),
	);
	assert.equal(rule(report, "version").text, "TLS 1.2 and 1.3");
	assert.equal(rule(report, "cipher").text, "ECDHE-ECDSA-AES128-GCM-SHA256");
	assert.match(rule(report, "chain").text, /^CN=broker, signed by CN=EC root, which is trusted/);
	assert.match(rule(report, "dates").text, /CN=broker: until .*, (89|90) days/);
	assert.match(rule(report, "fragment length").text, /^records of 1,024 bytes/);
	assert.match(rule(report, "MQTT").text, /accepted \(return code 0\): anybody may/);
	assert.match(log(), /New client connected from 127\.0\.0\.1:\d+ as probe-[0-9a-f]{12} /);
	assert.match(log(), /Received DISCONNECT from probe-/);
});

test("an RSA broker, by address, with its leaf alone and passwords", { skip }, async () => {
	const alone = await leaf({ keys: rsaKeys, issuer: rsaRoot });
	// Mosquitto completes the chain from cafile; without its CA there it cannot.
	const { port } = await broker(alone, alone, [NOBODY], devices);
	const report = await ask(port, { host: "127.0.0.1", name: "127.0.0.1" }, rsaRoot);
	assert.deepEqual(failed(report), []);
	assert.equal(rule(report, "cipher").text, "ECDHE-RSA-AES128-GCM-SHA256");
	assert.match(rule(report, "algorithms").text, /CN=broker: RSA 2048, signed with RSA and SHA-256/);
	assert.equal(rule(report, "MQTT").result, "ok");
	assert.match(
		rule(report, "MQTT").text,
		/not authorized \(return code 5\): a node needs user name/,
	);
});

test("a broker that requires client certificates", { skip }, async () => {
	const lines = ["require_certificate true", "use_identity_as_username true"];
	const { port, log } = await broker(await leaf(), ecRoot, lines, devices);
	const report = await ask(port, identityOf(await device()));
	assert.deepEqual(failed(report), []);
	const client = rule(report, "client certificate");
	assert.equal(
		client.text,
		"required; CN=node-1 (issuer CN=devices) is accepted; the broker names no CA for it",
	);
	assert.equal(rule(report, "MQTT").result, "ok");
	assert.match(log(), /u'node-1'/);
	const strict = await broker(await leaf(), ecRoot, [lines[0] as string, NOBODY], devices);
	const named = rule(await ask(strict.port, identityOf(await device())), "MQTT");
	assert.match(named.text, /return code 5.*user name and password; with use_identity_as_username/);

	const without = await ask(port);
	assertFails(
		without,
		["client certificate"],
		/^broker sent alert 40|^connection closed/,
		/--cert/,
	);
	assert.match(rule(without, "client certificate").text, /required, and none was given/);
	assert.equal(rule(without, "MQTT").text, "not tried: the handshake did not end");

	const stranger = await device({ issuer: ecRoot });
	const unknown = await ask(port, identityOf(stranger));
	assertFails(unknown, ["client certificate"], /^broker sent alert 48, unknown CA/, /^cafile/);

	const old = await ask(port, identityOf(await device(past)));
	assertFails(old, ["client certificate"], /^broker sent alert 45/, /has expired/);
});

test("a client certificate that nobody has to have", { skip }, async () => {
	const made = await leaf();
	const identity = identityOf(await device());
	const { port } = await broker(made, ecRoot);
	const unasked = rule(await ask(port, identity), "client certificate");
	assert.deepEqual(
		[unasked.result, unasked.found[0]],
		["warn", "not asked for: the one given is not looked at"],
	);
	assert.match(unasked.advice, /^cafile .*require_certificate true/);
});

interface Wrong {
	readonly title: string;
	readonly plan: Partial<Plan>;
	readonly rules: RuleName[];
	readonly text: RegExp;
	readonly advice: RegExp;
	readonly lines?: string[];
}

const small = await makeKeys("RSA-1024");
const WRONG: readonly Wrong[] = [
	{
		title: "another name",
		plan: { names: ["other.example.com"] },
		rules: ["names"],
		text: /^certificate is not for localhost \(CN=broker\)$/,
		advice: /^certfile, keyfile: .*certs -- server/,
	},
	{
		title: "no subjectAltName",
		plan: { name: "localhost", names: undefined },
		rules: ["names"],
		text: /^certificate is not for localhost \(CN=localhost\)/,
		advice: /the common name does not count/,
	},
	{
		title: "expired",
		plan: past,
		rules: ["dates"],
		text: /^certificate expired \d{4}-\d\d-\d\dT/,
		advice: /^certfile: .*renew/,
	},
	{
		title: "self-signed",
		plan: { issuer: undefined },
		rules: ["chain"],
		text: /^unknown authority CN=broker; CN=broker is self-signed; trusted: CN=EC root$/,
		advice: /^certfile: /,
	},
	{
		title: "RSA of 1,024 bits",
		plan: { keys: small },
		rules: ["algorithms"],
		text: /^RSA key of 1024 bits, 2048 to 4096 allowed \(CN=broker\)$/,
		advice: /^certfile, keyfile: /,
		lines: [WEAK],
	},
	{
		title: "SHA-1",
		plan: { hash: "SHA-1" },
		rules: ["algorithms"],
		text: /^signature algorithm is not allowed \(CN=broker\)$/,
		advice: /^certfile: .*-sha256/,
		lines: [WEAK],
	},
	{
		title: "a client's certificate",
		plan: { extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] },
		rules: ["usage"],
		text: /^extended key usage without serverAuth/,
		advice: /^certfile: extendedKeyUsage serverAuth/,
	},
	{
		title: "much at once",
		plan: { ...past, names: ["other.example.com"], keys: small, hash: "SHA-1" },
		rules: ["names", "dates", "algorithms"],
		text: /^certificate is not for localhost/,
		advice: /^certfile/,
		lines: [WEAK],
	},
];

for (const { title, plan, rules, text, advice, lines } of WRONG) {
	test(`a certificate that is wrong: ${title}`, { skip }, async () => {
		const made = await leaf(plan);
		const { port, log } = await broker(
			made,
			plan.issuer === undefined && "issuer" in plan ? made : ecRoot,
			lines,
		);
		const report = await ask(port);
		assertFails(report, rules, text, advice);
		assert.equal(rule(report, "MQTT").result, "skipped");
		assert.doesNotMatch(log(), /New client connected/);
		// What comes behind the certificate is found out all the same.
		assert.equal(rule(report, "fragment length").result, "ok");
		assert.equal(rule(report, "client certificate").text, "not asked for");
		assert.match(rule(report, "key exchange").text, /^P-256; whose key signed it is checked when/);
	});
}

test("the wrong CA", { skip }, async () => {
	const { port } = await broker(await leaf(), ecRoot);
	const report = await ask(port, {}, rsaRoot);
	const text = /^unknown authority CN=EC root; sent up to CN=EC root; trusted: CN=RSA root$/;
	assertFails(report, ["chain"], text, /^certfile: .*fullchain\.pem.*--ca/);
});

test("a P-384 certificate", { skip }, async () => {
	const { port } = await broker(await leaf({ keys: await makeKeys("P-384") }), ecRoot);
	const report = await ask(port);
	assertFails(report, ["cipher", "algorithms"], /^broker sent alert 40/, /^certfile, keyfile/);
	assert.match(rule(report, "algorithms").text, /^key is neither RSA nor P-256 \(CN=broker\)$/);
});

test("TLS 1.3 alone", { skip }, async () => {
	const { port } = await broker(await leaf(), ecRoot, ["tls_version tlsv1.3"]);
	const report = await ask(port);
	assertFails(
		report,
		["version"],
		/^broker sent alert 70, .*; TLS 1\.3 only$/,
		/^tls_version tlsv1\.2/,
	);
});

test("TLS 1.1 alone", async () => {
	const made = await leaf();
	const server = createTlsServer({
		cert: pemOf(made) + pemOf(ecRoot),
		key: KeyObject.from(made.keys.privateKey).export({ format: "pem", type: "pkcs8" }),
		minVersion: "TLSv1.1",
		maxVersion: "TLSv1.1",
		ciphers: WEAK.slice("ciphers ".length),
	});
	server.on("tlsClientError", () => undefined);
	const report = await ask(await listen(server));
	assertFails(report, ["version"], /^broker .*; TLS 1\.1 only$/, /^tls_version tlsv1\.2/);
});

test("three to six connections", async () => {
	const made = await leaf();
	const connectionsOf = async (options: TlsOptions, target: Partial<Target> = {}) => {
		let connections = 0;
		const server = createTlsServer({
			cert: pemOf(made) + pemOf(ecRoot),
			key: KeyObject.from(made.keys.privateKey).export({ format: "pem", type: "pkcs8" }),
			...options,
		});
		server.on("connection", () => connections++);
		server.on("tlsClientError", () => undefined);
		// CONNACK.
		server.on("secureConnection", (socket) => {
			socket.on("error", () => undefined).once("data", () => socket.end(Buffer.of(0x20, 2, 0, 0)));
		});
		await ask(await listen(server), target);
		return connections;
	};
	assert.equal(await connectionsOf({}), 3);
	assert.equal(await connectionsOf({}, { name: "other" }), 4);
	const clients = { requestCert: true, ca: pemOf(devices) };
	assert.equal(await connectionsOf(clients, identityOf(await device())), 4);
	assert.equal(await connectionsOf({ minVersion: "TLSv1.3" }), 6);
});

test("ciphers without ECDHE and GCM", { skip }, async () => {
	for (const ciphers of ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"]) {
		const lines = [`ciphers ${ciphers}`, "tls_version tlsv1.2"];
		const { port } = await broker(await leaf(), ecRoot, lines);
		const report = await ask(port);
		const text = /^broker sent alert 40, .*; none of a node's; it would take 0xc02[4c]$/;
		assertFails(report, ["cipher"], text, /^ciphers: .*ECDHE-ECDSA-AES128-GCM-SHA256/);
	}
});

test("plain MQTT on the port", { skip }, async () => {
	const started = await startMosquitto();
	ends.push(() => started.discard());
	const report = await ask(started.port);
	assertFails(
		report,
		["TLS"],
		/^connection closed .*; it speaks MQTT without TLS$/,
		/^listener: certfile/,
	);
});

test("something else on the port", async () => {
	const server = createServer((socket) => {
		socket.on("error", () => undefined);
		socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
	});
	const report = await ask(await listen(server));
	assertFails(
		report,
		["TLS"],
		/^broker does not speak TLS; it sent "HTTP/,
		/is it the broker's port/,
	);
});

test("nothing on the port, and no such name", async () => {
	const closed = await ask(await freePort());
	assertFails(closed, ["address"], /connection refused/, /^listener \d+/);
	const nobody = await ask(8883, { host: "no-such-name.invalid", name: "no-such-name.invalid" });
	assertFails(nobody, ["address"], /^no-such-name\.invalid: (no such name|DNS: )/, /DNS/);
});

test("a server that says nothing", async () => {
	const server = createServer((socket) => socket.on("error", () => undefined));
	const report = await ask(await listen(server), { limitMs: 300 });
	assertFails(report, ["TLS"], /^no answer in time; it sent nothing$/, /^listener/);
});

test("a listener for WebSockets", { skip }, async () => {
	const own = files(folder, "websockets", await leaf(), ecRoot);
	// Mosquitto 2.0.11 does not start with such a one alone, nor bind it to an address.
	const other = [`listener ${await freePort()} 127.0.0.1`];
	const lines = ["allow_anonymous true", ...own, "protocol websockets"];
	const started = await startMosquitto(lines, other);
	ends.push(() => started.discard());
	const report = await ask(started.port, { limitMs: 3000 });
	assertFails(report, ["MQTT"], /^CONNECT without user name: /, /protocol mqtt/);
});

/** A server that does not know max_fragment_length, and accepts everybody. */
async function withoutFragments(script: Script): Promise<number> {
	const server = await startEvilServer(script);
	ends.push(() => server.close());
	return server.port;
}

test("a broker that does not keep to short records", async () => {
	const made = await leaf();
	const key = KeyObject.from(made.keys.privateKey);
	const { createSign } = await import("node:crypto");
	const sign = (signed: Buffer) => createSign("sha256").update(signed).sign(key);
	// Certificates behind the leaf that nobody looks at, for their length.
	const chain = [made.der, ecRoot.der, rsaRoot.der];
	const cast = { chain, sign, rsaLeaf: made, forged: made, authority: ecRoot };
	const port = await withoutFragments(async (peer) => {
		await wholeHandshake(peer, cast);
		await peer.data();
		peer.sendRecord(Content.Data, Buffer.of(0x20, 2, 0, 0));
	});
	const report = await ask(port);
	assert.deepEqual(failed(report), []);
	assert.equal(rule(report, "fragment length").result, "warn");
	assert.match(
		rule(report, "fragment length").advice,
		/^max_packet_size, message_size_limit: below 4096/,
	);
	const short = await ask(port, { recordBytes: 1024 });
	const text = /^record of \d{4} bytes is too long; Certificate message of \d+ bytes/;
	assertFails(short, ["records"], text, /^certfile: fewer/);
});

test("a key exchange that another key has signed", async () => {
	const made = await leaf();
	const key = KeyObject.from((await makeKeys("P-256")).privateKey);
	const { createSign } = await import("node:crypto");
	const sign = (signed: Buffer) => createSign("sha256").update(signed).sign(key);
	const cast = { chain: [made.der], sign, rsaLeaf: made, forged: made, authority: ecRoot };
	const port = await withoutFragments((peer) => firstFlight(peer, cast));
	const report = await ask(port, { limitMs: 2000 });
	const text = /^serverKeyExchange: failed to verify signature/;
	assertFails(report, ["key exchange"], text, /^certfile, keyfile: do they belong together/);
});

async function listen(server: Server): Promise<number> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	ends.push(() => server.close());
	return (server.address() as AddressInfo).port;
}
