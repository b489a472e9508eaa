/**
 * Where the passphrase of a key comes from: a file, or the terminal, without echo. Always holds: it
 * is in no argument, no environment and no message; the terminal is as it was before, also after
 * Ctrl-C.
 */

import type { ReadStream } from "node:tty";
import { readBounded, StoreError } from "../store/store";
import type { AskPassphrase } from "./files";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACES = ["\u007f", "\b"];
const EXIT_BY_SIGNAL = 130;

/** @param file whose first line is the passphrase; undefined: the terminal is asked */
export function passphraseFrom(file: string | undefined): AskPassphrase {
	if (file !== undefined) {
		return async (path, tries) => {
			if (tries > 0) {
				throw new StoreError(
					`${path}: the passphrase in ${file} is wrong (its first line is taken)`,
				);
			}
			return readFirstLine(file);
		};
	}
	return async (path, tries) => {
		const { stdin, stderr } = process;
		if (!stdin.isTTY) {
			const how = "give --passphrase-file FILE; there is no terminal to ask on";
			throw new StoreError(`${path}: has a passphrase: ${how}`);
		}
		const prompt = `${tries > 0 ? "wrong; " : ""}passphrase of ${path}: `;
		const line = await readHidden(stdin as ReadStream, prompt);
		stderr.write("\n");
		if (line === undefined) process.exit(EXIT_BY_SIGNAL);
		return line;
	};
}

function readFirstLine(file: string): string {
	const line = readText(file).split(/\r?\n/, 1)[0] ?? "";
	if (line === "") throw new StoreError(`--passphrase-file ${file}: the first line is empty`);
	return line;
}

function readText(file: string): string {
	try {
		return readBounded(file).toString();
	} catch (error) {
		throw new StoreError(`--passphrase-file ${(error as Error).message}`);
	}
}

/** @returns undefined by Ctrl-C or Ctrl-D */
function readHidden(terminal: ReadStream, prompt: string): Promise<string | undefined> {
	return new Promise((resolve) => {
		let line = "";
		const finish = (result: string | undefined) => {
			terminal.off("data", take);
			terminal.setRawMode(false);
			terminal.pause();
			resolve(result);
		};
		const take = (data: string) => {
			for (const letter of data) {
				if (letter === CTRL_C || letter === CTRL_D) return finish(undefined);
				if (letter === "\r" || letter === "\n") return finish(line);
				if (BACKSPACES.includes(letter)) line = [...line].slice(0, -1).join("");
				else line += letter;
			}
		};
		// Before the prompt: who types at once is not shown either.
		terminal.setRawMode(true);
		process.stderr.write(prompt);
		terminal.setEncoding("utf8");
		terminal.on("data", take);
		terminal.resume();
	});
}
