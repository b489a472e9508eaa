/**
 * The simulator's command line: words in, a checked record or a UsageError out. Always holds: an
 * error says which option, which value and what is allowed; no error shows a password. Files are
 * not opened here but for the question whether they are there.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Endpoint, type OptionKinds, readWords, UsageError } from "../words";
import { parseWorldOptions, WORLD_HELP, WORLD_OPTIONS, type WorldChoices } from "./world-options";

/** A certificate or a key is smaller by far. */
const FILE_LIMIT_BYTES = 1 << 20;
/** As the firmware's configuration. */
const BROKER_LIMIT = 4;
/** [MQTT-1.5.3] allows more, the firmware's configuration does not. */
const TEXT_LIMIT = 255;

export interface BrokerEndpoint extends Endpoint {
	readonly secure: boolean;
}

export interface StartOptions {
	/** In the order in which they are tried; none: the embedded one. All over TLS, or none. */
	readonly brokers: readonly BrokerEndpoint[];
	/** Absolute paths. */
	readonly ca: readonly string[];
	readonly cert: string | undefined;
	readonly key: string | undefined;
	readonly username: string | undefined;
	readonly passwordFile: string | undefined;
	readonly password: string | undefined;
	/** Undefined: the embedded one. */
	readonly ntp: Endpoint | undefined;
	readonly board: string;
	readonly boardFile: object;
	/** Somebody asked for this board or this world, and wants to see it. */
	readonly showsBoard: boolean;
	readonly world: WorldChoices;
	readonly node: string;
	readonly profile: string;
	readonly once: boolean;
	readonly verbose: boolean;
	readonly help: boolean;
}

const OPTIONS: OptionKinds = {
	broker: "texts",
	ca: "texts",
	cert: "text",
	key: "text",
	username: "text",
	"password-file": "text",
	ntp: "text",
	board: "text",
	node: "text",
	profile: "text",
	once: "flag",
	verbose: "flag",
	help: "flag",
	...WORLD_OPTIONS,
};

const PROFILES = ["node", "demo"];

export const HELP = `usage: npm start -- [options]      or: fieldmote start [options]

Runs the firmware on a simulated board. Without options: with a broker (MQTT over TLS) and an NTP
server of its own, on loopback. Ctrl-C ends it.

  --broker URL          mqtts://host[:8883] or mqtt://host[:1883], instead of the embedded broker;
                        up to four times, all of one kind: tried in turn after a failure
  --ca FILE             CA certificate of that broker, PEM or DER; may be given several times
  --cert FILE           the board's certificate, and
  --key FILE            its RSA key, for a broker that asks for one; PEM or DER, not encrypted
  --username NAME       user name at the broker
  --password-file FILE  file whose first line is the password
  --ntp HOST[:PORT]     NTP server, instead of the embedded one
  --board NAME          one of boards/ (default: host)
  --node ID             id of the node, 1 to 32 of a-z, 0-9 and - (default: sim-1)
  --profile NAME        node or demo (default: node)
${WORLD_HELP}
  --once                end after the first report that the broker has taken (exit code 0) or the
                        first failure (exit code 1; 2 for a configuration that is wrong)
  --verbose             show what the broker and the pins see, too
  --help                this text

With a board or a site, keys press its buttons and a colon begins an order (? lists both); without
a terminal orders are lines on stdin. All of it: docs/simulator.md.

Examples:
  npm start
  npm start -- --verbose --node greenhouse-1
  npm start -- --broker mqtts://broker.example --ca ca.pem --username me --password-file secret.txt
  npm start -- --broker mqtts://broker.example --ca ca.pem --cert node.pem --key node.key
  npm start -- --broker mqtt://10.0.0.1 --broker mqtt://10.0.0.2
  npm start -- --ntp pool.ntp.org --once
  npm start -- --board sonoff-basic-r2
  npm start -- --board nodemcu-v2 --site site.example.json --seed 7
`;

/**
 * Reads the command line.
 * @param words what follows the command
 * @param root the checkout, for boards/
 */
export function parseStartOptions(words: readonly string[], root: string): StartOptions {
	const given = readWords(words, OPTIONS);
	if (given.names.length > 0) {
		throw new UsageError(`unexpected word "${given.names[0]}": options begin with --`);
	}
	const path = (name: "cert" | "key" | "password-file") => {
		const value = given.text(name);
		return value === undefined ? undefined : checkFile(name, value);
	};
	const ntp = given.text("ntp");
	const passwordFile = path("password-file");
	const board = given.text("board") ?? "host";
	const options: StartOptions = {
		brokers: given.texts("broker").map(parseBroker),
		ca: given.texts("ca").map((value) => checkFile("ca", value)),
		cert: path("cert"),
		key: path("key"),
		username: given.text("username"),
		passwordFile,
		password: passwordFile === undefined ? undefined : readPassword(passwordFile),
		ntp: ntp === undefined ? undefined : parseEndpoint("ntp", ntp, ntp, 123),
		board,
		boardFile: readBoard(board, root),
		showsBoard: ["board", ...Object.keys(WORLD_OPTIONS)].some((name) => given.has(name)),
		world: parseWorldOptions(given),
		node: given.text("node") ?? "sim-1",
		profile: given.text("profile") ?? "node",
		once: given.has("once"),
		verbose: given.has("verbose"),
		help: given.has("help"),
	};
	check(options);
	return options;
}

function check(options: StartOptions): void {
	const { brokers, ca, cert, key } = options;
	const secure = brokers.filter((broker) => broker.secure).length;
	if (brokers.length > BROKER_LIMIT || (secure > 0 && secure < brokers.length)) {
		throw new UsageError(`--broker: at most ${BROKER_LIMIT}, all mqtts:// or all mqtt://`);
	}
	if (!/^[a-z0-9-]{1,32}$/.test(options.node)) {
		throw new UsageError(`--node "${options.node}": must be 1 to 32 of a-z, 0-9 and -`);
	}
	if (!PROFILES.includes(options.profile)) {
		throw new UsageError(`--profile "${options.profile}": must be one of ${PROFILES.join(", ")}`);
	}
	const files = [ca.length > 0 && "--ca", cert && "--cert", key && "--key"].filter(Boolean);
	if (files.length > 0 && secure === 0) {
		throw new UsageError(`${files[0]}: only of use with --broker mqtts://…`);
	}
	if (secure > 0 && ca.length === 0) {
		throw new UsageError("--broker mqtts://…: needs --ca FILE, the CA that vouches for the broker");
	}
	if ((cert === undefined) !== (key === undefined)) {
		throw new UsageError(cert === undefined ? "--key: needs --cert" : "--cert: needs --key");
	}
	// [MQTT-3.1.2-22]: no password without a user name.
	if (options.password !== undefined && options.username === undefined) {
		throw new UsageError("--password-file: needs --username");
	}
	if ((options.username?.length ?? 0) > TEXT_LIMIT) {
		throw new UsageError(`--username: must have at most ${TEXT_LIMIT} characters`);
	}
}

function parseBroker(text: string): BrokerEndpoint {
	const match = /^(mqtts?):\/\/([^/]*)\/?$/.exec(text);
	// What is in front of an @ may be a password.
	if (text.includes("@")) {
		throw new UsageError("--broker: no user in the URL; give --username and --password-file");
	}
	if (match === null) {
		throw new UsageError(
			`--broker "${text}": must be mqtt://host[:port] or mqtts://host[:port], nothing after it`,
		);
	}
	const secure = match[1] === "mqtts";
	return { secure, ...parseEndpoint("broker", text, match[2], secure ? 8883 : 1883) };
}

function parseEndpoint(name: string, given: string, text: string, port: number): Endpoint {
	const match = /^([A-Za-z0-9]([A-Za-z0-9.-]{0,198}[A-Za-z0-9.])?)(?::(.*))?$/.exec(text);
	if (match === null || match[1].includes("..")) {
		throw new UsageError(`--${name} "${given}": host must be a name or an IPv4 address`);
	}
	const digits = match[3];
	if (digits === undefined) return { host: match[1], port };
	const number = Number(digits);
	if (!/^\d+$/.test(digits) || number < 1 || number > 65_535) {
		throw new UsageError(`--${name} "${given}": port must be 1 to 65535, not "${digits}"`);
	}
	return { host: match[1], port: number };
}

function checkFile(name: string, value: string): string {
	const path = resolve(value);
	let reason = "";
	try {
		const status = statSync(path);
		if (!status.isFile()) reason = "is no file";
		else if (status.size > FILE_LIMIT_BYTES) reason = "is too large, 1 MiB at most";
	} catch (error) {
		reason = (error as NodeJS.ErrnoException).code === "EACCES" ? "not readable" : "no such file";
	}
	if (reason !== "") throw new UsageError(`--${name} ${value}: ${reason}`);
	return path;
}

function readPassword(path: string): string {
	let line: string;
	try {
		const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
		line = decoder.decode(readFileSync(path)).split(/\r?\n/, 1)[0];
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const reason = code === "EACCES" ? "not readable" : "the first line is not UTF-8";
		throw new UsageError(`--password-file ${path}: ${reason}`);
	}
	if (/^\ufeff|\0/.test(line)) {
		throw new UsageError(`--password-file ${path}: the first line has a byte order mark or NUL`);
	}
	if (line === "") throw new UsageError(`--password-file ${path}: the first line is empty`);
	if (Buffer.byteLength(line) > 255) {
		throw new UsageError(`--password-file ${path}: the first line has more than 255 bytes`);
	}
	return line;
}

function readBoard(name: string, root: string): object {
	const folder = join(root, "boards");
	const names = readdirSync(folder)
		.filter((file) => file.endsWith(".json") && file !== "schema.json")
		.map((file) => file.slice(0, -5));
	if (!names.includes(name)) {
		throw new UsageError(`--board "${name}": must be one of ${names.sort().join(", ")}`);
	}
	const path = join(folder, `${name}.json`);
	try {
		return JSON.parse(readFileSync(path, "utf8")) as object;
	} catch (error) {
		throw new UsageError(`${path}: is no JSON: ${(error as Error).message}`);
	}
}
