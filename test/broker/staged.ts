/**
 * A configuration of broker/ on free ports, with certificates and passwords of its own, run as
 * `fieldmote broker` runs it. What a test leaves running is ended when the test's process is done.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
	appendFileSync,
	copyFileSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import tls from "node:tls";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { type Configuration, findConfiguration } from "../../broker/configurations";
import { type PreparedFiles, prepareFiles } from "../../broker/files";
import { findProgram, type RunningBroker, startBroker } from "../../broker/mosquitto";
import { passwordFile } from "../../broker/passwords";
import { stage } from "../../broker/stage";
import { root } from "../../host-sim/build.mjs";
import type { Endpoint } from "../../host-sim/words";
import { freePort } from "../support/mosquitto";

export const SOURCE = join(root, "broker");
/** The machine may be busy. */
export const PATIENCE_MS = 25_000;

const running = new Set<RunningBroker>();
const folders: string[] = [];
const clients = new Set<MqttClient>();
after(async () => {
	for (const client of clients) client.end(true);
	await Promise.all([...running].map((broker) => broker.stop()));
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder for a store, removed at the end; a space is in its path. */
export function makeDirectory(): string {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote broker "));
	folders.push(folder);
	return folder;
}

export interface StagedOptions {
	/** Default: a new one. */
	readonly directory?: string;
	/** In the place of broker/: NAME.conf and acl. */
	readonly source?: string;
	/** More users with passwords. */
	readonly users?: readonly string[];
	/** Lines behind acl. */
	readonly acl?: readonly string[];
	/** Lines of the main configuration. */
	readonly more?: readonly string[];
	readonly upstream?: Endpoint;
	/** Path as Debian has it → path here, in the place of the usual. */
	readonly paths?: Readonly<Record<string, string>>;
	readonly ports?: Readonly<Record<string, number>>;
	/** Lines that the main configuration is to lack. */
	readonly without?: readonly string[];
	/** Option → another value, for what takes too long as it is. */
	readonly replace?: Readonly<Record<string, string>>;
}

export interface Staged {
	readonly ports: Readonly<Record<string, number>>;
	readonly directory: string;
	readonly files: PreparedFiles;
	/** Path as Debian has it → path here. */
	readonly paths: Readonly<Record<string, string>>;
	readonly pid: () => number;
	log(): string;
	/** Waits for a line that matches, behind the first `from` characters of the log. */
	until(pattern: RegExp, from?: number): Promise<void>;
	start(): Promise<void>;
	stop(): Promise<void>;
	/** SIGHUP; resolves when it has read its configuration again. */
	reload(): Promise<void>;
	/** The password of a user. */
	password(user: string): string;
}

/** Starts Mosquitto with these configurations. */
export async function startStaged(
	names: readonly string[],
	options: StagedOptions = {},
): Promise<Staged> {
	const { directory = makeDirectory(), users = [], acl = [], more = [], upstream } = options;
	const { source = SOURCE } = options;
	const configurations = names.map((name) => findConfiguration(name) as Configuration);
	const files = await prepareFiles(
		source,
		directory,
		configurations,
		["localhost", "127.0.0.1"],
		"sim-1",
	);
	const folder = join(directory, "state", names.join("-"));
	const paths: Record<string, string> = { ...files.paths };
	const passwords = join(directory, "passwords");
	const all = ["sim-1", "dashboard", "logger", ...users];
	if (users.length > 0) {
		const path = join(directory, "all passwords");
		const lines = all.map((user) => `${user}:password of ${user}\n`);
		writeFileSync(path, lines.join(""), { mode: 0o600 });
		execFileSync(findProgram("mosquitto_passwd"), ["-U", path]);
		for (const name of ["passwords", "passwords-people"]) paths[`/etc/mosquitto/${name}`] = path;
	}
	if (acl.length > 0) {
		paths["/etc/mosquitto/acl"] = join(directory, "acl");
		copyFileSync(join(source, "acl"), join(directory, "acl"));
		appendFileSync(join(directory, "acl"), `\n${acl.join("\n")}\n`);
	}
	Object.assign(paths, options.paths);
	const ports: Record<string, number> = {};
	for (const name of names) ports[name] = options.ports?.[name] ?? (await freePort());
	const staging = { source, folder, ports, address: "127.0.0.1", paths, more };
	const configuration = stage({ ...staging, ...(upstream && { upstream }) });
	for (const line of options.without ?? []) {
		const main = readFileSync(configuration, "utf8");
		assert.ok(main.includes(`\n${line}\n`), `no line ${line} in:\n${main}`);
		writeFileSync(configuration, main.replace(`\n${line}\n`, "\n"));
	}
	for (const [option, value] of Object.entries(options.replace ?? {})) {
		const file = join(folder, "conf.d", `${names[0]}.conf`);
		const line = new RegExp(`^${option} .*$`, "m");
		writeFileSync(file, readFileSync(file, "utf8").replace(line, `${option} ${value}`));
	}
	let text = "";
	const listeners = new Set<() => void>();
	let broker: RunningBroker | undefined;
	const start = async () => {
		broker = await startBroker(findProgram("mosquitto"), configuration, (line) => {
			text += `${line}\n`;
			for (const listener of [...listeners]) listener();
		});
		running.add(broker);
	};
	const stop = async () => {
		await broker?.stop();
		if (broker !== undefined) running.delete(broker);
		broker = undefined;
	};
	const until = (pattern: RegExp, from = 0) =>
		new Promise<void>((resolve, reject) => {
			const look = () => {
				if (!pattern.test(text.slice(from))) return;
				clearTimeout(timer);
				listeners.delete(look);
				resolve();
			};
			const timer = setTimeout(() => {
				listeners.delete(look);
				reject(new Error(`no ${pattern} in the log:\n${text.slice(from)}`));
			}, PATIENCE_MS);
			listeners.add(look);
			look();
		});
	await start();
	return {
		ports,
		directory,
		files,
		paths,
		pid: () => broker?.pid as number,
		log: () => text,
		until,
		start,
		stop,
		reload: async () => {
			const from = text.length;
			broker?.reload();
			await until(/Reloading config/, from);
			// It reloads between two rounds of its loop: what connects later finds it done.
		},
		password: (user) => {
			if (users.length > 0) return `password of ${user}`;
			return readFileSync(passwordFile(passwords, user), "utf8").trim();
		},
	};
}

/**
 * Connects with MQTT.js, once; rejects when refused.
 * @param onMessage also for what comes at once, out of a session
 */
export async function connect(
	port: number,
	options: IClientOptions = {},
	onMessage: (topic: string, payload: string) => void = () => undefined,
): Promise<MqttClient> {
	const client = mqtt.connect({
		host: "localhost",
		port,
		reconnectPeriod: 0,
		connectTimeout: PATIENCE_MS,
		...options,
	});
	clients.add(client);
	client.on("message", (topic, payload) => onMessage(topic, payload.toString()));
	return new Promise((resolve, reject) => {
		client.once("connect", () => resolve(client));
		client.on("error", reject);
		client.once("close", () => reject(new Error("closed")));
	});
}

/** SHA-256 of the certificate that a broker serves, as node:crypto prints it. */
export function servedCertificate(port: number): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = tls.connect({ port, host: "localhost", rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate().fingerprint256);
			socket.end();
		});
		socket.on("error", reject);
	});
}

/** Of tests that run as root, and of what broker/acl lets all nodes hear. */
const KNOWN = [
	"Mosquitto should not be run as root/administrator.",
	"Warning: ACL pattern 'fieldmote/all/+/set' does not contain '%c' or '%u'.",
	"Warning: ACL pattern 'homeassistant/status' does not contain '%c' or '%u'.",
];

/** Lines of a log that complain, but for the known ones. */
export function complaints(log: string): string[] {
	const lines = log.split("\n").filter((line) => /error|warning/i.test(line));
	return lines.filter((line) => !KNOWN.some((known) => line.endsWith(known)));
}

/** Waits until `look` gives something. */
export async function eventually<T>(
	what: string,
	look: () => T | undefined,
	patienceMs = PATIENCE_MS,
): Promise<T> {
	const endMs = Date.now() + patienceMs;
	for (;;) {
		const found = look();
		if (found !== undefined) return found;
		if (Date.now() > endMs) throw new Error(`${what}: not within ${patienceMs} ms`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}
