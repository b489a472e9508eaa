/**
 * `fieldmote start`: the simulator at a terminal. Prints what the firmware traces and lines to
 * paste, takes keys or orders where the board has something to drive, and ends cleanly on Ctrl-C.
 * Exit codes: 0 ended as asked, 1 failed, 2 wrong use. Must not know what the firmware does, but
 * for three of its lines: a failure has ` failed: ` in it (firmware/net/log.ts), the first report
 * that the broker took is said as such, and what is wrong in its site is said of site.json.
 */

import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { isPem } from "./key-files";
import { readProgram } from "./loader";
import { commandLine, watchLine } from "./mosquitto-lines";
import { Console } from "./start/console";
import { bundleEntities } from "./start/entity-files";
import { linesToPaste } from "./start/introduction";
import { HELP, parseStartOptions, type StartOptions } from "./start/options";
import { Printer } from "./start/printer";
import { BASE_TOPIC, Simulator } from "./start/simulator";
import { UsageError } from "./words";

/** npm passes Ctrl-C on, though the terminal did already: twice at once is one wish. */
const IMPATIENT_MS = 1_000;
const EXIT_BY_SIGNAL = 130;
/** The good-bye may take 3 s, sockets 1 s, the broker's clients a moment. */
const END_MS = 8_000;

/** Runs the command with the words that followed it; resolves when it runs, or has failed. */
export async function main(words: readonly string[]): Promise<void> {
	const folder = dirname(fileURLToPath(import.meta.url));
	const root = dirname(folder);
	try {
		const options = parseStartOptions(words, root);
		if (options.help) process.stdout.write(HELP);
		else await run(options, root, folder);
	} catch (error) {
		if (!(error instanceof UsageError)) throw error;
		process.stderr.write(`fieldmote start: ${error.message}\n`);
		process.exitCode = 2;
	}
}

async function run(options: StartOptions, root: string, folder: string): Promise<void> {
	const printer = new Printer(process.stdout, process.env, () => performance.now());
	let ending = false;
	let onEnd = (): void => undefined;
	const end = (code: number): void => {
		if (ending) return;
		ending = true;
		process.exitCode = code;
		onEnd();
		setTimeout(() => {
			process.stderr.write("fieldmote start: something does not end; leaving it\n");
			process.exit(1);
		}, END_MS).unref();
		// Not from inside the firmware's own call.
		setImmediate(() => void simulator.stop());
	};
	const program = await bundleEntities(options.world.entityFiles, (modules) =>
		readProgram(folder, "firmware", modules),
	);
	const simulator = await Simulator.start(options, root, {
		onTrace(line) {
			printer.line(options.node, named(line, options.world.siteFile));
			const verdict = verdictOf(line, options.once);
			if (verdict !== undefined) end(verdict);
		},
		onWorld(who, text) {
			if (who !== "broker" || options.verbose) printer.line("world", `${who} ${text}`);
		},
		onCrash(error) {
			const text = error instanceof Object && "stack" in error ? error.stack : error;
			printer.line(options.node, `crashed: ${text}`);
			if (options.once) end(1);
		},
		paint: (colour) => printer.paint(colour),
	});
	// With --once a verdict was wanted, and there is none.
	const interrupt = catchSignals(() => end(options.once ? 1 : 0));
	// Whoever reads us has gone, as in `npm start | head`.
	process.stdout.on("error", () => end(0));
	const seat = openConsole(printer, options, simulator, interrupt);
	introduce(printer, options, simulator);
	for (const line of seat?.hint ?? []) printer.plain(line);
	if (seat !== undefined) printer.plain();
	onEnd = () => seat?.stop();
	seat?.start();
	simulator.powerOn(program);
}

/** Where the world has something to drive; elsewhere stdin is left alone. */
function openConsole(
	printer: Printer,
	options: StartOptions,
	simulator: Simulator,
	interrupt: () => void,
): Console | undefined {
	const { stage } = simulator.surroundings;
	const hasMore = stage.things.some(({ kind }) => kind !== "switch");
	if (!options.showsBoard && !hasMore) return undefined;
	return new Console(stage, process.stdin, {
		say: (text) => printer.line("world", text),
		echo: (text) => printer.echo(text),
		interrupt,
		suspend(resumed) {
			process.once("SIGCONT", resumed);
			process.kill(process.pid, "SIGTSTP");
		},
	});
}

/** The firmware knows its site by one name only. */
function named(line: string, siteFile: string | undefined): string {
	const start = "boot: site.json: ";
	if (siteFile === undefined || !line.startsWith(start)) return line;
	return `boot: ${siteFile}: ${line.slice(start.length)}`;
}

/** The exit code that a line of the firmware asks for, if any. */
function verdictOf(line: string, once: boolean): number | undefined {
	if (line.startsWith("boot: stopped")) return 2;
	if (!once) return undefined;
	if (/^[a-z]+ failed: /.test(line)) return 1;
	return line.startsWith("node: first report accepted") ? 0 : undefined;
}

function introduce(printer: Printer, options: StartOptions, simulator: Simulator): void {
	const { brokerUrl, ntpServer, access, surroundings } = simulator;
	const own = (given: unknown) => (given === undefined ? " (embedded)" : "");
	const topics = `${BASE_TOPIC}/${options.node}`;
	printer.plain(`board ${options.board} as node ${options.node}, Ctrl-C ends it`);
	printer.plain(`broker ${brokerUrl}${own(options.brokers[0])}`);
	printer.plain(`NTP    ${ntpServer}${own(options.ntp)}`);
	printer.plain();
	const rows = options.showsBoard ? surroundings.rows : [];
	for (const row of rows) printer.plain(row);
	if (rows.length > 0) printer.plain();
	if (access.ca !== undefined && !isPem(access.ca)) {
		printer.plain(`# mosquitto needs PEM: openssl x509 -inform der -in ${access.ca} -out ca.pem`);
	}
	if (access.username !== undefined || access.cert !== undefined) {
		printer.plain("# as the node itself; with the configurations in broker/ take another user:");
		printer.plain("# there a user has one connection, and the second ends the first");
	}
	if (options.profile === "demo") {
		// The tutorial's topics (firmware/profiles/demo.ts); it has no relay.
		printer.plain("It connects after 30 s. Watch it, and send to it, from another terminal:");
		printer.plain(`  ${watchLine(access, "async-mqtt/#")}`);
		printer.plain(`  ${commandLine(access, "async-mqtt/ESP8266_Pub", "hello")}`);
	} else {
		const { entities, load } = surroundings;
		const { node } = options;
		const site = options.world.site ?? {};
		const lines = linesToPaste({ access, topics, node, site, entities, load });
		for (const line of lines) printer.plain(line);
	}
	printer.plain();
}

/**
 * Ctrl-C and its like; a second one after a while ends the process at once. Caught to the very
 * end: npm's may come when everything is over but the process.
 * @returns what does as a signal does
 */
function catchSignals(stop: () => void): () => void {
	let firstMs = 0;
	const handle = (): void => {
		const nowMs = performance.now();
		if (firstMs === 0) {
			firstMs = nowMs;
			stop();
		} else if (nowMs - firstMs > IMPATIENT_MS) {
			process.exit(EXIT_BY_SIGNAL);
		}
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, handle);
	return handle;
}
