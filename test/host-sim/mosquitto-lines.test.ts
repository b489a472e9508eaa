/** Lines to paste: a shell must get the words that were meant. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { commandLine, quote, watchLine } from "../../host-sim/mosquitto-lines";

test("a shell reads quoted words back", () => {
	for (const word of ["plain", "with space", "it's", '$HOME "x" `y` \\', "a#b", "", "~", "*"]) {
		const printed = execFileSync("sh", ["-c", `printf %s ${quote(word)}`]).toString();
		assert.equal(printed, word);
	}
});

test("only what is needed is in a line, and no password", () => {
	const access = { host: "127.0.0.1", port: 8883, ca: "/a folder/ca.pem" };
	assert.equal(
		watchLine(access, "fieldmote/sim-1/#"),
		"mosquitto_sub -h 127.0.0.1 -p 8883 --cafile '/a folder/ca.pem' -v -t 'fieldmote/sim-1/#'",
	);
	assert.equal(
		commandLine({ host: "a", port: 1883, username: "me", passwordFile: "/p" }, "t", "ON"),
		`mosquitto_pub -h a -p 1883 -u me -P "$(head -n 1 /p | tr -d '\\r')" -q 2 -t t -m ON`,
	);
	const mutual = { ...access, cert: "/c.pem", key: "/k.pem" };
	assert.match(watchLine(mutual, "#"), / --cert \/c\.pem --key \/k\.pem /);
});
