/**
 * Passwords for a try: one file for each user, whose first line is the password, and Mosquitto's
 * files of hashes made from them. Always holds: only their owner can read them; a password that is
 * there stays; none is in an argument list, a message, a log or another file.
 */

import { pbkdf2Sync, randomBytes } from "node:crypto";
import {
	chmodSync,
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
import { BrokerError } from "./mosquitto";

/** In hex: a password that begins with - would be taken for an option. */
const PASSWORD_BYTES = 16;
/** As mosquitto_passwd has it; Mosquitto refuses other lengths. */
const HASH = { name: "sha512", iterations: 101, saltBytes: 12, bytes: 64 } as const;

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
	// One that was there already may be open to others.
	chmodSync(folder, 0o700);
	const hashes = join(folder, name);
	for (const user of users) ensurePassword(folder, user);
	const lines = users.map((user) => {
		return `${user}:${hashPassword(readPassword(passwordFile(folder, user)))}\n`;
	});
	// Made anew each time: a user's file may have been changed or be new.
	const temporary = join(folder, `.${name}.${process.pid}.new`);
	try {
		writeFileSync(temporary, lines.join(""), { mode: 0o600 });
		renameSync(temporary, hashes);
	} finally {
		rmSync(temporary, { force: true });
	}
	return hashes;
}

/**
 * What Mosquitto compares with: $7$iterations$salt$hash, base64. Not by mosquitto_passwd -U, which
 * leaves the passwords in a file of mode 0666 until it has ended.
 */
export function hashPassword(password: string): string {
	const { name, iterations, saltBytes, bytes } = HASH;
	const salt = randomBytes(saltBytes);
	const hash = pbkdf2Sync(password, salt, iterations, bytes, name);
	return `$7$${iterations}$${salt.toString("base64")}$${hash.toString("base64")}`;
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
