/**
 * `fieldmote certs probe`: tries a broker with the firmware's own TLS client and certificate rules,
 * and says for each rule whether it holds and what to change at the broker. Exit codes: 0 all rules
 * hold, 1 one fails, 2 wrong use, 130 by Ctrl-C. Always holds: no user name and no password is sent
 * to anybody; a client certificate goes to a broker that the firmware trusts, and to nobody else.
 */

import { existsSync } from "node:fs";
import { relative } from "node:path";
import { readCredentials } from "../../host-sim/key-files";
import { readWords, UsageError } from "../../host-sim/words";
import type { CommandContext } from "../command";
import { authorityPath } from "../signing/further";
import { RECORD_BYTES } from "../signing/record-bytes";
import { refuseUnreadable } from "../store/folders";
import { printable } from "../store/printable";
import type { Store } from "../store/store";
import { loadFirmware } from "./load";
import { isGood, jsonOf, type Report, tableOf } from "./report";
import { judge } from "./rules";
import { surveyBroker, type Target } from "./survey";

const DEFAULT_PORT = 8883;
const LIMIT_S = 10;
const EXIT_BY_SIGNAL = 130;

export const PROBE_HELP = `usage: npm run certs -- probe mqtts://HOST[:PORT] [options]

Tries a broker with the firmware's own TLS client and certificate rules. Says for each rule whether
it holds, and what to change at the broker where it does not. Sends no user name and no password.

  --ca FILE            CA that boards trust, PEM or DER, or "letsencrypt" (ISRG Root X1); may be
                       given several times (default: the brokers' CAs of the store)
  --cert FILE          a device's certificate, and
  --key FILE           its RSA key, for a broker that asks for one
  --name NAME          name or IPv4 address that the certificate must be for (default: HOST)
  --record-bytes N     longest TLS record that a board takes, to 16384 (default: ${RECORD_BYTES})
  --timeout SECONDS    for each connection, 1 to 120 (default: ${LIMIT_S})
  --json               the result as JSON
  --directory DIR      another store than certs/generated

Exit codes: 0 all rules hold, 1 one fails, 2 wrong use, 130 by Ctrl-C.

Examples:
  npm run certs -- probe mqtts://broker.example
  npm run certs -- probe mqtts://192.168.1.10:8883 --ca ca.pem --name broker.example
  npm run certs -- probe mqtts://broker.example --cert node.pem --key node.key --json
`;

const OPTIONS = {
	ca: "texts",
	cert: "text",
	key: "text",
	name: "text",
	"record-bytes": "text",
	timeout: "text",
	json: "flag",
} as const;

/**
 * Runs the command with the words that followed it, and sets the exit code.
 * @throws UsageError for wrong use
 */
export async function runProbe(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, OPTIONS);
	const [url, ...more] = given.names;
	if (url === undefined) throw new UsageError("which broker? mqtts://HOST[:PORT]; see --help");
	if (more.length > 0) throw new UsageError(`unexpected word "${more[0]}"; one broker at a time`);
	const { host, port } = parseUrl(url);
	const named = given.texts("ca").map(authorityPath);
	const ca = named.length > 0 ? named : authoritiesOf(context.store);
	const [cert, key] = [given.text("cert"), given.text("key")];
	if ((cert === undefined) !== (key === undefined)) {
		throw new UsageError(cert === undefined ? "--key: needs --cert" : "--cert: needs --key");
	}
	const name = given.text("name") ?? host;
	if (!isHost(name)) throw new UsageError(`--name "${name}": must be a name or an IPv4 address`);
	const target: Target = {
		host,
		port,
		name,
		credentials: readCredentials({ ca, cert, key }),
		recordBytes: numberOf("record-bytes", given.text("record-bytes"), RECORD_BYTES, 1024, 16_384),
		nowMs: context.nowMs,
		limitMs: numberOf("timeout", given.text("timeout"), LIMIT_S, 1, 120) * 1000,
	};
	// Nothing was begun that has to be finished.
	const stop = () => process.exit(EXIT_BY_SIGNAL);
	process.on("SIGINT", stop);
	const report = await probe(target, ca).finally(() => process.off("SIGINT", stop));
	process.stdout.write(printable(given.has("json") ? jsonOf(report) : tableOf(report)));
	process.exitCode = isGood(report) ? 0 : 1;
}

/** Asks a broker, and judges. */
export async function probe(target: Target, ca: readonly string[]): Promise<Report> {
	const firmware = await loadFirmware();
	try {
		const survey = await surveyBroker(firmware, target);
		const rules = judge(firmware, target, survey);
		const { attempt } = survey;
		const reason = attempt?.isTrusted === false ? attempt.reason : "";
		return { target, authorities: ca.map(shown), reason, rules };
	} finally {
		await firmware.close();
	}
}

function authoritiesOf({ directory, brokerCa, brokerCaNext }: Store): string[] {
	refuseUnreadable(directory);
	return [brokerCa.certificate, brokerCaNext.certificate].filter((path) => existsSync(path));
}

function shown(path: string): string {
	const short = relative(process.cwd(), path);
	return short.startsWith("..") ? path : short;
}

function parseUrl(text: string): { host: string; port: number } {
	if (text.includes("@")) throw new UsageError("no user in the URL: a probe sends none");
	if (/^mqtt:\/\//.test(text)) {
		throw new UsageError(`"${text}": a probe is about TLS: mqtts://HOST[:PORT]`);
	}
	const match = /^mqtts:\/\/([^/:]*)(?::([^/]*))?\/?$/.exec(text);
	if (match === null || !isHost(match[1] ?? "")) {
		const rule = "HOST is a name or an IPv4 address, with nothing after the port";
		throw new UsageError(`"${text}": must be mqtts://HOST[:PORT]; ${rule}`);
	}
	const digits = match[2] ?? `${DEFAULT_PORT}`;
	const port = Number(digits);
	if (!/^\d+$/.test(digits) || port < 1 || port > 65_535) {
		throw new UsageError(`"${text}": port must be 1 to 65535, not "${digits}"`);
	}
	return { host: match[1] as string, port };
}

function isHost(text: string): boolean {
	return /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9.])?$/.test(text) && !text.includes("..");
}

function numberOf(
	option: string,
	text: string | undefined,
	standard: number,
	least: number,
	most: number,
): number {
	if (text === undefined) return standard;
	const number = Number(text);
	if (/^\d+$/.test(text) && number >= least && number <= most) return number;
	throw new UsageError(`--${option} "${text}": must be a whole number from ${least} to ${most}`);
}
