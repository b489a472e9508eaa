/**
 * The names that a broker's certificate may carry: DNS names, a wildcard as the whole first label,
 * and IPv4 addresses, as the firmware compares them (firmware/net/certificate-names.ts); and the
 * names in broker/acl that no board may carry. Always holds: what passes here is lower case and can
 * stand in a path. Pure.
 */

import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { UsageError } from "../host-sim/words";

/** Users in broker/acl besides nodes, each with rights of its own: programs, never boards. */
export const PEOPLE = ["dashboard", "logger"] as const;
/** The edge broker's name upstream; it stands in broker/bridge.conf and in broker/acl. */
export const EDGE = "edge";
/** Below it are commands to all nodes; a user of that name could give them. */
const EVERYBODY = "all";

/** Whether a name has rights of its own in broker/acl, which no board is to have. */
export function hasOwnRights(name: string): boolean {
	return name === EDGE || name === EVERYBODY || PEOPLE.some((one) => one === name);
}

/** A board takes handshakes of 4 KB and more by its configuration; names need some of it. */
const MAXIMUM_NAMES = 32;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Checks all; throws UsageError. @returns them in lower case, each once, in their order */
export function checkServerNames(words: readonly string[]): string[] {
	const names = [...new Set(words.map(checkServerName))];
	if (names.length > MAXIMUM_NAMES) {
		throw new UsageError(`${names.length} names: ${MAXIMUM_NAMES} at most in one certificate`);
	}
	return names;
}

/**
 * The first of a certificate's names that a broker can have, which is its folder's name: who made
 * the certificate may have written anything there. Undefined: none.
 */
export function firstServerName(names: readonly string[]): string | undefined {
	for (const name of names) {
		try {
			return checkServerName(name);
		} catch {
			// Perhaps the next one.
		}
	}
	return undefined;
}

function checkServerName(word: string): string {
	const wrong = (why: string) => new UsageError(`"${word}": ${why}`);
	if (isIPv4(word)) return word;
	const bare = word.replace(/^\[|\]$/g, "");
	if (isIPv6(bare)) {
		throw wrong("boards compare DNS names and IPv4 addresses only; give the broker a DNS name");
	}
	if (word.includes("/")) throw wrong("is a URL or a path; the host alone, such as broker.lan");
	if (/:\d+$/.test(word)) throw wrong("a certificate is for a host, not for a port");
	if (/^[\d.]+$/.test(word)) throw wrong("is no IPv4 address; four numbers up to 255");
	const name = word.toLowerCase().replace(/\.$/, "");
	if (/[^\x20-\x7e]/.test(name)) {
		const ascii = domainToASCII(name);
		throw wrong(`has letters that DNS lacks${ascii === "" ? "" : `; in DNS it is ${ascii}`}`);
	}
	const isWildcard = name.startsWith("*.");
	const labels = (isWildcard ? name.slice(2) : name).split(".");
	if (name.includes("*", isWildcard ? 1 : 0)) {
		throw wrong("* stands for the whole first label only, such as *.example.com");
	}
	const bad = labels.find((label) => !LABEL.test(label));
	if (bad !== undefined) {
		throw wrong(
			bad === "" ? "has an empty label" : `"${bad}": a label is 1 to 63 of a-z, 0-9 and - inside`,
		);
	}
	if (name.length > 253) throw wrong("is longer than the 253 characters of DNS");
	return name;
}
