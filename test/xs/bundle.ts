/**
 * Bundles a program for XS: its own code, what helps tests and npm packages go into one module, the
 * firmware stays outside, as mcconfig compiles, preloads and freezes it from the root's manifest.
 * One bundle, because what unit tests stand on (Buffer, mqtt-packet) is written for Node and would
 * not pass the SDK's type check. Also says what a program needs that only Node has.
 */

import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "../..");
const modules = join(root, "node_modules");
const here = join(import.meta.dirname, "stand-ins");

/** What Node brings along and XS does not, by the file that takes its place. */
const STAND_INS: Readonly<Record<string, string>> = {
	"node:assert/strict": join(here, "assert.ts"),
	"node:dns/promises": join(here, "dns.ts"),
	"mqtt-packet": join(here, "mqtt-packet.cjs"),
	// mqtt-packet's, of which it needs next to nothing.
	debug: join(here, "debug.cjs"),
	"process-nextick-args": join(here, "next-tick.cjs"),
	"readable-stream": join(here, "streams.cjs"),
	// The table of chains is made by Node's WebCrypto, and put into the build as JSON.
	[join(root, "test/support/firmware-chains.ts")]: join(here, "chains.ts"),
};
/** What is put behind a package's own text. */
const MORE: Readonly<Record<string, string>> = {
	// The firmware knows Uint8Array, whose slice() copies; Node's Buffer has a view there instead.
	"buffer/index.js": "own(Buffer.prototype).slice = Uint8Array.prototype.slice;",
};
/** Packages that have the name of a module of Node's. */
const PACKAGES: readonly string[] = ["buffer", "events"];

/** Globals of Node's that XS lacks and no bundle brings along. */
const MISSING =
	/(?<![.\w"'])(process|setTimeout|setInterval|setImmediate|URL|TextEncoder|TextDecoder|structuredClone|crypto|performance)\b(?=[.(])/g;

/** JSON that the program imports, by name. */
export type JsonModules = Readonly<Record<string, object>>;

export interface Bundle {
	readonly code: string;
	/** "file:line" in the sources for a line of the bundle. */
	sourceOf(line: number): string | undefined;
}

/** @param entry source text of the program; its relative imports are from the root */
export async function bundleForXs(entry: string, json: JsonModules = {}): Promise<Bundle> {
	const { code, map } = await bundle(entry, json);
	const lines = new SourceMap(JSON.parse(map) as SourceMapPayload);
	return {
		code,
		sourceOf: (line) => {
			const found = lines.findEntry(line - 1, 1_000_000);
			if (!("originalSource" in found)) return undefined;
			return `${found.originalSource}:${found.originalLine + 1}`;
		},
	};
}

/** What a file needs that only Node has; empty when it can run on XS. */
export async function nodeNeedsOf(file: string): Promise<readonly string[]> {
	const { code, imports } = await bundle(`import ${JSON.stringify(`./${file}`)};`, {});
	const modules = imports.filter((path) => path.startsWith("node:"));
	const globals = [...code.matchAll(MISSING)].map(([, name]) => name);
	return [...new Set([...modules, ...globals])].sort();
}

async function bundle(entry: string, json: JsonModules) {
	const { outputFiles, metafile } = await build({
		stdin: { contents: entry, resolveDir: root, sourcefile: "main.ts", loader: "ts" },
		absWorkingDir: root,
		bundle: true,
		format: "esm",
		platform: "browser",
		target: "es2023",
		sourcemap: "external",
		outdir: root,
		write: false,
		metafile: true,
		legalComments: "none",
		logLevel: "silent",
		inject: [join(here, "globals.ts")],
		plugins: [forXs(json)],
	});
	const [map, code] = outputFiles;
	if (map === undefined || code === undefined) throw new Error("no bundle");
	const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
	return { code: code.text, map: map.text, imports: imports.map(({ path }) => path) };
}

/**
 * Packages give their classes a toString() and the like by assignment. What those inherit from is
 * frozen on XS, where an assignment that would hide a frozen property throws; defining it does not.
 */
function defining(source: string): string {
	const assigned = /^([A-Z]\w*(?:\.prototype)?)\.(\w+) =(?!=)/gm;
	const mixedIn = /^Object\.assign\(([A-Z]\w*\.prototype)/gm;
	const text = source.replace(assigned, "own($1).$2 =").replace(mixedIn, "Object.assign(own($1)");
	return `${OWN}\n${text}`;
}

const OWN = `const own = (object) => new Proxy(object, { set(target, key, value) {
	return Reflect.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
} });`;

/** Where each import leads. */
function forXs(json: JsonModules): Plugin {
	return {
		name: "xs",
		setup({ onResolve, onLoad }) {
			// Each file's tests are known by its name.
			onResolve({ filter: /^node:test$/ }, ({ importer }) => {
				return { path: relative(root, importer), namespace: "node-test" };
			});
			onLoad({ filter: /.*/, namespace: "node-test" }, ({ path }) => ({
				contents: [
					'import { testsOf } from "./test/xs/stand-ins/node-test";',
					`export const test = testsOf(${JSON.stringify(path)});`,
					"export default test;",
				].join("\n"),
				resolveDir: root,
			}));
			onLoad({ filter: /.*/, namespace: "json" }, ({ path }) => ({
				contents: JSON.stringify(json[path] ?? []),
				loader: "json",
			}));
			onLoad({ filter: /.*/, namespace: "firmware" }, async ({ path }) => ({
				contents: await firmwareModule(path),
				loader: "ts",
				resolveDir: join(root, dirname(path)),
			}));
			onLoad({ filter: /node_modules\/.*\.js$/ }, ({ path }) => ({
				contents:
					defining(readFileSync(path, "utf8")) + (MORE[path.replace(/.*node_modules\//, "")] ?? ""),
			}));
			onResolve({ filter: /.*/ }, ({ path, importer, kind, resolveDir }) => {
				if (kind === "entry-point") return undefined;
				if (path.startsWith("json:")) return { path: path.slice(5), namespace: "json" };
				const own = path.startsWith(".") ? sourceAt(resolve(resolveDir, path)) : path;
				const standIn = STAND_INS[own];
				if (standIn !== undefined && importer !== standIn) return { path: standIn };
				return outside(own, path);
			});
		},
	};
}

/**
 * What is not bundled: the SDK and Node. What of it is not used drops out with the code around it.
 * The firmware goes through what `firmwareModule` makes of it.
 */
function outside(own: string, path: string) {
	if (path.startsWith(OUTSIDE)) {
		return { path: path.slice(OUTSIDE.length), external: true, sideEffects: false };
	}
	const file = relative(root, own);
	if (file.startsWith("firmware/")) {
		return { path: file, namespace: "firmware", sideEffects: false };
	}
	if (path.startsWith(".") || PACKAGES.includes(path)) return undefined;
	const name = path.split("/", path.startsWith("@") ? 2 : 1).join("/");
	if (existsSync(join(modules, name))) return undefined;
	return { path, external: true, sideEffects: false };
}

const OUTSIDE = "outside:";

/**
 * A module of the firmware for the bundle: all comes from outside, under the name of the root's
 * manifest, but const enums, of which mcconfig's compiler leaves nothing to import.
 */
async function firmwareModule(file: string): Promise<string> {
	const source = readFileSync(join(root, file), "utf8");
	const enums = [...source.matchAll(/^export const enum (\w+) \{[\s\S]*?^\}/gm)];
	const { metafile } = await build({
		absWorkingDir: root,
		entryPoints: [file],
		format: "esm",
		outdir: root,
		write: false,
		metafile: true,
		logLevel: "silent",
	});
	const names = Object.values(metafile.outputs).flatMap((output) => output.exports);
	// What is handed on may be a const enum, too.
	const handedOn = [...source.matchAll(/^export \{([^}]*)\} from "\.[^"]*";/gm)];
	const inner = [...enums, ...handedOn].flatMap(([, text]) => text.split(/[\s,]+/));
	const outer = names.filter((name) => !inner.includes(name)).join(", ");
	const module = file.replace(/^firmware\/(net\/(?=ssl\/))?|\.ts$/g, "");
	return [
		`export { ${outer} } from ${JSON.stringify(OUTSIDE + module)};`,
		...[...handedOn, ...enums].map(([text]) => text),
	].join("\n");
}

function sourceAt(path: string): string {
	return existsSync(`${path}.ts`) ? `${path}.ts` : path;
}
