/**
 * The part of `check` that is about authorities: said early, because boards have to be flashed
 * before one ends; the file for programs; keys that are kept elsewhere. Reads only.
 */

import { existsSync } from "node:fs";
import { dayOf } from "../image";
import { brokerCasOf } from "../signing/authorities";
import { OUTLIVES_MS } from "../signing/authority";
import type { Item } from "../store/inventory";
import { readLedger } from "../store/ledger";
import { readIfThere, type Store } from "../store/store";
import { oldFiles } from "../store/take-over";

/** However short --within is: an authority is replaced under boards that hang somewhere. */
export const AUTHORITY_NOTICE_MS = 365 * 86_400_000;

/** @param say path, and what is wrong with it */
export function checkAuthorities(
	store: Store,
	items: readonly Item[],
	nowMs: number,
	say: (path: string, text: string) => void,
): void {
	for (const path of oldFiles(store)) {
		say(path, 'is of the layout before; "npm run certs -- init" takes it over');
	}
	for (const line of readLedger(store).unread) {
		say(store.ledger, `line ${line} cannot be read; put it right from the copy, or remove it`);
	}
	for (const { name, path, certificate } of items) {
		if (name !== "broker-ca-next" || certificate === undefined) continue;
		const leftMs = Date.parse(certificate.validTo) - nowMs;
		if (leftMs >= OUTLIVES_MS || leftMs <= AUTHORITY_NOTICE_MS) continue;
		const how = '"npm run certs -- renew broker-ca" now makes one that is good for longer';
		say(path, `is good for less than 10 years, until ${dayOf(certificate)}; ${how}`);
	}
	const isBroken = items.some(({ kind, problem }) => kind === "broker-ca" && problem !== "");
	if (!isBroken && readIfThere(store.brokerCas) !== brokerCasOf(store)) {
		const what = "is not the brokers' authority in use and its successor";
		say(store.brokerCas, `${what}; "npm run certs -- init" writes it`);
	}
}

/** Keys of authorities that are not here, and what for they are needed; "" when all are here. */
export function awayKeys({ brokerCa, brokerCaNext, deviceCa }: Store): string {
	const away = [
		[brokerCa.key, "server, renew"],
		[brokerCaNext.key, "renew broker-ca"],
		[deviceCa.key, "device, renew, revoke"],
	].filter(([key = ""]) => !existsSync(key));
	if (away.length === 0) return "";
	const each = away.map(([key = "", what]) => `${key.split("/").at(-1)} (for ${what})`);
	return `not here, to be brought back when needed: ${each.join(", ")}`;
}
