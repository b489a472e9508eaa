/**
 * The rules of the tree: who may import whom, how large a file may be, what the engine must not
 * contain. The table is docs/architecture.md's.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { test } from "node:test";

/** Folder or file of the firmware, and what of the firmware it may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
	"firmware/mqtt": [],
	"firmware/store": ["firmware/checker"],
	"firmware/entities": ["firmware/checker", "firmware/parts", "firmware/pins", "firmware/topics"],
	"firmware/parts": ["firmware/checker", "firmware/entities", "firmware/pins", "firmware/profiles"],
	"firmware/checker": [],
	"firmware/pins": ["firmware/checker"],
	"firmware/io": ["firmware/checker", "firmware/entities", "firmware/pins"],
	"firmware/topics": [],
	"firmware/node": [],
	"firmware/supervisor": ["firmware/checker"],
	"firmware/site-network": ["firmware/checker"],
	"firmware/config": [
		"firmware/checker",
		"firmware/entities/check",
		"firmware/parts",
		"firmware/site-network",
		"firmware/supervisor",
		"firmware/topics",
	],
	"firmware/platform": [],
	"firmware/abort": ["firmware/store"],
	"firmware/net": ["firmware/mqtt"],
	"firmware/profiles": [
		"firmware/checker",
		"firmware/mqtt",
		"firmware/net/log",
		"firmware/entities",
		"firmware/parts",
		"firmware/platform",
		"firmware/store",
		"firmware/topics",
	],
	"firmware/facts": [
		"firmware/mqtt",
		"firmware/net",
		"firmware/platform",
		"firmware/profiles",
		"firmware/store",
	],
	"firmware/credentials": ["firmware/net"],
	"firmware/runtime": ["firmware"],
	"firmware/boot": ["firmware"],
	"firmware/main": ["firmware/boot"],
	"firmware/typings": ["firmware"],
};

/** Programs beside the firmware and the simulator, and what of the tree they may import. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
	certs: ["certs", "firmware/topics", "firmware/config", "host-sim/words", "host-sim/nearest.mjs"],
	"certs/probe": ["certs", "firmware/config", "firmware/net", "host-sim"],
	"certs/import": ["certs", "firmware/topics", "host-sim/words"],
	broker: [
		"broker",
		"certs",
		"firmware/topics",
		"host-sim/mosquitto-lines",
		"host-sim/nearest.mjs",
		"host-sim/words",
	],
	device: [
		"device",
		"certs",
		"firmware/checker",
		"firmware/config",
		"firmware/entities/check",
		"firmware/entities/kinds",
		"firmware/parts",
		"firmware/pins",
		"firmware/topics",
		"host-sim/nearest.mjs",
		"host-sim/words",
	],
};

/** Modules of the SDK, by who may import them. */
const SDK_MODULES: Readonly<Record<string, RegExp>> = {
	"firmware/net": /^(timer|time|net|embedded:.*|ssl\/.*|crypt|curve|mont|rng)$/,
	"firmware/runtime": /^(timer|time)$/,
	"firmware/boot": /^time$/,
	"firmware/credentials": /^Resource$/,
	"firmware/typings": /./,
	"firmware/main":
		/^(board|site|secrets|credentials|mc\/config|modules|net|platform\/chip|preference|embedded:.*)$/,
};

const HOST_ONLY =
	/(?<![.\w])(setTimeout|setInterval|console|Buffer|process(?=\.)|TextEncoder|TextDecoder|structuredClone|URL)\b/;

function sources(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.map((name) => join(folder, name))
		.filter((path) => /\.(ts|mjs)$/.test(path));
}

function importsOf(text: string): string[] {
	const pattern = /^\t?(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)"/gm;
	return [...text.matchAll(pattern)].map((match) => match[1]);
}

/** Which rule a path is under: the longest key that it starts with. */
function ruleOf(path: string, keys: readonly string[]): string {
	const plain = path.replace(/(\.d)?\.ts$/, "");
	const found = keys.filter((key) => plain === key || plain.startsWith(`${key}/`));
	return found.sort((a, b) => b.length - a.length)[0] ?? "";
}

/** Code without comments and strings, line by line. */
function codeOf(text: string): string {
	return text
		.replace(/\/\*[\s\S]*?\*\//g, "")
		.replace(/\/\/.*$/gm, "")
		.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

test("firmware imports only what its place allows", () => {
	const keys = Object.keys(MAY_IMPORT);
	const wrong: string[] = [];
	for (const path of sources("firmware")) {
		const rule = ruleOf(path, keys);
		assert.notEqual(rule, "", `${path} is in no row of the import table`);
		for (const name of importsOf(readFileSync(path, "utf8"))) {
			if (name.startsWith(".")) {
				const target = normalize(join(dirname(path), name));
				const allowed = [rule, ...MAY_IMPORT[rule]];
				if (ruleOf(target, allowed) === "") wrong.push(`${path} imports ${target}`);
			} else if (!SDK_MODULES[rule]?.test(name)) {
				wrong.push(`${path} imports ${name}`);
			}
		}
	}
	assert.deepEqual(wrong, []);
});

test("host-sim keeps to its rows: checkers never use our decoder, world knows no module", () => {
	const wrong: string[] = [];
	for (const path of sources("host-sim")) {
		const imports = importsOf(readFileSync(path, "utf8"));
		for (const name of imports) {
			const target = name.startsWith(".") ? normalize(join(dirname(path), name)) : name;
			const parts = [
				[/^host-sim\/checkers/, /^firmware\//],
				[/^host-sim\/world/, /^(firmware\/|host-sim\/(modules|cli|loader))/],
				[
					/^host-sim\/modules/,
					/^(firmware\/|host-sim\/(?!modules|world)|(?!node:|host-sim\/)[a-z@])/,
				],
			] as const;
			for (const [place, forbidden] of parts) {
				if (place.test(path) && forbidden.test(target)) wrong.push(`${path} imports ${target}`);
			}
		}
	}
	assert.deepEqual(wrong, []);
});

test("certs, broker and device import only what their place allows", () => {
	const wrong: string[] = [];
	for (const path of ["certs", "broker", "device"].flatMap(sources)) {
		const allowed = PROGRAMS[ruleOf(path, Object.keys(PROGRAMS))];
		for (const name of importsOf(readFileSync(path, "utf8"))) {
			if (!name.startsWith(".")) continue;
			const target = normalize(join(dirname(path), name));
			if (ruleOf(target, allowed) === "") wrong.push(`${path} imports ${target}`);
		}
	}
	assert.deepEqual(wrong, []);
});

test("files, and lines in them, are short", () => {
	const wrong: string[] = [];
	for (const folder of ["firmware", "host-sim", "certs", "broker", "device"]) {
		for (const path of sources(folder)) {
			const lines = readFileSync(path, "utf8").split("\n");
			if (lines.length - 1 > 300) wrong.push(`${path}: ${lines.length - 1} lines, 300 allowed`);
			lines.forEach((line, i) => {
				const width = line.replaceAll("\t", "  ").length;
				if (width > 100) wrong.push(`${path}:${i + 1}: ${width} characters, 100 allowed`);
			});
		}
	}
	assert.deepEqual(wrong, []);
});

test("every source file begins with what it is for", () => {
	const wrong: string[] = [];
	for (const folder of ["firmware", "host-sim", "certs", "broker", "device"]) {
		for (const path of sources(folder)) {
			const text = readFileSync(path, "utf8").replace(/^#!.*\n/, "");
			if (!text.startsWith("/**")) wrong.push(path);
		}
	}
	assert.deepEqual(wrong, []);
});

test("firmware contains nothing that XS lacks, forbids or pays dearly for", () => {
	const wrong: string[] = [];
	for (const path of sources("firmware").filter((name) => !name.endsWith(".d.ts"))) {
		const code = codeOf(readFileSync(path, "utf8"));
		const rules: [RegExp, string][] = [
			[HOST_ONLY, "a global that XS does not have"],
			[/^\s+#\w+|this\.#/m, "a #private member, which costs a slot per instance"],
			[/^(let|var)\s/m, "module state, which preloading freezes"],
			[/\b(as any|: any)\b|@ts-ignore/, "any"],
			[/^(export )?function \w+[^(]*\((?!this\b|\s*this\b)/m, "a function that could be an arrow"],
			[/^\s*(export )?enum\s/m, "an enum that is not const: an object with all its names"],
		];
		if (path.startsWith(join("firmware", "mqtt"))) {
			rules.push([/\.\.\./, "spread or rest, which allocate"]);
			rules.push([/\b(Date|Promise|Math\.random|trace)\b/, "I/O or time of its own"]);
		}
		for (const [pattern, what] of rules) {
			const found = pattern.exec(code);
			if (found) wrong.push(`${path}: ${what}: ${found[0].trim()}`);
		}
	}
	assert.deepEqual(wrong, []);
});

test("every module of the firmware but main is named in preload", () => {
	const parts = ["manifest.json", "firmware/parts/common.json", "firmware/parts/all.json"];
	const preload = parts.flatMap((path) => JSON.parse(readFileSync(path, "utf8")).preload);
	const missing = sources("firmware")
		.filter(
			(path) => !path.endsWith(".d.ts") && !path.startsWith(join("firmware", "net", "ssl", "e")),
		)
		.map((path) => path.slice("firmware/".length, -".ts".length).split(sep).join("/"))
		.map((name) => name.replace(/^net\/ssl\//, "ssl/"))
		// mcconfig's wildcards find no TypeScript.
		.filter((name) => name !== "main" && !preload.includes(name));
	// The first are types, the second stands in the place of parts/all.
	assert.deepEqual(missing.sort(), ["parts/basic", "parts/parts"]);
});

test("what an image may leave out is imported by parts/all only", () => {
	const { preload } = JSON.parse(readFileSync("firmware/parts/all.json", "utf8"));
	const optional = preload.filter((name: string) => name !== "parts/all");
	const wrong: string[] = [];
	for (const path of sources("firmware")) {
		const own = path.slice("firmware/".length, -".ts".length);
		if (own === "parts/all" || optional.includes(own)) continue;
		const text = readFileSync(path, "utf8").replace(/^import type [^;]*;/gm, "");
		for (const name of importsOf(text)) {
			const target = normalize(join(dirname(path), name)).slice("firmware/".length);
			if (optional.includes(target)) wrong.push(`${path} imports ${name}`);
		}
	}
	assert.deepEqual(wrong, []);
});

test("nothing secret and nothing built is in the tree", () => {
	const files = execFileSync("git", ["ls-files"], { encoding: "utf8" }).trim().split("\n");
	assert.ok(files.includes("manifest.json"));
	const secret =
		/^(?!certs\/public\/).*\.(key|pem|der|p12|pfx|crt)$|^site\.json$|^certs\/generated\//;
	const built = /\.(xsb|xsa|so|o|a|elf|bin|exe)$|^dist\//;
	const wrong = files.filter((path) => secret.test(path) || built.test(path));
	const keys = files.filter((path) => {
		if (!existsSync(path)) return false;
		return /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}/.test(
			readFileSync(path, "latin1"),
		);
	});
	assert.deepEqual([...wrong, ...keys], []);
});
