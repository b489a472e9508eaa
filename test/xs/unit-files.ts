/**
 * Which unit tests of the firmware run on XS: all, but those named here with what they need of
 * Node's. units.test.ts holds the list against what bundle.ts finds.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = "test/firmware";
const BOARD =
	"a simulated board, which is a vm of Node's; the parts meet real ones in xs/time.test.ts";

/** Not pure, and why. */
export const FOR_NODE: Readonly<Record<string, string>> = {
	"config-entities.test.ts": "the boards' files",
	"config-files.test.ts": "files, and ajv",
	"config-schema.test.ts": "files, and ajv",
	"entities/page.test.ts": "files",
	"mqtt/brokers.test.ts": "brokers; the firmware meets them in xs/firmware.test.ts",
	"mqtt/flows-page.test.ts": "files",
	"net/dns.test.ts": BOARD,
	"net/link-memory.test.ts": BOARD,
	"net/link.test.ts": BOARD,
	"net/timekeeper-live.test.ts": BOARD,
	"net/timekeeper-refusals.test.ts": BOARD,
	"net/timekeeper.test.ts": BOARD,
	"net/wifi.test.ts": BOARD,
	"pins.test.ts": "the boards' files",
	"profiles/discovery-schema.test.ts": "files, and ajv",
};

/** Paths from the root. The slow ones are the quick ones for longer, or count Node's heap. */
export function unitTests(): { readonly forXs: string[]; readonly forNode: string[] } {
	const all = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".test.ts") && !name.endsWith(".slow.test.ts"))
		.sort();
	const at = (name: string) => join(FOLDER, name);
	return {
		forXs: all.filter((name) => !(name in FOR_NODE)).map(at),
		forNode: all.filter((name) => name in FOR_NODE).map(at),
	};
}
