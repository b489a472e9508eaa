/** Lines at a terminal, and where colour belongs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Printer } from "../../../host-sim/start/printer";

function print(isTTY: boolean, environment: NodeJS.ProcessEnv, text: string): string {
	let now = 500;
	let out = "";
	const terminal = { isTTY, write: (part: string) => (out += part) };
	const printer = new Printer(terminal, environment, () => now);
	now += 1234.4;
	printer.line("sim-1", text);
	return out;
}

test("time since the start, name, text", () => {
	assert.equal(print(false, {}, "wifi: joined"), "   1.234 sim-1    wifi: joined\n");
});

test("colour on a terminal only, and not against the user's wish", () => {
	const coloured = print(true, {}, "tls failed: expired");
	assert.ok(coloured.includes("\x1b[31mtls failed:\x1b[0m expired"), coloured);
	const plain = "   1.234 sim-1    tls failed: expired\n";
	assert.equal(print(true, { NO_COLOR: "1" }, "tls failed: expired"), plain);
	assert.equal(print(true, { TERM: "dumb" }, "tls failed: expired"), plain);
	assert.notEqual(print(true, { NO_COLOR: "" }, "tls failed: expired"), plain);
});

test("a patch of a colour on a terminal with colours, nothing elsewhere", () => {
	const paint = (isTTY: boolean, environment: NodeJS.ProcessEnv = {}) =>
		new Printer({ isTTY, write: () => undefined }, environment, () => 0).paint([1, 0.5, 0]);
	assert.equal(paint(true), "\x1b[48;2;255;128;0m    \x1b[0m");
	assert.equal(paint(false), "");
	assert.equal(paint(true, { NO_COLOR: "1" }), "");
});
