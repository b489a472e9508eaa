/**
 * `fieldmote device` from the outside, with an SDK that only writes down how it was called: what
 * is run, what is said, what is never shown, and what each error asks for.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import manifest from "../../manifest.json" with { type: "json" };
import { Bench, SITE } from "./bench";

const GIVEN = ["--board", "nodemcu-v2", "--node", "shed-1"];
/** A character device that takes everything. */
const PORT = ["--port", "/dev/null"];

let bench: Bench;

before(() => {
	bench = new Bench();
});

after(() => bench.discard());

function credentials(name = ""): string {
	return join(bench.root, "certs/generated/devices/shed-1/image", name);
}

test("builds and flashes with the platform, board, certificates and values of the node", () => {
	const { status, stdout, stderr } = bench.run([...GIVEN, ...PORT, "ntp=ntp.lan"]);
	assert.equal(status, 0, stderr);
	const output = join(bench.root, "dist/device/shed-1");
	const end = ["-o", output, "ntp=ntp.lan", "node=shed-1"];
	const variables = {
		cwd: bench.root,
		MODDABLE: bench.sdk,
		ESP_BASE: bench.esp,
		BOARD: "nodemcu-v2",
		CREDENTIALS: credentials().replace(/\/$/, ""),
		UPLOAD_PORT: "/dev/null",
	};
	assert.deepEqual(bench.calls(), [
		{ variables, words: ["-m", "-p", "esp/nodemcu", "-t", "build", ...end] },
		{ variables, words: ["-m", "-p", "esp/nodemcu", "-t", "deploy", ...end] },
	]);
	assert.match(
		stdout,
		/^configuration ok: node shed-1 on nodemcu-v2 .*mqtts:\/\/broker\.lan:8883$/m,
	);
	const { stack } = manifest.platforms["esp/*"].creation;
	const machine = `machine: static 32768, chunks 1536+512, slots 512+64, stack ${stack} `;
	assert.ok(stdout.includes(`\n${machine}`), stdout);
	assert.match(stdout, /^certificates: made in certs\/generated\/devices\/shed-1\/image$/m);
	assert.match(stdout, /certificate\.der valid until \d{4}-\d\d-\d\d$/m);
	assert.match(stdout, /the broker broker\.lan needs: cafile .*device-ca\.pem, certfile /);
	assert.match(stdout, /^built in \d+ s: .*main\.bin, 1000 of 1110016 bytes$/m);
	assert.match(stdout, /^flashed to \/dev\/null$/m);
	const ledger = readFileSync(join(bench.root, "certs/generated/ledger.jsonl"), "utf8");
	const flashed = JSON.parse(ledger.trim().split("\n").at(-1) ?? "");
	assert.equal(flashed.event, "flashed");
	assert.equal(flashed.name, "shed-1");
	assert.deepEqual(flashed.authorities, [
		createHash("sha256")
			.update(readFileSync(credentials("authority.der")))
			.digest("hex"),
		createHash("sha256")
			.update(readFileSync(credentials("authority-1.der")))
			.digest("hex"),
	]);
	assert.deepEqual(readdirSync(credentials()).sort(), [
		"authority-1.der",
		"authority.der",
		"certificate.der",
		"key.der",
	]);
	assert.equal(statSync(credentials("key.der")).mode & 0o777, 0o600);
	assert.equal(statSync(output).mode & 0o777, 0o700);
});

test("a second run finds the certificates, and keeps the key", () => {
	const key = readFileSync(credentials("key.der"));
	const { status, stdout } = bench.run([...GIVEN, "--build-only"]);
	assert.equal(status, 0);
	assert.match(stdout, /^certificates: found in /m);
	assert.match(stdout, /^not flashed: /m);
	assert.equal(bench.calls().length, 1);
	assert.ok(readFileSync(credentials("key.der")).equals(key));
});

test("a key that is another than the one made is not overwritten", () => {
	const path = credentials("key.der");
	const key = readFileSync(path);
	writeFileSync(path, "another key");
	const { status, stderr } = bench.run([...GIVEN, "--build-only"]);
	assert.equal(status, 1);
	assert.match(stderr, /key\.der: is another key than .*shed-1\/key\.pem; move/);
	assert.equal(readFileSync(path, "utf8"), "another key");
	assert.deepEqual(bench.calls(), []);
	writeFileSync(path, key);
});

test("the dry run makes nothing, and what it prints does the same in a shell", () => {
	const words = ["--board", "nodemcu-v2", "--node", "new-1", "--port", "/dev/tty it's"];
	const { status, stdout, stderr } = bench.run([...words, "--dry-run", "ssid=my $(id) net"]);
	assert.equal(status, 0, stderr);
	assert.deepEqual(bench.calls(), []);
	assert.ok(!existsSync(join(bench.root, "dist/device/new-1")));
	assert.ok(!existsSync(join(bench.root, "certs/generated/devices/new-1")));
	const pasted = bench.paste(stdout);
	assert.equal(pasted.status, 0, pasted.stderr);
	const calls = bench.calls();
	assert.equal(calls.length, 2);
	assert.equal(calls[0].variables.UPLOAD_PORT, "/dev/tty it's");
	assert.deepEqual(calls[0].words.slice(-2), ["ssid=my $(id) net", "node=new-1"]);
});

test("no password is in what is said, run or printed", () => {
	const answers = [
		bench.run([...GIVEN, ...PORT, "--verbose"]),
		bench.run([...GIVEN, "--dry-run"]),
		bench.run([...GIVEN, "password=secret-of-line"]),
		bench.run([...GIVEN, "broker_password=secret-of-line"]),
		bench.run([...GIVEN, "broker=mqtts://me:secret-of-line@broker.lan"]),
	];
	const calls = JSON.stringify(bench.calls());
	for (const { stdout, stderr } of answers) {
		assert.doesNotMatch(stdout + stderr + calls, /secret-of/);
	}
	assert.deepEqual(
		answers.map(({ status }) => status),
		[0, 0, 2, 2, 1],
	);
	assert.match(answers[2].stderr, /others can read a command line; .* as wifi\[\]\.password/);
	assert.match(answers[3].stderr, /others can read a command line; .* as broker\.password/);
	bench.site('{"wifi": [{"ssid": "x", "password": "secret-of-wifi" "');
	const broken = bench.run([...GIVEN, "--dry-run"]);
	assert.equal(broken.status, 1);
	assert.match(broken.stderr, /site\.json: is no JSON: line 1, column 54/);
	assert.doesNotMatch(broken.stderr, /secret-of/);
	bench.site(SITE);
});

test("a line stays a line: a network's name cannot bring a command into what is pasted", () => {
	bench.site({ ...SITE, wifi: [{ ssid: "x\ntouch hacked\n" }] });
	const { stdout } = bench.run([...GIVEN, "--dry-run"]);
	assert.doesNotMatch(stdout, /^touch/m);
	bench.site(SITE);
});

test("a board does not get the name and the rights of a program", () => {
	const users = [...readFileSync("broker/acl", "utf8").matchAll(/^user (.+)$/gm)];
	assert.ok(users.length >= 3);
	for (const [, user] of users) {
		const { status, stderr } = bench.run(["--board", "nodemcu-v2", "--node", user, ...PORT]);
		assert.equal(status, 2, user);
		assert.match(stderr, new RegExp(`--node ${user}: is a user in broker/acl`));
	}
	bench.site({ ...SITE, node: "edge" });
	const { status, stderr } = bench.run(["--board", "nodemcu-v2", ...PORT]);
	bench.site(SITE);
	assert.equal(status, 2);
	assert.match(stderr, /the site's node edge: is a user in broker\/acl/);
	assert.ok(!existsSync(join(bench.root, "certs/generated/devices/edge")));
	assert.deepEqual(bench.calls(), []);
});

test("what the firmware would refuse at boot is refused before anything is built", () => {
	bench.site({ wifi: [{ ssid: "x", password: "short" }], brokr: {}, diag: { intervalMs: 1 } });
	const { status, stderr } = bench.run([...GIVEN, ...PORT]);
	assert.equal(status, 1);
	assert.match(stderr, /site\.json: brokr: unknown key, did you mean "broker"\?/);
	assert.match(stderr, /site\.json: wifi\[0\]\.password: must have 8 to 63 bytes/);
	assert.match(stderr, /site\.json: diag\.intervalMs: 1 must be a whole number from 1000/);
	assert.match(stderr, /site\.json: broker\.url: is missing: mqtt:\/\//);
	assert.doesNotMatch(stderr, /short/);
	rmSync(join(bench.root, "site.json"));
	const none = bench.run([...GIVEN, ...PORT]);
	assert.match(none.stderr, /site\.json: is not there; cp site\.example\.json site\.json/);
	assert.deepEqual(bench.calls(), []);
	bench.site(SITE);
});

test("mcconfig's errors are shown once, and the next run does not take what it left", () => {
	const failed = bench.run([...GIVEN, "--build-only"], { FAKE_FAIL: "1" });
	assert.equal(failed.status, 1);
	assert.equal(failed.stderr.match(/error TS1005/g)?.length, 1, failed.stderr);
	const log = join(bench.root, "dist/device/shed-1/build.log");
	assert.match(failed.stderr, new RegExp(`all of it: ${log}`));
	const left = join(bench.root, "dist/device/shed-1/left-behind");
	writeFileSync(left, "");
	assert.equal(bench.run([...GIVEN, "--build-only"]).status, 0);
	assert.ok(!existsSync(left));
	// A good build of the same things is gone on with, and of other things not.
	writeFileSync(left, "");
	assert.equal(bench.run([...GIVEN, "--build-only"]).status, 0);
	assert.ok(existsSync(left));
	assert.equal(bench.run([...GIVEN, "--build-only", "ntp=other.lan"]).status, 0);
	assert.ok(!existsSync(left));
});

test("an image that reaches into the settings' flash is not flashed", () => {
	const { status, stderr } = bench.run([...GIVEN, ...PORT], { FAKE_SIZE: "1110017" });
	assert.equal(status, 1);
	assert.match(stderr, /1110017 bytes, 1 more than there are before the block in which settings/);
	assert.equal(bench.calls().length, 1);
	assert.equal(bench.run([...GIVEN, ...PORT], { FAKE_SIZE: "1110016" }).status, 0);
});

test("plain MQTT needs no certificates, and the build time is for a site without a clock", () => {
	const site = { ...SITE, broker: { url: "mqtt://broker.lan" }, ntp: { allowUnset: true } };
	bench.site(site);
	const { status, stdout } = bench.run([...GIVEN, "--build-only"]);
	assert.equal(status, 0);
	assert.match(stdout, /^certificates: none needed/m);
	const [{ variables, words }] = bench.calls();
	assert.equal(variables.CREDENTIALS, undefined);
	const built = words.find((word) => word.startsWith("built="));
	assert.ok(Math.abs(Number(built?.slice(6)) - Date.now() / 1000) < 600, built);
	bench.site(SITE);
});

const ERRORS: [what: string, words: string[], hidden: string, status: number, text: RegExp][] = [
	["board", ["--board", "nodemcu", "--node", "a"], "", 2, /no such file.*did you mean nodemcu-v2/],
	["node", ["--board", "host", "--node", "Shed 1"], "", 2, /must be 1 to 32 .*such as shed-1/],
	["none", [], "", 2, /--board: is missing/],
	["option", [...GIVEN, "--prot", "x"], "", 2, /unknown option --prot; did you mean --port\?/],
	["value", [...GIVEN, "sid=x"], "", 2, /sid=…: no such value; did you mean ssid=…\?/],
	["both", [...GIVEN, "--debug", "--release"], "", 2, /--debug and --release: one of them/],
	["monitor", [...GIVEN, "--monitor"], "", 2, /--monitor: needs --debug/],
	["port", [...GIVEN, "--port", "/dev/nosuch"], "", 1, /port \/dev\/nosuch: is not there/],
	["no port", [...GIVEN, "--port", "/etc/passwd"], "", 1, /port \/etc\/passwd: is no device/],
	["SDK", GIVEN, "MODDABLE", 1, /Moddable SDK not found .*npm install -g xs-dev && xs-dev setup/],
	["ESP8266", GIVEN, "ESP_BASE", 1, /toolchain not found .*xs-dev setup --device esp8266/],
	[
		"ESP32",
		["--board", "esp32-devkitc", "--node", "a"],
		"",
		1,
		/IDF_PATH is not set.*--device esp32/,
	],
	["site", [...GIVEN, "--site", "nosuch.json"], "", 2, /site nosuch\.json: no such file/],
	["DER", [...GIVEN, "--credentials", "/nosuch"], "", 2, /--credentials \/nosuch: no such folder/],
];

for (const [what, words, hidden, status, text] of ERRORS) {
	test(`error: ${what}`, () => {
		const answer = bench.run(words, hidden === "" ? {} : { [hidden]: undefined });
		assert.match(answer.stderr, text);
		assert.equal(answer.status, status);
		assert.match(answer.stderr, /^fieldmote device: /);
		assert.deepEqual(bench.calls(), []);
	});
}

test("a path with a space is refused, with its name", () => {
	const spaced = new Bench("a b-");
	try {
		const { status, stderr } = spaced.run([...GIVEN, "--build-only"]);
		assert.equal(status, 1);
		assert.match(stderr, /this folder: ".*a b-.*" has a space in it/);
		assert.match(stderr, /MODDABLE: ".*" has a space in it/);
		assert.deepEqual(spaced.calls(), []);
	} finally {
		spaced.discard();
	}
});
