/**
 * Bundles what the launcher starts into dist/: the simulator's programs, the firmware once, and
 * the stand-ins for the SDK's modules. Always holds: dist/ is used only when
 * its stamp says that it is of these very sources, or when it cannot be written. Plain JavaScript,
 * because it has to run before anything is built. Loads esbuild only when it has to build.
 */

import { createHash } from "node:crypto";
import {
	accessSync,
	constants,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Programs that the launcher can start, by the name that they have in dist/. */
const PROGRAMS = {
	cli: "host-sim/cli.ts",
	client: "host-sim/client.ts",
	check: "device/check/cli.ts",
	device: "device/cli.ts",
	certs: "certs/cli.ts",
	broker: "broker/cli.ts",
};
/** What runs on a board, by the name that it has in dist/. */
const BOARD_BUNDLES = { firmware: "firmware/main.ts", link: "host-sim/client/engine.ts" };
const SOURCE_FOLDERS = ["firmware", "host-sim", "certs", "device", "broker"];
const STAMP = "stamp";

/** Sorted paths of all files under a folder that are sources, relative to the root. */
function sourcesIn(folder) {
	const found = [];
	for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
		const path = `${folder}/${entry.name}`;
		if (entry.isDirectory()) {
			if (path !== "certs/generated" && path !== "certs/device") found.push(...sourcesIn(path));
		} else if (/\.(ts|mjs|json)$/.test(entry.name)) found.push(path);
	}
	return found.sort();
}

/** A hash of everything that decides what is in dist/. Content, not dates: copies stay fresh. */
function fingerprint(sources) {
	const hash = createHash("sha1");
	for (const path of [...sources, "package.json"]) {
		const bytes = readFileSync(join(root, path));
		hash.update(`${path}\0${bytes.length}\0`).update(bytes);
	}
	return hash.digest("hex");
}

function readStamp(folder) {
	try {
		return readFileSync(join(folder, STAMP), "utf8");
	} catch {
		return "";
	}
}

/**
 * Builds dist/ unless it is of these sources already.
 * @returns {Promise<string>} the folder; throws an Error whose message is for people
 */
export async function ensureBuilt() {
	const folder = join(root, "dist");
	const sources = SOURCE_FOLDERS.flatMap(sourcesIn);
	const wanted = fingerprint(sources);
	const present = readStamp(folder);
	if (present === wanted) return folder;
	// Below node_modules: on the same file system, and nobody looks at it.
	const next = join(root, "node_modules", `.fieldmote.${process.pid}`);
	try {
		// Asked first: mkdir() on a read-only file system says that something is missing.
		accessSync(root, constants.W_OK);
		mkdirSync(next, { recursive: true });
		mkdirSync(folder, { recursive: true });
		accessSync(folder, constants.W_OK);
	} catch (error) {
		const reason = `${folder} cannot be written (${error.code})`;
		if (present === "") throw new Error(`nothing is built yet and ${reason}`);
		process.stderr.write(`note: ${reason}: using what is in it, built from other sources\n`);
		return folder;
	}
	try {
		await build(sources, next);
		writeFileSync(join(next, STAMP), wanted);
		// One by one, the stamp last: others may be starting from this folder right now.
		const files = readdirSync(next).filter((name) => name !== STAMP);
		for (const name of [...files, STAMP]) renameSync(join(next, name), join(folder, name));
	} finally {
		rmSync(next, { recursive: true, force: true });
	}
	return folder;
}

const forNode = {
	bundle: true,
	platform: "node",
	target: "node20",
	packages: "external",
	logLevel: "silent",
};

async function build(sources, folder) {
	const esbuild = await import("esbuild");
	const programs = Object.entries(PROGRAMS).filter(([, entry]) => sources.includes(entry));
	const bundles = Object.entries(BOARD_BUNDLES).filter(([, entry]) => sources.includes(entry));
	try {
		await Promise.all([
			esbuild.build({
				...forNode,
				absWorkingDir: root,
				entryPoints: Object.fromEntries(programs),
				outdir: folder,
				format: "esm",
			}),
			bundleStandIns(join(folder, "modules.cjs"), sources),
			...bundles.map(([name, entry]) => bundleForBoard(entry, join(folder, `${name}.cjs`))),
		]);
	} catch (error) {
		if (!Array.isArray(error.errors)) throw error;
		const lines = error.errors.map(({ text, location }) => {
			return location ? `${location.file}:${location.line}: ${text}` : text;
		});
		throw new Error(`the simulator does not build:\n${lines.join("\n")}`);
	}
}

/**
 * Bundles the stand-ins for the SDK's modules into one table.
 * @param {string} outfile
 */
export async function bundleStandIns(outfile, sources = sourcesIn("host-sim")) {
	const esbuild = await import("esbuild");
	await esbuild.build({
		...forNode,
		stdin: { contents: standInTable(sources), resolveDir: root, sourcefile: "modules" },
		outfile,
		format: "cjs",
	});
}

/**
 * Bundles code for a board: what is imported by a relative path is bundled, everything else is a
 * module of the SDK and is asked for at run time.
 * @param {string} entry relative to the root
 * @param {string} outfile
 */
export async function bundleForBoard(entry, outfile) {
	await bundleWith(boardSources, entry, outfile);
}

/**
 * Bundles an entity of a user's own, which may name the firmware's modules as on a board
 * (`entities/entity`), too.
 * @param {string} file
 * @param {string} outfile
 * @returns {Promise<string>} what is wrong with it, "" for nothing
 */
export async function bundleEntity(file, outfile) {
	try {
		await bundleWith(entitySources, relative(root, file), outfile);
		return "";
	} catch (error) {
		if (!Array.isArray(error.errors)) throw error;
		const [{ text, location }] = error.errors;
		return location ? `${file}:${location.line}: ${text}` : `${file}: ${text}`;
	}
}

async function bundleWith(plugin, entry, outfile) {
	const esbuild = await import("esbuild");
	await esbuild.build({
		bundle: true,
		format: "cjs",
		platform: "neutral",
		target: "es2023",
		logLevel: "silent",
		absWorkingDir: root,
		entryPoints: [entry],
		outfile,
		plugins: [plugin],
	});
}

/**
 * A namespace of its own keeps esbuild from reading package.json: below "type": "module" it
 * would take a stand-in's whole namespace for its default export.
 */
const boardSources = {
	name: "board",
	setup(build) {
		build.onResolve({ filter: /.*/ }, ({ path, kind, resolveDir }) => {
			if (kind !== "entry-point" && !path.startsWith(".")) return { path, external: true };
			const file = join(resolveDir, path);
			const full = /\.(ts|json)$/.test(file) ? file : `${file}.ts`;
			return { path: relative(root, full), namespace: "board" };
		});
		build.onLoad({ filter: /.*/, namespace: "board" }, ({ path }) => ({
			contents: readFileSync(join(root, path), "utf8"),
			loader: path.endsWith(".json") ? "json" : "ts",
			resolveDir: dirname(join(root, path)),
		}));
	},
};

const entitySources = {
	name: "entity",
	setup(build) {
		build.onResolve(
			{ filter: /^(entities|mqtt|profiles|store)\/|^(checker|topics)$/ },
			({ path }) => {
				const file = `firmware/${path}.ts`;
				return existsSync(join(root, file)) ? { path: file, namespace: "board" } : undefined;
			},
		);
		boardSources.setup(build);
	},
};

/** `embedded/io/digital` → `embedded:io/digital`: a colon cannot be in every file name. */
function moduleName(path) {
	const name = path.replace(/^host-sim\/modules\/|\.ts$/g, "");
	return name.replace(/^embedded\//, "embedded:");
}

/** Source of a table from a module's name to its stand-in, which is only loaded when asked for. */
function standInTable(sources) {
	const rows = [];
	for (const path of sources) {
		if (!path.startsWith("host-sim/modules/")) continue;
		if (!/^export (function|const) create\b/m.test(readFileSync(join(root, path), "utf8")))
			continue;
		const name = moduleName(path);
		rows.push(`${JSON.stringify(name)}: () => require(${JSON.stringify(`./${path}`)}),`);
	}
	return `module.exports = {\n${rows.join("\n")}\n};\n`;
}
