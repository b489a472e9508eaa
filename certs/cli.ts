/**
 * `fieldmote certs`: finds the command and its store, and turns what went wrong into one line. Exit
 * codes: 0 done, 1 failed or something to do, 2 wrong use, 130 ended by Ctrl-C. Must not know what
 * any command does.
 */

import { join, resolve } from "node:path";
import { nearest } from "../host-sim/nearest.mjs";
import { UsageError } from "../host-sim/words";
import { CHECKOUT, type Command, type CommandContext } from "./command";
import { check } from "./commands/check";
import { device } from "./commands/device";
import { init } from "./commands/init";
import { list } from "./commands/list";
import { renew } from "./commands/renew";
import { revoke } from "./commands/revoke";
import { server } from "./commands/server";
import { importCommand } from "./import/import";
import { PROBE_HELP, runProbe } from "./probe/probe";
import { refuseUnreadable } from "./store/folders";
import { StopWaiting, withLock } from "./store/lock";
import { printable } from "./store/printable";
import { Store, StoreError } from "./store/store";

const COMMANDS: Readonly<Record<string, Command>> = {
	init,
	server,
	device,
	list,
	check,
	revoke,
	renew,
	import: importCommand,
	probe: {
		what: "tries a broker with the firmware's own rules, and says what to change",
		help: PROBE_HELP,
		isReader: true,
		run: runProbe,
	},
};

function usage(): string {
	const rows = Object.entries(COMMANDS).map(([name, { what }]) => `  ${name.padEnd(8)} ${what}`);
	return `usage: npm run certs -- COMMAND [options]      or: fieldmote certs COMMAND [options]

Keys and certificates of brokers and boards, in certs/generated. No openssl is needed.

${rows.join("\n")}

More: npm run certs -- COMMAND --help, docs/certificates.md

Examples, from nothing to a broker and a board:
  npm run certs -- init
  npm run certs -- server broker.lan 192.168.1.10
  npm run certs -- device greenhouse-1
  npm run certs -- check
`;
}

/** Runs the command with the words that followed it. */
export async function main(words: readonly string[]): Promise<void> {
	let isInterrupted = false;
	const onInterrupt = () => {
		// Twice: at once.
		if (isInterrupted) process.exit(130);
		isInterrupted = true;
	};
	process.stdout.off("error", passOver).on("error", passOver);
	process.on("SIGINT", onInterrupt);
	try {
		await dispatch(words, () => isInterrupted);
		if (isInterrupted) process.exitCode = 130;
	} catch (error) {
		if (error instanceof StopWaiting) {
			process.exitCode = 130;
			return;
		}
		const isWrongUse = error instanceof UsageError;
		const text = isWrongUse || error instanceof StoreError ? error.message : plainText(error);
		if (text === undefined) throw error;
		process.stderr.write(`fieldmote certs: ${printable(text.split("\n").join("\n  "))}\n`);
		process.exitCode = isInterrupted ? 130 : isWrongUse ? 2 : 1;
	} finally {
		process.off("SIGINT", onInterrupt);
	}
}

/** Who reads no further (`list | head`) does not stop what is being made. */
function passOver(error: NodeJS.ErrnoException): void {
	if (error.code !== "EPIPE") throw error;
}

async function dispatch(words: readonly string[], isInterrupted: () => boolean): Promise<void> {
	const { directory, rest } = takeDirectory(words);
	const [name, ...more] = rest;
	if (name === undefined) {
		process.stderr.write(usage());
		process.exitCode = 2;
		return;
	}
	if (["help", "--help", "-h"].includes(name)) {
		process.stdout.write(usage());
		return;
	}
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (command === undefined) {
		const right = nearest(name, Object.keys(COMMANDS));
		throw new UsageError(
			`unknown command "${name}"; ${right === "" ? "see --help" : `did you mean "${right}"?`}`,
		);
	}
	if (more.includes("--help") || more.includes("-h")) {
		process.stdout.write(command.help);
		return;
	}
	const context: CommandContext = {
		store: new Store(directory),
		nowMs: Date.now(),
		say: (line) => process.stdout.write(`${printable(line)}\n`),
		isInterrupted,
	};
	// A probe may do without the store.
	if (name !== "probe") refuseUnreadable(directory);
	if (command.isReader === true) await command.run(more, context);
	else await withLock(context.store, () => command.run(more, context), { isInterrupted });
}

/** `--directory DIR` may stand anywhere. */
function takeDirectory(words: readonly string[]): { directory: string; rest: string[] } {
	const rest: string[] = [];
	let directory: string | undefined;
	for (let at = 0; at < words.length; at++) {
		const word = words[at] as string;
		if (word !== "--directory" && !word.startsWith("--directory=")) {
			rest.push(word);
			continue;
		}
		if (directory !== undefined) throw new UsageError("--directory: given twice");
		directory = word === "--directory" ? words[++at] : word.slice("--directory=".length);
		if (!directory || directory.startsWith("--"))
			throw new UsageError("--directory: needs a folder");
	}
	return { directory: resolve(directory ?? join(CHECKOUT, "certs/generated")), rest };
}

/** What the file system says, for people; undefined for what is our own mistake. */
function plainText(error: unknown): string | undefined {
	const { code, path, syscall } = error as NodeJS.ErrnoException;
	if (code === undefined || syscall === undefined) return undefined;
	const why =
		{
			EACCES: "may not be written or read by you",
			EPERM: "may not be changed by you",
			EROFS: "is on a file system that cannot be written",
			ENOSPC: "the disk is full",
			ENOTDIR: "has a file where a folder should be",
			...(syscall === "mkdir" ? { ENOENT: "no folder can be made there" } : {}),
		}[code] ?? `${syscall} failed (${code})`;
	return `${path ?? "the store"}: ${why}`;
}
