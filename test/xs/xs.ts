/**
 * Builds a Moddable application for Linux, runs it in the SDK's simulator without a desktop and
 * streams what it traces. Speaks the little of xsbug's protocol that is needed, on a port of its
 * own, so that several applications may run at once. Always holds: build output is outside the
 * repository; every process that was started is ended by its id. Must not know any application.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { XsbugParser } from "./xsbug";

const BUILD_LIMIT_MS = 300_000;

/** Folder of the Moddable SDK, undefined where there is none. */
export function findSdk(): string | undefined {
	const folders = [process.env.MODDABLE, join(homedir(), ".local/share/moddable")];
	return folders.find(
		(folder) => folder !== undefined && existsSync(join(folder, "build/bin/lin/release/mcsim")),
	);
}

/** Why nothing can be run on XS here, for `{ skip }` of a test; false when it can. */
export function whyNoXs(): string | false {
	if (process.platform !== "linux") return "needs Linux";
	if (findSdk() === undefined) return "Moddable SDK not found (MODDABLE, ~/.local/share/moddable)";
	if (/\s/.test(process.cwd())) return "the SDK's makefiles take no path with a space";
	return onPath("Xvfb") ? false : "Xvfb not found";
}

function onPath(program: string): boolean {
	return (process.env.PATH ?? "").split(delimiter).some((dir) => existsSync(join(dir, program)));
}

export interface BuildOptions {
	/** Folder of manifest.json. */
	folder: string;
	/** Kept after the build when given; otherwise a temporary folder that discard() removes. */
	output?: string;
	/** More arguments of mcconfig, such as `name=value` for mc/config. */
	values?: readonly string[];
	/** More environment of mcconfig. */
	environment?: Record<string, string>;
	/** Default true: trace, and no optimisation. Without, nothing is streamed. */
	debug?: boolean;
}

export interface XsApplication {
	/** The library that the simulator loads. */
	readonly path: string;
	/** What the build printed, warnings included. */
	readonly buildLog: string;
	discard(): void;
}

/** Builds an application. Throws with the build's output when it fails. */
export async function buildXs(options: BuildOptions): Promise<XsApplication> {
	const sdk = requireSdk();
	const output = options.output ?? mkdtempSync(join(tmpdir(), "fieldmote-xs-"));
	const debug = options.debug ?? true;
	const flags = debug ? ["-d"] : [];
	const command = ["-m", ...flags, "-p", "lin", "-t", "build", "-o", output];
	const child = spawn("mcconfig", [...command, ...(options.values ?? [])], {
		cwd: options.folder,
		env: { ...process.env, ...options.environment, MODDABLE: sdk, PATH: buildPath(sdk) },
		stdio: ["ignore", "pipe", "pipe"],
		timeout: BUILD_LIMIT_MS,
	});
	const [code, buildLog] = await gather(child);
	const name = basename(resolve(options.folder));
	const path = join(output, "bin/lin/mc", debug ? "debug" : "release", name, "mc.so");
	const discard = () => {
		if (options.output === undefined) rmSync(output, { recursive: true, force: true });
	};
	if (code !== 0 || !existsSync(path)) {
		discard();
		throw new Error(`mcconfig failed (${code}) in ${options.folder}:\n${errorsIn(buildLog)}`);
	}
	return { path, buildLog, discard };
}

/** Without the warnings about the SDK's own C. */
function errorsIn(buildLog: string): string {
	const lines = buildLog.split("\n");
	return lines.filter((line, i) => /error/i.test(line) || i > lines.length - 12).join("\n");
}

/** With the repository's own tsc, which mcconfig calls. */
function buildPath(sdk: string): string {
	const ours = join(import.meta.dirname, "../../node_modules/.bin");
	return [join(sdk, "build/bin/lin/release"), ours, process.env.PATH].join(delimiter);
}

function requireSdk(): string {
	const sdk = findSdk();
	if (sdk === undefined) throw new Error(whyNoXs() || "no SDK");
	return sdk;
}

function gather(child: ChildProcess): Promise<[code: number | null, text: string]> {
	let text = "";
	child.stdout?.on("data", (bytes) => (text += bytes));
	child.stderr?.on("data", (bytes) => (text += bytes));
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve([code, text]));
	});
}

export interface RunOptions {
	/** Called for each line traced. */
	onLine?(line: string): void;
	/** More environment of the simulator. */
	environment?: Record<string, string>;
}

/** Starts an application; its lines come through the returned run. */
export async function runXs(application: XsApplication, options: RunOptions = {}): Promise<XsRun> {
	const run = new XsRun(options);
	await run.start(application);
	return run;
}

interface Waiter {
	readonly pattern: RegExp;
	readonly resolve: (match: RegExpExecArray) => void;
	readonly reject: (error: Error) => void;
}

/** One application under way. */
export class XsRun {
	/** All lines traced so far. */
	readonly lines: string[] = [];
	private readonly options: RunOptions;
	private readonly children: ChildProcess[] = [];
	private readonly home = mkdtempSync(join(tmpdir(), "fieldmote-xs-home-"));
	private server: Server | undefined;
	private waiters: Waiter[] = [];
	private ended = "";

	constructor(options: RunOptions) {
		this.options = options;
	}

	async start(application: XsApplication): Promise<void> {
		const sdk = requireSdk();
		const port = await this.listen();
		const display = await this.startDisplay();
		const simulators = join(sdk, "build/simulators");
		const program = join(sdk, "build/bin/lin/release/mcsim");
		// The SDK's sockets on Linux do not hold back SIGPIPE, and the simulator lets it end itself.
		const command = ["--block-signal=PIPE", program, simulators, application.path];
		const child = spawn("env", command, {
			env: {
				...process.env,
				HOME: this.home,
				XDG_DATA_HOME: this.home,
				XDG_CONFIG_HOME: this.home,
				DISPLAY: `:${display}`,
				XSBUG_PORT: String(port),
				...this.options.environment,
			},
			stdio: "ignore",
		});
		this.children.unshift(child);
		child.on("error", (error) => this.finish(error.message));
		child.on("exit", (code, signal) => this.finish(`simulator ended (${signal ?? code})`));
	}

	/** False once the application or the simulator has ended, by a crash too. */
	get isRunning(): boolean {
		return this.ended === "";
	}

	/** Resolves with the first line, past or to come, that matches. Rejects after `limitMs`. */
	waitFor(pattern: RegExp, limitMs = 30_000): Promise<RegExpExecArray> {
		for (const line of this.lines) {
			const match = pattern.exec(line);
			if (match !== null) return Promise.resolve(match);
		}
		if (this.ended !== "") return Promise.reject(this.failure(pattern));
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => waiter.reject(this.failure(pattern)), limitMs);
			const waiter: Waiter = {
				pattern,
				resolve: (match) => {
					clearTimeout(timer);
					resolve(match);
				},
				reject: (error) => {
					clearTimeout(timer);
					this.waiters = this.waiters.filter((other) => other !== waiter);
					reject(error);
				},
			};
			this.waiters.push(waiter);
		});
	}

	/** Ends the application and all that was started for it. */
	async stop(): Promise<void> {
		this.finish("stopped");
		for (const child of this.children) await endProcess(child);
		this.server?.close();
		rmSync(this.home, { recursive: true, force: true });
	}

	private failure(pattern: RegExp): Error {
		const state = this.ended === "" ? "timed out" : this.ended;
		return new Error(`no line matches ${pattern} (${state}):\n${this.lines.join("\n")}`);
	}

	private finish(reason: string): void {
		if (this.ended !== "") return;
		this.ended = reason;
		for (const waiter of [...this.waiters]) waiter.reject(this.failure(waiter.pattern));
	}

	private listen(): Promise<number> {
		return new Promise((resolve, reject) => {
			const server = createServer((socket) => this.debug(socket));
			this.server = server;
			server.on("error", reject);
			server.listen(0, "127.0.0.1", () => {
				const address = server.address();
				if (typeof address === "object" && address !== null) resolve(address.port);
			});
		});
	}

	/** An X server on a display that it chooses itself. */
	private startDisplay(): Promise<string> {
		const size = ["-screen", "0", "1024x768x24"];
		const child = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp", ...size], {
			stdio: ["ignore", "ignore", "ignore", "pipe"],
		});
		this.children.push(child);
		return new Promise((resolve, reject) => {
			child.on("error", reject);
			child.on("exit", () => reject(new Error("Xvfb ended")));
			child.stdio[3]?.once("data", (bytes) => resolve(String(bytes).trim()));
		});
	}

	/** One machine (the simulator itself, or the application) that has logged in. */
	private debug(socket: Socket): void {
		const parser = new XsbugParser(
			(text) => this.take(text),
			(command) => socket.write(`\r\n<${command}/>\r\n`),
		);
		socket.setEncoding("utf8");
		socket.on("data", (text) => parser.push(String(text)));
		socket.on("error", () => socket.destroy());
	}

	private take(line: string): void {
		this.lines.push(line);
		this.options.onLine?.(line);
		// The simulator itself lives on.
		if (line.startsWith("XS abort")) this.finish(line);
		const open = this.waiters;
		this.waiters = [];
		for (const waiter of open) {
			const match = waiter.pattern.exec(line);
			if (match === null) this.waiters.push(waiter);
			else waiter.resolve(match);
		}
	}
}

function endProcess(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
		return Promise.resolve();
	}
	return new Promise((resolve) => {
		const hard = setTimeout(() => child.kill("SIGKILL"), 2000);
		child.on("exit", () => {
			clearTimeout(hard);
			resolve();
		});
		child.kill("SIGTERM");
	});
}
