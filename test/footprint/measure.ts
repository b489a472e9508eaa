/**
 * `npm run measure -- [name…] [--reconnects N] [--stack SLOTS] [--list]`: what the firmware takes of
 * an ESP8266's memory, measured in a 32-bit Linux build with the board's creation values. A stack
 * that is too small ends the run with the calls that were under way: the deepest. Exit code 1 when
 * a configuration is above its budget, 2 for bad words.
 */

import { parseArgs } from "node:util";
import { CREATION } from "./applications";
import { whyNo32 } from "./build32";
import { CONFIGURATIONS } from "./configurations";
import { printCosts } from "./costs";
import { judge, printCode, printFirmware, printImage, printPeers, type Result } from "./report";
import { measureFirmware, measureImages, measurePeers } from "./runs";

/** Parts of the measurement that are not a configuration of the firmware. */
const PARTS = {
	peers: "engine and link at rest, and the SDK's modules in the same way",
	code: "bytes of the modules",
	costs: "what one entity of each kind adds, and what a site turns on",
	image: "the image for an ESP8266, where its toolchain is",
} as const;

function listNames(): void {
	for (const { name, what, budgetBytes } of CONFIGURATIONS) {
		console.log(`${name.padEnd(14)} ${what}; budget ${budgetBytes} bytes`);
	}
	for (const [name, what] of Object.entries(PARTS)) console.log(`${name.padEnd(14)} ${what}`);
}

/** Measures what is wanted, prints it; what is above its budget. */
async function measure(
	isWanted: (name: string) => boolean,
	reconnects: number,
	stackSlots: number | undefined,
): Promise<string[]> {
	console.log(`creation: ${JSON.stringify(CREATION)}\n`);
	const results: Result[] = [];
	for (const configuration of CONFIGURATIONS) {
		if (!isWanted(configuration.name)) continue;
		const result = await measureFirmware(configuration, reconnects, stackSlots);
		printFirmware(result);
		results.push(result);
	}
	if (isWanted("peers")) printPeers(await measurePeers());
	if (isWanted("costs")) await printCosts();
	if (isWanted("code") && results.length > 0) printCode(results[0].sizes);
	const images = isWanted("image") ? await measureImages(printImage) : [];
	return [...judge(results, CREATION.stack), ...images];
}

async function main(): Promise<number> {
	const options = {
		reconnects: { type: "string", default: "1000" },
		stack: { type: "string" },
		list: { type: "boolean", default: false },
	} as const;
	const { values, positionals } = parseArgs({ options, allowPositionals: true });
	const reconnects = Number(values.reconnects);
	if (!Number.isInteger(reconnects) || reconnects < 2 || reconnects > 100_000) {
		console.error(`--reconnects ${values.reconnects}: must be a whole number from 2 to 100000`);
		return 2;
	}
	const stackSlots = values.stack === undefined ? undefined : Number(values.stack);
	if (stackSlots !== undefined && !(stackSlots >= 64 && stackSlots <= 2048)) {
		console.error(`--stack ${values.stack}: must be slots, from 64 to 2048`);
		return 2;
	}
	if (values.list) {
		listNames();
		return 0;
	}
	const names = [...CONFIGURATIONS.map(({ name }) => name), ...Object.keys(PARTS)];
	const unknown = positionals.filter((name) => !names.includes(name));
	if (unknown.length > 0) {
		console.error(`${unknown.join(", ")}: no such configuration; one of ${names.join(", ")}`);
		return 2;
	}
	const why = whyNo32();
	if (why !== false) {
		console.error(`nothing measured: ${why}`);
		return process.env.CI === "true" ? 0 : 1;
	}
	const isWanted = (name: string) => positionals.length === 0 || positionals.includes(name);
	const problems = await measure(isWanted, reconnects, stackSlots);
	for (const problem of problems) console.log(`ABOVE BUDGET: ${problem}`);
	return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
