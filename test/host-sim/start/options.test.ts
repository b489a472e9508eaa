/** The simulator's command line: every option, and every way to get one wrong. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../../host-sim/build.mjs";
import { HELP, parseStartOptions } from "../../../host-sim/start/options";
import { UsageError } from "../../../host-sim/words";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-options-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text = "x"): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

const ca = file("ca.pem");
const cert = file("node.pem");
const key = file("node.key");
const passwordFile = file("password", "secret word\r\nnot this\n");

function parse(...words: string[]) {
	return parseStartOptions(words, root);
}

function refused(words: string[], reason: RegExp): void {
	assert.throws(
		() => parse(...words),
		(error) => {
			assert.ok(error instanceof UsageError, String(error));
			assert.match(error.message, reason);
			assert.doesNotMatch(error.message, /secret/);
			return true;
		},
		words.join(" "),
	);
}

test("without a word: everything embedded", () => {
	const options = parse();
	assert.deepEqual(options.brokers, []);
	assert.equal(options.ntp, undefined);
	assert.equal(options.node, "sim-1");
	assert.equal(options.board, "host");
	assert.equal((options.boardFile as { name: string }).name, "host");
	assert.equal(options.profile, "node");
	assert.deepEqual([options.once, options.verbose, options.help], [false, false, false]);
});

test("everything given", () => {
	const options = parse(
		...["--broker", "mqtts://broker.example:8884", "--ca", ca, `--ca=${cert}`],
		...["--cert", cert, "--key", key, "--username", "me", "--password-file", passwordFile],
		...["--ntp", "192.0.2.1:1123", "--board", "nodemcu-v2", "--node", "greenhouse-1"],
		...["--profile", "demo", "--once", "--verbose"],
	);
	assert.deepEqual(options.brokers, [{ secure: true, host: "broker.example", port: 8884 }]);
	assert.deepEqual(options.ca, [ca, cert]);
	assert.deepEqual([options.cert, options.key], [cert, key]);
	assert.deepEqual([options.username, options.password], ["me", "secret word"]);
	assert.deepEqual(options.ntp, { host: "192.0.2.1", port: 1123 });
	assert.deepEqual([options.node, options.profile], ["greenhouse-1", "demo"]);
	assert.deepEqual([options.once, options.verbose], [true, true]);
});

test("several brokers, all of one kind", () => {
	const [a, b] = ["mqtt://a", "mqtt://b"].map((url) => ["--broker", url]);
	const hosts = (...words: string[]) => parse(...words).brokers.map(({ host }) => host);
	assert.deepEqual(hosts(...a, ...b, ...a, ...b), ["a", "b", "a", "b"]);
	refused([...a, ...b, ...a, ...b, ...a], /--broker: at most 4, all mqtts:\/\/ or all mqtt:/);
	refused([...a, "--broker", "mqtts://b", "--ca", ca], /--broker: at most 4, all mqtts:/);
});

test("ports have their usual values", () => {
	assert.deepEqual(parse("--broker", "mqtt://a").brokers, [
		{ secure: false, host: "a", port: 1883 },
	]);
	assert.equal(parse("--broker", "mqtts://a/", "--ca", ca).brokers[0]?.port, 8883);
});

test("an unknown option is named, with the nearest right one", () => {
	refused(["--brokr", "mqtt://a"], /unknown option --brokr; did you mean --broker\?/);
	refused(["--cafile=x"], /unknown option --cafile; did you mean --ca\?/);
	refused(["--password", "secret"], /did you mean --password-file\?/);
	refused(["-v"], /unknown option -v/);
	refused(["--no-once"], /unknown option --no-once/);
	refused(["mqtt://a"], /unexpected word "mqtt:\/\/a"/);
});

test("a value that is missing, too many, or not wanted", () => {
	refused(["--broker"], /--broker: needs a value/);
	refused(["--cert", "--key", key], /--cert: needs a value/);
	refused(["--once=yes"], /--once: takes no value/);
	refused(["--node", "a", "--node", "b"], /--node: given twice/);
});

test("a bad value: what, and what is allowed", () => {
	refused(["--broker", "http://a"], /--broker "http:\/\/a": must be mqtt:\/\/host\[:port\]/);
	refused(["--broker", "mqtt://a/b"], /must be mqtt/);
	refused(["--broker", "mqtt://"], /host must be/);
	refused(["--broker", "mqtt://[::1]"], /host must be a name or an IPv4 address/);
	refused(["--broker", "mqtt://me:secret@a"], /--broker: no user in the URL/);
	refused(["--broker", "mqtt://a:0"], /port must be 1 to 65535, not "0"/);
	refused(["--broker", "mqtt://a:65536"], /port must be 1 to 65535/);
	refused(["--broker", "mqtt://a:"], /port must be/);
	refused(["--ntp", "a b"], /--ntp "a b": host must be/);
	refused(["--ntp", "a:1e3"], /--ntp "a:1e3": port must be/);
	refused(["--node", "Kitchen"], /--node "Kitchen": must be 1 to 32 of a-z, 0-9 and -/);
	refused(["--node", ""], /--node/);
	refused(["--profile", "x"], /--profile "x": must be one of node, demo/);
	refused(["--board", "uno"], /--board "uno": must be one of .*host.*nodemcu-v2/);
	refused(["--board", "schema"], /--board "schema": must be one of/);
	refused(["--board", "../package"], /--board/);
	refused(["--username", ""], /--username: needs a value; see --help/);
});

test("files that are not there, or no files, or empty", () => {
	const missing = join(folder, "missing.pem");
	const broker = ["--broker", "mqtts://a"];
	refused([...broker, "--ca", missing], /--ca .*missing\.pem: no such file/);
	refused([...broker, "--ca", folder], /--ca .*: is no file/);
	refused(
		["--username", "me", "--password-file", file("empty", "\nsecret\n")],
		/first line is empty/,
	);
	const long = file("long", "x".repeat(256));
	refused(["--username", "me", "--password-file", long], /more than 255 bytes/);
});

test("options that need each other", () => {
	refused(["--ca", ca], /--ca: only of use with --broker mqtts:/);
	refused(["--broker", "mqtt://a", "--cert", cert, "--key", key], /--cert: only of use/);
	refused(["--broker", "mqtts://a"], /needs --ca FILE/);
	refused(["--broker", "mqtts://a", "--ca", ca, "--cert", cert], /--cert: needs --key/);
	refused(["--broker", "mqtts://a", "--ca", ca, "--key", key], /--key: needs --cert/);
	refused(["--password-file", passwordFile], /--password-file: needs --username/);
});

test("help names every option, and its examples are right", () => {
	const names = ["broker", "ca", "cert", "key", "username", "password-file", "ntp", "board"];
	names.push("node", "profile", "once", "verbose", "help");
	for (const name of names) assert.ok(HELP.includes(`--${name}`), name);
	const examples = HELP.slice(HELP.indexOf("Examples:")).match(/npm start.*/g) ?? [];
	assert.ok(examples.length >= 5);
	for (const line of examples) {
		const words = line.replace(/^npm start( --)?/, "").replace(/\S+\.(pem|key|txt)/g, ca);
		parse(...words.split(" ").filter((word) => word !== ""));
	}
	assert.ok(HELP.split("\n").every((line) => line.length <= 100));
});
