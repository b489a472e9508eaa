/**
 * `fieldmote certs device`: a board's key, its certificate and the folder for its image. Always
 * holds: a key that is there is kept unless a new one is asked for; running it again brings the
 * image's authorities up to date and nothing else.
 */

import { existsSync } from "node:fs";
import { isId } from "../../firmware/topics";
import { readWords, UsageError, type Words } from "../../host-sim/words";
import { type Command, type CommandContext, readDays } from "../command";
import { dayOf } from "../image";
import { hasOwnRights } from "../names";
import { loadAuthority } from "../signing/authorities";
import { authorityPath, readFurtherAuthority } from "../signing/further";
import { type DeviceOptions, ensureDevice } from "../signing/issue";
import { type Ledger, readLedger } from "../store/ledger";
import { readBounded, readCertificate, StoreError } from "../store/store";
import { takeOver } from "../store/take-over";
import { ensureDevices, numberedIds } from "./fleet";

export const device: Command = {
	what: "a board's key, certificate and the files for its image; --count for many",
	help: `usage: npm run certs -- device ID… [options]
       npm run certs -- device PREFIX --count N [options]
       npm run certs -- device --all [options]

Makes the key (RSA 2048, the only kind that a board signs with) and the certificate of each board;
its common name is the node's id. What goes into the image is devices/<id>/image: the brokers'
authority, its successor, certificate and key. "npm run device -- --node ID" takes it from there.
Who is there already keeps key and certificate; its image gets the authorities of today.

  --count N          PREFIX-0001 and on, N of them; stopped and started again, it goes on
  --all              bring the images of all devices up to date
  --authority FILE   a further authority that the boards take a broker's certificate from;
                     "letsencrypt" is ISRG Root X1
  --days N           how long a new certificate is good (default: 3650)
  --new-key          a new key and certificate; the key before goes to retired/, the board has to
                     be flashed
  --force            replace a further authority by another
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- device greenhouse-1
  npm run certs -- device greenhouse-1 --authority letsencrypt
  npm run certs -- device shed --count 1000
`,
	run,
};

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const given = readWords(words, {
		count: "text",
		all: "flag",
		authority: "text",
		days: "text",
		"new-key": "flag",
		force: "flag",
	});
	const { store, nowMs, say } = context;
	takeOver(store, nowMs);
	const ledger = readLedger(store);
	const ids = readIds(given, context).filter((id) => {
		return !given.has("all") || !isRevoked(context, ledger, id);
	});
	const further = await readFurther(given.text("authority"), nowMs);
	if (further !== undefined && !given.has("force")) checkFurther(context, ids, further);
	const options: DeviceOptions = {
		nowMs,
		days: readDays(given.text("days")),
		newKey: given.has("new-key"),
		further,
		authority: await loadAuthority(store, store.deviceCa),
		ledger,
	};
	if (given.has("count") || given.has("all")) {
		await ensureDevices(ids, options, context);
		return;
	}
	for (const id of ids) {
		const { certificate, image } = store.device(id);
		const wasThere = existsSync(certificate);
		const state = await ensureDevice(store, id, options);
		const how = { made: "made", refreshed: "brought up to date", kept: "is there" }[state];
		const until = dayOf(readCertificate(certificate));
		const then = wasThere && state === "made" ? "; flash the board" : "";
		say(`${store.shown(image)}: ${how}; certificate for ${id} valid until ${until}${then}`);
		if (hasOwnRights(id)) say(`${id}: has rights of its own in broker/acl; for no board`);
	}
}

function readIds(given: Words, { store }: CommandContext): readonly string[] {
	const { names } = given;
	const count = given.text("count");
	if (given.has("all")) {
		if (names.length > 0 || count !== undefined) throw new UsageError("--all: no ids beside it");
		if (given.has("new-key")) throw new UsageError("--new-key: for ids by name, not for --all");
		return store.devices();
	}
	const [first] = names;
	if (first === undefined) throw new UsageError("device: needs an id, such as greenhouse-1");
	for (const id of names) checkId(id);
	if (count === undefined) return names;
	if (names.length > 1) throw new UsageError("--count: takes one prefix");
	if (given.has("new-key")) throw new UsageError("--new-key: for ids by name, not for --count");
	return numberedIds(first, count, new Set(store.devices()));
}

/** A revoked device keeps its files, but is none of "all". */
function isRevoked({ store, say }: CommandContext, { revoked }: Ledger, id: string): boolean {
	const { certificate } = store.device(id);
	if (!existsSync(certificate)) return false;
	if (!revoked.has(readCertificate(certificate).serialNumber)) return false;
	say(`${id}: is revoked, left out`);
	return true;
}

function checkId(id: string): void {
	if (isId(id)) return;
	const right = id.toLowerCase().replace(/[^a-z0-9]+/g, "-");
	const hint = isId(right) ? `, such as ${right}` : "";
	throw new UsageError(`"${id}": an id is 1 to 32 of a-z, 0-9 and -${hint}`);
}

async function readFurther(text: string | undefined, nowMs: number) {
	if (text === undefined) return undefined;
	return (await readFurtherAuthority(authorityPath(text), nowMs)).raw;
}

function checkFurther(context: CommandContext, ids: readonly string[], further: Uint8Array): void {
	const { store } = context;
	for (const id of ids) {
		const path = store.device(id).imageAuthorities[2];
		if (!existsSync(path) || readBounded(path).equals(further)) continue;
		throw new StoreError(`${store.shown(path)}: is another authority; --force replaces it`);
	}
}
