/** Which serial port is taken, and what is said when there is none that could be. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { findPort, MissingError, type PortSystem } from "../../device/tools";

function ports(...list: string[]): PortSystem {
	return {
		list: () => list,
		isDevice: (path) => (list.includes(path) ? true : undefined),
		mayWrite: (path) => !path.includes("locked"),
		groupOf: () => "dialout",
	};
}

test("the only port is taken, and of several the one that was named", () => {
	assert.equal(findPort(undefined, ports("/dev/ttyUSB3")), "/dev/ttyUSB3");
	assert.equal(findPort("/dev/ttyACM0", ports("/dev/ttyUSB0", "/dev/ttyACM0")), "/dev/ttyACM0");
});

const REFUSED: [given: string | undefined, list: string[], text: RegExp][] = [
	[undefined, [], /no serial port: plug the board in/],
	[undefined, ["/dev/ttyUSB0", "/dev/ttyUSB1"], /name one with --port: .*USB0, .*USB1/],
	["/dev/ttyUSB9", ["/dev/ttyUSB0"], /port \/dev\/ttyUSB9: is not there; there is \/dev\/ttyUSB0/],
	[undefined, ["/dev/locked"], /no permission; .*group dialout: sudo usermod -aG dialout \$USER/],
];

for (const [given, list, text] of REFUSED) {
	test(`refused: ${given ?? "none named"} of ${list.join(" ") || "none"}`, () => {
		assert.throws(
			() => findPort(given, ports(...list)),
			(error) => error instanceof MissingError && text.test(error.message),
		);
	});
}
