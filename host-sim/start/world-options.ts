/**
 * The simulator's options about the world: site, script, seed, flash, entities of one's own. Words
 * in, a checked record or a UsageError out. Always holds: an error says which option, which file
 * and what would be right. What a site says is for the firmware to check.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type OptionKinds, UsageError, type Words } from "../words";

/** A script for a week with a step each second is smaller. */
const FILE_LIMIT_BYTES = 64 << 20;
const SEED_LIMIT = 0xffff_ffff;
/** What of a site is the node's own; its network and its broker are the simulator's. */
const SITE_KEYS = ["entities", "homeAssistant", "broadcast", "tasmota", "remoteConfig", "time"];

export interface WorldChoices {
	/** Undefined: the board's own entities. */
	readonly site: object | undefined;
	/** As it was called. */
	readonly siteFile: string | undefined;
	readonly script: { readonly name: string; readonly text: string } | undefined;
	/** Undefined: nothing wanders. */
	readonly seed: number | undefined;
	/** Where the board's flash is kept; undefined: it is empty at the start, and lost at the end. */
	readonly flash: string | undefined;
	/** Absolute paths by the kind of the entity. */
	readonly entityFiles: ReadonlyMap<string, string>;
}

export const WORLD_OPTIONS: OptionKinds = {
	site: "text",
	world: "text",
	seed: "text",
	flash: "text",
	entity: "texts",
};

export const WORLD_HELP = [
	"  --site FILE           a site.json whose entities (and homeAssistant, broadcast, tasmota,",
	"                        remoteConfig, time) the node has; network and broker stay as above",
	"  --world FILE          a script: what is pressed, set and broken when (docs/simulator.md)",
	"  --seed N              what sensors measure wanders, the same way for the same number",
	"  --flash FILE          what the board keeps over power cuts is read from it, and written to it",
	"  --entity FILE.ts      an entity of your own, its kind is the file's name; as often as needed",
].join("\n");

/** Reads the options that are about the world. */
export function parseWorldOptions(given: Words): WorldChoices {
	const site = given.text("site");
	const world = given.text("world");
	const found = site === undefined ? undefined : readSite(site);
	const entityFiles = new Map(modulesOf(found ?? {}, site ?? ""));
	// What is named on the command line is what is meant.
	for (const [kind, file] of entityFilesOf(given.texts("entity"))) entityFiles.set(kind, file);
	return {
		site: found,
		siteFile: site,
		script: world === undefined ? undefined : { name: world, text: read("world", world) },
		seed: seedOf(given.text("seed")),
		flash: given.text("flash"),
		entityFiles,
	};
}

function seedOf(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const seed = Number(text);
	if (!/^\d+$/.test(text) || seed > SEED_LIMIT) {
		throw new UsageError(`--seed "${text}": must be a whole number, 0 to ${SEED_LIMIT}`);
	}
	return seed;
}

function readSite(file: string): object {
	const text = read("site", file);
	let site: unknown;
	try {
		site = JSON.parse(text);
	} catch (error) {
		// V8 quotes the text, which may hold a password.
		const position = /position (\d+)/.exec((error as Error).message)?.[1];
		const lines = text.slice(0, Number(position ?? text.length)).split("\n");
		throw new UsageError(`--site ${file}: is no JSON, line ${lines.length}`);
	}
	if (typeof site !== "object" || site === null || Array.isArray(site)) {
		throw new UsageError(`--site ${file}: must be one record, as in site.example.json`);
	}
	return Object.fromEntries(Object.entries(site).filter(([key]) => SITE_KEYS.includes(key)));
}

/** Entities of a user's own that the site names: paths as seen from the site, by kind. */
function modulesOf(site: { entities?: unknown }, file: string): [kind: string, path: string][] {
	const entities: unknown[] = Array.isArray(site.entities) ? site.entities : [];
	return entities.flatMap((entity, i): [string, string][] => {
		const { kind, module } = (entity ?? {}) as { kind?: unknown; module?: unknown };
		if (typeof kind !== "string" || typeof module !== "string") return [];
		const path = resolve(dirname(file), /\.(ts|js)$/.test(module) ? module : `${module}.ts`);
		if (!existsSync(path)) {
			throw new UsageError(`--site ${file}: entities[${i}].module: "${module}": no such file`);
		}
		return [[kind, path]];
	});
}

function entityFilesOf(files: readonly string[]): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (const file of files) {
		const kind = /^([a-z][a-z0-9-]{0,31})\.(ts|js)$/.exec(basename(file))?.[1];
		if (kind === undefined) {
			throw new UsageError(
				`--entity ${file}: the file's name is the kind: a-z, 0-9 and -, then .ts or .js`,
			);
		}
		if (found.has(kind)) throw new UsageError(`--entity ${file}: kind "${kind}" is given twice`);
		checkFile("entity", file);
		found.set(kind, resolve(file));
	}
	return found;
}

function read(option: string, file: string): string {
	checkFile(option, file);
	return readFileSync(resolve(file), "utf8");
}

function checkFile(option: string, file: string): void {
	let reason = "";
	try {
		const status = statSync(resolve(file));
		if (!status.isFile()) reason = "is no file";
		else if (status.size > FILE_LIMIT_BYTES) reason = "is too large, 64 MiB at most";
	} catch (error) {
		reason = (error as NodeJS.ErrnoException).code === "EACCES" ? "not readable" : "no such file";
	}
	if (reason !== "") throw new UsageError(`--${option} ${file}: ${reason}`);
}
