/**
 * Builds a Moddable application for 32-bit Linux, where a slot has 16 bytes as on a board, and links
 * host.c with it. Always holds: build output is outside the repository. Must not know any
 * application.
 */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { buildXs, findSdk, whyNoXs } from "../xs/xs";

const LIBRARIES = "usr/lib/i386-linux-gnu";
const GLIB_HEADER = join(LIBRARIES, "glib-2.0/include/glibconfig.h");

/** Folder whose usr/ holds Debian's 32-bit GLib; undefined where there is none. */
function findGlib32(): string | undefined {
	const folders = [process.env.GLIB32, "/", join(homedir(), ".local/share/glib32")];
	return folders.find((folder) => folder !== undefined && existsSync(join(folder, GLIB_HEADER)));
}

/** Why nothing can be measured here; false when it can. */
export function whyNo32(): string | false {
	const noXs = whyNoXs();
	if (noXs !== false) return noXs;
	if (findGlib32() === undefined) return "no 32-bit GLib; docs/footprint.md says how to get it";
	const trial = spawnSync("gcc", ["-m32", "-x", "c", "-", "-o", "/dev/null"], {
		input: "#include <stdlib.h>\nint main(void) { return 0; }\n",
	});
	return trial.status === 0 ? false : "gcc -m32 does not work; Debian's package: gcc-multilib";
}

export interface Creation {
	readonly static: number;
	readonly chunk: { readonly initial: number; readonly incremental: number };
	readonly heap: { readonly initial: number; readonly incremental: number };
	/** Slots. */
	readonly stack: number;
}

export interface Program {
	readonly path: string;
	readonly environment: Record<string, string>;
	readonly buildLog: string;
	/** Folder with mc.xs.c, the modules as bytecode and the rest. */
	readonly intermediate: string;
	discard(): void;
}

/**
 * @param folder of manifest.json; the application is named after it
 * @param debug as mcconfig -d
 * @param environment more of mcconfig's
 * @throws Error with the compiler's words
 */
export async function build32(
	folder: string,
	values: readonly string[],
	debug: boolean,
	environment: Record<string, string> = {},
): Promise<Program> {
	const sdk = findSdk();
	const root = findGlib32();
	if (sdk === undefined || root === undefined) throw new Error(whyNo32() || "cannot build");
	const output = mkdtempSync(join(tmpdir(), "fieldmote-32-"));
	const compiler = writeCompiler(output, root);
	process.env.CC = compiler;
	try {
		const application = await buildXs({ folder, output, values, debug, environment });
		const kind = join("lin/mc", debug ? "debug" : "release", basename(resolve(folder)));
		const intermediate = join(output, "tmp", kind);
		const path = join(output, "host");
		linkHost({ sdk, compiler, intermediate, library: application.path, path, debug });
		return {
			path,
			environment: {
				LD_LIBRARY_PATH: [join(root, LIBRARIES), join(root, "lib/i386-linux-gnu")].join(":"),
			},
			buildLog: application.buildLog,
			intermediate,
			discard: () => rmSync(output, { recursive: true, force: true }),
		};
	} catch (error) {
		rmSync(output, { recursive: true, force: true });
		throw error;
	} finally {
		delete process.env.CC;
	}
}

/** gcc for 32 bits, with platform.h in the place of the SDK's. The SDK's makefiles call it by CC. */
function writeCompiler(folder: string, root: string): string {
	const path = join(folder, "cc32");
	const libraries = join(root, LIBRARIES);
	const platform = join(import.meta.dirname, "platform.h");
	const search = [libraries, join(root, "lib/i386-linux-gnu")].join(":");
	const before = `-I${libraries}/glib-2.0/include -L${libraries} -Wl,-rpath-link,${search}`;
	const define = `'-DXSPLATFORM="${platform}"'`;
	writeFileSync(path, `#!/bin/sh\nexec gcc -m32 ${before} "$@" -UXSPLATFORM ${define}\n`);
	chmodSync(path, 0o755);
	return path;
}

interface HostOptions {
	readonly sdk: string;
	readonly compiler: string;
	readonly intermediate: string;
	readonly library: string;
	readonly path: string;
	readonly debug: boolean;
}

/** The machine's record has other fields in a debug build, so the host is built with it. */
function linkHost(options: HostOptions): void {
	const { sdk, compiler, intermediate, library, path, debug } = options;
	const headers = ["xs/includes", "xs/platforms", "xs/sources", "build/simulators/modules"];
	const flags = spawnSync("pkg-config", ["--cflags", "gio-2.0"], { encoding: "utf8" }).stdout;
	const kind = debug
		? ["-D_DEBUG=1", "-DmxDebug=1", "-DMODINSTRUMENTATION=1", "-DmxInstrument=1", "-O0"]
		: ["-D_RELEASE=1", "-O1"];
	const linked = spawnSync(
		compiler,
		[
			...["-w", "-DXS_ARCHIVE=1", "-DINCLUDE_XSPLATFORM=1", ...kind],
			...headers.map((name) => `-I${join(sdk, name)}`),
			...[`-I${intermediate}`, ...flags.trim().split(/\s+/)],
			...["host.c", "census.c"].map((name) => join(import.meta.dirname, name)),
			...[library, "-rdynamic", "-o", path],
			...["-lgio-2.0", "-lgobject-2.0", "-lglib-2.0", "-lm", `-Wl,-rpath,${join(library, "..")}`],
		],
		{ encoding: "utf8" },
	);
	if (linked.status !== 0) throw new Error(`host.c: ${linked.stderr}`);
}
