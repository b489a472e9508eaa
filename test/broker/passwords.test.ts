/**
 * Passwords for a try: who can read them, and that Mosquitto takes the hashes as it takes those of
 * mosquitto_passwd.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram } from "../../broker/mosquitto";
import { ensurePasswords, hashPassword, passwordFile } from "../../broker/passwords";
import { skipWithout } from "../support/mosquitto";
import { connect, makeDirectory, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
/** Beside plain ones what a parser could stumble over. */
const WORDS = ["s3cret word", "a:b$c", " around ", "grün€😀", "-x", "x".repeat(200)];

test("a folder that was there is closed, and no other program sees a password", () => {
	const folder = join(makeDirectory(), "passwords");
	const programs = makeDirectory();
	const seen = join(programs, "seen");
	// An earlier version gave them to this one, in a file that others could read.
	const lines = ["#!/bin/sh", `cat "$2" >>'${seen}'`];
	writeFileSync(join(programs, "mosquitto_passwd"), lines.join("\n"), { mode: 0o755 });
	mkdirSync(folder);
	chmodSync(folder, 0o755);
	const { PATH } = process.env;
	process.env.PATH = `${programs}:${PATH}`;
	try {
		ensurePasswords(folder, "nodes", ["n1", "n2"]);
	} finally {
		process.env.PATH = PATH;
	}
	assert.ok(!existsSync(seen));
	assert.equal(statSync(folder).mode & 0o777, 0o700);
	assert.deepEqual(readdirSync(folder).sort(), ["n1.txt", "n2.txt", "nodes"]);
	for (const name of readdirSync(folder)) {
		assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
	}
	const [n1 = "", n2 = ""] = readFileSync(join(folder, "nodes"), "utf8").split("\n");
	assert.match(n1, /^n1:\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==$/);
	assert.notEqual(n1.split("$")[3], n2.split("$")[3], "one salt for two");
	const secret = readFileSync(passwordFile(folder, "n1"), "utf8").trim();
	assert.ok(!n1.includes(secret));
});

test("Mosquitto takes our hashes as its own program's", { skip, timeout: 60_000 }, async () => {
	const folder = makeDirectory();
	const theirs = join(folder, "theirs");
	writeFileSync(theirs, "", { mode: 0o600 });
	for (const [i, word] of WORDS.entries()) {
		const words = ["-b", theirs, `theirs-${i}`, word];
		execFileSync(findProgram("mosquitto_passwd"), words, { stdio: "pipe" });
	}
	const ours = WORDS.map((word, i) => `ours-${i}:${hashPassword(word)}\n`).join("");
	const file = join(folder, "all");
	writeFileSync(file, readFileSync(theirs, "utf8") + ours, { mode: 0o600 });
	const broker = await startStaged(["password"], { paths: { "/etc/mosquitto/passwords": file } });
	const port = broker.ports.password as number;
	for (const [i, password] of WORDS.entries()) {
		for (const username of [`theirs-${i}`, `ours-${i}`]) {
			await (await connect(port, { username, password })).endAsync();
			const wrong = { username, password: `${password}x` };
			await assert.rejects(connect(port, wrong), /Not authorized/, username);
		}
	}
	await broker.stop();
});
