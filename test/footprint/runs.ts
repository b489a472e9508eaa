/**
 * The measurements: builds what a configuration names, runs it in host.c against what a stage offers,
 * and gives the figures. Always holds: machine, broker and folders are gone afterwards, whatever
 * happened. Must not know how figures are printed or judged.
 */

import { join } from "node:path";
import { buildImage, type EspImage, TooLargeError, whyNoEspImage } from "../xs/esp-image";
import {
	type Application,
	engineApplication,
	firmwareApplication,
	peerApplication,
} from "./applications";
import { build32, type Program } from "./build32";
import { moduleSizes } from "./code";
import { BLOCK_BYTES, type Configuration, PEERS } from "./configurations";
import { type Figures, Machine } from "./machine";
import { judgeImage, type PeerResult, type Result } from "./report";
import { Stage } from "./stage";
import { tell } from "./story";

const REST_MS = 3000;

export function note(text: string): void {
	process.stderr.write(`${text}\n`);
}

interface Build {
	readonly name: string;
	readonly application: Application;
	readonly values: readonly string[];
	readonly debug: boolean;
	readonly environment?: Record<string, string>;
	readonly stackSlots?: number;
}

/** Builds, runs, and cleans up whatever happens. */
async function withMachine<T>(
	build: Build,
	use: (machine: Machine, program: Program) => Promise<T>,
): Promise<T> {
	const { name, application, values, debug, environment } = build;
	try {
		note(`${name}: building …`);
		const program = await build32(application.folder, values, debug, environment);
		const machine = new Machine(program, BLOCK_BYTES, build.stackSlots);
		try {
			note(`${name}: running …`);
			return await use(machine, program);
		} catch (error) {
			note(machine.lines.filter((line) => line.startsWith("@")).join("\n"));
			throw error;
		} finally {
			await machine.stop();
			program.discard();
		}
	} finally {
		application.discard();
	}
}

/** @param stackSlots undefined: what the manifest says */
export async function measureFirmware(
	configuration: Configuration,
	reconnects: number,
	stackSlots?: number,
): Promise<Result> {
	const { name, security, site, debug } = configuration;
	const stage = await Stage.open(security);
	try {
		const application = firmwareApplication(site);
		const environment: Record<string, string> = { SITE: join(application.folder, "site") };
		if (security !== "plain") environment.CREDENTIALS = stage.credentials;
		const build = { name, application, values: stage.values, debug, environment, stackSlots };
		return await withMachine(build, async (machine, program) => {
			const sizes = moduleSizes(program.intermediate);
			const say = (text: string) => note(`${name}: ${text}`);
			const story = await tell({ machine, stage, site, reconnects, note: say });
			return { configuration, sizes, story };
		});
	} finally {
		await stage.close();
	}
}

/** The SDK's modules, and our engine with its link, connected and at rest. */
export async function measurePeers(): Promise<PeerResult[]> {
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
			await withMachine({ name, application, values, debug: false }, async (machine) => {
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

/** A node at rest after its first reports, connected in the clear: bytes in use. */
export async function measureRest(name: string, application: Application): Promise<Figures> {
	const stage = await Stage.open("plain");
	try {
		const environment = { SITE: join(application.folder, "site") };
		const build = { name, application, values: stage.values, debug: false, environment };
		return await withMachine(build, async (machine) => {
			await machine.waitFor(/^node: first report accepted/);
			await new Promise((resolve) => setTimeout(resolve, REST_MS));
			return machine.figures("rest", true);
		});
	} finally {
		await stage.close();
	}
}

/** The release and the debug image, each given to `print` before the next is built. */
export async function measureImages(
	print: (image: EspImage, debug: boolean) => void,
): Promise<string[]> {
	const why = whyNoEspImage();
	if (why !== false) {
		note(`image: not measured: ${why}`);
		return [];
	}
	const problems: string[] = [];
	for (const debug of [false, true]) {
		note(`image${debug ? " with -d" : ""}: building …`);
		try {
			const image = await buildImage({ folder: ".", debug });
			print(image, debug);
			problems.push(...judgeImage(image, debug));
			image.discard();
		} catch (error) {
			if (!(error instanceof TooLargeError)) throw error;
			problems.push(`image${debug ? " with -d" : ""}: ${error.message}`);
		}
	}
	return problems;
}
