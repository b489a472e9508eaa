/**
 * Reads a site, its secrets and a board from files. Always holds: no error shows what stands in a
 * file but for names of keys; a file that is not there is told from one that is wrong.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Json } from "../../firmware/checker";
import { nearest } from "../../host-sim/nearest.mjs";
import { UsageError } from "../../host-sim/words";
import { findJsonProblem } from "./json-place";

/** A site or a board that the firmware would refuse: exit code 1. One line for each problem. */
export class ConfigurationError extends Error {}

/** The site as it stands in the files. */
export interface SiteFiles {
	/** Absolute; undefined: there is none. */
	readonly file: string | undefined;
	/** For messages. */
	readonly name: string;
	readonly json: Json;
	readonly secrets: Json;
	/** Absolute; undefined: there is none. */
	readonly secretsFile: string | undefined;
	/** Whether `json` is what stands in the file, and not {} for want of it. */
	readonly readable: boolean;
	readonly secretsReadable: boolean;
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/** @param path of the site; undefined: the root's site.json, or the firmware's own defaults */
export function readSite(path: string | undefined, root: string): SiteFiles {
	const file = path === undefined ? join(root, "site.json") : resolve(path);
	const isThere = existsSync(file);
	if (path !== undefined && !isThere) throw new UsageError(`site ${path}: no such file`);
	if (path !== undefined && !file.endsWith(".json")) {
		throw new UsageError(`site ${path}: its name must end in .json`);
	}
	const problems: string[] = [];
	const defaults = join(root, "firmware/defaults/site.json");
	const json = tryJson(isThere ? file : defaults, basename(file), problems);
	const readable = problems.length === 0;
	const before = problems.length;
	const secretsFile = join(dirname(file), "secrets.json");
	const hasSecrets = existsSync(secretsFile);
	const secrets = hasSecrets ? tryJson(secretsFile, "secrets.json", problems) : {};
	return {
		file: isThere ? file : undefined,
		name: basename(file),
		json,
		secrets,
		readable,
		secretsReadable: problems.length === before,
		secretsFile: hasSecrets ? secretsFile : undefined,
		problems,
		warnings: hasSecrets && usesSecret(json) ? rightsOf(secretsFile) : [],
	};
}

/** Whether `{"secret": …}` stands where the firmware looks for it. */
function usesSecret({ wifi, broker }: Json): boolean {
	const records: readonly unknown[] = [...(Array.isArray(wifi) ? wifi : []), broker];
	return records.some((record) => {
		const { ssid, username, password } = (record ?? {}) as Json;
		return [ssid, username, password].some(
			(value) => typeof value === "object" && value !== null && "secret" in value,
		);
	});
}

function tryJson(path: string, name: string, problems: string[]): Json {
	try {
		return readJson(path, name);
	} catch (error) {
		if (!(error instanceof ConfigurationError)) throw error;
		problems.push(error.message);
		return {};
	}
}

function rightsOf(path: string): string[] {
	const mode = statSync(path).mode & 0o777;
	if (process.platform === "win32" || (mode & 0o077) === 0) return [];
	return [`secrets.json: others on this machine can read it: chmod 600 ${path}`];
}

/** Reads boards/<name>.json; throws UsageError with the nearest name. */
export function readBoard(name: string, root: string): Json {
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

/** The platform that the board does not refuse, as mcconfig's -p takes it. */
export function platformOf(board: Json, name: string): string {
	const platforms = Object.entries((board.platforms ?? {}) as Record<string, Json>);
	const good = platforms.filter(([key, value]) => key !== "..." && value.error === undefined);
	if (good.length === 0) {
		throw new ConfigurationError(
			`boards/${name}.json: platforms: none that mcconfig may build for`,
		);
	}
	return good[0][0];
}

/** @param name for messages */
export function readJson(path: string, name: string): Json {
	const text = readFileSync(path, "utf8");
	const problem = findJsonProblem(text);
	if (problem !== undefined) {
		const { line, column, reason } = problem;
		throw new ConfigurationError(`${name}: is no JSON: line ${line}, column ${column}: ${reason}`);
	}
	const json: unknown = JSON.parse(text);
	if (typeof json !== "object" || json === null || Array.isArray(json)) {
		throw new ConfigurationError(`${name}: must be an object: {…}`);
	}
	return json as Json;
}
