/**
 * `fieldmote certs init`: the authorities. Always holds: without --force nothing that is there is
 * touched, and with it everything is moved to retired/ first.
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { readWords, UsageError } from "../../host-sim/words";
import type { Command, CommandContext } from "../command";
import { dayOf } from "../image";
import { ensureAuthorities } from "../signing/authorities";
import { writeRevocationLists } from "../signing/revocation";
import { readCertificate } from "../store/store";
import { takeOver } from "../store/take-over";
import { checkRevocationLists } from "./check-lists";

export const init: Command = {
	what: "makes two authorities: one signs brokers, one signs devices",
	help: `usage: npm run certs -- init [--force]

Makes the authority for brokers, its successor, the authority for devices and its empty revocation
list. What is there already stays; what is missing is made.

  --force            begin anew: everything there is moved to retired/ first. Boards that carry
                     the old authorities accept no broker of the new ones.
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- init
  npm run certs -- init --directory /media/stick/certs
`,
	run,
};

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const { names, has } = readWords(words, { force: "flag" });
	if (names.length > 0) throw new UsageError(`init: takes no word, not "${names[0]}"`);
	const { store, nowMs, say } = context;
	if (has("force")) moveAway(context);
	for (const name of takeOver(store, nowMs)) say(`${name}: taken over from the layout before`);
	const made = await ensureAuthorities(store, nowMs);
	if (!made.includes(store.deviceCrl) && (await mendLists(context))) made.push(store.deviceCrl);
	for (const path of made) {
		const until = path.endsWith("crl.pem") ? "" : ` valid until ${dayOf(readCertificate(path))}`;
		say(`made ${store.shown(path)}${until}`);
	}
	if (made.length === 0) {
		const { brokerCa } = store;
		const until = dayOf(readCertificate(brokerCa.certificate));
		say(`${store.shown(store.directory)}: is complete, nothing made; valid until ${until}`);
		return;
	}
	const cas = store.shown(store.brokerCas);
	say(`${cas}: for programs (bridges, dashboards, mosquitto_sub); boards have theirs in the image`);
	say("Keep a copy of the folder in a safe place: who has the keys can pose as broker or board.");
	const key = store.shown(store.brokerCaNext.key);
	say(`${key} is for a rotation only, and best kept elsewhere alone (docs/certificates.md).`);
}

/** @returns whether the lists were not as they should be, and were written anew */
async function mendLists({ store, nowMs }: CommandContext): Promise<boolean> {
	// Whoever signs elsewhere makes the lists there.
	if (!existsSync(store.deviceCa.key)) return false;
	let isWrong = false;
	await checkRevocationLists(store, nowMs, 0, () => {
		isWrong = true;
	});
	if (isWrong) await writeRevocationLists(store, nowMs);
	return isWrong;
}

function moveAway({ store, nowMs, say }: CommandContext): void {
	const { brokerCa, brokerCaNext, deviceCa, deviceCaNext } = store;
	const paths = [
		...Object.values(brokerCa),
		...Object.values(brokerCaNext),
		...Object.values(deviceCa),
		...Object.values(deviceCaNext),
		store.brokerCas,
		store.deviceCrl,
		store.ledger,
		join(store.directory, "brokers"),
		join(store.directory, "devices"),
	].filter((path) => existsSync(path));
	if (paths.length === 0) return;
	const day = new Date(nowMs).toISOString().slice(0, 10);
	let folder = join(store.retired, `store-${day}`);
	for (let count = 2; existsSync(folder); count++) {
		folder = join(store.retired, `store-${day}-${count}`);
	}
	store.makeFolder(folder);
	for (const path of paths) store.retire(path, join(basename(folder), basename(path)));
	say(`moved what was there to ${store.shown(folder)}`);
}
