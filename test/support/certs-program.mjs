/**
 * Runs `fieldmote certs` many times in one process: a line of JSON with the words comes in, one with
 * exit code and output goes out. Plain JavaScript, so that it starts at once.
 */

import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "../../host-sim/build.mjs";

const { main } = await import(pathToFileURL(join(await ensureBuilt(), "certs.js")).href);
const write = process.stdout.write.bind(process.stdout);

for await (const line of createInterface({ input: process.stdin })) {
	let out = "";
	let err = "";
	process.stdout.write = (text) => {
		out += text;
		return true;
	};
	process.stderr.write = (text) => {
		err += text;
		return true;
	};
	process.exitCode = 0;
	try {
		await main(JSON.parse(line));
	} catch (error) {
		// As the launcher does, but with the way there: this is a mistake of ours.
		err += `${error.stack}\n`;
		process.exitCode = 1;
	}
	write(`${JSON.stringify({ status: process.exitCode ?? 0, out, err })}\n`);
	process.exitCode = 0;
}
