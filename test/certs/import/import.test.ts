/**
 * `certs import` with keys and certificates that the real openssl made, as tutorials show: what is
 * good is taken over and works with a real Mosquitto; of what is bad everything is said at once,
 * and nothing is written.
 */

import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { after, test } from "node:test";
import { probe } from "../../../certs/probe/probe";
import { readLedger } from "../../../certs/store/ledger";
import { readCertificates } from "../../../certs/store/store";
import { skipWithout, startMosquitto } from "../../support/mosquitto";
import { RSA, Workbench } from "../openssl";

const skip = skipWithout("openssl");
const bench = new Workbench();
after(() => bench.discard());

const SAN = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
const SAN_AND_USES = `${SAN}basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n`;

if (skip === false) {
	bench.ca("ca", "/C=DE/O=Garden/CN=Garden_CA", RSA);
	bench.leaf("server", "ca", "/CN=localhost", SAN_AND_USES, { genkey: "genrsa 2048" });
	bench.write("shared.key", bench.openssl("genrsa 2048"));
	bench.leaf("client", "ca", "/CN=shed-1", "");
}

test("a whole installation as tutorials make it, then Mosquitto and the firmware", {
	skip: skip || skipWithout("mosquitto"),
}, async () => {
	const store = bench.newStore();
	const said = await bench.import(store, "broker-ca ca.crt ca.key");
	assert.match(said[0] ?? "", /broker-ca\.pem: taken over, valid until 20\d\d-/);
	assert.match(said.at(-1) ?? "", /"npm run certs -- init"/);
	await bench.import(store, "server server.crt server.key");
	const shared = await bench.import(store, "device-ca ca.crt ca.key");
	assert.match(shared.join("\n"), /note: one authority for brokers and devices: /);
	const device = await bench.import(store, "device shed-1 client.crt client.key");
	assert.match(device.join("\n"), /note: version 1: .*\(Mosquitto takes it\)/);

	const { chain, key } = store.server("localhost");
	const paths = store.device("shed-1");
	for (const path of [store.brokerCa.key, store.deviceCa.key, key, paths.key, paths.imageKey]) {
		assert.equal(statSync(path).mode & 0o777, 0o600, path);
	}
	assert.match(readFileSync(key, "utf8"), /^-----BEGIN PRIVATE KEY-----/);
	assert.deepEqual(readFileSync(paths.imageAuthorities[0]), readFileSync(store.brokerCa.der));
	const kinds = [...readLedger(store).certificates.values()].map(
		({ kind, name }) => `${kind} ${name}`,
	);
	// Both authorities are the one certificate.
	assert.deepEqual(kinds, ["device-ca Garden_CA", "server localhost", "device shed-1"]);

	const broker = await startMosquitto([
		`certfile ${chain}`,
		`keyfile ${key}`,
		`cafile ${store.deviceCa.certificate}`,
		`crlfile ${store.deviceCrl}`,
		"require_certificate true",
		"use_identity_as_username true",
	]);
	try {
		const report = await probe(
			{
				host: "localhost",
				port: broker.port,
				name: "localhost",
				credentials: {
					authorities: [readFileSync(paths.imageAuthorities[0])],
					certificate: readFileSync(paths.imageCertificate),
					key: readFileSync(paths.imageKey),
				},
				recordBytes: 4096,
				nowMs: Date.now(),
				limitMs: 20_000,
			},
			[],
		);
		assert.deepEqual(
			report.rules.filter(({ result }) => result !== "ok"),
			[],
		);
		assert.match(broker.log(), /u'shed-1'/);
	} finally {
		await broker.discard();
	}
});

test("every form of a key", { skip }, async () => {
	const secret = "correct horse";
	bench.write("secret.txt", `${secret}\nnot this\n`);
	bench.write("wrong.txt", "another\n");
	const forms = [
		["pkcs1.pem", "rsa -in server.key -traditional -out pkcs1.pem"],
		["pkcs1.der", "rsa -in server.key -outform der -traditional -out pkcs1.der"],
		["pkcs8.der", "pkcs8 -topk8 -nocrypt -in server.key -outform der -out pkcs8.der"],
	];
	const locked = [
		["des3.pem", "rsa -in server.key -des3 -traditional -passout file:secret.txt -out des3.pem"],
		["aes.pem", "rsa -in server.key -aes256 -passout file:secret.txt -out aes.pem"],
		["aes.der", "pkcs8 -topk8 -in server.key -outform der -passout file:secret.txt -out aes.der"],
	];
	const expected = createPrivateKey(readFileSync(bench.at("server.key")));
	for (const [name, line] of [...forms, ...locked] as [string, string][]) {
		bench.openssl(line);
		const store = bench.newStore();
		await bench.import(store, "broker-ca ca.crt");
		const isLocked = locked.some(([one]) => one === name);
		const more = isLocked ? " --passphrase-file secret.txt" : "";
		if (isLocked) {
			const none = await bench.refused(store, `server server.crt ${name}`);
			assert.match(none[0] ?? "", /has a passphrase: give --passphrase-file FILE/);
			const wrong = await bench.refused(
				store,
				`server server.crt ${name} --passphrase-file wrong.txt`,
			);
			assert.match(wrong[0] ?? "", /the passphrase in wrong\.txt is wrong/);
			assert.doesNotMatch(wrong.join(), /another/);
		}
		const said = await bench.import(store, `server server.crt ${name}${more}`);
		assert.equal(/note: the key lies .* without a passphrase/.test(String(said)), isLocked, name);
		const written = createPrivateKey(readFileSync(store.server("localhost").key));
		assert.ok(written.equals(expected), name);
	}
});

test("EC keys, with and without their curve in front, and certificates in DER", {
	skip,
}, async () => {
	bench.ca("ec-ca");
	const genkey = "ecparam -name prime256v1 -genkey";
	bench.leaf("ec", "ec-ca", "/CN=localhost", SAN, { genkey });
	assert.match(readFileSync(bench.at("ec.key"), "utf8"), /^-----BEGIN EC PARAMETERS/);
	bench.openssl("x509 -in ec.crt -outform der -out ec.der");
	bench.openssl("ec -in ec.key -outform der -out ec.key.der");
	const text = bench.openssl("x509 -in ec.crt -text");
	bench.write("ec.txt", text);
	for (const words of ["ec.crt ec.key", "ec.der ec.key.der", "ec.txt ec.key"]) {
		const store = bench.newStore();
		await bench.import(store, "broker-ca ec-ca.crt ec-ca.key");
		await bench.import(store, `server ${words}`);
		const chain = readCertificates(store.server("localhost").chain);
		assert.deepEqual(
			chain.map(({ subject }) => subject),
			["CN=localhost", "CN=ec-ca"],
		);
	}
});

test("an intermediate, in the file or with --chain", { skip }, async () => {
	bench.write("middle.key", bench.openssl("ecparam -name prime256v1 -genkey -noout"));
	bench.openssl("req -new -key middle.key -out middle.csr -subj /CN=middle");
	bench.write("middle.ext", "basicConstraints=critical,CA:TRUE\n");
	const signer = "-CA ca.crt -CAkey ca.key -CAcreateserial";
	bench.openssl(`x509 -req -in middle.csr ${signer} -out middle.crt -days 99 -extfile middle.ext`);
	bench.leaf("below", "middle", "/CN=localhost", SAN);
	const [below, middle] = ["below.crt", "middle.crt"].map((name) => readFileSync(bench.at(name)));
	bench.write("both.crt", Buffer.concat([below as Buffer, middle as Buffer]));
	for (const words of ["below.crt below.key --chain middle.crt", "both.crt below.key"]) {
		const store = bench.newStore();
		await bench.import(store, "broker-ca ca.crt");
		const alone = await bench.refused(store, "server below.crt below.key");
		assert.match(alone.join("\n"), /^its CA \(middle\) is not the store's \(Garden_CA\): /m);
		await bench.import(store, `server ${words}`);
		const chain = readCertificates(store.server("localhost").chain);
		assert.deepEqual(
			chain.map(({ subject }) => /CN=(.*)/.exec(subject)?.[1]),
			["localhost", "middle", "Garden_CA"],
		);
	}
});

test("what is wrong with a certificate between is said beside what is wrong with the leaf", {
	skip,
}, async () => {
	bench.write("thin.key", bench.openssl("genrsa 1024"));
	bench.openssl("req -new -key thin.key -out thin.csr -subj /CN=thin");
	bench.write("thin.ext", "basicConstraints=critical,CA:TRUE\n");
	const signer = "-CA ca.crt -CAkey ca.key -CAcreateserial";
	bench.openssl(`x509 -req -in thin.csr ${signer} -out thin.crt -days 99 -extfile thin.ext`);
	bench.leaf("under", "thin", "/CN=localhost", "basicConstraints=CA:FALSE\n");
	const store = bench.newStore();
	await bench.import(store, "broker-ca ca.crt");
	const lines = await bench.refused(store, "server under.crt under.key --chain thin.crt");
	assert.equal(lines.length, 2, lines.join("\n"));
	assert.match(lines[0] ?? "", /^no subjectAltName: /);
	assert.match(lines[1] ?? "", /^a board says: RSA key of 1024 bits, .* \(CN=thin\); /);
});

/** What a server is refused for, under its own CA. */
async function refusedServer(name: string, ca = "ca", nowMs = Date.now()): Promise<string[]> {
	const store = bench.newStore();
	await bench.import(store, `broker-ca ${ca}.crt`);
	return bench.refused(store, `server ${name}.crt ${name}.key`, nowMs);
}

test("mosquitto-tls(7) to the letter: no subjectAltName, version 1", { skip }, async () => {
	bench.leaf("manual", "ca", "/CN=broker.lan", "");
	assert.deepEqual(await refusedServer("manual"), [
		"version 1: openssl x509 -req without -extfile writes that; sign it again with one",
		"no subjectAltName: names are compared with that, the common name does not count; sign it " +
			"again with -extfile EXT, in it subjectAltName=DNS:broker.lan",
	]);
});

test("the CA's common name is the broker's", { skip }, async () => {
	bench.ca("same", "/O=Garden/OU=broker/CN=localhost");
	bench.leaf("twin", "same", "/O=Garden/OU=broker/CN=localhost", "");
	const twin = await refusedServer("twin", "same");
	assert.equal(twin.length, 3);
	assert.match(twin[2] ?? "", /^the same subject as its CA's \(localhost\): mosquitto's tools/);
	// With extensions OpenSSL can tell them apart, and so can a board.
	bench.leaf("cousin", "same", "/O=Garden/OU=server/CN=localhost", SAN);
	const store = bench.newStore();
	await bench.import(store, "broker-ca same.crt");
	const said = await bench.import(store, "server cousin.crt cousin.key");
	assert.match(said.join("\n"), /note: the CA's common name is the broker's \(localhost\)/);
});

test("1,024 bits, SHA-1 and a name that is nobody's, all at once", { skip }, async () => {
	const more = "-sha1";
	bench.leaf("weak", "ca", "/CN=broker.lan", "", { genkey: "genrsa 1024", more });
	const lines = await refusedServer("weak");
	assert.equal(lines.length, 4);
	assert.match(lines[1] ?? "", /^signed with SHA-1, which is broken; .*-sha256/);
	assert.match(lines[2] ?? "", /^a key of 1024 bits; RSA takes 2,048 to 4,096: openssl genrsa/);
});

test("keys that boards do not check: P-384 and Ed25519", { skip }, async () => {
	const kinds = [
		["p384", "ecparam -name secp384r1 -genkey -noout", /^a key of kind P-384; .*prime256v1/],
		["ed", "genpkey -algorithm ed25519", /^a key of kind Ed25519; /],
	] as const;
	for (const [name, genkey, line] of kinds) {
		bench.leaf(name, "ca", "/CN=localhost", SAN, { genkey });
		const lines = await refusedServer(name);
		assert.equal(lines.length, 1, lines.join("\n"));
		assert.match(lines[0] ?? "", line);
	}
});

test("expired, self-signed, for clients, another key, another CA", { skip }, async () => {
	const late = Date.now() + 2 * 365 * 86_400_000;
	const expired = await refusedServer("server", "ca", late);
	assert.match(expired.join("\n"), /^expired on 20\d\d-\d\d-\d\d; sign it again, with -days$/m);
	bench.openssl(
		`req -x509 -key shared.key -out self.crt -subj /CN=localhost -addext ${SAN.trim()}`,
	);
	bench.write("self.key", readFileSync(bench.at("shared.key")));
	const self = await refusedServer("self");
	assert.match(self.join("\n"), /^self-signed; boards want a CA above it/);
	bench.leaf("user", "ca", "/CN=localhost", `${SAN}extendedKeyUsage=clientAuth\n`);
	const user = await refusedServer("user");
	assert.match(
		user.join("\n"),
		/^a board says: extended key usage without serverAuth \(CN=localhost\); /,
	);
	const store = bench.newStore();
	await bench.import(store, "broker-ca ca.crt");
	const key = await bench.refused(store, "server server.crt client.key");
	assert.deepEqual(key.length, 1);
	assert.match(key[0] ?? "", /^the key does not belong to it: it is another one; openssl pkey/);
	bench.ca("stranger");
	const other = await refusedServer("server", "stranger");
	assert.match(
		other.join("\n"),
		/^its CA \(Garden_CA\) is not the store's \(stranger\): .*import broker-ca/,
	);
	const none = await bench.refused(bench.newStore(), "server server.crt server.key");
	assert.match(none.join("\n"), /is not the store's \(none\)/);
});

test("authorities that are none", { skip }, async () => {
	bench.openssl("req -new -key ca.key -out old.csr -subj /CN=old");
	bench.openssl("x509 -req -in old.csr -signkey ca.key -out old.crt -days 99");
	bench.write("bare.ext", "subjectKeyIdentifier=hash\n");
	bench.openssl("x509 -req -in old.csr -signkey ca.key -out bare.crt -days 99 -extfile bare.ext");
	const noCa = /^no CA: basicConstraints CA:TRUE is missing; openssl req -x509 writes it/m;
	const old = await bench.refused(bench.newStore(), "broker-ca old.crt ca.key");
	assert.match(old[0] ?? "", /^version 1: /);
	assert.match(old.join("\n"), noCa);
	for (const kind of ["broker-ca", "device-ca"]) {
		const bare = await bench.refused(bench.newStore(), `${kind} bare.crt`);
		assert.match(bare.join("\n"), noCa);
		assert.equal(bare.length, 1);
		const key = await bench.refused(bench.newStore(), `${kind} ca.crt client.key`);
		assert.match(key.join("\n"), /^the key does not belong to it/);
		const leaf = await bench.refused(bench.newStore(), `${kind} server.crt server.key`);
		assert.match(leaf.join("\n"), noCa);
	}
	bench.openssl(
		"req -new -x509 -newkey rsa:1024 -nodes -keyout small.key -out small.crt -subj /CN=small",
	);
	const small = await bench.refused(bench.newStore(), "broker-ca small.crt");
	assert.match(small.join("\n"), /^a key of 1024 bits/);
	// Trusted as it is: nobody looks at who signed it, and how.
	bench.openssl("req -new -x509 -sha1 -key ca.key -out sha1.crt -subj /CN=sha1");
	const said = await bench.import(bench.newStore(), "broker-ca sha1.crt ca.key");
	assert.match(said.join("\n"), /note: signed with SHA-1/);
});

test("devices: EC, another name, for servers, SHA-1, another CA", { skip }, async () => {
	const store = bench.newStore();
	await bench.import(store, "broker-ca ca.crt");
	await bench.import(store, "device-ca ca.crt ca.key");
	const refused = (line: string) => bench.refused(store, `device ${line}`);
	const genkey = "ecparam -name prime256v1 -genkey -noout";
	bench.leaf("ec-client", "ca", "/CN=shed-2", "basicConstraints=CA:FALSE\n", { genkey });
	const ec = await refused("shed-2 ec-client.crt ec-client.key");
	assert.deepEqual(ec.length, 1);
	assert.match(ec[0] ?? "", /^a key of type ec: a board signs with RSA only; openssl genrsa/);
	const name = await refused("shed-3 client.crt client.key");
	assert.match(name.join("\n"), /^its common name is shed-1, the node is shed-3: brokers take/m);
	bench.leaf("server-use", "ca", "/CN=shed-1", "extendedKeyUsage=serverAuth\n");
	const use = await refused("shed-1 server-use.crt server-use.key");
	assert.match(use.join("\n"), /^extendedKeyUsage without clientAuth: a broker refuses it/m);
	bench.leaf("sha1-client", "ca", "/CN=shed-1", "", { more: "-sha1" });
	const sha1 = await refused("shed-1 sha1-client.crt sha1-client.key");
	assert.match(sha1.join("\n"), /^signed with SHA-1/m);
	bench.ca("elsewhere");
	bench.leaf("foreign", "elsewhere", "/CN=shed-1", "");
	const foreign = await refused("shed-1 foreign.crt foreign.key");
	assert.match(
		foreign.join("\n"),
		/^its CA \(elsewhere\) is not the store's for devices \(Garden_CA\)/m,
	);
	const bare = bench.newStore();
	await bench.import(bare, "device-ca ca.crt");
	const missing = await bench.refused(bare, "device shed-1 client.crt client.key");
	assert.match(missing[0] ?? "", /broker-ca\.pem: is not there; it goes into a board's image/);
});

test("what is there already is moved aside with --force only", { skip }, async () => {
	const store = bench.newStore();
	bench.ca("second");
	bench.leaf("second-server", "second", "/CN=localhost", SAN);
	await bench.import(store, "broker-ca ca.crt ca.key");
	await bench.import(store, "device-ca ca.crt ca.key");
	await bench.import(store, "server server.crt server.key");
	await bench.import(store, "device shed-1 client.crt client.key");
	// The same once more changes nothing.
	await bench.import(store, "broker-ca ca.crt ca.key");
	await bench.import(store, "device-ca ca.crt ca.key");
	for (const line of ["broker-ca second.crt", "device-ca second.crt second.key"]) {
		const why = await bench.refused(store, line);
		assert.match(why[0] ?? "", /another authority is in use; --force moves it to retired/);
	}
	const again = await bench.refused(store, "server server.crt server.key");
	assert.match(again[0] ?? "", /is there already; --force/);

	const said = await bench.import(store, "broker-ca second.crt second.key --force");
	assert.match(
		said.join("\n"),
		/localhost is under the authority before: certs -- renew localhost/,
	);
	await bench.import(store, "server second-server.crt second-server.key --force");
	await bench.import(store, "device-ca second.crt second.key --force");
	const trusted = readCertificates(store.deviceCa.certificate).map(({ subject }) => subject);
	assert.deepEqual(
		trusted.map((one) => /CN=(.*)/.exec(one)?.[1]),
		["second", "Garden_CA"],
	);
	// One list for each authority that is trusted.
	const lists = readFileSync(store.deviceCrl, "utf8").match(/BEGIN X509 CRL/g);
	assert.equal(lists?.length, 2);
	const retired = ["broker-ca.pem", "broker-ca.key", "device-ca.key", "server-localhost.key"];
	for (const name of retired) assert.ok(existsSync(`${store.retired}/${name}`), name);
	const key = createPrivateKey(readFileSync(`${store.retired}/server-localhost.key`));
	assert.ok(new X509Certificate(readFileSync(bench.at("server.crt"))).checkPrivateKey(key));
});

test("files that hold something else", { skip }, async () => {
	const store = bench.newStore();
	bench.write("text.txt", "hello");
	bench.openssl("pkcs12 -export -in server.crt -inkey server.key -passout pass:x -out server.p12");
	const wrong: [string, RegExp][] = [
		["broker-ca ca.key", /^ca\.key: holds a private key, not a certificate$/],
		["broker-ca server.csr", /^server\.csr: holds a request \(CSR\) that has to be signed first/],
		["broker-ca text.txt", /^text\.txt: is no certificate in PEM or DER form$/],
		[
			"broker-ca server.p12",
			/is no certificate in PEM or DER form; of a \.p12 file: openssl pkcs12/,
		],
		["broker-ca none.crt", /^none\.crt: is not there$/],
		["server server.crt ca.crt", /^ca\.crt: holds a certificate, not a private key$/],
		["server server.crt text.txt", /^text\.txt: is no private key in PEM or DER form$/],
		["server server.crt server.p12", /^server\.p12: is no private key in PEM or DER form$/],
		["server server.crt", /KEY is missing: import server CERT KEY/],
		["device shed-1 client.crt", /KEY is missing: import device NODE CERT KEY/],
		["device Shed_1 client.crt client.key", /"Shed_1": an id is 1 to 32 of a-z, 0-9 and -/],
		["broker ca.crt", /"broker"\? One of broker-ca, device-ca, server, device/],
		["broker-ca ca.crt --chain ca.crt", /--chain: only with import server/],
		["broker-ca ca.crt --passphrase secret", /unknown option --passphrase; did you mean/],
	];
	for (const [line, reason] of wrong) {
		const lines = await bench.refused(store, line);
		assert.match(lines.join("\n"), reason, line);
	}
	assert.ok(!existsSync(store.directory));
});
