/**
 * `fieldmote check`: says what a site will be on a board, before anything is built. Exit codes: 0
 * it can be built, 1 it cannot, 2 wrong use. Always holds: all problems are said at once; nothing
 * is written but the files that were asked for. Needs no SDK.
 */

import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isId } from "../firmware/topics";
import { readWords, UsageError } from "../host-sim/words";
import { drawBoard } from "./board-picture";
import { checkText } from "./check-text";
import { type Examined, examine } from "./examine";
import { extrasManifest } from "./extras";
import { printable } from "./printable";
import { reportOf } from "./report";
import { ConfigurationError } from "./site-files";
import { sdkFolder } from "./tools";

/** This file is in device/ or, bundled, in dist/. */
const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));

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

/**
 * Runs the command with the words that followed it.
 * @param root the checkout
 */
export async function main(words: readonly string[], root = CHECKOUT): Promise<void> {
	try {
		run(words, root);
	} catch (error) {
		const wrongUse = error instanceof UsageError;
		if (!wrongUse && !(error instanceof ConfigurationError)) throw error;
		say(error.message.split("\n"));
		process.exitCode = wrongUse ? 2 : 1;
	}
}

function run(words: readonly string[], root: string): void {
	const { names, has, text } = readWords(words, OPTIONS);
	if (has("help")) {
		process.stdout.write(HELP);
		return;
	}
	const board = text("board");
	const node = text("node") ?? "";
	if (board === undefined) throw new UsageError("--board: is missing; one of boards/, see --help");
	if (names.length > 1) throw new UsageError(`unexpected word "${names[1]}": one site at a time`);
	if (node !== "" && !isId(node)) {
		throw new UsageError(`--node "${node}": must be 1 to 32 of a-z, 0-9 and -`);
	}
	const sdk = sdkFolder(process.env);
	const examined = examine({ site: names[0], board, node, values: {}, root, sdk });
	const report = reportOf(examined, board);
	if (has("json")) process.stdout.write(`${JSON.stringify(report, undefined, "\t")}\n`);
	else {
		process.stdout.write(checkText(report));
		say(report.problems);
	}
	if (!report.ok) process.exitCode = 1;
	else writeFiles(examined, text("drivers"), text("picture"));
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

function say(lines: readonly string[]): void {
	if (lines.length === 0) return;
	const [first, ...rest] = lines.map(printable);
	process.stderr.write(`fieldmote check: ${[first, ...rest].join("\n  ")}\n`);
}
