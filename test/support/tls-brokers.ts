/**
 * Real brokers over TLS for tests, and what a client must say of each. The client's packets are
 * plain bytes: CONNECT, and a subscription that brings an answer of many records.
 */

import { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadX509 } from "../../certs/signing/x509";
import { type Made, make, makeKeys, usage } from "./certificate-maker";
import { type Mosquitto, startMosquitto } from "./mosquitto";
import type { TlsCase } from "./tls-attempt";

export const NODE = "node-0815";
const CONNACK = "\x20\x02\x00\x00";

export interface BrokerCase extends TlsCase {
	readonly title: string;
	/** "" when the broker answers. */
	readonly reason: string;
	/** The broker closes while the client writes. */
	readonly closesEarly?: boolean;
}

export interface TlsBrokers {
	readonly cases: readonly BrokerCase[];
	/** Wants client certificates and takes their common name for the user. */
	readonly strict: Mosquitto;
	discard(): Promise<void>;
}

export async function startTlsBrokers(folder: string): Promise<TlsBrokers> {
	const now = Date.now();
	const dates = { from: new Date(now - 86_400_000), to: new Date(now + 86_400_000) };
	const root = { authority: true, ...dates };
	const ecRoot = await make({ name: "EC root", keys: await makeKeys("P-256"), ...root });
	const rsaRoot = await make({ name: "RSA root", keys: await makeKeys("RSA-2048"), ...root });
	const signs = { keyUsage: usage.keyCertSign | usage.cRLSign };
	const deviceRoot = await make({
		name: "devices",
		keys: await makeKeys("P-256"),
		...root,
		...signs,
	});
	const names = ["localhost", "127.0.0.1"];
	const leaf = { name: "broker", names, ...dates };
	const ec = await make({ ...leaf, keys: await makeKeys("P-256"), issuer: ecRoot });
	const rsa = await make({ ...leaf, keys: await makeKeys("RSA-2048"), issuer: rsaRoot });
	const keys = await makeKeys("RSA-2048");
	const device = await make({ name: NODE, keys, issuer: deviceRoot, ...dates });
	const anyone = (made: Made, issuer: Made, name: string) =>
		startMosquitto(["allow_anonymous true", ...files(folder, name, made, issuer)]);
	const ecBroker = await anyone(ec, ecRoot, "ec");
	const rsaBroker = await anyone(rsa, rsaRoot, "rsa");
	const revoked = await make({ name: "lost", keys, issuer: deviceRoot, serial: "02", ...dates });
	const strict = await startMosquitto([
		...files(folder, "strict", rsa, rsaRoot, deviceRoot),
		`crlfile ${await revocationList(folder, deviceRoot, revoked)}`,
		"require_certificate true",
		"use_identity_as_username true",
	]);
	const cases: BrokerCase[] = [];
	const add = (title: string, broker: Mosquitto, trusted: Made, reason: string, more = {}) => {
		const authorities = [hex(trusted.der)];
		const { port } = broker;
		const base = { port, host: "localhost", nowMs: now, authorities, ...request() };
		cases.push({ title, reason, ...base, ...more });
	};
	const identity = { certificate: hex(device.der), key: privateKey(device) };
	add("EC broker", ecBroker, ecRoot, "");
	add("RSA broker, a chain of two records", rsaBroker, rsaRoot, "");
	add("by address", ecBroker, ecRoot, "", { host: "127.0.0.1" });
	add("client certificate that nobody wants", ecBroker, ecRoot, "", identity);
	add("client certificate", strict, rsaRoot, "", identity);
	const alert =
		"broker sent alert 40, handshake failure: no ECDHE with AES-GCM there, or it wants a client certificate";
	add("no client certificate", strict, rsaRoot, alert, { closesEarly: true });
	const past = { from: new Date(now - 172_800_000), to: new Date(now - 86_400_000) };
	const expired = await make({ name: NODE, keys, issuer: deviceRoot, ...past });
	const stranger = await make({ name: NODE, keys, issuer: ecRoot, ...dates });
	const refused: [string, Made, string][] = [
		[
			"client certificate of another CA",
			stranger,
			"48, unknown CA: it does not know who signed our certificate",
		],
		[
			"client certificate that has expired",
			expired,
			"45, certificate expired: ours, or its revocation list",
		],
		["client certificate that was revoked", revoked, "44, certificate revoked: ours is"],
	];
	for (const [title, made, name] of refused) {
		const more = { certificate: hex(made.der), key: privateKey(made), closesEarly: true };
		add(title, strict, rsaRoot, `broker sent alert ${name}`, more);
	}
	add("wrong CA", ecBroker, rsaRoot, "unknown authority CN=EC root");
	const wrong = "certificate is not for example.com (CN=broker)";
	add("wrong name", ecBroker, ecRoot, wrong, { host: "example.com" });
	const early = `certificate is not valid before ${iso(dates.from)} (CN=broker)`;
	add("clock of 1970", ecBroker, ecRoot, early, { nowMs: 0 });
	const late = `certificate expired ${iso(dates.to)} (CN=broker)`;
	add("expired", ecBroker, ecRoot, late, { nowMs: now + 172_800_000 });
	const ecKey = { certificate: hex(ec.der), key: privateKey(ec) };
	add("EC client key", ecBroker, ecRoot, "client key is not RSA", ecKey);
	const pem = {
		certificate: hex(device.der),
		key: hex(Buffer.from("-----BEGIN PRIVATE KEY-----")),
	};
	add("key in PEM", ecBroker, ecRoot, "client key is not PKCS#8 DER", pem);
	const lone = { certificate: hex(device.der) };
	const half = "client certificate and key: one of them is missing";
	add("certificate without key", ecBroker, ecRoot, half, lone);
	const discard = async () => {
		for (const broker of [ecBroker, rsaBroker, strict]) await broker.discard();
	};
	return { cases, strict, discard };
}

/**
 * Lines of mosquitto.conf. Mosquitto sends what is behind its certificate, too.
 * @param issuer who signed it, and who signed that
 * @param clients who signs clients' certificates
 */
export function files(
	folder: string,
	name: string,
	made: Made,
	issuer: Made | readonly Made[],
	clients = [issuer].flat()[0],
): string[] {
	const at = (suffix: string) => join(folder, `${name}.${suffix}`);
	writeFileSync(at("crt"), [made, issuer].flat().map(pemOf).join(""));
	writeFileSync(at("ca"), pemOf(clients));
	const key = KeyObject.from(made.keys.privateKey);
	writeFileSync(at("key"), key.export({ format: "pem", type: "pkcs8" }));
	return [`certfile ${at("crt")}`, `cafile ${at("ca")}`, `keyfile ${at("key")}`];
}

/** A list that revokes one certificate; returns its path. */
async function revocationList(folder: string, issuer: Made, made: Made): Promise<string> {
	const x509 = await loadX509();
	const { serialNumber } = new x509.X509Certificate(made.der);
	const list = await x509.X509CrlGenerator.create({
		issuer: new x509.X509Certificate(issuer.der).subject,
		entries: [{ serialNumber }],
		nextUpdate: new Date(Date.now() + 86_400_000),
		signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
		signingKey: issuer.keys.privateKey,
	});
	const path = join(folder, "devices.crl");
	// OpenSSL reads no label but this one.
	writeFileSync(path, list.toString("pem").replaceAll(" CRL", " X509 CRL"));
	return path;
}

export function pemOf({ der }: Made): string {
	const lines =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	const text = lines.join("\n");
	return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

function privateKey(made: Made): string {
	return hex(KeyObject.from(made.keys.privateKey).export({ format: "der", type: "pkcs8" }));
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

function iso(date: Date): string {
	return `${date.toISOString().slice(0, 19)}Z`;
}

/** CONNECT and a subscription to what a broker says of itself: some 2,000 bytes. */
function request(): { request: string; answerBytes: number } {
	const id = Buffer.from("\x00\x04test");
	const connect = Buffer.concat([Buffer.from("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c"), id]);
	const topic = Buffer.from("\x00\x06$SYS/#\x00");
	const subscribe = Buffer.concat([Buffer.from("\x82\x0b\x00\x01", "latin1"), topic]);
	return { request: hex(Buffer.concat([connect, subscribe])), answerBytes: CONNACK.length + 1000 };
}
