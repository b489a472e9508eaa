/**
 * The applications that are measured, as folders with a manifest: ours and the SDK's own, all with
 * the creation values of an ESP8266. Always holds: written to a temporary folder, with nothing of
 * the SDK but the JavaScript of its pins, beside which mcconfig would find C for an ESP8266.
 */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import rootManifest from "../../manifest.json" with { type: "json" };
import { findSdk } from "../xs/xs";
import type { SiteName } from "./configurations";

const root = join(import.meta.dirname, "../..");

/** What the manifest gives an ESP8266. */
export const CREATION = rootManifest.platforms["esp/*"].creation;

const IO = "modules/io";
/** The SDK's JavaScript for an ESP8266's pins; the C below it is stand-ins/board-io.c. */
const PINS = {
	"embedded:io/digital": `${IO}/digital/digital.js`,
	"embedded:io/digitalbank": `${IO}/digital/digitalbank.js`,
	"embedded:io/pwm": `${IO}/pwm/esp/_pwm.js`,
	"embedded:io/analog": `${IO}/analog/esp/_analog.js`,
	"embedded:io/i2c": `${IO}/i2c/_i2c.js`,
	"embedded:io/smbus": `${IO}/i2c/smbus.js`,
};
/** What the root's manifest has on Linux in their place. */
const SIMULATED = ["analog", "digital", "pwm", "smbus", "world"];
/** Modules that a board has in flash, and Linux as JavaScript in the heap. */
const IN_FLASH = ["preference", "embedded:network/interface/wifi", "embedded:io/*"];
const DRIVER = "$(MODDABLE)/modules/drivers/sensors/tmp117/manifest.json";

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

const PIN_LABELS = { D1: 5, D2: 4, D5: 14, D6: 12, D7: 13 };

/** What of a site is not given to mcconfig as name=value. */
const SITES: Readonly<Record<SiteName, object>> = {
	relay: {},
	house: {
		homeAssistant: true,
		remoteConfig: true,
		entities: [
			{ kind: "relay", id: "relay", pin: "D1", name: "Pump", restore: "last" },
			{ kind: "light", id: "light", pin: "D5", name: "Lamp", transitionMs: 400 },
			{
				kind: "sensor",
				id: "climate",
				driver: "embedded:sensor/Temperature/TMP117",
				intervalMs: 1000,
				readings: {
					temperature: { unit: "°C", deviceClass: "temperature", decimals: 1, delta: 0.1 },
				},
			},
			{ kind: "analog", id: "tank", pin: "A0", unit: "%", intervalMs: 1000 },
			{ kind: "button", id: "button", pin: "D6", controls: "relay" },
		],
	},
};

/**
 * The firmware from the root's manifest, on a board with the ESP8266's session.
 * @param given what is measured, or a site of one's own
 */
export function firmwareApplication(given: SiteName | object = "relay"): Application {
	const site = typeof given === "string" ? SITES[given] : given;
	const sdk = findSdk();
	if (sdk === undefined) throw new Error("no Moddable SDK");
	const application = write("fieldmote", {
		"board.json": {
			name: "measured",
			title: "ESP8266 on Linux",
			platforms: { lin: {} },
			pins: {
				...Object.fromEntries(Object.entries(PIN_LABELS).map(([key, gpio]) => [key, { gpio }])),
				A0: { adc: 0 },
			},
			buses: { i2c: { data: "D2", clock: "D7" } },
			entities: [{ kind: "relay", id: "relay", pin: "D1" }],
		},
		"site.json": { base: "fieldmote", ...site },
		"manifest.json": {
			include: [
				join(root, "manifest.json"),
				...(JSON.stringify(site).includes("TMP117") ? [DRIVER] : []),
			],
			modules: {
				"~": [
					join(root, "boards/host"),
					"$(MODULES)/files/preference/lin/preference",
					...SIMULATED.map((name) => join(root, "host-sim/xs", name)),
				],
				...Object.fromEntries(Object.keys(PINS).map((name) => [name, pinsFile(name)])),
				"board-io": join(root, "test/footprint/stand-ins/board-io"),
				board: "./board",
				preference: join(root, "test/footprint/preference"),
				hurry: join(root, "test/footprint/programs/hurry"),
				hurried: join(root, "test/footprint/programs/hurried"),
			},
			preload: IN_FLASH,
			creation: { ...CREATION, main: "hurried" },
		},
	});
	for (const [name, path] of Object.entries(PINS)) {
		copyFileSync(join(sdk, path), join(application.folder, `${pinsFile(name)}.js`));
	}
	return application;
}

function pinsFile(module: string): string {
	return `./${module.replace(/\W/g, "-")}`;
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
