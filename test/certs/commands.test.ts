/** `fieldmote certs` as a user types it: what it makes, what it says, and what it leaves alone. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { numberedIds } from "../../certs/commands/fleet";
import { issueServer } from "../../certs/signing/issue";
import { root } from "../../host-sim/build.mjs";
import { makeStoreBench } from "../support/certs-command";
import { skipWithout } from "../support/mosquitto";
import { paste } from "../support/simulator";

const ROOT_X1 =
	"96:BC:EC:06:26:49:76:F3:74:60:77:9A:CF:28:C5:A7:CF:E8:A3:C0:AA:E1:1A:8F:FC:EE:05:C0:BD:DF:08:C6";

function certificate(path: string): X509Certificate {
	return new X509Certificate(readFileSync(path));
}

test("init, server, device: the files, their names, their modes", async (context) => {
	const bench = makeStoreBench(context);
	const { store } = bench;
	assert.match(await bench.done("init"), /broker-cas\.pem: for programs \(bridges, /);
	const out = await bench.done("server", "Broker.LAN", "192.168.1.10");
	assert.match(out, /^Programs that connect to it .*: .*broker-cas\.pem$/m);
	assert.match(out, /fullchain\.pem for broker\.lan, 192\.168\.1\.10, valid until 20\d\d-/);
	assert.match(
		await bench.done("device", "shed-1"),
		/shed-1\/image: made; certificate for shed-1 /,
	);
	assert.deepEqual(Object.keys(bench.contents()), [
		"broker-ca-next.der",
		"broker-ca-next.key",
		"broker-ca-next.pem",
		"broker-ca.der",
		"broker-ca.key",
		"broker-ca.pem",
		"broker-cas.pem",
		"brokers/broker.lan/fullchain.pem",
		"brokers/broker.lan/privkey.pem",
		"device-ca.key",
		"device-ca.pem",
		"device-crl.pem",
		"devices/shed-1/certificate.pem",
		"devices/shed-1/image/authority-1.der",
		"devices/shed-1/image/authority.der",
		"devices/shed-1/image/certificate.der",
		"devices/shed-1/image/key.der",
		"devices/shed-1/key.pem",
		"ledger.jsonl",
	]);
	for (const name of Object.keys(bench.contents())) {
		const isSecret = /\.key$|privkey|key\.(pem|der)$|ledger/.test(name);
		const mode = statSync(join(store.directory, name)).mode & 0o777;
		assert.equal(mode, isSecret ? 0o600 : 0o644, name);
	}
	const leaf = certificate(store.server("broker.lan").chain);
	assert.equal(leaf.subjectAltName, "DNS:broker.lan, IP Address:192.168.1.10");
	assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
	assert.equal(certificate(store.device("shed-1").certificate).subject, "CN=shed-1");
});

test("a name that the ACL knows is for no board", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	const users = readFileSync("broker/acl", "utf8").matchAll(/^user (.+)$/gm);
	for (const [, user] of users) {
		assert.match(await bench.done("device", user), /has rights of its own in broker\/acl/, user);
	}
});

test("run again, nothing changes; what would overwrite says so", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("server", "a.lan", "--key", "rsa", "--days", "90");
	await bench.done("device", "n1");
	const before = bench.contents();
	assert.match(await bench.done("init"), /is complete, nothing made/);
	assert.match(await bench.done("server", "a.lan"), /is there, valid until .*nothing made/);
	assert.match(await bench.done("device", "n1"), /image: is there; certificate for n1/);
	const other = await bench.run("server", "a.lan", "10.0.0.1");
	assert.equal(other.status, 1);
	assert.match(other.err, /is for a\.lan; --force issues it anew for a\.lan, 10\.0\.0\.1/);
	const kind = await bench.run("server", "a.lan", "--key", "p256");
	assert.match(kind.err, /privkey\.pem: is rsa; --new-key replaces it/);
	assert.deepEqual(bench.contents(), before);

	await bench.done("server", "a.lan", "10.0.0.1", "--force");
	const key = "brokers/a.lan/privkey.pem";
	assert.equal(bench.contents()[key], before[key]);
	await bench.done("device", "n1", "--new-key");
	const after = bench.contents();
	assert.notEqual(after["devices/n1/key.pem"], before["devices/n1/key.pem"]);
	assert.notEqual(after["devices/n1/image/key.der"], before["devices/n1/image/key.der"]);
	assert.equal(after["retired/device-n1.key"], before["devices/n1/key.pem"]);
});

test("init --force moves everything away and begins anew", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("device", "n1");
	const before = bench.contents();
	await bench.done("init", "--force");
	const after = bench.contents();
	const kept = Object.values(after);
	assert.deepEqual(
		Object.keys(before).filter((name) => !kept.includes(before[name] as string)),
		[],
	);
	assert.notEqual(after["broker-ca.pem"], before["broker-ca.pem"]);
	assert.ok(!existsSync(bench.store.device("n1").folder));
});

test("device --authority: ISRG Root X1 is the one that it says to be", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("device", "n1", "--authority", "letsencrypt");
	const path = bench.store.device("n1").imageAuthorities[2];
	assert.equal(certificate(path).fingerprint256, ROOT_X1);
	await bench.done("device", "n1");
	assert.equal(certificate(path).fingerprint256, ROOT_X1);
	const other = await bench.run("device", "n1", "--authority", bench.store.brokerCa.certificate);
	assert.match(other.err, /authority-2\.der: is another authority; --force replaces it/);
	await bench.done("server", "a.lan");
	const leaf = bench.store.server("a.lan").chain;
	for (const [file, reason] of [
		[leaf, /holds several certificates/],
		[bench.store.device("n1").certificate, /is no authority's certificate/],
		["/nowhere.pem", /nowhere\.pem: is not there/],
		[bench.store.brokerCa.key, /broker-ca\.key: holds no certificate$/m],
	] as const) {
		const { status, err } = await bench.run("device", "n2", "--authority", file);
		assert.equal(status, 1);
		assert.match(err, reason);
	}
	assert.ok(!existsSync(bench.store.device("n2").folder));
});

test("device --count: numbered, and a run that was stopped goes on", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("device", "shed-0002");
	const key = readFileSync(bench.store.device("shed-0002").key, "utf8");
	const out = await bench.done("device", "shed", "--count", "4");
	assert.match(out, /^4 of 4 devices: 3 made, 1 were there .*, \d+\.\d\d s for each made$/m);
	assert.deepEqual(bench.store.devices(), ["shed-0001", "shed-0002", "shed-0003", "shed-0004"]);
	assert.equal(readFileSync(bench.store.device("shed-0002").key, "utf8"), key);
	assert.match(await bench.done("device", "--all"), /4 of 4 devices: 0 made, 4 were there/);
	const serials = bench.store.devices().map((id) => {
		return certificate(bench.store.device(id).certificate).serialNumber;
	});
	assert.equal(new Set(serials).size, 4);
});

test("device --count: a board's name does not depend on how many there are", () => {
	const ids = numberedIds("a", "100000", new Set(["a-000007", "a-00008"]));
	assert.deepEqual(ids.slice(0, 8), [
		...[1, 2, 3, 4, 5, 6].map((number) => `a-000${number}`),
		"a-000007",
		"a-00008",
	]);
	assert.equal(ids[9998], "a-9999");
	assert.equal(ids[9999], "a-10000");
	assert.equal(ids[99_999], "a-100000");
	assert.deepEqual(numberedIds("a", "8", new Set()), [
		...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => `a-000${number}`),
	]);
});

test("device --count: on a terminal it says how far it is, and for how long", {
	skip: skipWithout("script"),
}, async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	const words = `certs device shed --count 12 --directory ${store.directory}`;
	const running = paste(`script -qec "node ${join(root, "host-sim/bin.mjs")} ${words}" /dev/null`);
	assert.equal(await running.ended(), 0, running.out());
	assert.match(running.out(), /\r\d+ of 12, \d+\.\d a second, \d+ s left/);
	assert.match(running.out(), /\n12 of 12 devices: 12 made/);
});

test("server: an expired certificate is not passed over", async (context) => {
	const { store, done, run } = makeStoreBench(context);
	await done("init");
	const nowMs = Date.now() - 3 * 86_400_000;
	const { chain } = await issueServer(store, ["a.lan"], { nowMs, days: 1 });
	const before = readFileSync(chain, "utf8");
	const { status, err } = await run("server", "a.lan");
	assert.equal(status, 1);
	assert.match(err, /fullchain\.pem: ended on 20\d\d-\d\d-\d\d; --force issues it anew$/m);
	assert.equal(readFileSync(chain, "utf8"), before);
	await done("server", "a.lan", "--force");
	assert.match(await done("check"), /all good/);
});

test("list: a table, and JSON", async (context) => {
	const bench = makeStoreBench(context);
	assert.match(await bench.done("list"), /is empty; "npm run certs -- init" begins/);
	await bench.done("init");
	await bench.done("server", "*.lan", "10.0.0.1", "--days", "90");
	await bench.done("device", "n1");
	const out = await bench.done("list");
	assert.match(out, /^kind +name +until +days +for$/m);
	assert.match(out, /^server +_\.lan +20\d\d-\d\d-\d\d +89 +\*\.lan, 10\.0\.0\.1$/m);
	const records = JSON.parse(await bench.done("list", "--json"));
	assert.deepEqual(
		records.map((one: { name: string }) => one.name),
		["broker-ca", "broker-ca-next", "device-ca", "_.lan", "n1"],
	);
	assert.equal(records[4].revokedAt, null);
	assert.equal(records[4].serial, certificate(bench.store.device("n1").certificate).serialNumber);
});

test("revoke: said by list and check, kept out of renew and device", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("device", "n1", "n2");
	const { serialNumber } = certificate(bench.store.device("n1").certificate);
	assert.match(await bench.done("revoke", "n1"), new RegExp(`${serialNumber} \\(n1\\): revoked`));
	assert.match(await bench.done("revoke", "n1"), /\(n1\): was revoked on /);
	assert.match(await bench.done("list"), /n1, revoked 20\d\d-/);
	assert.match((await bench.run("check")).out, /n1\/certificate\.pem: was revoked on .*--new-key/);
	assert.match(
		(await bench.run("device", "n1")).err,
		/n1: its certificate was revoked; .*--new-key/,
	);
	assert.match((await bench.run("renew", "n1")).err, /n1: was revoked/);
	assert.match(await bench.done("device", "--all"), /n1: is revoked, left out\n1 of 1 devices/);
	await bench.done("device", "n1", "--new-key");
	assert.equal((await bench.run("check")).status, 0);
	const second = certificate(bench.store.device("n2").certificate).serialNumber.toLowerCase();
	const colons = second.match(/../g)?.join(":") ?? "";
	assert.match(await bench.done("revoke", "--serial", colons), /\(n2\): revoked/);
	const unknown = await bench.run("revoke", "n3");
	assert.equal(unknown.status, 1);
	assert.match(unknown.err, /n3: no device of that name/);
});

test("renew: what ends soon, with its key and its names; or by name", async (context) => {
	const bench = makeStoreBench(context);
	await bench.done("init");
	await bench.done("server", "a.lan", "10.0.0.1", "--days", "20");
	await bench.done("server", "b.lan", "--days", "400");
	await bench.done("device", "a.lan".replace(".", "-"), "--days", "20");
	const before = bench.contents();
	const out = await bench.done("renew");
	assert.match(out, /brokers\/a\.lan\/fullchain\.pem: new, valid until .*the broker needs it now/);
	assert.match(out, /devices\/a-lan\/certificate\.pem: new, .*flash the board/);
	const after = bench.contents();
	const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
	assert.deepEqual(changed, [
		"brokers/a.lan/fullchain.pem",
		"devices/a-lan/certificate.pem",
		"devices/a-lan/image/certificate.der",
		"ledger.jsonl",
	]);
	const leaf = certificate(bench.store.server("a.lan").chain);
	assert.equal(leaf.subjectAltName, "DNS:a.lan, IP Address:10.0.0.1");
	assert.match(await bench.done("renew"), /nothing ends within that time/);
	await bench.done("renew", "b.lan", "--new-key");
	const key = "brokers/b.lan/privkey.pem";
	assert.notEqual(bench.contents()[key], before[key]);
	assert.equal((await bench.run("check")).status, 0);
	assert.match((await bench.run("renew", "c.lan")).err, /c\.lan: no broker or device of that name/);
});

const WRONG: [words: string[], text: RegExp][] = [
	[["devise", "x"], /unknown command "devise"; did you mean "device"\?/],
	[["init", "x"], /init: takes no word, not "x"/],
	[["server"], /server: needs a name/],
	[["server", "::1"], /"::1": boards compare DNS names and IPv4 addresses only/],
	[["server", "mqtts://a.lan"], /is a URL or a path; the host alone/],
	[["server", "a.lan:8883"], /for a host, not for a port/],
	[["server", "10.0.0.256"], /is no IPv4 address/],
	[["server", "a..lan"], /has an empty label/],
	[["server", "a_b.lan"], /"a_b": a label is/],
	[["server", "a.*.lan"], /\* stands for the whole first label only/],
	[["server", "a*.lan"], /\* stands for the whole first label only/],
	[["server", "bücher.example"], /letters that DNS lacks; in DNS it is xn--bcher-kva\.example/],
	[["server", "a.lan", "--key", "ed25519"], /--key ed25519: p256 or rsa/],
	[["server", "a.lan", "--days", "0"], /--days 0: must be 1 to 7300/],
	[["device"], /device: needs an id/],
	[["device", "Shed_1"], /"Shed_1": an id is 1 to 32 of a-z, 0-9 and -, such as shed-1/],
	[["device", "../x"], /"\.\.\/x": an id is/],
	[["device", "a", "--count", "0"], /--count 0: must be 1 to 100000/],
	[["device", "a", "b", "--count", "2"], /--count: takes one prefix/],
	[["device", "a".repeat(30), "--count", "2"], /a shorter prefix/],
	[["device", "a", "--cuont", "2"], /unknown option --cuont; did you mean --count\?/],
	[["check", "--within", "soon"], /--within soon: a number and h, d or w, such as 30d/],
	[["revoke"], /revoke: needs a device's id, or --serial/],
	[["revoke", "--serial", "xyz"], /--serial xyz: hexadecimal/],
	[["renew", "broker-ca", "a"], /renew broker-ca: alone, without "a"/],
	[["renew", "--finish"], /--finish: with broker-ca or device-ca only/],
];

test("wrong use: exit code 2, what is wrong, and nothing is made", async (context) => {
	const bench = makeStoreBench(context);
	for (const [words, text] of WRONG) {
		const { status, out, err } = await bench.run(...words);
		assert.equal(status, 2, words.join(" "));
		assert.match(err, text);
		assert.match(err, /^fieldmote certs: [^\n]+\n$/);
		assert.equal(out, "");
	}
	assert.deepEqual(bench.contents(), {});
});

test("without authorities: says how to begin, and makes none", async (context) => {
	const bench = makeStoreBench(context);
	for (const words of [
		["server", "a.lan"],
		["device", "n1"],
		["renew", "broker-ca"],
		["renew", "device-ca"],
	]) {
		const { status, err } = await bench.run(...words);
		assert.equal(status, 1, words.join(" "));
		assert.match(err, /no authorities there yet; "npm run certs -- init" makes them/);
	}
	assert.deepEqual(bench.contents(), {});
});

test("a reader that goes away stops nothing, and brings no stack trace", async (context) => {
	const { store, done } = makeStoreBench(context);
	await done("init");
	const bin = join(root, "host-sim/bin.mjs");
	const line = `node '${bin}' certs device a b --directory '${store.directory}' | true`;
	const running = paste(line);
	assert.equal(await running.ended(), 0);
	assert.equal(running.err(), "");
	assert.deepEqual(store.devices(), ["a", "b"]);
	assert.ok(existsSync(store.device("b").imageKey));
});

test("--help for all, and for each with examples", async (context) => {
	const bench = makeStoreBench(context);
	const all = await bench.done("--help");
	for (const name of ["init", "server", "device", "list", "check", "revoke", "renew"]) {
		assert.match(all, new RegExp(`^  ${name} `, "m"));
		const help = await bench.done(name, "--help");
		assert.match(help, new RegExp(`^usage: npm run certs -- ${name}`));
		assert.match(help, new RegExp(`^Examples:\\n  .*certs -- ${name}`, "m"));
	}
});
