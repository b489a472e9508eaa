/**
 * A Moddable application for a test: a program of the test's in one bundle, beside the firmware's
 * modules as the root's manifest builds them, of which main is not run. Lives in a temporary folder.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundleForXs, type JsonModules } from "./bundle";
import { buildWithFirmware } from "./firmware-build";
import { runXs, type XsApplication } from "./xs";

export interface ApplicationOptions {
	/** Source text; its relative imports are from the root. */
	readonly program: string;
	/** What it imports as `json:<name>`. */
	readonly json?: JsonModules;
	/** The machine's sizes, as in a manifest. */
	readonly creation: object;
	/** `name=value` for mc/config. */
	readonly values?: readonly string[];
}

export interface Application extends XsApplication {
	/** Puts lines of the sources in the place of the bundle's. */
	mapped(text: string): string;
}

export async function buildApplication(options: ApplicationOptions): Promise<Application> {
	const { program, json, creation, values } = options;
	const { code, sourceOf } = await bundleForXs(program, json);
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-program-"));
	try {
		const manifest = {
			include: [resolve("manifest.json")],
			modules: { "test/program": "./program" },
			creation: { ...creation, main: "test/program" },
			// What only looks unused would be missing.
			strip: [],
		};
		writeFileSync(join(folder, "program.js"), code);
		writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
		const mapped = (text: string): string =>
			text.replace(/\(\S*program\.js:(\d+)\)/g, (all, line) => {
				const source = sourceOf(Number(line));
				return source === undefined ? all : `(${source})`;
			});
		return { ...(await buildWithFirmware({ folder, values })), mapped };
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Runs it until a line; resolves with what it traced. */
export async function runApplication(
	application: Application,
	last: RegExp,
	limitMs: number,
): Promise<readonly string[]> {
	const run = await runXs(application);
	try {
		await run.waitFor(last, limitMs);
		return run.lines;
	} finally {
		await run.stop();
	}
}
