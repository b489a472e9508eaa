/**
 * `npm run measure -- [name…] [--reconnects N] [--list]`: what the firmware takes of an ESP8266's
 * memory, measured in a 32-bit Linux build with the board's creation values. Exit code 1 when a
 * configuration is above its budget, 2 for bad words.
 */

import { parseArgs } from "node:util";
import { buildImage, type EspImage, whyNoEspImage } from "../xs/esp-image";
import {
	type Application,
	CREATION,
	engineApplication,
	firmwareApplication,
	peerApplication,
} from "./applications";
import { build32, type Program, whyNo32 } from "./build32";
import { moduleSizes } from "./code";
import { BLOCK_BYTES, CONFIGURATIONS, type Configuration, PEERS } from "./configurations";
import { Machine } from "./machine";
import {
	judge,
	judgeImage,
	type PeerResult,
	printCode,
	printFirmware,
	printImage,
	printPeers,
	type Result,
} from "./report";
import { Stage } from "./stage";
import { tell } from "./story";

const REST_MS = 3000;
/** Parts of the measurement that are not a configuration of the firmware. */
const PARTS = {
	peers: "engine and link at rest, and the SDK's modules in the same way",
	code: "bytes of the modules",
	image: "the image for an ESP8266, where its toolchain is",
} as const;

function note(text: string): void {
	process.stderr.write(`${text}\n`);
}

/** Builds, runs, and cleans up whatever happens. */
async function withMachine<T>(
	name: string,
	application: Application,
	values: readonly string[],
	debug: boolean,
	use: (machine: Machine, program: Program) => Promise<T>,
): Promise<T> {
	try {
		note(`${name}: building …`);
		const program = await build32(application.folder, values, debug);
		const machine = new Machine(program, BLOCK_BYTES);
		try {
			note(`${name}: running …`);
			return await use(machine, program);
		} finally {
			await machine.stop();
			program.discard();
		}
	} finally {
		application.discard();
	}
}

async function measureFirmware(configuration: Configuration, reconnects: number): Promise<Result> {
	const { name, security, debug } = configuration;
	const stage = await Stage.open(security);
	if (security !== "plain") process.env.CREDENTIALS = stage.credentials;
	try {
		const application = firmwareApplication();
		return await withMachine(name, application, stage.values, debug, async (machine, program) => {
			const sizes = moduleSizes(program.intermediate);
			const say = (text: string) => note(`${name}: ${text}`);
			return { configuration, sizes, story: await tell(machine, stage, reconnects, say) };
		});
	} finally {
		delete process.env.CREDENTIALS;
		await stage.close();
	}
}

/** The SDK's modules, and our engine with its link, connected and at rest. */
async function measurePeers(): Promise<PeerResult[]> {
	const results: PeerResult[] = [];
	const ours = { name: "engine", what: "our engine and link, QoS 2", security: "plain" } as const;
	for (const peer of [...PEERS, { ...ours, includes: [] }]) {
		const { name, what, security, includes } = peer;
		const stage = await Stage.open(security);
		const credentials = security === "plain" ? undefined : stage.credentials;
		const isOurs = name === ours.name;
		const application = isOurs ? engineApplication() : peerApplication(name, includes, credentials);
		const values = [`port=${credentials === undefined ? stage.clientPort : stage.nodePort}`];
		try {
			await withMachine(name, application, values, false, async (machine) => {
				await machine.waitFor(/^ready/);
				await new Promise((resolve) => setTimeout(resolve, REST_MS));
				const raw = await machine.figures("raw");
				results.push({ what, raw, live: await machine.figures("live", true) });
			});
		} finally {
			await stage.close();
		}
	}
	return results;
}

async function measureImages(): Promise<EspImage[]> {
	const why = whyNoEspImage();
	if (why !== false) {
		note(`image: not measured: ${why}`);
		return [];
	}
	const images: EspImage[] = [];
	for (const debug of [false, true]) {
		note(`image${debug ? " with -d" : ""}: building …`);
		images.push(await buildImage({ folder: ".", debug }));
	}
	return images;
}

function listNames(): void {
	for (const { name, what, budgetBytes } of CONFIGURATIONS) {
		console.log(`${name.padEnd(14)} ${what}; budget ${budgetBytes} bytes`);
	}
	for (const [name, what] of Object.entries(PARTS)) console.log(`${name.padEnd(14)} ${what}`);
}

/** Measures what is wanted, prints it; what is above its budget. */
async function measure(isWanted: (name: string) => boolean, reconnects: number): Promise<string[]> {
	console.log(`creation: ${JSON.stringify(CREATION)}\n`);
	const results: Result[] = [];
	for (const configuration of CONFIGURATIONS) {
		if (isWanted(configuration.name))
			results.push(await measureFirmware(configuration, reconnects));
	}
	if (results.length > 0) printFirmware(results);
	if (isWanted("peers")) printPeers(await measurePeers());
	if (isWanted("code") && results.length > 0) printCode(results[0].sizes);
	const images = isWanted("image") ? await measureImages() : [];
	for (const image of images) {
		printImage(image);
		image.discard();
	}
	return [...judge(results, CREATION.stack), ...judgeImage(images)];
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
	const problems = await measure(isWanted, reconnects);
	for (const problem of problems) console.log(`ABOVE BUDGET: ${problem}`);
	return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
