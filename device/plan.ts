/**
 * What is to be run: mcconfig's command lines and variables, as records and as text for a shell.
 * Pure. Always holds: no password is in a plan; a node has a folder of its own for what is built,
 * because what is in an image is not in the name of any file that make looks at.
 */

import { basename, delimiter, join } from "node:path";
import type { Configuration } from "./configuration";
import { extrasManifest, isEmpty } from "./site/extras";
import { partsOf } from "./site/parts";
import type { Tools } from "./tools";

/** The firmware's own, without any. */
const NO_SECRETS = "./firmware/defaults/secrets.json";

export interface Step {
	readonly what: "build" | "flash" | "monitor";
	/** mcconfig's arguments. */
	readonly words: readonly string[];
}

export interface Plan {
	/** Where manifest.json is. */
	readonly folder: string;
	/** Absolute; may not be there yet. */
	readonly output: string;
	readonly variables: Readonly<Record<string, string>>;
	readonly steps: readonly Step[];
	/** A manifest that has to be there before; undefined: none is needed. */
	readonly drivers: { readonly path: string; readonly text: string } | undefined;
	/** The file that counts, once it is built. */
	readonly image: string;
}

export interface PlanOptions {
	readonly root: string;
	readonly configuration: Configuration;
	/** Undefined: nothing for the image. */
	readonly credentials: string | undefined;
	/** Undefined: build only. */
	readonly port: string | undefined;
	readonly monitor: boolean;
}

/** Lays down what is to be run. */
export function makePlan(options: PlanOptions): Plan {
	const { root, configuration, credentials, port, monitor } = options;
	const { board, platform, debug, node, siteFile, secretsFile, extras, values } = configuration;
	const output = join(root, "dist/device", node);
	const variables: Record<string, string> = { BOARD: board };
	if (credentials !== undefined) variables.CREDENTIALS = credentials;
	// The manifest's own default is site.json.
	if (siteFile !== undefined) variables.SITE = siteFile.replace(/\.json$/, "");
	// Another site's secrets are beside it, and never those of this folder.
	if (siteFile !== undefined)
		variables.SECRETS = (secretsFile ?? NO_SECRETS).replace(/\.json$/, "");
	const drivers = isEmpty(extras)
		? undefined
		: { path: join(output, "drivers.json"), text: extrasManifest(extras) };
	if (drivers !== undefined) variables.DRIVERS = drivers.path;
	// Elsewhere the manifest's own default is all.
	if (platform.startsWith("esp/")) variables.PARTS = partsOf(configuration.site);
	if (port !== undefined) variables.UPLOAD_PORT = port;
	const step = (what: Step["what"], target: string, mode: readonly string[]): Step => ({
		what,
		words: ["-m", ...mode, "-p", platform, "-t", target, "-o", output, ...values],
	});
	const mode = debug ? ["-d"] : [];
	const steps = [step("build", "build", mode)];
	if (port !== undefined) steps.push(step("flash", "deploy", mode));
	// -dl: the trace goes to the terminal instead of to the SDK's debugger.
	if (monitor) steps.push(step("monitor", "xsbug", ["-dl"]));
	const place = [platform === "lin" ? "lin/mc" : platform, debug ? "debug" : "release"];
	const image = join(output, "bin", ...place, basename(root), imageName(platform));
	return { folder: root, output, variables, steps, drivers, image };
}

function imageName(platform: string): string {
	if (platform === "lin") return "mc.so";
	return platform.startsWith("esp32") ? "xs_esp32.bin" : "main.bin";
}

/** The plan for a shell: pasted, it does what this command would do. */
export function shellText(plan: Plan, tools: Tools): string {
	const { drivers } = plan;
	const path = tools.path.map(quote).join(delimiter);
	const assignments = Object.entries({ ...tools.variables, ...plan.variables });
	const lines = [
		`cd ${quote(plan.folder)}`,
		`mkdir -p ${quote(plan.output)}`,
		...(drivers === undefined ? [] : [`printf %s ${quote(drivers.text)} > ${quote(drivers.path)}`]),
		`export PATH=${path}:"$PATH"`,
		`export ${assignments.map(([name, value]) => `${name}=${quote(value)}`).join(" ")}`,
		...plan.steps.map(({ words }) => `mcconfig ${words.map(quote).join(" ")}`),
	];
	// In a shell of its own: what is exported is gone afterwards.
	return `(${lines.join(" &&\n ")})\n`;
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
