/**
 * `fieldmote check`: says what a site will be on a board, before anything is built. Exit codes: 0
 * it can be built, 1 it cannot, 2 wrong use. Always holds: all problems are said at once; nothing
 * is written but the files that were asked for. Needs no SDK.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isId } from "../../firmware/topics";
import { readWords, UsageError } from "../../host-sim/words";
import { extrasManifest } from "../site/extras";
import { ConfigurationError } from "../site/files";
import { printable } from "../site/printable";
import { CHECKOUT, type Environment, sdkFolder } from "../tools";
import { type Examined, examine } from "./examine";
import { drawBoard } from "./picture";
import { reportOf } from "./report";
import { checkText } from "./text";

const OPTIONS = {
	board: "text",
	node: "text",
	json: "flag",
	picture: "text",
	drivers: "text",
	help: "flag",
} as const;

const HELP = `usage: npm run check -- [SITE] --board NAME [options]
   or: fieldmote check [SITE] --board NAME [options]

Checks a site (default: site.json) and its secrets.json for a board, as the firmware does at boot,
and says what it will be: entities, pins, topics, and what happens at boot and without contact.
Exit codes: 0 it can be built, 1 it cannot, 2 wrong use.

  --board NAME     one of boards/
  --node ID        id of the node (default: the site's)
  --json           the report for programs
  --picture FILE   write a picture of the board with the entities on its pins, as SVG
  --drivers FILE   write the manifest with the sensor drivers and own entities of the site, for
                   mcconfig by hand: DRIVERS=$PWD/FILE mcconfig …
  --help           this text

Examples:
  npm run check -- site.example.json --board nodemcu-v2
  npm run check -- --board sonoff-basic-r2 --node lamp-1 --json
`;

/** Where it writes, and what it knows of the machine. */
export interface Surroundings {
	readonly out: (text: string) => void;
	readonly err: (text: string) => void;
	readonly environment: Environment;
	/** The checkout. */
	readonly root: string;
}

/** Runs the command with the words that followed it. */
export async function main(words: readonly string[], root = CHECKOUT): Promise<void> {
	process.exitCode = check(words, {
		out: (text) => process.stdout.write(text),
		err: (text) => process.stderr.write(text),
		environment: process.env,
		root,
	});
}

/** @returns exit code */
export function check(words: readonly string[], surroundings: Surroundings): number {
	try {
		return run(words, surroundings);
	} catch (error) {
		const wrongUse = error instanceof UsageError;
		if (!wrongUse && !(error instanceof ConfigurationError)) throw error;
		surroundings.err(problemText(error.message.split("\n")));
		return wrongUse ? 2 : 1;
	}
}

function run(words: readonly string[], { out, err, environment, root }: Surroundings): number {
	const { names, has, text } = readWords(words, OPTIONS);
	if (has("help")) {
		out(HELP);
		return 0;
	}
	const board = text("board");
	const node = text("node") ?? "";
	if (board === undefined) throw new UsageError("--board: is missing; one of boards/, see --help");
	if (names.length > 1) throw new UsageError(`unexpected word "${names[1]}": one site at a time`);
	if (node !== "" && !isId(node)) {
		throw new UsageError(`--node "${node}": must be 1 to 32 of a-z, 0-9 and -`);
	}
	refuseOthers(text("drivers"), text("picture"));
	const sdk = sdkFolder(environment);
	const examined = examine({ site: names[0], board, node, values: {}, root, sdk });
	const report = reportOf(examined, board);
	if (has("json")) out(`${JSON.stringify(report, undefined, "\t")}\n`);
	else {
		out(checkText(report));
		if (!report.ok) err(problemText(report.problems));
	}
	if (!report.ok) return 1;
	writeFiles(examined, text("drivers"), text("picture"));
	return 0;
}

/** A file that is somebody's, such as the site itself, must not be written over by a slip. */
function refuseOthers(drivers: string | undefined, picture: string | undefined): void {
	if (picture !== undefined && !picture.endsWith(".svg")) {
		throw new UsageError(`--picture ${picture}: must end with .svg`);
	}
	if (drivers === undefined || !existsSync(drivers) || isManifest(drivers)) return;
	throw new UsageError(`--drivers ${drivers}: is there, and no manifest of drivers; another name`);
}

const MANIFEST_KEYS = ["include", "modules", "preload"];

/** Whether a file is what extrasManifest() makes. */
function isManifest(path: string): boolean {
	try {
		const keys = Object.keys(JSON.parse(readFileSync(path, "utf8")));
		return keys.every((key) => MANIFEST_KEYS.includes(key));
	} catch {
		return false;
	}
}

function writeFiles(
	examined: Examined,
	drivers: string | undefined,
	picture: string | undefined,
): void {
	if (drivers !== undefined) write("--drivers", drivers, extrasManifest(examined.extras));
	if (picture === undefined) return;
	write("--picture", picture, drawBoard(examined.board, examined.site.entities));
}

function write(option: string, path: string, content: string): void {
	try {
		writeFileSync(path, content);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new ConfigurationError(`${option} ${path}: cannot be written (${code})`);
	}
}

function problemText(lines: readonly string[]): string {
	return `fieldmote check: ${lines.map(printable).join("\n  ")}\n`;
}
