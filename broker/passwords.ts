/**
 * Passwords for a try: one file for each user, whose first line is the password, and Mosquitto's
 * files of hashes made from them. Always holds: only their owner can read them; a password that is
 * there stays; none is in an argument list, a message or a log.
 */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	existsSync,
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BrokerError, findProgram } from "./mosquitto";

/** In hex: a password that begins with - would be taken for an option. */
const PASSWORD_BYTES = 16;

/** Path of the file with a user's password. */
export function passwordFile(folder: string, user: string): string {
	return join(folder, `${user}.txt`);
}

/** Users who have a file in the folder, sorted. */
export function usersIn(folder: string): string[] {
	if (!existsSync(folder)) return [];
	const names = readdirSync(folder).filter((name) => /^[a-z0-9-]+\.txt$/.test(name));
	return names.map((name) => name.slice(0, -".txt".length)).sort();
}

/**
 * Makes what is missing.
 * @param folder for the users' files and the hashes
 * @param name of the file of hashes
 * @returns path of the file of hashes
 */
export function ensurePasswords(folder: string, name: string, users: readonly string[]): string {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const hashes = join(folder, name);
	for (const user of users) ensurePassword(folder, user);
	const lines = users.map((user) => `${user}:${readPassword(passwordFile(folder, user))}\n`);
	// Made anew each time: a user's file may have been changed or be new.
	const temporary = join(folder, `.${name}.${process.pid}.new`);
	try {
		writeFileSync(temporary, lines.join(""), { mode: 0o600 });
		// -U turns the passwords in a file into hashes.
		execFileSync(findProgram("mosquitto_passwd"), ["-U", temporary], { stdio: "pipe" });
		renameSync(temporary, hashes);
	} finally {
		rmSync(temporary, { force: true });
	}
	return hashes;
}

function ensurePassword(folder: string, user: string): void {
	const path = passwordFile(folder, user);
	if (existsSync(path)) return;
	const temporary = join(folder, `.${user}.${process.pid}.new`);
	const password = randomBytes(PASSWORD_BYTES).toString("hex");
	try {
		writeFileSync(temporary, `${password}\n`, { mode: 0o600 });
		// Unlike rename() it keeps the password of a runner that was faster.
		linkSync(temporary, path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	} finally {
		rmSync(temporary, { force: true });
	}
}

function readPassword(path: string): string {
	const [line = ""] = readFileSync(path, "utf8").split(/\r?\n/);
	if (line !== "") return line;
	throw new BrokerError(
		`${path}: the first line has to be the password; remove the file for a new`,
	);
}
