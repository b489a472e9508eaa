/**
 * Builds a complete image for the ESP8266 and reads what is in it, where the toolchain that the
 * SDK asks for is installed (documentation/devices/esp8266.md there). Always holds: build output
 * is outside the repository; nothing is flashed. Must not know any application.
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { findSdk } from "./xs";

const BUILD_LIMIT_MS = 500_000;
const TOOLS = "toolchain/Linux/xtensa-lx106-elf/bin";
const PREFIX = "xtensa-lx106-elf-";
/** What the SDK's makefile takes from ESP_BASE. */
const NEEDED = [
	`${TOOLS}/${PREFIX}gcc`,
	`${TOOLS}/${PREFIX}g++`,
	"esp8266-2.3.0/cores/esp8266",
	"ESP8266_RTOS_SDK/components/esptool_py/esptool/esptool.py",
	"ESP8266_RTOS_SDK/components/newlib/newlib/lib/libc.a",
];
/** Sections of main.elf that end up in the board's memory. */
const SECTIONS = [".irom0.text", ".text", ".data", ".rodata", ".bss"] as const;
/** dram0_0_seg in the SDK's eagle.flash.4m.ld; what is not static becomes the heap. */
const DRAM_BYTES = 0x14000;

export type Section = (typeof SECTIONS)[number];

/** Folder of the toolchain (ESP_BASE, ~/esp), undefined where there is none or not all of it. */
export function findEspToolchain(): string | undefined {
	const folders = [process.env.ESP_BASE, join(homedir(), "esp")];
	return folders.find((folder) => folder && NEEDED.every((path) => existsSync(join(folder, path))));
}

/** Why no image can be built here, for `{ skip }` of a test; false when it can. */
export function whyNoEspImage(): string | false {
	if (findSdk() === undefined) return "Moddable SDK not found (MODDABLE, ~/.local/share/moddable)";
	if (findEspToolchain() === undefined) return "ESP8266 toolchain not found (ESP_BASE, ~/esp)";
	return false;
}

export interface ImageOptions {
	/** Folder of manifest.json. */
	readonly folder: string;
	/** Default: esp/nodemcu. */
	readonly platform?: string;
	readonly debug?: boolean;
	/** More arguments of mcconfig, such as `name=value` for mc/config. */
	readonly values?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
}

export interface EspImage {
	/** Paths. */
	readonly elf: string;
	readonly map: string;
	/** The linked modules as C source: what is preloaded, slot by slot. */
	readonly modules: string;
	/** What is flashed at 0x1000. */
	readonly bin: string;
	readonly binBytes: number;
	readonly sections: Readonly<Record<Section, number>>;
	/** What of DRAM no section takes: the C heap before anything has run, XS's 32 KB included. */
	readonly heapBytes: number;
	readonly buildLog: string;
	discard(): void;
}

/** The build ran, and the linker says that it does not fit. */
export class TooLargeError extends Error {}

/** Builds an image. Throws with the build's errors when it fails. */
export async function buildImage(options: ImageOptions): Promise<EspImage> {
	const tools = findEspToolchain();
	if (tools === undefined) throw new Error(whyNoEspImage() || "no toolchain");
	const output = mkdtempSync(join(tmpdir(), "fieldmote-esp-"));
	const discard = () => rmSync(output, { recursive: true, force: true });
	const { platform = "esp/nodemcu", debug = false, values = [] } = options;
	const flags = ["-m", ...(debug ? ["-d"] : []), "-p", platform, "-t", "build", "-o", output];
	const { code, log } = await runMcconfig([...flags, ...values], options, tools);
	const place = [platform, debug ? "debug" : "release", basename(resolve(options.folder))];
	const elf = join(output, "tmp", ...place, "main.elf");
	const bin = join(output, "bin", ...place, "main.bin");
	if (code !== 0 || !existsSync(bin)) {
		discard();
		const text = `mcconfig failed (${code}) in ${options.folder}:\n${errorsIn(log)}`;
		throw /will not fit in region/.test(log) ? new TooLargeError(text) : new Error(text);
	}
	const sections = readSections(elf, tools);
	return {
		elf,
		map: join(output, "bin", ...place, "main.txt"),
		modules: join(output, "tmp", ...place, "mc.xs.c"),
		bin,
		binBytes: statSync(bin).size,
		sections,
		heapBytes: DRAM_BYTES - sections[".data"] - sections[".rodata"] - sections[".bss"],
		buildLog: log,
		discard,
	};
}

function runMcconfig(
	words: readonly string[],
	options: ImageOptions,
	tools: string,
): Promise<{ code: number | null; log: string }> {
	const sdk = findSdk() as string;
	const ours = join(import.meta.dirname, "../../node_modules/.bin");
	const path = [join(sdk, "build/bin/lin/release"), ours, process.env.PATH].join(delimiter);
	const child = spawn("mcconfig", words, {
		cwd: options.folder,
		env: { ...process.env, ...options.environment, MODDABLE: sdk, ESP_BASE: tools, PATH: path },
		stdio: ["ignore", "pipe", "pipe"],
		timeout: BUILD_LIMIT_MS,
	});
	let log = "";
	child.stdout.on("data", (bytes) => (log += bytes));
	child.stderr.on("data", (bytes) => (log += bytes));
	return new Promise((done, reject) => {
		child.on("error", reject);
		child.on("close", (code) => done({ code, log }));
	});
}

/** gcc says a lot about the SDK's C; what ended the build is said in these lines. */
function errorsIn(log: string): string {
	const lines = log.split("\n");
	const wanted = /error( TS\d+)?:|### |Error \d|will not fit|overflowed|undefined reference/;
	return lines.filter((line) => wanted.test(line)).join("\n") || lines.slice(-12).join("\n");
}

/** Bytes of each section, by the toolchain's own `size -A`. */
export function readSections(elf: string, tools: string): Record<Section, number> {
	const program = join(tools, TOOLS, `${PREFIX}size`);
	const { status, stdout, stderr } = spawnSync(program, ["-A", elf], { encoding: "utf8" });
	if (status !== 0) throw new Error(`${program}: ${stderr}`);
	const found = new Map<string, number>();
	for (const line of stdout.split("\n")) {
		const [name, bytes] = line.trim().split(/\s+/);
		found.set(name, Number(bytes));
	}
	const read = (name: Section): number => {
		const bytes = found.get(name);
		if (bytes === undefined || !Number.isInteger(bytes)) throw new Error(`${elf}: no ${name}`);
		return bytes;
	};
	return Object.fromEntries(SECTIONS.map((name) => [name, read(name)])) as Record<Section, number>;
}

/** Text of one of an image's files. */
export function readText(path: string): string {
	return readFileSync(path, "utf8");
}
