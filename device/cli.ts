/**
 * `fieldmote device`: from a site and a board to a node that runs. Says each step and what came of
 * it. Exit codes: 0 done, 1 failed, 2 wrong use, 130 ended by Ctrl-C. Always holds: nothing is
 * made, built or flashed before everything that can be checked was.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { hasOwnRights } from "../certs/names";
import { UsageError } from "../host-sim/words";
import { BuildError, confirmOutput, prepareOutput, runStep, type Terminal } from "./build";
import { type Configuration, readConfiguration } from "./configuration";
import { type Credentials, findCredentials, makeCredentials, noteFlashed } from "./credentials";
import { type DeviceOptions, HELP, parseDeviceOptions } from "./options";
import { makePlan, type Plan, quote, shellText } from "./plan";
import { isEmpty } from "./site/extras";
import { ConfigurationError } from "./site/files";
import { printable } from "./site/printable";
import {
	CHECKOUT,
	environmentFor,
	findPort,
	findTools,
	MissingError,
	sdkFolder,
	type Tools,
} from "./tools";

const EXIT_BY_SIGNAL = 130;

/**
 * Runs the command with the words that followed it.
 * @param root the checkout to build from
 */
export async function main(words: readonly string[], root = CHECKOUT): Promise<void> {
	// Children get Ctrl-C from the terminal as well; we stay to say what came of it.
	let interrupted = false;
	const onInterrupt = () => {
		interrupted = true;
	};
	process.on("SIGINT", onInterrupt);
	try {
		const options = parseDeviceOptions(words);
		if (options.help) process.stdout.write(HELP);
		else await run(options, root);
	} catch (error) {
		const wrongUse = error instanceof UsageError;
		const known = [ConfigurationError, MissingError, BuildError].some(
			(one) => error instanceof one,
		);
		if (!wrongUse && !known) throw error;
		const [first, ...rest] = (error as Error).message.split("\n");
		process.stderr.write(`fieldmote device: ${[first, ...rest].join("\n  ")}\n`);
		process.exitCode = interrupted ? EXIT_BY_SIGNAL : wrongUse ? 2 : 1;
	} finally {
		process.off("SIGINT", onInterrupt);
	}
}

/** Everything that is known before anything is done. */
interface Prepared {
	readonly configuration: Configuration;
	readonly tools: Tools;
	/** Undefined: no TLS, so none is needed. */
	readonly credentials: Credentials | undefined;
	/** Undefined: not flashed. */
	readonly port: string | undefined;
}

async function run(options: DeviceOptions, root: string): Promise<void> {
	const nowMs = Date.now();
	const configuration = readConfiguration(options, root, sdkFolder(process.env), nowMs);
	checkRights(configuration.node, options.node === "" ? "the site's node" : "--node");
	if (configuration.siteFile !== undefined) checkIsTaken(root, "SITE", "--site");
	if (!isEmpty(configuration.extras)) checkIsTaken(root, "DRIVERS", "drivers and own entities");
	const tools = findTools(configuration.platform, root, process.env);
	const { node, broker } = configuration;
	const credentials = broker.secure
		? findCredentials(root, node, options.credentials, nowMs)
		: undefined;
	const flashes = !options.buildOnly && configuration.platform !== "lin";
	const named = options.port ?? process.env.UPLOAD_PORT;
	if (options.dryRun) {
		const port = flashes ? (named ?? dryPort()) : undefined;
		printPlan({ configuration, tools, credentials, port }, options, root);
		return;
	}
	if (options.monitor) checkMonitor(tools.sdk);
	if (tools.missing.length > 0) throw new MissingError(tools.missing.join("\n"));
	const port = flashes ? findPort(named) : undefined;
	say(process.stdout, configurationLine(configuration));
	if (configuration.creation !== "") say(process.stdout, `machine: ${configuration.creation}`);
	for (const line of configuration.warnings) say(process.stdout, `warning: ${line}`);
	const made =
		credentials?.state === "to be made"
			? await makeCredentials(root, node, hostsOf(broker), nowMs)
			: credentials;
	sayCredentials(process.stdout, made, root);
	await execute({ configuration, tools, credentials: made, port }, options, root);
}

/** A broker takes the id for the user: a board must not have the rights of a program. */
function checkRights(node: string, where: string): void {
	if (!hasOwnRights(node)) return;
	throw new UsageError(`${where} ${node}: is a user in broker/acl, and would have its rights`);
}

function hostsOf({ places }: Configuration["broker"]): string[] {
	return [...new Set(places.map(({ host }) => host))];
}

/** A variable is of use only where the manifest asks for it. */
function checkIsTaken(root: string, variable: string, what: string): void {
	if (readFileSync(join(root, "manifest.json"), "utf8").includes(`$(${variable})`)) return;
	throw new UsageError(`${what}: manifest.json does not take them; it has no $(${variable})`);
}

/** What shows traces in a terminal comes with the SDK, but for a package of npm's. */
function checkMonitor(sdk: string): void {
	const folder = join(sdk, "tools/xsbug-log");
	if (existsSync(join(folder, "node_modules"))) return;
	throw new MissingError(
		`--monitor: xsbug-log is not set up: npm install --prefix ${quote(folder)}`,
	);
}

function dryPort(): string {
	try {
		return findPort(undefined);
	} catch {
		return "/dev/ttyUSB0";
	}
}

function planFor(prepared: Prepared, options: DeviceOptions, root: string): Plan {
	const { configuration, credentials, port } = prepared;
	return makePlan({
		root,
		configuration,
		credentials: credentials?.folder,
		port,
		monitor: options.monitor && port !== undefined,
	});
}

function printPlan(prepared: Prepared, options: DeviceOptions, root: string): void {
	const { configuration, tools, credentials } = prepared;
	const comments = [configurationLine(configuration)];
	if (configuration.creation !== "") comments.push(`machine: ${configuration.creation}`);
	if (credentials?.state === "to be made") {
		const where = relative(root, credentials.folder);
		comments.push(`certificates: in ${where}; without --dry-run, what is missing there is made`);
	}
	for (const line of configuration.warnings) comments.push(`warning: ${line}`);
	for (const line of credentials?.lines ?? []) comments.push(`certificates: ${line}`);
	for (const line of tools.missing) comments.push(`missing: ${line}`);
	process.stdout.write(comments.map((line) => `# ${printable(line)}\n`).join(""));
	process.stdout.write(shellText(planFor(prepared, options, root), tools));
}

async function execute(prepared: Prepared, options: DeviceOptions, root: string): Promise<void> {
	const { configuration, tools, port } = prepared;
	const plan = planFor(prepared, options, root);
	const environment = environmentFor(tools, plan.variables, process.env);
	const terminal = process.stdout;
	const startMs = Date.now();
	prepareOutput(plan);
	for (const step of plan.steps) {
		say(terminal, `${step.what}: mcconfig ${step.words.map(quote).join(" ")}`);
		await runStep(plan, step, environment, terminal, options.verbose);
		if (step.what === "build") {
			sayImage(terminal, plan, configuration, startMs);
			confirmOutput(plan);
		}
		if (step.what !== "flash") continue;
		say(terminal, `flashed to ${port}`);
		const { credentials } = prepared;
		if (credentials === undefined) continue;
		noteFlashed(root, configuration.node, credentials.folder, Date.now());
	}
	if (port === undefined) sayWhatNext(terminal, plan, configuration, tools);
}

function sayImage(
	terminal: Terminal,
	plan: Plan,
	configuration: Configuration,
	startMs: number,
): void {
	// ESP-IDF's build may fail without telling make.
	const stat = statSync(plan.image, { throwIfNoEntry: false });
	if (stat === undefined) throw new BuildError(`no image: ${plan.image} is not there`);
	const { imageLimitBytes: limit, debug } = configuration;
	if (limit !== undefined && stat.size > limit) {
		const hint = debug ? "; --release is smaller" : "";
		throw new BuildError(
			`${plan.image}: ${stat.size} bytes, ${stat.size - limit} more than there are ` +
				`before the block in which settings are saved (${limit})${hint}`,
		);
	}
	const seconds = Math.round((Date.now() - startMs) / 1000);
	const share = limit === undefined ? "" : ` of ${limit}`;
	const size = `${stat.size}${share} bytes`;
	say(terminal, `built in ${seconds} s: ${plan.image}, ${size}`);
}

function sayWhatNext(
	terminal: Terminal,
	plan: Plan,
	configuration: Configuration,
	tools: Tools,
): void {
	if (configuration.platform !== "lin") {
		say(terminal, "not flashed: without --build-only it would be");
		return;
	}
	const words = [join(tools.path[0], "mcsim"), join(tools.sdk, "build/simulators"), plan.image];
	const command = words.map(quote).join(" ");
	if (!configuration.debug) {
		say(terminal, "run it, on a desktop:");
		terminal.write(`  ${command}\n`);
		return;
	}
	const log = quote(join(tools.sdk, "tools/xsbug-log"));
	say(terminal, "run it, on a desktop, and see what it traces:");
	terminal.write(`  (cd ${log} && npm install && node xsbug-log ${command})\n`);
}

function configurationLine(configuration: Configuration): string {
	const { board, boardTitle, platform, node, networks, broker, debug } = configuration;
	const scheme = broker.secure ? "mqtts" : "mqtt";
	return (
		`configuration ok: node ${node} on ${board} (${boardTitle}), ${platform}, ` +
		`${debug ? "debug" : "release"}; Wi-Fi ${networks.join(", ")}; ` +
		broker.places.map(({ host, port }) => `${scheme}://${host}:${port}`).join(", ")
	);
}

function sayCredentials(
	terminal: Terminal,
	credentials: Credentials | undefined,
	root: string,
): void {
	if (credentials === undefined) {
		say(terminal, "certificates: none needed, the broker is reached without TLS");
		return;
	}
	say(terminal, `certificates: ${credentials.state} in ${relative(root, credentials.folder)}`);
	for (const line of credentials.lines) say(terminal, `  ${line}`);
}

function say(terminal: Terminal, text: string): void {
	terminal.write(`${printable(text)}\n`);
}
