/**
 * The command line of `fieldmote broker`: words in, a checked record or a UsageError out. Always
 * holds: an error says which word and what is allowed. Opens no file.
 */

import { isIPv4 } from "node:net";
import { hasOwnRights } from "../certs/names";
import { isId } from "../firmware/topics";
import { nearest } from "../host-sim/nearest.mjs";
import { type Endpoint, type OptionKinds, readWords, UsageError } from "../host-sim/words";
import { CONFIGURATIONS, type Configuration, findConfiguration } from "./configurations";

export interface BrokerOptions {
	/** At least one, but with help or list. */
	readonly configurations: readonly Configuration[];
	/** Name of a configuration → its port. */
	readonly ports: Readonly<Record<string, number>>;
	readonly address: string;
	readonly upstream: Endpoint;
	/** Id of the node to try with. */
	readonly node: string;
	/** Undefined: certs/generated. */
	readonly directory: string | undefined;
	readonly verbose: boolean;
	readonly list: boolean;
	readonly help: boolean;
}

const OPTIONS: OptionKinds = {
	port: "text",
	address: "text",
	upstream: "text",
	node: "text",
	directory: "text",
	verbose: "flag",
	list: "flag",
	help: "flag",
};

const NAMES = CONFIGURATIONS.map(({ name }) => name);
const UPSTREAM: Endpoint = { host: "localhost", port: 8883 };

/** One line for each configuration. */
export const LIST = CONFIGURATIONS.map(({ name, port, what }) => {
	return `  ${name.padEnd(11)} ${port}  ${what}`;
}).join("\n");

export const HELP = `usage: npm run broker -- NAME… [options]
   or: fieldmote broker NAME… [options]

Runs Mosquitto in the foreground with one of the configurations in broker/, websockets also beside
another, and prints lines to try it with. Certificates and passwords are made below certs/generated
where they are missing; sessions are kept there. Ctrl-C ends it.

${LIST}

  --port PORT           another port; with one NAME
  --address IPV4        listen there instead of 127.0.0.1, for boards; the certificate gets it
  --upstream HOST:PORT  for bridge, instead of localhost:8883
  --node ID             a node that gets a password or a certificate (default: sim-1)
  --directory FOLDER    instead of certs/generated
  --verbose             log every packet
  --list                the names
  --help                this text

Examples:
  npm run broker -- plain
  npm run broker -- tls websockets
  npm run broker -- tls --address 192.168.1.20 --node greenhouse-1
  npm run broker -- mutual          and in another terminal:  npm run broker -- bridge
`;

/** Reads the command line: what follows the command. */
export function parseBrokerOptions(words: readonly string[]): BrokerOptions {
	const { names, has, text } = readWords(words, OPTIONS);
	const isAsking = has("help") || has("list");
	const configurations = [...new Set(names)].map(checkName);
	if (configurations.length === 0 && !isAsking) {
		throw new UsageError(`which one? ${NAMES.join(", ")}; see --help`);
	}
	return {
		configurations,
		ports: checkPorts(configurations, text("port")),
		address: checkAddress(text("address")),
		upstream: checkUpstream(configurations, text("upstream")),
		node: checkNode(text("node")),
		directory: text("directory"),
		verbose: has("verbose"),
		list: has("list"),
		help: has("help"),
	};
}

function checkName(word: string): Configuration {
	const name = word.replace(/\.conf$/, "");
	const found = findConfiguration(name);
	if (found !== undefined) return found;
	const right = nearest(name, NAMES);
	const hint = right === "" ? `one of ${NAMES.join(", ")}` : `did you mean "${right}"?`;
	throw new UsageError(`no configuration "${word}"; ${hint}`);
}

function checkPorts(
	configurations: readonly Configuration[],
	given: string | undefined,
): Record<string, number> {
	if (given !== undefined && configurations.length !== 1) {
		throw new UsageError("--port: with one NAME only");
	}
	const [one, two] = configurations.filter(({ forBrowsers }) => !forBrowsers);
	if (one !== undefined && two !== undefined) {
		throw new UsageError(
			`${one.name} and ${two.name} cannot stand in one Mosquitto: one of them, and websockets`,
		);
	}
	return Object.fromEntries(
		configurations.map(({ name, port }) => {
			return [name, given === undefined ? port : checkPort("port", given)];
		}),
	);
}

function checkPort(option: string, text: string): number {
	const port = Number(text);
	if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
	throw new UsageError(`--${option} "${text}": a port is 1 to 65535`);
}

function checkAddress(text = "127.0.0.1"): string {
	if (!isIPv4(text)) throw new UsageError(`--address "${text}": must be an IPv4 address`);
	return text;
}

function checkNode(text = "sim-1"): string {
	if (!isId(text)) throw new UsageError(`--node "${text}": must be 1 to 32 of a-z, 0-9 and -`);
	if (!hasOwnRights(text)) return text;
	throw new UsageError(`--node ${text}: is a user in broker/acl, and would have its rights`);
}

function checkUpstream(
	configurations: readonly Configuration[],
	text: string | undefined,
): Endpoint {
	if (text === undefined) return UPSTREAM;
	if (!configurations.some(({ hasUpstream }) => hasUpstream)) {
		throw new UsageError("--upstream: for bridge only");
	}
	const match = /^([A-Za-z0-9][A-Za-z0-9.-]{0,199})(?::([^/]*))?$/.exec(text);
	if (match === null) throw new UsageError(`--upstream "${text}": must be HOST or HOST:PORT`);
	const [, host = "", port = String(UPSTREAM.port)] = match;
	return { host, port: checkPort("upstream", port) };
}
