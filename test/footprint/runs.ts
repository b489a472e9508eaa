/**
 * The measurements: builds what a configuration names, runs it in host.c against what a stage offers,
 * and gives the figures. Always holds: machine, broker and folders are gone afterwards, whatever
 * happened. Must not know how figures are printed or judged.
 */

import { buildImage, type EspImage, whyNoEspImage } from "../xs/esp-image";
import {
	type Application,
	engineApplication,
	firmwareApplication,
	peerApplication,
} from "./applications";
import { build32, type Program } from "./build32";
import { moduleSizes } from "./code";
import { BLOCK_BYTES, type Configuration, PEERS } from "./configurations";
import { Machine } from "./machine";
import type { PeerResult, Result } from "./report";
import { Stage } from "./stage";
import { tell } from "./story";

const REST_MS = 3000;

export function note(text: string): void {
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

export async function measureFirmware(
	configuration: Configuration,
	reconnects: number,
): Promise<Result> {
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

export async function measureImages(): Promise<EspImage[]> {
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
