/** `npm run bench`: one table, each row with its peer measured in the same run. */

import { rows as codec } from "./codec";
import { rows as publish } from "./publish";
import { rows as start } from "./start";
import { printTable, type Row } from "./table";
import { rows as xsCodec } from "./xs-codec";
import { rows as xsHandshake } from "./xs-handshake";
import { rows as xsStart } from "./xs-start";

const parts: readonly [string, () => Promise<readonly Row[]> | readonly Row[]][] = [
	["codec", () => codec().map(perSecond)],
	["publish", publish],
	["start", start],
	["codec on XS", xsCodec],
	["TLS on XS", xsHandshake],
	["start on XS", xsStart],
];

/** From nanoseconds for one to how many in a second, so that more is better in every row. */
function perSecond(row: ReturnType<typeof codec>[number]): Row {
	const { name, ours, peer, target } = row;
	const peerName = "mqtt-packet 9";
	return { name, ours: 1e9 / ours, peer: 1e9 / peer, unit: "packets/s", peerName, target };
}

const all: Row[] = [];
for (const [name, rows] of parts) {
	process.stderr.write(`measuring ${name} …\n`);
	all.push(...(await rows()));
}
printTable(all);
