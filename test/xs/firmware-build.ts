/**
 * Builds what has the root's manifest in it: the firmware itself, and tests' programs beside its
 * modules. Always holds: a warning of the linker about a module of ours is a failure. XS itself is
 * compiled once for all such builds, and with -O1: the SDK's debug builds have -O0, and tests that
 * go round often would take three times as long.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type BuildOptions, buildXs, findSdk, type XsApplication } from "./xs";

const MANIFEST = join(import.meta.dirname, "../../manifest.json");
/** Modules of the SDK that XS warns about. */
const SDK_WARNING = /### warning: (wifi|ssl\/cache): /;
/** Where make puts the engine's object files, in the output of a debug build. */
const OBJECTS = "tmp/lin/mc/debug/lib";
const COMPILER = `#!/bin/sh
for word; do
	shift
	[ "$word" = -O0 ] && word=-O1
	set -- "$@" "$word"
done
exec gcc "$@"
`;

export type FirmwareBuildOptions = Pick<BuildOptions, "folder" | "values" | "environment">;

/** Throws with the build's output when it fails, and on a warning about one of our modules. */
export async function buildWithFirmware(options: FirmwareBuildOptions): Promise<XsApplication> {
	const output = mkdtempSync(join(tmpdir(), "fieldmote-xs-"));
	const discard = () => rmSync(output, { recursive: true, force: true });
	try {
		const kept = engineFolder();
		if (existsSync(kept)) copy(kept, join(output, OBJECTS));
		const compiler = join(output, "cc");
		writeFileSync(compiler, COMPILER, { mode: 0o755 });
		const environment = { ...options.environment, CC: compiler };
		const application = await buildXs({ ...options, environment, output });
		assert.deepEqual(warningsAboutOurs(application.buildLog), []);
		if (!existsSync(kept)) keep(join(output, OBJECTS), kept);
		return { ...application, discard };
	} catch (error) {
		discard();
		throw error;
	}
}

/** What the linker says of modules that are not the SDK's: "not frozen", "no const" and the like. */
function warningsAboutOurs(buildLog: string): readonly string[] {
	assert.match(buildLog, /# xsl modules/);
	const warnings = buildLog.split("\n").filter((line) => /### warning/.test(line));
	return warnings.filter((line) => !SDK_WARNING.test(line));
}

/**
 * For the engine's object files, named by what they depend on: the SDK as it was built, the
 * manifest's defines, the compiler. make still looks at their dates.
 */
function engineFolder(): string {
	const sdk = findSdk() ?? "";
	const built = statSync(join(sdk, "build/bin/lin/release/mcsim")).mtimeMs;
	const { defines } = JSON.parse(readFileSync(MANIFEST, "utf8")) as { defines?: object };
	const key = JSON.stringify([sdk, built, defines, COMPILER]);
	const name = createHash("sha256").update(key).digest("hex").slice(0, 16);
	const caches = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
	return join(caches, "fieldmote", `engine-${name}`);
}

/** Whole or not at all: others may be looking. */
function keep(objects: string, folder: string): void {
	mkdirSync(dirname(folder), { recursive: true });
	const next = mkdtempSync(`${folder}.`);
	copy(objects, next);
	try {
		renameSync(next, folder);
	} catch {
		// Another run was faster.
		rmSync(next, { recursive: true });
	}
}

function copy(from: string, to: string): void {
	cpSync(from, to, { recursive: true, preserveTimestamps: true });
}
