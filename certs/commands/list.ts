/** `fieldmote certs list`: what exists, for whom, until when; as a table or as JSON. */

import { readWords, UsageError } from "../../host-sim/words";
import type { Command, CommandContext } from "../command";
import { dayOf } from "../image";
import { type Item, readInventory, subjectOf } from "../store/inventory";
import { oldFiles } from "../store/take-over";

const DAY_MS = 86_400_000;

export const list: Command = {
	what: "what exists, for whom, until when",
	help: `usage: npm run certs -- list [--json]

Lists authorities, brokers' and devices' certificates with the day on which each ends.

  --json             an array of records: kind, name, subject, from, until, daysLeft, serial,
                     revokedAt (or null), path, problem ("" when it can be read)
  --directory DIR    another store than certs/generated

Examples:
  npm run certs -- list
  npm run -s certs -- list --json | jq '.[] | select(.daysLeft < 60) | .name'
`,
	isReader: true,
	run,
};

async function run(words: readonly string[], context: CommandContext): Promise<void> {
	const { names, has } = readWords(words, { json: "flag" });
	if (names.length > 0) throw new UsageError(`list: takes no word, not "${names[0]}"`);
	const { store, nowMs, say } = context;
	const items = readInventory(store);
	if (has("json")) {
		say(
			JSON.stringify(
				items.map((item) => recordOf(item, nowMs)),
				undefined,
				"\t",
			),
		);
		return;
	}
	for (const path of oldFiles(store)) {
		say(`${store.shown(path)}: is of the layout before; "npm run certs -- init" takes it over`);
	}
	if (items.length === 0) {
		say(`${store.shown(store.directory)}: is empty; "npm run certs -- init" begins`);
		return;
	}
	const rows = items.map((item) => rowOf(item, nowMs));
	const table = [["kind", "name", "until", "days", "for"], ...rows];
	const widths = [0, 1, 2, 3].map((column) => {
		return Math.max(...table.map((row) => (row[column] ?? "").length));
	});
	for (const row of table) {
		const cells = row.map((cell, column) => {
			const width = widths[column] ?? 0;
			return column === 3 ? cell.padStart(width) : cell.padEnd(width);
		});
		say(cells.join("  ").trimEnd());
	}
}

function daysLeft({ validTo }: { readonly validTo: string }, nowMs: number): number {
	return Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
}

function rowOf(item: Item, nowMs: number): string[] {
	const { kind, name, certificate, problem, revokedAt } = item;
	if (certificate === undefined) return [kind, name, "", "", problem];
	const state = revokedAt === undefined ? "" : `, revoked ${revokedAt.slice(0, 10)}`;
	const left = String(daysLeft(certificate, nowMs));
	return [kind, name, dayOf(certificate), left, subjectOf(item) + state];
}

function recordOf(item: Item, nowMs: number): object {
	const { kind, name, certificate, problem, revokedAt = null, path } = item;
	const base = { kind, name, path, problem };
	if (certificate === undefined) return base;
	return {
		...base,
		subject: subjectOf(item),
		from: new Date(certificate.validFrom).toISOString(),
		until: new Date(certificate.validTo).toISOString(),
		daysLeft: daysLeft(certificate, nowMs),
		serial: certificate.serialNumber,
		revokedAt,
	};
}
