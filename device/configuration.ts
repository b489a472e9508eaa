/**
 * What is to be built for: what examine.ts read and checked, as mcconfig is to be told. Always
 * holds: nothing is built for a node that would stop at boot; no error shows a password.
 */

import type { BrokerConfig, SiteConfig } from "../firmware/config";
import { UsageError } from "../host-sim/words";
import { examine } from "./check/examine";
import { warningsOf } from "./check/warnings";
import { imageLimitBytes, isEsp8266 } from "./image-limit";
import type { DeviceOptions } from "./options";
import type { Extras } from "./site/extras";
import { ConfigurationError, readJson } from "./site/files";

/** What mcconfig is told, and what is worth saying. */
export interface Configuration {
	readonly node: string;
	readonly board: string;
	readonly boardTitle: string;
	/** As mcconfig's -p takes it. */
	readonly platform: string;
	readonly site: SiteConfig;
	/** Names of the networks, as they may be shown. */
	readonly networks: readonly string[];
	readonly broker: BrokerConfig;
	/** Absolute; undefined: the root's site.json, or none. */
	readonly siteFile: string | undefined;
	/** Absolute; undefined: the root's secrets.json, or none. */
	readonly secretsFile: string | undefined;
	readonly extras: Extras;
	/** Undefined: mcconfig sees to it. */
	readonly imageLimitBytes: number | undefined;
	/** What may not be what was meant. */
	readonly warnings: readonly string[];
	/** What the manifest gives the machine, as text; empty: the SDK's defaults. */
	readonly creation: string;
	/** For mcconfig, as `name=value`. */
	readonly values: readonly string[];
	readonly debug: boolean;
}

/**
 * Reads and checks everything for a build; throws ConfigurationError.
 * @param root the checkout
 * @param nowMs unix milliseconds: the build time, for sites that go on without a clock
 */
export function readConfiguration(
	options: DeviceOptions,
	root: string,
	sdk: string,
	nowMs: number,
): Configuration {
	const { board: name, node } = options;
	const values: Record<string, string> = { ...options.values };
	if (node !== "") values.node = node;
	const examined = examine({ site: options.site, board: name, node, values, root, sdk });
	const { site, board, platform, problems, files } = examined;
	if (problems.length > 0 || site.broker === undefined) {
		throw new ConfigurationError(problems.join("\n"));
	}
	if (site.node === "") throw new UsageError("--node: is missing, and the site names none");
	if (site.allowUnset && values.built === undefined) {
		values.built = String(Math.floor(nowMs / 1000));
	}
	return {
		node: site.node,
		board: name,
		boardTitle: String(board.title),
		platform,
		site,
		networks: examined.networks,
		broker: site.broker,
		siteFile: options.site === undefined ? undefined : files.file,
		secretsFile: options.site === undefined ? undefined : files.secretsFile,
		extras: examined.extras,
		imageLimitBytes: isEsp8266(board) ? imageLimitBytes(board) : undefined,
		warnings: [...examined.warnings, ...warningsOf(examined)],
		creation: readCreation(root, platform),
		values: Object.entries({ ...values, node: site.node }).map(([key, text]) => `${key}=${text}`),
		debug: options.debug ?? platform === "lin",
	};
}

interface Creation {
	readonly static?: number;
	readonly chunk?: { readonly initial: number; readonly incremental: number };
	readonly heap?: { readonly initial: number; readonly incremental: number };
	readonly stack?: number;
}

/** What manifest.json says for the platform: esp/nodemcu is under esp/* when not by itself. */
function readCreation(root: string, platform: string): string {
	const manifest = readJson(`${root}/manifest.json`, "manifest.json");
	const platforms = manifest.platforms as Record<string, { creation?: Creation }>;
	const key = [platform, platform.replace(/\/.*/, "/*")].find((one) => platforms[one]?.creation);
	const creation = key === undefined ? undefined : platforms[key].creation;
	if (creation === undefined) return "";
	const { chunk, heap, stack } = creation;
	const parts = [
		creation.static ? `static ${creation.static}` : "",
		chunk && `chunks ${chunk.initial}+${chunk.incremental}`,
		heap && `slots ${heap.initial}+${heap.incremental}`,
		stack && `stack ${stack}`,
	];
	return `${parts.filter(Boolean).join(", ")} (manifest.json, ${key})`;
}
