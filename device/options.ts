/**
 * The command line of `fieldmote device`: words in, a checked record or a UsageError out. Always
 * holds: an error says which option, which value and what is allowed; a secret is not taken from
 * the command line, where others can read it. Opens no file.
 */

import { nearest } from "../host-sim/nearest.mjs";
import { type OptionKinds, readWords, UsageError } from "../host-sim/words";

export interface DeviceOptions {
	readonly board: string;
	/** Empty: the site's. */
	readonly node: string;
	/** Undefined: the only one that there is. */
	readonly port: string | undefined;
	readonly site: string | undefined;
	/** Folder of DER files; undefined: certs/device, or made. */
	readonly credentials: string | undefined;
	/** Undefined: debug on a desktop, release on a board. */
	readonly debug: boolean | undefined;
	readonly buildOnly: boolean;
	readonly monitor: boolean;
	readonly dryRun: boolean;
	readonly verbose: boolean;
	readonly help: boolean;
	/** `name=value` for mc/config, as firmware/config.ts takes them. */
	readonly values: Readonly<Record<string, string>>;
}

const OPTIONS: OptionKinds = {
	board: "text",
	node: "text",
	port: "text",
	site: "text",
	credentials: "text",
	debug: "flag",
	release: "flag",
	"build-only": "flag",
	monitor: "flag",
	"dry-run": "flag",
	verbose: "flag",
	help: "flag",
};

const VALUES = ["ssid", "broker", "username", "ntp", "profile", "built"];
const SECRETS: Readonly<Record<string, string>> = {
	password: "wifi[].password",
	broker_password: "broker.password",
};

export const HELP = `usage: npm run device -- --board NAME --node ID [options] [name=value …]
   or: fieldmote device --board NAME --node ID [options] [name=value …]

Checks the configuration, makes or finds the certificates, builds the firmware with the Moddable
SDK's mcconfig and flashes it to a board on USB. Says what it does, step by step.

  --board NAME          one of boards/; host: for the SDK's own simulator
  --node ID             id of the node, 1 to 32 of a-z, 0-9 and - (default: the site's)
  --port PATH           serial port (default: UPLOAD_PORT, or the only one that there is)
  --site FILE           the site (default: site.json)
  --credentials FOLDER  authority.der, and certificate.der and key.der, for the image (default:
                        certs/device if there is an authority.der, otherwise made below
                        certs/generated)
  --debug, --release    with traces, or without (default: --release; host: --debug)
  --monitor             when flashed, show what the firmware traces; needs --debug
  --build-only          build, do not flash; needs no board
  --dry-run             check, and print the commands for a shell; nothing is made, built or flashed
  --verbose             show all that mcconfig prints
  --help                this text

name=value takes precedence over the site: ${VALUES.join(", ")}.
Passwords stand in the site file only: on a command line others can read them.

Examples:
  npm run device -- --board nodemcu-v2 --node greenhouse-1
  npm run device -- --board nodemcu-v2 --node greenhouse-1 --dry-run
  npm run device -- --board esp32-devkitc --node shed-1 --port /dev/ttyUSB1 --debug --monitor
  npm run device -- --board nodemcu-v2 --node shed-1 --site shed.json --build-only
  npm run device -- --board host --node desk-1 broker=mqtts://localhost ssid=any
`;

/** Reads the command line: what follows the command. */
export function parseDeviceOptions(words: readonly string[]): DeviceOptions {
	const { names, has, text } = readWords(words, OPTIONS);
	if (has("debug") && has("release")) throw new UsageError("--debug and --release: one of them");
	const options: DeviceOptions = {
		board: text("board") ?? "",
		node: text("node") ?? "",
		port: text("port"),
		site: text("site"),
		credentials: text("credentials"),
		debug: has("debug") ? true : has("release") ? false : undefined,
		buildOnly: has("build-only"),
		monitor: has("monitor"),
		dryRun: has("dry-run"),
		verbose: has("verbose"),
		help: has("help"),
		values: readValues(names),
	};
	if (!options.help) check(options);
	return options;
}

function check(options: DeviceOptions): void {
	const { board, node, port, buildOnly, monitor } = options;
	if (board === "") throw new UsageError("--board: is missing; one of boards/, see --help");
	if (node !== "" && !/^[a-z0-9-]{1,32}$/.test(node)) {
		const right = node.toLowerCase().replace(/[^a-z0-9]+/g, "-");
		const hint = /^[a-z0-9-]{1,32}$/.test(right) ? `, such as ${right}` : "";
		throw new UsageError(`--node "${node}": must be 1 to 32 of a-z, 0-9 and -${hint}`);
	}
	if (monitor && options.debug !== true) {
		throw new UsageError("--monitor: needs --debug; a release build traces nothing");
	}
	if (monitor && buildOnly) throw new UsageError("--monitor: not with --build-only");
	if (port !== undefined && buildOnly) throw new UsageError("--port: not with --build-only");
}

function readValues(words: readonly string[]): Record<string, string> {
	const values: Record<string, string> = {};
	for (const word of words) {
		const [name, value] = readValue(word);
		if (Object.hasOwn(values, name)) throw new UsageError(`${name}=…: given twice`);
		values[name] = value;
	}
	return values;
}

function readValue(word: string): [name: string, value: string] {
	const equals = word.indexOf("=");
	if (equals < 1) {
		throw new UsageError(`unexpected word "${word}": options begin with --, values are name=value`);
	}
	const name = word.slice(0, equals);
	if (Object.hasOwn(SECRETS, name)) {
		throw new UsageError(
			`${name}=…: others can read a command line; put it into the site file as ${SECRETS[name]}`,
		);
	}
	if (name === "node") throw new UsageError("node=…: use --node");
	if (!VALUES.includes(name)) {
		const right = nearest(name, VALUES);
		const hint = right === "" ? `one of ${VALUES.join(", ")}` : `did you mean ${right}=…?`;
		throw new UsageError(`${name}=…: no such value; ${hint}`);
	}
	return [name, word.slice(equals + 1)];
}
