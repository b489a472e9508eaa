/**
 * What is in an ESP8266 image, by part: reads the linker's map and the C source that holds the
 * preloaded modules. Pure: text in, numbers out. Always holds: the parts of a section add up to
 * it but for a few bytes of alignment, and a file that no rule knows is in the part "other".
 */

import type { Section } from "./esp-image";

/** Bytes by part, the largest first. */
export type Parts = Readonly<Record<string, number>>;

/** The first rule that fits decides. File names as in the map, without folder. */
const RULES: readonly (readonly [part: string, files: RegExp])[] = [
	["JavaScript, preloaded and as byte code", /^mc\.xs\.c\.o$/],
	["files in flash (certificates)", /^mc\.resources\.c\.o$/],
	["XS: big integers", /^xsBigInt(Ex)?\.c\.o$/],
	["XS: regular expressions", /^xsre\.c\.o$/],
	["XS: debugger", /^xsDebug\.c\.o$/],
	["XS", /^xs[A-Za-z]+\.c\.o$/],
	["cryptography in C", /^(fips\d+|rfc1321|chacha|poly1305|ghash|modCrypt|ec|ecp|modular)\.c\.o$/],
	["cryptography in C", /^(mont|x509|rng|bin|rc)\.c\.o$/],
	["Wi-Fi", /^lib(net80211|pp|phy|wpa|crypto|main|smartconfig|wps|axtls|hal)\.a$/],
	["TCP/IP (lwIP)", /^(liblwip\.a|modLwipSafe\.c\.o)$/],
	["network modules in C", /^(tcp|udp|modSocket|modNet|modResolve|modsntp|wifi-esp)\.c\.o$/],
	["C library", /^(lib(m|gcc|c|stdc\+\+)\.a|lib_a-.*|e_fmod\.c\.o|bsearch\.c\.o)$/],
	["C library", /^(tinyprintf|libc_replacements|umm_malloc|heap)\.c\.o$/],
	["Arduino core", /(\.cpp\.o|^core_esp8266.*|^cont.*|^time\.c\.o|^spiffs.*)$/],
	["Arduino core", /^(rtctime|tinyi2s|tinyuart)\.c\.o$/],
	["I/O and base modules in C", /^(mod|_)[A-Za-z0-9]+\.c\.o$/],
	["I/O and base modules in C", /^(digital|digitalbank|serial|spi|timer|system)\.c\.o$/],
	["I/O and base modules in C", /^(builtinCommon|commodettoBitmap|Resource)\.c\.o$/],
	["the chip in C, ours", /^(chip|machine)\.c\.o$/],
	["alignment", /^\*fill\*$/],
];

/** Bytes of a section by object file, or by library: `xsRun.c.o`, `libpp.a`. */
export function readFiles(map: string, section: Section): Map<string, number> {
	const files = new Map<string, number>();
	const start = map.indexOf("Linker script and memory map");
	if (start < 0) throw new Error("this is no linker map");
	let isInside = false;
	let pending = "";
	for (const raw of map.slice(start).split("\n")) {
		// A long name of an input section stands alone, its numbers on the next line.
		if (/^ \S+$/.test(raw)) {
			pending = raw;
			continue;
		}
		const line = pending + raw;
		pending = "";
		if (/^\S/.test(line)) {
			isInside = line === section || line.startsWith(`${section} `);
			continue;
		}
		if (!isInside) continue;
		const match = /^ \S+\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+(\S.*?))?\s*$/.exec(line);
		// At address 0 stands what the linker has thrown away.
		if (match === null || Number.parseInt(match[1], 16) === 0) continue;
		const name = shortName(match[3] ?? "*fill*");
		files.set(name, (files.get(name) ?? 0) + Number.parseInt(match[2], 16));
	}
	return files;
}

function shortName(path: string): string {
	const name = path.slice(path.lastIndexOf("/") + 1);
	return name.replace(/^(lib[^(]+\.a)\(.*$/, "$1");
}

/** Bytes of a section by part. */
export function readParts(map: string, section: Section): Parts {
	const parts = new Map<string, number>();
	for (const [file, bytes] of readFiles(map, section)) {
		if (bytes === 0) continue;
		const part = RULES.find(([, files]) => files.test(file))?.[0] ?? "other";
		parts.set(part, (parts.get(part) ?? 0) + bytes);
	}
	return Object.fromEntries([...parts].sort((a, b) => b[1] - a[1]));
}

/** What the JavaScript in flash consists of. */
export interface ModulesInFlash {
	/** 16 bytes each. */
	readonly slots: number;
	/** The most frequent kinds of slots: `INSTANCE`, `KEY_X`, … */
	readonly slotsByKind: Parts;
	/** Names of properties, functions and variables: a slot, a pointer and the text each. */
	readonly names: number;
	/** Byte code of modules that no `preload` names: whole, top level included. */
	readonly codeByModule: Parts;
	/** Modules whose byte code is only that of their functions. */
	readonly preloaded: readonly string[];
}

/** Reads mc.xs.c, which xsl makes of all modules. */
export function readModules(source: string): ModulesInFlash {
	const kinds = new Map<string, number>();
	const heap = between(source, "static const txSlot gxHeap[mxHeapCount] = {", "\n};");
	for (const [, kind] of heap.matchAll(/\.kind = XS_([A-Z0-9_]+)_KIND/g)) {
		kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
	}
	const scripts = between(source, "static const txScript gxScripts[mxScriptsCount] = {", "\n};");
	const code = new Map<string, number>();
	const preloaded: string[] = [];
	const record = /\{ [^,]+, NULL, 0, (?:NULL, 0|\(txS1\*\)gxCode\d+, (\d+)), NULL, 0, "([^"]+)"/g;
	for (const [, bytes, name] of scripts.matchAll(record)) {
		if (bytes === undefined) preloaded.push(name);
		else code.set(name, Number(bytes));
	}
	return {
		slots: defined(source, "mxHeapCount"),
		slotsByKind: Object.fromEntries([...kinds].sort((a, b) => b[1] - a[1])),
		names: defined(source, "mxKeysCount"),
		codeByModule: Object.fromEntries([...code].sort((a, b) => b[1] - a[1])),
		preloaded,
	};
}

function between(text: string, from: string, to: string): string {
	const start = text.indexOf(from);
	const end = text.indexOf(to, start);
	if (start < 0 || end < 0) throw new Error(`mc.xs.c: no ${from}`);
	return text.slice(start, end);
}

function defined(text: string, name: string): number {
	const match = new RegExp(`#define ${name} (\\d+)`).exec(text);
	if (match === null) throw new Error(`mc.xs.c: no ${name}`);
	return Number(match[1]);
}
