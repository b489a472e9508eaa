/**
 * Finds what a build needs on this machine: the Moddable SDK, a platform's toolchain, a serial
 * port. Always holds: what is missing is said with what to install or do. Starts nothing but
 * python, to ask it for a module.
 */

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout to build from: this file is in device/ or, bundled, in dist/. */
export const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));

export type Environment = Readonly<Record<string, string | undefined>>;

/** Something that is not on this machine: exit code 1. */
export class MissingError extends Error {}

export interface Tools {
	/** Folder of the SDK; where it would be, when it is missing. */
	readonly sdk: string;
	/** What mcconfig and the makefiles want to have set, PATH but for what is in it already. */
	readonly variables: Readonly<Record<string, string>>;
	readonly path: readonly string[];
	/** What to install; empty: all is there. */
	readonly missing: readonly string[];
}

const HOSTS: Readonly<Record<string, string>> = { linux: "lin", darwin: "mac", win32: "win" };

/** Where the SDK is, or would be. */
export function sdkFolder(environment: Environment): string {
	return environment.MODDABLE || join(homedir(), ".local/share/moddable");
}

/** Looks for everything that a build for a platform takes. */
export function findTools(platform: string, root: string, environment: Environment): Tools {
	const missing: string[] = [];
	const host = HOSTS[process.platform] ?? "lin";
	const given = environment.MODDABLE;
	const sdk = sdkFolder(environment);
	const bin = join(sdk, "build/bin", host, "release");
	if (!existsSync(sdk)) {
		const where = given ? `MODDABLE is ${given}` : `MODDABLE is not set, ${sdk} is not there`;
		missing.push(`Moddable SDK not found (${where}): npm install -g xs-dev && xs-dev setup`);
	} else if (!existsSync(join(bin, host === "win" ? "mcconfig.exe" : "mcconfig"))) {
		missing.push(`the SDK in ${sdk} has no ${bin}/mcconfig: its tools are not built; xs-dev setup`);
	}
	const scripts = join(root, "node_modules/.bin");
	if (!existsSync(join(scripts, "tsc"))) missing.push("no tsc in node_modules: npm ci");
	const variables: Record<string, string> = { MODDABLE: sdk };
	if (platform.startsWith("esp32")) missing.push(...missingForEsp32(environment));
	else if (platform.startsWith("esp")) {
		variables.ESP_BASE = environment.ESP_BASE || join(homedir(), "esp");
		missing.push(...missingForEsp8266(variables.ESP_BASE, environment));
	}
	missing.push(...spaces({ ...variables, "this folder": root, IDF_PATH: environment.IDF_PATH }));
	return { sdk, variables, path: [bin, scripts], missing };
}

/** The SDK's makefiles quote nothing. */
function spaces(paths: Environment): string[] {
	const bad = Object.entries(paths).filter(([, path]) => path !== undefined && /\s/.test(path));
	return bad.map(
		([name, path]) =>
			`${name}: "${path}" has a space in it, the SDK's makefiles take none: move it`,
	);
}

function missingForEsp8266(base: string, environment: Environment): string[] {
	const host = process.platform === "darwin" ? "Darwin" : "Linux";
	const needed: readonly (readonly [path: string, what: string])[] = [
		[`toolchain/${host}/xtensa-lx106-elf/bin/xtensa-lx106-elf-gcc`, "the compiler"],
		["esp8266-2.3.0", "the Arduino core 2.3.0"],
		["ESP8266_RTOS_SDK", "the RTOS SDK 3.2"],
	];
	const gone = needed.filter(([path]) => !existsSync(join(base, path)));
	if (gone.length > 0) {
		const list = gone.map(([path, what]) => `${what}, ${join(base, path)}`).join("; ");
		const where = environment.ESP_BASE ? "ESP_BASE" : "ESP_BASE is not set, so ~/esp";
		const how = "xs-dev setup --device esp8266";
		return [`ESP8266 toolchain not found (${where}): no ${list}: ${how}`];
	}
	const { status, error } = spawnSync("python", ["-c", "import serial"], { stdio: "ignore" });
	if (error !== undefined) {
		return ["python not found, the SDK flashes with it: sudo apt install python-is-python3"];
	}
	const how = "python -m pip install pyserial";
	return status === 0 ? [] : [`python has no pyserial, the SDK flashes with it: ${how}`];
}

function missingForEsp32(environment: Environment): string[] {
	const how = "xs-dev setup --device esp32";
	const idf = environment.IDF_PATH;
	if (!idf) return [`ESP-IDF not found (IDF_PATH is not set): ${how}, then a new terminal`];
	if (!existsSync(join(idf, "export.sh"))) {
		return [`ESP-IDF not found (IDF_PATH is ${idf}, with no export.sh): ${how}`];
	}
	return [];
}

/** What is asked of the file system about ports. */
export interface PortSystem {
	list(): readonly string[];
	isDevice(path: string): boolean | undefined;
	mayWrite(path: string): boolean;
	groupOf(path: string): string;
}

/** Finds the port, or says why there is none. Throws MissingError. */
export function findPort(given: string | undefined, system: PortSystem = realPorts): string {
	const found = system.list();
	const hint = found.length > 0 ? `; there is ${found.join(", ")}` : "";
	if (given === undefined && found.length === 0) {
		throw new MissingError(
			"no serial port: plug the board in, with a USB cable that carries data; " +
				"or name it with --port; or --build-only",
		);
	}
	if (given === undefined && found.length > 1) {
		throw new MissingError(`several serial ports: name one with --port: ${found.join(", ")}`);
	}
	const port = given ?? found[0];
	const isDevice = system.isDevice(port);
	if (isDevice === undefined) throw new MissingError(`port ${port}: is not there${hint}`);
	if (!isDevice) throw new MissingError(`port ${port}: is no device${hint}`);
	if (!system.mayWrite(port)) {
		const group = system.groupOf(port);
		throw new MissingError(
			`port ${port}: no permission; it belongs to the group ${group}: ` +
				`sudo usermod -aG ${group} $USER, then log out and in again`,
		);
	}
	return port;
}

const PORT_NAMES =
	process.platform === "darwin"
		? /^cu\.(usbserial|SLAB_USBtoUART|wchusbserial|usbmodem)/
		: /^tty(USB|ACM)\d+$/;

const realPorts: PortSystem = {
	list: () => {
		const names = readdirSync("/dev").filter((name) => PORT_NAMES.test(name));
		return names.sort().map((name) => `/dev/${name}`);
	},
	isDevice: (path) => {
		const stat = statSync(path, { throwIfNoEntry: false });
		return stat?.isCharacterDevice();
	},
	mayWrite: (path) => {
		try {
			accessSync(path, constants.R_OK | constants.W_OK);
			return true;
		} catch {
			return false;
		}
	},
	groupOf: (path) => {
		const id = String(statSync(path).gid);
		const groups = existsSync("/etc/group") ? readFileSync("/etc/group", "utf8").split("\n") : [];
		const line = groups.map((text) => text.split(":")).find((fields) => fields[2] === id);
		return line?.[0] ?? "dialout";
	},
};

/** What a program is started with: the tools first in its PATH. */
export function environmentFor(
	tools: Tools,
	variables: Readonly<Record<string, string>>,
	environment: Environment,
): NodeJS.ProcessEnv {
	const path = [...tools.path, environment.PATH].filter(Boolean).join(delimiter);
	return { ...environment, ...tools.variables, ...variables, PATH: path } as NodeJS.ProcessEnv;
}
