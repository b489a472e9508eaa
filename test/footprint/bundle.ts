/**
 * The firmware as one module with short local names, as a folder with a manifest, to see what an
 * image of it would take: XS keeps the name of every local variable in flash, and slots for each
 * import and export. What a site does not use may be left out. Always holds: names of properties
 * stay as they are; modules in C, the site, the board and the SDK's stay modules of their own.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin, transform } from "esbuild";
import rootManifest from "../../manifest.json" with { type: "json" };
import type { Application } from "./applications";

const root = join(import.meta.dirname, "../..");
const SDK_MODULES = ["crypt", "ec", "ecp", "mc/config", "modules", "mont", "net", "preference"];
const EXTERNAL = [...SDK_MODULES, "Resource", "board", "curve", "embedded:*", "rng", "secrets"];
const CHIP = ["chip", "figures", "machine"].map((name) => `platform/${name}`);
const KEPT = ["board", "curve", "rng", "secrets", "site"];

/** Modules that only some sites need, by what needs them. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
	light: ["entities/light", "entities/check-light"],
	button: ["entities/button"],
	binary: ["entities/binary"],
	analog: ["entities/analog"],
	pulse: ["entities/pulse"],
	sensor: ["entities/sensor", "entities/check-sensor"],
	homeAssistant: ["profiles/discovery"],
	remoteConfig: ["profiles/remote-config"],
	tasmota: ["profiles/tasmota"],
	demo: ["profiles/demo"],
};
export const ALL_PARTS: readonly string[] = Object.keys(PARTS);

/** @param parts of ALL_PARTS; the others are left out */
export async function bundledApplication(parts: readonly string[]): Promise<Application> {
	const parent = mkdtempSync(join(tmpdir(), "fieldmote-bundle-"));
	const folder = join(parent, "fieldmote");
	mkdirSync(folder);
	writeFileSync(join(folder, "firmware.js"), await bundle(parts));
	writeFileSync(join(folder, "main.js"), mainText());
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest()));
	return { folder, discard: () => rmSync(parent, { recursive: true }) };
}

async function bundle(parts: readonly string[]): Promise<string> {
	const unused = ALL_PARTS.filter((part) => !parts.includes(part)).flatMap((part) => PARTS[part]);
	const contents = [
		'export { boot } from "./boot";',
		'export { default as credentials } from "./credentials";',
		'export { default as TLSSocket } from "./net/ssl/client";',
	].join("\n");
	const { outputFiles } = await build({
		stdin: { contents, resolveDir: join(root, "firmware"), loader: "ts" },
		bundle: true,
		write: false,
		format: "esm",
		target: "es2022",
		charset: "utf8",
		minifyIdentifiers: true,
		minifySyntax: true,
		external: [...EXTERNAL, "site", "time", "timer"],
		plugins: [namesOfManifest, without(unused)],
	});
	// XS puts what is no constant into RAM.
	const text = outputFiles[0].text.replace(/^var /gm, "const ");
	// One line: with -d XS keeps the number of each.
	const { code } = await transform(text, { minifyWhitespace: true, charset: "utf8" });
	return code;
}

/** The root's manifest has firmware/net/ssl as ssl. */
const namesOfManifest: Plugin = {
	name: "manifest",
	setup: (esbuild) => {
		esbuild.onResolve({ filter: /^ssl\// }, ({ path }) => ({
			path: join(root, "firmware/net", `${path}.ts`),
		}));
	},
};

/** Puts modules whose exports are undefined in the place of those that nothing will call. */
function without(unused: readonly string[]): Plugin {
	const paths = unused.map((name) => join(root, "firmware", `${name}.ts`));
	return {
		name: "without",
		setup: (esbuild) => {
			esbuild.onLoad({ filter: /\.ts$/ }, ({ path }) => {
				if (!paths.includes(path)) return undefined;
				const names = [...readFileSync(path, "utf8").matchAll(/^export (?:const|class) (\w+)/gm)];
				return { contents: names.map(([, name]) => `export const ${name} = undefined;`).join("") };
			});
		},
	};
}

function mainText(): string {
	return readFileSync(join(root, "firmware/main.ts"), "utf8")
		.replace(/^import (TLSSocket|credentials) .*\n/gm, "")
		.replace(/^import \{ boot.*$/m, 'import { boot, credentials, TLSSocket } from "firmware";')
		.replace(/ as unknown as Platform\["\w+"\]/g, "");
}

/** The root's, with one module for all of firmware/ but the C. */
function manifest(): object {
	const text = JSON.stringify(rootManifest).replaceAll('"./', `"${root}/`);
	const own = JSON.parse(text) as typeof rootManifest;
	const { board, curve, rng, secrets, site } = own.modules;
	const chip = Object.fromEntries(CHIP.map((name) => [name, join(root, "firmware", name)]));
	const modules = {
		"~": own.modules["~"],
		"*": ["./main", "./firmware", "$(MODULES)/crypt/arith/*"],
		...{ board, curve, rng, secrets, site, ...chip },
	};
	return { ...own, modules, preload: [...KEPT, "firmware", "platform/chip", "platform/figures"] };
}
