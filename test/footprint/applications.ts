/**
 * The applications that are measured, as folders with a manifest: ours and the SDK's own, all with
 * the creation values of an ESP8266. Always holds: written to a temporary folder, nothing of the SDK
 * is copied.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import rootManifest from "../../manifest.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");

/** What the manifest gives an ESP8266. */
export const CREATION = rootManifest.platforms["esp/*"].creation;

/** Modules that a board has in flash, and Linux as JavaScript in the heap. */
const IN_FLASH = ["preference", "embedded:network/interface/wifi", "embedded:io/digital"];

const TYPES = ["build", "crypt", "ssl"].map((name) => `firmware/typings/${name}`);
const LINK = ["alarm", "link", "link-options", "log", "socket"].map(
	(name) => `firmware/net/${name}`,
);

/** The SDK's own default, slots. */
const PEER_STACK = 256;

export interface Application {
	readonly folder: string;
	discard(): void;
}

/** The firmware from the root's manifest, on a board with the ESP8266's session. */
export function firmwareApplication(stack: number = CREATION.stack): Application {
	return write("fieldmote", {
		"board.json": {
			name: "measured",
			title: "ESP8266 on Linux",
			platforms: { lin: {} },
			relay: { pin: 5, activeLow: false },
		},
		"manifest.json": {
			include: [join(root, "manifest.json")],
			modules: {
				"~": [join(root, "boards/host"), "$(MODULES)/files/preference/lin/preference"],
				board: "./board",
				preference: join(root, "test/footprint/preference"),
				hurry: join(root, "test/footprint/programs/hurry"),
				hurried: join(root, "test/footprint/programs/hurried"),
			},
			preload: IN_FLASH,
			creation: { ...CREATION, stack, main: "hurried" },
		},
	});
}

/** Engine and link alone: programs/engine.ts. */
export function engineApplication(): Application {
	const at = (path: string) => join(root, path);
	const main = "test/footprint/programs/engine";
	return write("engine", {
		"manifest.json": {
			include: networkIncludes(),
			typescript: {
				tsconfig: { compilerOptions: { strict: true, types: TYPES.map(at) } },
			},
			modules: {
				// Under its path, which is where its relative imports start from.
				[main]: at(main),
				"firmware/mqtt/*": at("firmware/mqtt/*"),
				...Object.fromEntries(LINK.map((path) => [path, at(path)])),
				// No TLS in this program.
				"firmware/net/tls-guard": at("test/footprint/programs/tls-guard"),
			},
			preload: ["firmware/mqtt/*", ...LINK, "firmware/net/tls-guard"],
			creation: { ...CREATION, main },
		},
	});
}

/**
 * A program of peers/ on the SDK's modules.
 * @param credentials folder with authority.der, for those with TLS
 */
export function peerApplication(
	name: string,
	includes: readonly string[],
	credentials: string | undefined,
): Application {
	return write(name, {
		"manifest.json": {
			include: [...networkIncludes(), ...includes],
			modules: { "*": join(root, "test/footprint/peers", name) },
			...(credentials === undefined ? {} : { data: { "*": join(credentials, "authority") } }),
			creation: { ...CREATION, stack: PEER_STACK, main: name },
		},
	});
}

function networkIncludes(): string[] {
	return ["examples/manifest_base", "examples/manifest_net", "modules/io/manifest"].map(
		(path) => `$(MODDABLE)/${path}.json`,
	);
}

function write(name: string, json: Record<string, object>): Application {
	const parent = mkdtempSync(join(tmpdir(), "fieldmote-application-"));
	const folder = join(parent, name);
	mkdirSync(folder);
	for (const [file, value] of Object.entries(json)) {
		writeFileSync(join(folder, file), JSON.stringify(value));
	}
	return { folder, discard: () => rmSync(parent, { recursive: true, force: true }) };
}
