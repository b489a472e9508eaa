/**
 * Bytes of code: the firmware's modules as XS bytecode, from a build's intermediate folder, and what
 * they come to by folder. All but main are preloaded: on a board they are in flash.
 */

import { readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface ModuleSize {
	/** As its path in firmware/, without extension; the SDK's under their own names. */
	readonly name: string;
	readonly bytes: number;
	readonly isOurs: boolean;
}

/** Sizes of all modules that a build linked, the largest first. */
export function moduleSizes(intermediate: string): ModuleSize[] {
	const folder = join(intermediate, "modules");
	const ours = new Set(sourceNames());
	return readdirSync(folder, { recursive: true })
		.map(String)
		.filter((path) => path.endsWith(".xsb"))
		.map((path) => {
			const name = path.slice(0, -4).split(sep).join("/").replace(/^~\./, "");
			return { name, bytes: statSync(join(folder, path)).size, isOurs: ours.has(name) };
		})
		.sort((a, b) => b.bytes - a.bytes);
}

/** Names of our modules as the manifest gives them: firmware/net/ssl is ssl there. */
function sourceNames(): string[] {
	const folder = join(root, "firmware");
	const paths = readdirSync(folder, { recursive: true }).map(String);
	return paths
		.filter((path) => path.endsWith(".ts") && !path.startsWith("typings"))
		.map((path) => path.slice(0, -3).split(sep).join("/"))
		.map((name) => name.replace(/^net\/ssl\//, "ssl/"));
}

/** Sums by folder, the largest first; what is no module of ours is "SDK". */
export function sizesByFolder(sizes: readonly ModuleSize[]): [folder: string, bytes: number][] {
	const sums = new Map<string, number>();
	for (const { name, bytes, isOurs } of sizes) {
		const slash = name.lastIndexOf("/");
		const own = slash < 0 ? "firmware" : `firmware/${name.slice(0, slash)}`;
		const folder = isOurs ? own : "the SDK's modules";
		sums.set(folder, (sums.get(folder) ?? 0) + bytes);
	}
	return [...sums].sort((a, b) => b[1] - a[1]);
}
