/**
 * Puts configurations of this folder below a main configuration like Debian's, somewhere else than
 * in /etc/mosquitto: paths, ports and addresses are replaced, and nothing else. Always holds: what
 * is run is the file that a user copies, line by line; a path that nobody has replaced is an error.
 * Must not know certificates or passwords.
 */

import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../host-sim/words";

/** What is run, and where. */
export interface Staging {
	/** This folder: NAME.conf and acl. */
	readonly source: string;
	/** Takes the place of /etc/mosquitto and /var/lib/mosquitto; its state stays. */
	readonly folder: string;
	/** Name of a configuration → its port. */
	readonly ports: Readonly<Record<string, number>>;
	/** IPv4 address to listen on. */
	readonly address: string;
	/** Path as Debian has it → path here. */
	readonly paths: Readonly<Record<string, string>>;
	/** For bridge.conf. */
	readonly upstream?: Endpoint;
	/** Log every packet. */
	readonly verbose?: boolean;
	/** More lines for the main configuration. */
	readonly more?: readonly string[];
}

/** Writes it down. @returns the path of the main configuration */
export function stage(staging: Staging): string {
	const { source, folder, ports, address, verbose = false, more = [] } = staging;
	const at = (name: string) => join(folder, name);
	mkdirSync(at("conf.d"), { recursive: true, mode: 0o700 });
	mkdirSync(at("state"), { recursive: true, mode: 0o700 });
	chmodSync(folder, 0o700);
	// What an earlier run has put there would run too.
	for (const name of readdirSync(at("conf.d"))) rmSync(join(at("conf.d"), name));
	const main = [
		// As root Mosquitto becomes a user who may not read our files.
		...(process.getuid?.() === 0 ? ["user root"] : []),
		// From here as Debian's, but for the paths and for where the log goes.
		`pid_file ${at("mosquitto.pid")}`,
		"persistence true",
		`persistence_location ${at("state")}/`,
		// Not stdout, which waits for 4 KB on a pipe.
		"log_dest stderr",
		"log_timestamp_format %H:%M:%S",
		...(verbose ? ["log_type all"] : []),
		...more,
		`include_dir ${at("conf.d")}`,
	];
	writeFileSync(at("mosquitto.conf"), `${main.join("\n")}\n`);
	for (const name of Object.keys(ports)) {
		const text = readFileSync(join(source, `${name}.conf`), "utf8");
		const place = /^protocol websockets$/m.test(text) ? interfaceOf(address) : address;
		const lines = text.split("\n").map((line) => replaceLine(line, name, { ...staging, place }));
		writeFileSync(join(at("conf.d"), `${name}.conf`), lines.join("\n"));
	}
	return at("mosquitto.conf");
}

/** Mosquitto 2.0.11 takes no address for WebSocket, but an interface's name; "": all of them. */
function interfaceOf(address: string): string {
	const found = Object.entries(networkInterfaces()).find(([, addresses]) => {
		return addresses?.some((one) => one.address === address);
	});
	return found?.[0] ?? "";
}

function replaceLine(
	line: string,
	name: string,
	staging: Staging & { readonly place: string },
): string {
	const [option = "", value = ""] = line.split(" ");
	if (option.startsWith("#")) return line;
	// Relative to the folder: a socket's whole path may have 107 bytes only.
	if (option === "listener" && value === "0") return "listener 0 mosquitto.sock";
	if (option === "listener") return `listener ${staging.ports[name]} ${staging.place}`.trimEnd();
	if (option === "address" && staging.upstream !== undefined) {
		return `address ${staging.upstream.host}:${staging.upstream.port}`;
	}
	if (!value.startsWith("/")) return line;
	const path = staging.paths[value];
	if (path === undefined) throw new Error(`${name}.conf: nothing stands for ${value} here`);
	return `${option} ${path}`;
}
