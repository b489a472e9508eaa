/**
 * `fieldmote broker`: runs Mosquitto with a configuration of this folder, prints lines to try it
 * with, and ends it on Ctrl-C. Exit codes: 0 ended as asked, 1 failed, 2 wrong use. Always holds:
 * no password is printed; nothing is started before everything that can be checked was.
 */

import { mkdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StoreError } from "../certs/store/store";
import { UsageError } from "../host-sim/words";
import { type PreparedFiles, prepareFiles } from "./files";
import { linesToTry } from "./lines";
import { BrokerError, findProgram, isPortFree, type RunningBroker, startBroker } from "./mosquitto";
import { type BrokerOptions, HELP, LIST, parseBrokerOptions } from "./options";
import { stage } from "./stage";

/** This file is in broker/ or, bundled, in dist/. */
const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs the command with the words that followed it; resolves when the broker has ended. */
export async function main(words: readonly string[]): Promise<void> {
	try {
		const options = parseBrokerOptions(words);
		if (options.help) process.stdout.write(HELP);
		else if (options.list) process.stdout.write(`${LIST}\n`);
		else await run(options);
	} catch (error) {
		const wrongUse = error instanceof UsageError;
		const known = [BrokerError, StoreError].some((one) => error instanceof one);
		const { code = "", path = "" } = error as NodeJS.ErrnoException;
		// ENOENT is what mkdir() of Node says on a read-only file system.
		const isRefused = ["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR"].includes(code);
		if (!wrongUse && !known && !isRefused) throw error;
		const what = isRefused ? `${path}: cannot be read or written by you` : (error as Error).message;
		process.stderr.write(`fieldmote broker: ${what}\n`);
		process.exitCode = wrongUse ? 2 : 1;
	}
}

async function run(options: BrokerOptions): Promise<void> {
	const { configurations, ports, address, upstream, verbose } = options;
	const program = findProgram("mosquitto");
	for (const port of Object.values(ports)) await checkPort(port, address, configurations.length);
	const source = join(CHECKOUT, "broker");
	const directory = resolve(options.directory ?? join(CHECKOUT, "certs", "generated"));
	const hosts = ["localhost", "127.0.0.1"];
	if (!hosts.includes(address) && address !== "0.0.0.0") hosts.push(address);
	const shown = relative(process.cwd(), directory) || ".";
	// Keys take a moment.
	process.stdout.write(`certificates and passwords in ${shown}\n`);
	const files = await prepareFiles(source, directory, configurations, hosts, options.node);
	// One folder for each port: two brokers never share their state.
	const folder = join(directory, "state", Object.entries(ports).flat().join("-"));
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const { paths } = files;
	const configuration = stage({ source, folder, ports, address, paths, upstream, verbose });
	const log = (line: string) => process.stdout.write(`${line}\n`);
	const stopping = new AbortController();
	const release = catchSignals(() => stopping.abort());
	// Whoever reads us has gone, as in `npm run broker -- plain | head`.
	process.stdout.on("error", () => stopping.abort());
	try {
		const broker = await startBroker(program, configuration, log);
		try {
			introduce(options, files);
			await untilEnded(broker, stopping.signal);
		} finally {
			await broker.stop();
		}
	} finally {
		release();
	}
}

async function checkPort(port: number, address: string, count: number): Promise<void> {
	if (await isPortFree(port, address)) return;
	const other = count === 1 ? "--port takes another, or " : "";
	throw new BrokerError(
		`port ${port} on ${address} is in use; ${other}end what has it (ss -ltnp | grep ${port})`,
	);
}

async function untilEnded(broker: RunningBroker, stopped: AbortSignal): Promise<void> {
	const stop = () => void broker.stop();
	if (stopped.aborted) stop();
	stopped.addEventListener("abort", stop);
	const why = await broker.ended;
	if (why !== "") throw new BrokerError(why);
}

function introduce(options: BrokerOptions, files: PreparedFiles): void {
	const { configurations, ports, address, upstream, node } = options;
	const host = address === "127.0.0.1" || address === "0.0.0.0" ? "localhost" : address;
	for (const configuration of configurations) {
		const { name, what } = configuration;
		const port = ports[name] as number;
		const path = relative(process.cwd(), join(CHECKOUT, "broker", `${name}.conf`));
		const lines = linesToTry(configuration, files, { host, port, upstream, node });
		process.stdout.write(`\n${path} on ${address}:${port}: ${what}\n${lines.join("\n")}\n`);
	}
	process.stdout.write("\nCtrl-C ends it\n\n");
}

/** Ctrl-C and its like. The terminal sends it to Mosquitto too: it saves once. */
function catchSignals(stop: () => void): () => void {
	const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
	for (const signal of signals) process.on(signal, stop);
	return () => {
		for (const signal of signals) process.off(signal, stop);
	};
}
