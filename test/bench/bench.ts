/** `npm run bench`: one table, each row with its peer measured in the same run. */

import { rows as codec } from "./codec";
import { rows as publish } from "./publish";
import { rows as start } from "./start";
import { printTable, type Row } from "./table";

const parts: readonly [string, () => Promise<readonly Row[]> | readonly Row[]][] = [
	["codec", () => codec().map((row) => ({ ...row, peerName: "mqtt-packet 9" }))],
	["publish", publish],
	["start", start],
];
const all: Row[] = [];
for (const [name, rows] of parts) {
	process.stderr.write(`measuring ${name} …\n`);
	all.push(...(await rows()));
}
printTable(all);
