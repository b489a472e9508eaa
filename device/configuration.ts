/**
 * What is to be built for: reads the site and the board and lets the firmware's own checks decide
 * (firmware/config.ts, and the three questions that firmware/boot.ts adds). Always holds: nothing
 * is built for a node that would stop at boot; no error shows a password.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Json } from "../firmware/checker";
import { type BrokerConfig, checkBoard, checkSite, type SiteConfig } from "../firmware/config";
import { nearest } from "../host-sim/nearest.mjs";
import { UsageError } from "../host-sim/words";
import type { DeviceOptions } from "./options";

/** What mcconfig is told, and what is worth saying. */
export interface Configuration {
	readonly node: string;
	readonly board: string;
	readonly boardTitle: string;
	/** As mcconfig's -p takes it. */
	readonly platform: string;
	readonly site: SiteConfig;
	readonly broker: BrokerConfig;
	/** Absolute; undefined: the root's site.json, or none. */
	readonly siteFile: string | undefined;
	/** What the manifest gives the machine, as text; empty: the SDK's defaults. */
	readonly creation: string;
	/** For mcconfig, as `name=value`. */
	readonly values: readonly string[];
	readonly debug: boolean;
}

/** A site or a board that the firmware would refuse: exit code 1. */
export class ConfigurationError extends Error {}

/**
 * Reads and checks everything.
 * @param root the checkout
 * @param nowMs unix milliseconds: the build time, for sites that go on without a clock
 */
export function readConfiguration(
	options: DeviceOptions,
	root: string,
	nowMs: number,
): Configuration {
	const board = readBoard(options.board, root);
	const platform = platformOf(board, options.board);
	const { file, json } = readSite(options.site, root);
	const values: Record<string, string> = { ...options.values };
	if (options.node !== "") values.node = options.node;
	const { value: site, problems: siteProblems } = checkSite(json, values);
	const name = file === undefined ? "site.json" : basename(file);
	const problems = [
		...checkBoard(board).problems,
		...siteProblems.map((problem) => problem.replace(/^site\.json/, name)),
		...missing(site, name, file !== undefined),
	];
	if (problems.length > 0 || site.broker === undefined) {
		throw new ConfigurationError(problems.join("\n"));
	}
	if (site.node === "") throw new UsageError("--node: is missing, and the site names none");
	if (site.allowUnset && values.built === undefined) {
		values.built = String(Math.floor(nowMs / 1000));
	}
	return {
		node: site.node,
		board: options.board,
		boardTitle: String(board.title),
		platform,
		site,
		broker: site.broker,
		siteFile: options.site === undefined ? undefined : file,
		creation: readCreation(root, platform),
		values: Object.entries({ ...values, node: site.node }).map(([key, text]) => `${key}=${text}`),
		debug: options.debug ?? platform === "lin",
	};
}

function missing(site: SiteConfig, name: string, isThere: boolean): string[] {
	const problems: string[] = [];
	if (!isThere) problems.push(`${name}: is not there; cp site.example.json site.json, edit it`);
	if (site.wifi.length === 0) {
		problems.push(`${name}: wifi: no network; [{"ssid": "…", "password": "…"}]`);
	}
	if (site.broker === undefined) {
		problems.push(`${name}: broker.url: is missing: mqtt://host[:port] or mqtts://host[:port]`);
	}
	// With values for all that is needed, no file is.
	return problems.length === 1 && !isThere ? [] : problems;
}

function readBoard(name: string, root: string): Json {
	const folder = join(root, "boards");
	const boards = readdirSync(folder)
		.filter((file) => file.endsWith(".json") && file !== "schema.json")
		.map((file) => file.slice(0, -5));
	if (!boards.includes(name)) {
		const right = nearest(name, boards);
		const hint = right === "" ? `one of ${boards.join(", ")}` : `did you mean ${right}?`;
		throw new UsageError(`--board "${name}": no such file in boards/; ${hint}`);
	}
	return readJson(join(folder, `${name}.json`), `boards/${name}.json`);
}

/** The platform that the board does not refuse. */
function platformOf(board: Json, name: string): string {
	const platforms = Object.entries((board.platforms ?? {}) as Record<string, Json>);
	const good = platforms.filter(([key, value]) => key !== "..." && value.error === undefined);
	if (good.length === 0) {
		throw new ConfigurationError(
			`boards/${name}.json: platforms: none that mcconfig may build for`,
		);
	}
	return good[0][0];
}

function readSite(path: string | undefined, root: string): { file?: string; json: Json } {
	const file = path === undefined ? join(root, "site.json") : resolve(path);
	if (existsSync(file)) {
		if (path !== undefined && !file.endsWith(".json")) {
			throw new UsageError(`--site ${path}: its name must end in .json`);
		}
		return { file, json: readJson(file, basename(file)) };
	}
	if (path !== undefined) throw new UsageError(`--site ${path}: no such file`);
	return { json: readJson(join(root, "firmware/defaults/site.json"), "defaults/site.json") };
}

function readJson(path: string, name: string): Json {
	let json: unknown;
	try {
		json = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		throw new ConfigurationError(`${name}: ${whereInJson(error, readFileSync(path, "utf8"))}`);
	}
	if (typeof json !== "object" || json === null || Array.isArray(json)) {
		throw new ConfigurationError(`${name}: must be an object: {…}`);
	}
	return json as Json;
}

/** Line and column only: the parser's own text quotes the file, and with it a password. */
function whereInJson(error: unknown, text: string): string {
	const at = /at position (\d+)/.exec(error instanceof Error ? error.message : "");
	if (at === null) return "is no JSON (it ends too early, or a comma or a quote is wrong)";
	const before = text.slice(0, Number(at[1])).split("\n");
	return `is no JSON: line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}

interface Creation {
	readonly static?: number;
	readonly chunk?: { readonly initial: number; readonly incremental: number };
	readonly heap?: { readonly initial: number; readonly incremental: number };
	readonly stack?: number;
}

/** What manifest.json says for the platform: esp/nodemcu is under esp/* when not by itself. */
function readCreation(root: string, platform: string): string {
	const manifest = readJson(join(root, "manifest.json"), "manifest.json");
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
