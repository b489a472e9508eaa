#!/usr/bin/env node
/**
 * The launcher: `fieldmote <command>`. Builds dist/ when the sources have changed, then starts
 * the command's program and nothing else. Plain JavaScript, so that it runs right after `npm ci`.
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "./build.mjs";
import { nearest } from "./nearest.mjs";

const COMMANDS = {
	start: { program: "cli", what: "the simulator: broker, NTP server and one board" },
	client: { program: "client", what: "the firmware's MQTT engine, driven by JSON lines" },
	check: { program: "check", what: "says what a site will be on a board, and what is wrong" },
	device: { program: "device", what: "builds for a board and flashes it, with the Moddable SDK" },
	certs: {
		program: "certs",
		what: "makes, checks, renews and revokes certificates; probes a broker",
	},
	broker: { program: "broker", what: "runs Mosquitto with one of the configurations in broker/" },
};

function usage() {
	const rows = Object.entries(COMMANDS).map(([name, { what }]) => `  ${name.padEnd(8)} ${what}`);
	return `usage: fieldmote [command] [options]

${rows.join("\n")}

Without a command: start. More: fieldmote start --help
`;
}

async function main() {
	const [word, ...rest] = process.argv.slice(2);
	const named = word !== undefined && !word.startsWith("-");
	const name = named ? word : "start";
	if (name === "help") {
		process.stdout.write(usage());
		return;
	}
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (command === undefined) {
		const right = nearest(name, Object.keys(COMMANDS));
		const hint = right === "" ? "" : `; did you mean "${right}"?`;
		process.stderr.write(`fieldmote: unknown command "${name.slice(0, 60)}"${hint}\n\n`);
		process.stderr.write(usage());
		process.exitCode = 2;
		return;
	}
	try {
		const folder = await ensureBuilt();
		const program = await import(pathToFileURL(join(folder, `${command.program}.js`)).href);
		await program.main(named ? rest : process.argv.slice(2));
	} catch (error) {
		const missing = error?.code === "ERR_MODULE_NOT_FOUND" ? "; run npm ci first" : "";
		const text = error instanceof Error ? error.message : error;
		process.stderr.write(`fieldmote: ${text}${missing}\n`);
		if (process.env.FIELDMOTE_DEBUG) process.stderr.write(`${error.stack}\n`);
		process.exitCode = 1;
	}
}

await main();
