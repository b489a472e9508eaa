/** The command line of `fieldmote broker`. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseBrokerOptions } from "../../broker/options";
import { root } from "../../host-sim/build.mjs";
import { UsageError } from "../../host-sim/words";

function refused(...words: string[]): string {
	try {
		parseBrokerOptions(words);
	} catch (error) {
		assert.ok(error instanceof UsageError, String(error));
		return error.message;
	}
	return "taken";
}

test("a name, or several that get along", () => {
	const { configurations, ports, address, upstream } = parseBrokerOptions(["tls", "websockets"]);
	assert.deepEqual(
		configurations.map(({ name }) => name),
		["tls", "websockets"],
	);
	assert.deepEqual(ports, { tls: 8883, websockets: 8884 });
	assert.equal(address, "127.0.0.1");
	assert.deepEqual(upstream, { host: "localhost", port: 8883 });
	// As the file is called.
	assert.deepEqual(parseBrokerOptions(["mutual.conf"]).ports, { mutual: 8883 });
	assert.deepEqual(parseBrokerOptions(["plain", "--port", "11883"]).ports, { plain: 11883 });
	const bridge = parseBrokerOptions(["bridge", "--upstream", "broker.example"]);
	assert.deepEqual(bridge.upstream, { host: "broker.example", port: 8883 });
	const other = parseBrokerOptions(["bridge", "--upstream", "10.0.0.1:18883"]);
	assert.deepEqual(other.upstream, { host: "10.0.0.1", port: 18883 });
});

test("what is wrong, and what would be right", () => {
	const cases: [string[], RegExp][] = [
		[[], /which one\? plain, password, tls, mutual, websockets, bridge; see --help/],
		[["mutal"], /no configuration "mutal"; did you mean "mutual"\?/],
		[["web"], /did you mean "websockets"\?/],
		[["xyzzyxyzzy"], /no configuration "xyzzyxyzzy"; one of plain, /],
		[["tls", "mutual"], /tls and mutual cannot stand in one Mosquitto: .* websockets/],
		[["plain", "bridge"], /plain and bridge cannot/],
		[["plain", "--prot", "1"], /unknown option --prot; did you mean --port\?/],
		[["plain", "--port"], /--port: needs a value/],
		[["plain", "--port", "--list"], /--port: needs a value/],
		[["plain", "--port", "0"], /--port "0": a port is 1 to 65535/],
		[["plain", "--port", "70000"], /--port "70000"/],
		[["plain", "--port", "1e3"], /--port "1e3"/],
		[["plain", "--port", "1", "--port", "2"], /--port: given twice/],
		[["tls", "websockets", "--port", "1"], /--port: with one NAME only/],
		[["plain", "--address", "localhost"], /must be an IPv4 address/],
		[["plain", "--upstream", "a:1"], /--upstream: for bridge only/],
		[["bridge", "--upstream", "mqtts://a"], /must be HOST or HOST:PORT/],
		[["bridge", "--upstream", "a:b"], /--upstream "b": a port is 1 to 65535/],
		[["tls", "--node", "Shed 1"], /--node "Shed 1": must be 1 to 32 of a-z, 0-9 and -/],
		[["plain", "--list=yes"], /--list: takes no value/],
	];
	for (const [words, reason] of cases) assert.match(refused(...words), reason, words.join(" "));
});

test("no node is called as a user in the ACL", () => {
	const acl = readFileSync(join(root, "broker", "acl"), "utf8");
	const users = [...acl.matchAll(/^user (\S+)$/gm)].map(([, user = ""]) => user);
	assert.deepEqual(users, ["dashboard", "logger", "edge"]);
	for (const user of users) {
		const reason = new RegExp(`--node ${user}: is a user in broker/acl, and would have its rights`);
		assert.match(refused("tls", "--node", user), reason);
	}
});

test("the same name twice is once; help and list need none", () => {
	assert.equal(parseBrokerOptions(["plain", "plain"]).configurations.length, 1);
	assert.equal(parseBrokerOptions(["--help"]).help, true);
	assert.equal(parseBrokerOptions(["-h"]).help, true);
	assert.equal(parseBrokerOptions(["--list"]).list, true);
});
