/**
 * What a site needs in the image beyond the firmware: sensor drivers of the SDK and entities of
 * the user's own, as the manifest that `$(DRIVERS)` stands for. Always holds: a driver is looked up
 * by its module's name in the SDK's own manifests. Makes no files.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Json } from "../../firmware/checker";
import { KINDS } from "../../firmware/entities/kinds";
import { nearest } from "../../host-sim/nearest.mjs";

const SENSORS = "modules/drivers/sensors";
const SOURCE = /\.(ts|js)$/;

/** As seen in the drivers of SDK 8.2.3. */
const UNFIT: Readonly<Record<string, string>> = {
	"Touch/": "it gives points of touch, and no reading",
	"Energy/PZEM004T": "it is on a serial port",
	"Proximity/HC-SR04": "it is on two pins, and on no bus",
	"SoilMoistureSensor/Capacitive": 'it is on an analog input: use {"kind": "analog"}',
	"Temperature/NTC_Thermistor": 'it is on an analog input: use {"kind": "analog"}',
	"Switch/TTP223": 'it is on a pin: use {"kind": "binary"}',
};

/** Modules by name, and the manifests that have them. */
export interface Extras {
	/** Manifests of the SDK, with `$(MODDABLE)` in front. */
	readonly includes: readonly string[];
	/** Own modules by name, as absolute paths without .ts or .js. */
	readonly modules: Readonly<Record<string, string>>;
	/** Names of the drivers. */
	readonly drivers: readonly string[];
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/**
 * @param entities of the site; anything that is no entity is left to the firmware's check
 * @param folder of the site, from which `module` is looked for
 * @param sdk folder of the SDK; it need not be there
 */
export function findExtras(entities: unknown, folder: string, name: string, sdk: string): Extras {
	const includes = new Set<string>();
	const drivers = new Set<string>();
	const modules: Record<string, string> = {};
	const problems: string[] = [];
	const warnings: string[] = [];
	const known = driversIn(sdk);
	const list: readonly unknown[] = Array.isArray(entities) ? entities : [];
	list.forEach((entry, i) => {
		const { kind, driver, module } = (entry ?? {}) as Json;
		const path = `${name}: entities[${i}]`;
		if (kind === "sensor" && typeof driver === "string") {
			drivers.add(driver);
			const manifest = known?.get(driver);
			const reason = unfit(driver);
			if (reason !== "") problems.push(`${path}.driver: "${driver}" cannot be used: ${reason}`);
			else if (manifest !== undefined) includes.add(manifest);
			else if (known !== undefined)
				problems.push(`${path}.driver: ${unknownDriver(driver, known)}`);
		}
		if (typeof kind !== "string" || KINDS.includes(kind) || module === undefined) return;
		const source = typeof module === "string" ? resolve(folder, module) : "";
		// Also where it is not there: that its kind is unknown then need not be said as well.
		modules[`entity/${kind}`] = source.replace(SOURCE, "");
		const reason = sourceProblem(module, source);
		if (reason !== "") problems.push(`${path}.module: ${reason}`);
	});
	if (known === undefined && drivers.size > 0) {
		warnings.push(`drivers cannot be looked up: no SDK in ${sdk} (MODDABLE)`);
	}
	return { includes: [...includes], modules, drivers: [...drivers], problems, warnings };
}

/** What the firmware's Modules.has() will say in an image that was built with them. */
export function hasModule(extras: Extras, name: string): boolean {
	return Object.hasOwn(extras.modules, name) || extras.drivers.includes(name);
}

/** The manifest for `$(DRIVERS)`; the same text for the same extras. */
export function extrasManifest(extras: Extras): string {
	const { includes, modules } = extras;
	const names = Object.keys(modules);
	const manifest = { include: includes, modules, preload: names };
	return `${JSON.stringify(manifest, undefined, "\t")}\n`;
}

/** Whether an image without that manifest would do. */
export function isEmpty(extras: Extras): boolean {
	return extras.includes.length === 0 && Object.keys(extras.modules).length === 0;
}

/** Why a driver of the SDK is none for a sensor on an I2C bus whose sample() has values; or "". */
function unfit(driver: string): string {
	const found = Object.keys(UNFIT).find((name) => driver.startsWith(`embedded:sensor/${name}`));
	return found === undefined ? "" : UNFIT[found];
}

function unknownDriver(driver: string, known: ReadonlyMap<string, string>): string {
	const names = [...known.keys()].sort();
	const last = (name: string) => name.slice(name.lastIndexOf("/") + 1);
	// Most know the part's name and not the SDK's path to it.
	const same = names.find((name) => last(name).toLowerCase() === last(driver).toLowerCase());
	const right = same ?? nearest(driver, names);
	const hint =
		right === "" ? `it has ${names.length}, below ${SENSORS}` : `did you mean "${right}"?`;
	return `"${driver}" is no module of the SDK's sensor drivers; ${hint}`;
}

function sourceProblem(module: unknown, source: string): string {
	if (typeof module !== "string") return "must be the name of a .ts or .js file";
	if (!SOURCE.test(source)) return `"${module}" must be a .ts or .js file, seen from the site`;
	return existsSync(source) ? "" : `"${module}": no such file (${source})`;
}

/** Module's name to manifest; undefined: there is no SDK. */
function driversIn(sdk: string): ReadonlyMap<string, string> | undefined {
	const folder = join(sdk, SENSORS);
	if (!existsSync(folder)) return undefined;
	const found = new Map<string, string>();
	for (const name of readdirSync(folder).sort()) {
		const path = join(folder, name, "manifest.json");
		if (!existsSync(path)) continue;
		const manifest = JSON.parse(readFileSync(path, "utf8")) as { modules?: object };
		for (const module of Object.keys(manifest.modules ?? {})) {
			if (module.startsWith("embedded:sensor/")) {
				found.set(module, `$(MODDABLE)/${SENSORS}/${name}/manifest.json`);
			}
		}
	}
	return found;
}
