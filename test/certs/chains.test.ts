/**
 * Two authorities keep boards and brokers apart: by the firmware's own check, by openssl, and by a
 * broker that shows the wrong certificate.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { readCertificates } from "../../certs/store/store";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";
import { makeStoreBench } from "../support/certs-command";
import { skipWithout } from "../support/mosquitto";
import { LIMIT_MS, broker as startBroker, startNode } from "../support/node-rig";

const HOST = "broker.example.com";

let check: (
	chain: readonly Uint8Array[],
	authorities: readonly Uint8Array[],
	host: string,
	nowMs: number,
) => string;

before(async () => {
	const program = await buildProgram("test/support/chain-checker.ts");
	const firmware = powerOn(makeBoard().board, program) as { checkText(json: string): string };
	const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
	check = (chain, authorities, host, nowMs) => {
		const given = { chain: chain.map(hex), authorities: authorities.map(hex), host, nowMs };
		return firmware.checkText(JSON.stringify(given));
	};
});

async function openssl(...words: string[]): Promise<string> {
	try {
		const { stdout, stderr } = await promisify(execFile)("openssl", words);
		return stdout + stderr;
	} catch (error) {
		const { stdout, stderr } = error as { stdout: string; stderr: string };
		return stdout + stderr;
	}
}

test("a board's key cannot pose as the broker, whatever is trusted", async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("server", HOST);
	await done("device", "n1");
	const nowMs = Date.now();
	const [leaf, brokerCa] = readCertificates(store.server(HOST).chain).map(({ raw }) => raw);
	const [device] = readCertificates(store.device("n1").certificate).map(({ raw }) => raw);
	const [deviceCa] = readCertificates(store.deviceCa.certificate).map(({ raw }) => raw);
	const image = store
		.device("n1")
		.imageAuthorities.slice(0, 2)
		.map((path) => readFileSync(path));
	assert.equal(check([leaf, brokerCa], image, HOST, nowMs), "");
	assert.match(
		check([device, deviceCa], image, HOST, nowMs),
		/^extended key usage without serverAuth \(CN=n1\)$/,
	);
	assert.match(
		check([device, deviceCa], [...image, deviceCa], "n1", nowMs),
		/^extended key usage without serverAuth \(CN=n1\)$/,
	);
	// The board's key as an authority: it would sign what it likes.
	const {
		makeServerCertificate,
		identityOf,
		makeKeys: newKeys,
	} = await import("../../certs/signing/authority");
	const { createPrivateKey } = await import("node:crypto");
	const key = createPrivateKey(readFileSync(store.device("n1").key));
	const { publicKey } = await newKeys("P-256");
	const forge = async (certificate: Uint8Array, by = key) => {
		const signer = await identityOf(certificate, by);
		const made = await makeServerCertificate(signer, [HOST], { publicKey, nowMs });
		return new Uint8Array(made.rawData);
	};
	assert.match(
		check([await forge(device), device, deviceCa], [...image, deviceCa], HOST, nowMs),
		/^issuer is no authority \(CN=n1\)$/,
	);
	// The devices' authority itself: boards do not carry it.
	const deviceKey = createPrivateKey(readFileSync(store.deviceCa.key));
	assert.match(
		check([await forge(deviceCa, deviceKey), deviceCa], image, HOST, nowMs),
		/^unknown authority CN=fieldmote device CA [0-9a-f]{6}$/,
	);
	// A broker's key as an authority.
	const brokerKey = createPrivateKey(readFileSync(store.server(HOST).key));
	assert.match(
		check([await forge(leaf, brokerKey), leaf, brokerCa], image, HOST, nowMs),
		/^issuer is no authority \(CN=broker\.example\.com\)$/,
	);
});

test("openssl sees the same: what each certificate may be used for", {
	skip: skipWithout("openssl"),
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("server", HOST);
	await done("device", "n1");
	const verify = (purpose: string, ca: string, file: string) => {
		return openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, file);
	};
	const server = store.server(HOST).chain;
	const { certificate: device } = store.device("n1");
	const { brokerCa, brokerCaNext, deviceCa } = store;
	assert.match(await verify("sslserver", brokerCa.certificate, server), /: OK$/m);
	assert.match(await verify("sslclient", deviceCa.certificate, device), /: OK$/m);
	for (const [purpose, ca, file] of [
		["sslclient", brokerCa.certificate, server],
		["sslserver", deviceCa.certificate, device],
	] as const) {
		assert.match(await verify(purpose, ca, file), /unsuitable certificate purpose/);
	}
	for (const [purpose, ca, file] of [
		["sslserver", brokerCaNext.certificate, server],
		["sslserver", deviceCa.certificate, server],
		["sslclient", brokerCa.certificate, device],
	] as const) {
		assert.match(await verify(purpose, ca, file), /unable to get local issuer certificate/);
	}
	const listed = ["verify", "-x509_strict", "-crl_check", "-CRLfile", store.deviceCrl];
	assert.match(await openssl(...listed, "-CAfile", deviceCa.certificate, device), /: OK$/m);
	for (const path of [brokerCa, brokerCaNext, deviceCa]) {
		const text = await openssl("x509", "-in", path.certificate, "-noout", "-text");
		assert.match(text, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
		assert.match(text, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
		assert.match(text, /Subject Key Identifier/);
		assert.match(text, /ecdsa-with-SHA256/);
	}
	for (const [path, usage] of [
		[server, "TLS Web Server Authentication"],
		[device, "TLS Web Client Authentication"],
	] as const) {
		const text = await openssl("x509", "-in", path, "-noout", "-text");
		assert.match(text, /Basic Constraints: critical\s+CA:FALSE/);
		assert.match(text, /Key Usage: critical\s+Digital Signature\n/);
		assert.match(text, new RegExp(`Extended Key Usage: *\\n\\s+${usage}\\n`));
		assert.match(text, /Subject Key Identifier/);
		assert.match(text, /Authority Key Identifier/);
	}
});

test("a broker that shows a board's certificate gets no CONNECT", {
	skip: skipWithout("mosquitto"),
	timeout: LIMIT_MS,
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	await done("device", "localhost", "n1");
	const thief = store.device("localhost");
	const broker = await startBroker([
		`certfile ${thief.certificate}`,
		`keyfile ${thief.key}`,
		`cafile ${store.deviceCa.certificate}`,
		"allow_anonymous true",
	]);
	const { imageAuthorities, imageCertificate, imageKey } = store.device("n1");
	const node = await startNode(
		{ url: `mqtts://localhost:${broker.port}` },
		{
			name: "n1",
			credentials: {
				authorities: imageAuthorities.slice(0, 2).map((path) => readFileSync(path)),
				certificate: readFileSync(imageCertificate),
				key: readFileSync(imageKey),
			},
		},
	);
	const line = await node.line(/failed/);
	assert.match(line, /tls failed: .*extended key usage without serverAuth \(CN=localhost\)/);
	assert.doesNotMatch(broker.log(), /New client connected/);
});
