/**
 * `npm run measure -- [name…] [--reconnects N] [--list]`: what the firmware takes of an ESP8266's
 * memory, measured in a 32-bit Linux build with the board's creation values. Exit code 1 when a
 * configuration is above its budget, 2 for bad words.
 */

import { parseArgs } from "node:util";
import { CREATION, engineApplication, firmwareApplication, sdkApplication } from "./applications";
import { build32, whyNo32 } from "./build32";
import { BLOCK_BYTES, CONFIGURATIONS, type Configuration, PEERS } from "./configurations";
import { Machine } from "./machine";
import { judge, printFirmware, printRest, type Rest, type Result } from "./report";
import { Stage } from "./stage";
import { tell } from "./story";

const REST_MS = 3000;
const REST = "rest";

function note(text: string): void {
	process.stderr.write(`${text}\n`);
}

async function measureFirmware(configuration: Configuration, reconnects: number): Promise<Result> {
	const stage = await Stage.open(configuration.security);
	if (configuration.security !== "plain") process.env.CREDENTIALS = stage.credentials;
	const application = firmwareApplication();
	try {
		note(`${configuration.name}: building …`);
		const program = await build32(application.folder, stage.values, configuration.debug);
		const machine = new Machine(program, BLOCK_BYTES);
		try {
			note(`${configuration.name}: running …`);
			const story = await tell(machine, stage, reconnects, (text) => {
				note(`${configuration.name}: ${text}`);
			});
			return { configuration, story };
		} finally {
			await machine.stop();
			program.discard();
		}
	} finally {
		application.discard();
		delete process.env.CREDENTIALS;
		await stage.close();
	}
}

/** The engine with its link, and the SDK's module with its socket, connected and at rest. */
async function measureRest(): Promise<Rest[]> {
	const stage = await Stage.open("plain");
	const applications = PEERS.map(({ name, what, source, includes }) => ({
		name,
		what,
		make: () => sdkApplication(name, source, includes),
	}));
	const what = "our engine and link, QoS 2";
	applications.push({ name: "engine", what, make: engineApplication });
	const results: Rest[] = [];
	try {
		for (const { name, what, make } of applications) {
			note(`${name}: building …`);
			const application = make();
			const program = await build32(application.folder, [`port=${stage.clientPort}`], false);
			const machine = new Machine(program, BLOCK_BYTES);
			try {
				await machine.waitFor(/^ready/);
				await new Promise((resolve) => setTimeout(resolve, REST_MS));
				const raw = await machine.figures("raw");
				results.push({ name, what, raw, live: await machine.figures("live", true) });
			} finally {
				await machine.stop();
				program.discard();
				application.discard();
			}
		}
	} finally {
		await stage.close();
	}
	return results;
}

function listNames(): void {
	for (const { name, what, budgetBytes } of CONFIGURATIONS) {
		console.log(`${name.padEnd(14)} ${what}; budget ${budgetBytes} bytes`);
	}
	console.log(`${REST.padEnd(14)} engine and link at rest, beside the SDK's mqtt module`);
}

async function main(): Promise<number> {
	const options = {
		reconnects: { type: "string", default: "1000" },
		list: { type: "boolean", default: false },
	} as const;
	const { values, positionals } = parseArgs({ options, allowPositionals: true });
	const reconnects = Number(values.reconnects);
	if (!Number.isInteger(reconnects) || reconnects < 2 || reconnects > 100_000) {
		console.error(`--reconnects ${values.reconnects}: must be a whole number from 2 to 100000`);
		return 2;
	}
	if (values.list) {
		listNames();
		return 0;
	}
	const names = [...CONFIGURATIONS.map(({ name }) => name), REST];
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
	console.log(`creation: ${JSON.stringify(CREATION)}`);
	const results: Result[] = [];
	for (const configuration of CONFIGURATIONS) {
		if (isWanted(configuration.name))
			results.push(await measureFirmware(configuration, reconnects));
	}
	if (results.length > 0) printFirmware(results);
	const rest = isWanted(REST) ? await measureRest() : [];
	if (rest.length > 0) printRest(rest);
	const problems = judge(results, CREATION.stack);
	for (const problem of problems) console.log(`ABOVE BUDGET: ${problem}`);
	return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
