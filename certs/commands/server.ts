/**
 * `fieldmote certs server`: a broker's key and certificate. Always holds: a certificate for other
 * names is not replaced, and a key not at all, unless that is asked for.
 */

import { existsSync } from "node:fs";
import { readWords, UsageError } from "../../host-sim/words";
import { type Command, type CommandContext, readDays } from "../command";
import { dayOf } from "../image";
import { checkServerNames } from "../names";
import { loadAuthority } from "../signing/authorities";
import { issueServer, namesOf } from "../signing/issue";
import { readCertificate, readKey, type Store, StoreError } from "../store/store";
import { takeOver } from "../store/take-over";

export const server: Command = {
	what: "a broker's key and certificate, for names and IPv4 addresses",
	help: `usage: npm run certs -- server NAME… [options]

Makes the key and the certificate of a broker. Give every name and IPv4 address under which boards
and other clients reach it; a board compares what stands in its site with these and nothing else.
*.example.com stands for one label. IPv6 addresses are refused: boards do not compare them.
The first name is that of the folder in brokers/.

  --key p256|rsa     kind of a new key (default: p256, half the memory in a board's handshake)
  --days N           how long it is good (default: 730)
  --new-key          a new key; the one before goes to retired/
  --force            issue anew, also for other names; the key stays
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- server broker.lan 192.168.1.10
  npm run certs -- server broker.lan 192.168.1.11 --force
  npm run certs -- server mqtt.example.com --key rsa --days 365
`,
	run,
};

const KINDS = { p256: "P-256", rsa: "RSA" } as const;

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, {
		key: "text",
		days: "text",
		"new-key": "flag",
		force: "flag",
	});
	const { store, nowMs, say } = context;
	const names = checkServerNames(given.names);
	if (names.length === 0) throw new UsageError("server: needs a name, such as broker.lan");
	const kind = given.text("key") ?? "p256";
	if (kind !== "p256" && kind !== "rsa") throw new UsageError(`--key ${kind}: p256 or rsa`);
	const days = readDays(given.text("days"));
	takeOver(store, nowMs);
	const files = store.server(names[0] as string);
	const newKey = given.has("new-key");
	if (existsSync(files.chain) && !newKey && !given.has("force")) {
		sayPresent(context, names, given.text("key"));
		return;
	}
	if (existsSync(files.key) && !newKey) checkKind(store, files.key, given.text("key"));
	const authority = await loadAuthority(store, store.brokerCa);
	await issueServer(store, names, { nowMs, days, newKey, keyKind: KINDS[kind], authority });
	const leaf = readCertificate(files.chain);
	say(`made ${store.shown(files.chain)} for ${names.join(", ")}, valid until ${dayOf(leaf)}`);
	for (const line of mosquittoLines(store, files)) say(line);
}

/** Where the configurations in broker/ have them; Mosquitto may not read the store itself. */
const AT_MOSQUITTO = "/etc/mosquitto/certs";

/** What to paste, and the lines for mosquitto.conf. */
function mosquittoLines(
	store: Store,
	files: { readonly chain: string; readonly key: string },
): string[] {
	const quoted = (path: string) => {
		const shown = store.shown(path);
		return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
	};
	const lists = `${quoted(store.deviceCa.certificate)} ${quoted(store.deviceCrl)}`;
	return [
		"Give them to Mosquitto (docs/brokers.md):",
		`  sudo install -o mosquitto -m 644 ${quoted(files.chain)} ${AT_MOSQUITTO}/`,
		`  sudo install -o mosquitto -m 600 ${quoted(files.key)} ${AT_MOSQUITTO}/`,
		`  sudo install -m 644 ${lists} ${AT_MOSQUITTO}/`,
		"In its configuration:",
		`  certfile ${AT_MOSQUITTO}/fullchain.pem`,
		`  keyfile ${AT_MOSQUITTO}/privkey.pem`,
		`  cafile ${AT_MOSQUITTO}/device-ca.pem`,
		`  crlfile ${AT_MOSQUITTO}/device-crl.pem`,
		`Programs that connect to it (bridge_cafile, --cafile): ${store.shown(store.brokerCas)}`,
	];
}

/** Says what there is; throws where it is not what was asked for. */
function sayPresent(
	{ store, nowMs, say }: CommandContext,
	names: readonly string[],
	kind: string | undefined,
): void {
	const files = store.server(names[0] as string);
	const leaf = readCertificate(files.chain);
	const shown = store.shown(files.chain);
	const present = namesOf(leaf);
	if ([...present].sort().join() !== [...names].sort().join()) {
		throw new StoreError(
			`${shown}: is for ${present.join(", ")}; --force issues it anew for ${names.join(", ")}`,
		);
	}
	checkKind(store, files.key, kind);
	if (Date.parse(leaf.validTo) <= nowMs) {
		throw new StoreError(`${shown}: ended on ${dayOf(leaf)}; --force issues it anew`);
	}
	say(`${shown}: is there, valid until ${dayOf(leaf)}; nothing made (--force issues it anew)`);
}

function checkKind(store: Store, path: string, kind: string | undefined): void {
	if (kind === undefined || !existsSync(path)) return;
	const present = readKey(path).asymmetricKeyType === "rsa" ? "rsa" : "p256";
	if (present === kind) return;
	throw new StoreError(`${store.shown(path)}: is ${present}; --new-key replaces it`);
}
