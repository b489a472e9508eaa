/**
 * From what a survey found to rules that a broker keeps or does not. Always holds: where a node
 * refused the broker, its reason stands first in one rule that fails, word for word; where it did
 * not, no rule of TLS fails. Asks nobody anything.
 */

import { changeFor, changeForCipher } from "./advice";
import { judgeChain } from "./chain";
import { clientRule, mqttRule } from "./client";
import type { Firmware } from "./load";
import { makeRule, NOT_REACHED, RULE_NAMES, type Rule, type RuleName } from "./rule";
import type { Survey, Target } from "./survey";

const CIPHERS: Readonly<Record<number, string>> = {
	49195: "ECDHE-ECDSA-AES128-GCM-SHA256",
	49199: "ECDHE-RSA-AES128-GCM-SHA256",
};
const VERSIONS: Readonly<Record<number, string>> = {
	769: "1.0",
	770: "1.1",
	771: "1.2",
	772: "1.3",
};
const P256 = 23;
const CURVES: Readonly<Record<number, string>> = { 24: "P-384", 25: "P-521", 29: "X25519" };
/** HashAlgorithm (RFC 5246 7.4.1.4.1). */
const HASHES: Readonly<Record<number, string>> = {
	2: "SHA-1",
	4: "SHA-256",
	5: "SHA-384",
	6: "SHA-512",
};
const MAX_FRAGMENT_LENGTH = 1;
/** What gets longer by AES-GCM: nonce and tag. */
const SEALED_BYTES = 24;

/** What a reason of the firmware's handshake is about; what no line has is about the order. */
const REASONS: readonly (readonly [RegExp, RuleName])[] = [
	[/^broker does not speak TLS$/, "TLS"],
	[/^broker does not speak TLS 1\.2$/, "version"],
	[/^broker chose a cipher/, "cipher"],
	[/^(key exchange |serverKeyExchange|malformed ServerKeyExchange)/, "key exchange"],
	[/^(record of|record is too short|handshake message is too long)/, "records"],
];

/** All rules, in their order. */
export function judge(firmware: Firmware, target: Target, survey: Survey): Rule[] {
	const rules = new Map<RuleName, Rule>();
	const add = (...several: readonly (Rule | undefined)[]) => {
		for (const rule of several) if (rule !== undefined) rules.set(rule.name, rule);
	};
	add(addressRule(target, survey));
	if (survey.attempt !== undefined) {
		add(tlsRule(survey));
		const chain = chainRules(firmware, target, survey);
		const cipher = cipherRule(firmware, survey);
		add(versionRule(survey), cipher, ...chain);
		if (cipher?.result !== "fail") add(exchangeRule(survey));
		add(recordsRule(target, survey), fragmentRule(target, survey));
		add(clientRule(firmware, target, survey), mqttRule(survey));
		const { reason, isTrusted } = survey.attempt;
		const said = [...rules.values()].some(
			(one) => one.result === "fail" && one.found[0] === reason,
		);
		if (!isTrusted && !said) add(refusedRule(reason, survey, rules));
		else if (isTrusted)
			add(makeRule("order", "ok", "each message in its place; Finished is right"));
	}
	return RULE_NAMES.map((name) => rules.get(name) ?? makeRule(name, "skipped", NOT_REACHED));
}

/** The rule that a reason of the handshake belongs to; what it says already comes behind. */
function refusedRule(reason: string, survey: Survey, rules: ReadonlyMap<RuleName, Rule>): Rule {
	const found = REASONS.find(([pattern]) => pattern.test(reason))?.[1];
	// A refusal in general is for the rule that says why; there always is one before the flight.
	const blamed = (["TLS", "version", "cipher", "key exchange"] as const).find(
		(name) => rules.get(name)?.result === "fail",
	);
	const isGeneral = survey.attempt?.seen.hello === undefined;
	const name = found ?? (isGeneral ? (blamed ?? "cipher") : "order");
	const before = rules.get(name);
	const others = before?.result === "fail" ? before : undefined;
	const change = others?.change ?? [];
	return makeRule(
		name,
		"fail",
		[reason, ...(others?.found ?? [])],
		change.length > 0 ? change : changeFor(reason),
	);
}

function addressRule({ host, port }: Target, { addresses, unreached }: Survey): Rule {
	const address = addresses[0];
	if (address === undefined) {
		const change = ["the name in DNS, with an IPv4 address (A record)"];
		return makeRule("address", "fail", `${host}: ${unreached}`, change);
	}
	const more = addresses.slice(1);
	const others = more.length === 0 ? "" : `; not tried: ${more.join(", ")}`;
	if (unreached === "") {
		const named = address === host ? "" : `${host} is `;
		return makeRule("address", "ok", `${named}${address}, port ${port}, TCP${others}`);
	}
	return makeRule("address", "fail", `${address}:${port}: ${unreached}`, [
		`listener ${port}: is it there, and not for loopback alone? Does the broker run? Firewall?`,
	]);
}

function tlsRule(survey: Survey): Rule {
	const { attempt, isPlainMqtt } = survey;
	const seen = attempt?.seen;
	if (seen === undefined || seen.isTls) return makeRule("TLS", "ok", "speaks TLS");
	const listener = "listener: certfile and keyfile below it make it one for TLS";
	const reason = attempt?.reason ?? "";
	if (isPlainMqtt) {
		const found = [reason, "it speaks MQTT without TLS"];
		return makeRule("TLS", "fail", found, [`${listener}; or the port of another listener`]);
	}
	const first = seen.first
		.toString("latin1")
		.replace(/[^ -~]/g, "?")
		.slice(0, 24);
	const shown = first === "" ? "it sent nothing" : `it sent "${first}"`;
	return makeRule("TLS", "fail", [reason, shown], [`${listener}; is it the broker's port?`]);
}

function versionRule({ attempt, flight, wide, speaks13 }: Survey): Rule | undefined {
	if (attempt?.seen.isTls !== true) return undefined;
	const version = (attempt.seen.hello ?? wide?.hello ?? flight?.hello)?.version;
	const also = speaks13 ? " and 1.3" : "";
	if (version === 0x0303) return makeRule("version", "ok", `TLS 1.2${also}`);
	const change = changeFor("broker sent alert 70");
	if (version !== undefined) {
		return makeRule("version", "fail", `TLS ${VERSIONS[version] ?? version} only${also}`, change);
	}
	if (speaks13) return makeRule("version", "fail", "TLS 1.3 only", change);
	return makeRule("version", "skipped", "the broker answers no offer, however wide");
}

function cipherRule(firmware: Firmware, survey: Survey): Rule | undefined {
	const { attempt, wide, suites, speaks13 } = survey;
	if (attempt?.seen.isTls !== true) return undefined;
	const chosen = attempt.seen.hello?.cipher;
	if (chosen !== undefined) {
		const name = CIPHERS[chosen];
		// The firmware refuses it; its reason comes first, in judge().
		if (name !== undefined) return makeRule("cipher", "ok", name);
		return makeRule("cipher", "fail", `cipher 0x${chosen.toString(16)}`, changeForCipher("other"));
	}
	if (wide?.hello === undefined) {
		if (speaks13) return makeRule("cipher", "skipped", "TLS 1.2 first");
		const found = "no cipher of TLS 1.2 that a node, or anybody, offers";
		return makeRule("cipher", "fail", found, changeForCipher("other"));
	}
	if (wide.hello.version !== 0x0303) return makeRule("cipher", "skipped", "TLS 1.2 first");
	const leaf = wide.chain?.[0];
	const kind = leaf === undefined ? "other" : firmware.inspect(leaf).keyKind;
	if (suites?.hello === undefined) {
		const found = `none of a node's; it would take 0x${wide.hello.cipher.toString(16)}`;
		return makeRule("cipher", "fail", found, changeForCipher(kind));
	}
	if (survey.curve?.hello === undefined && kind === "other") {
		const change = changeFor("key is neither RSA nor P-256");
		return makeRule(
			"cipher",
			"fail",
			"a node's, but the certificate's key is no key for them",
			change,
		);
	}
	return makeRule("cipher", "ok", "ECDHE with AES128-GCM-SHA256");
}

function chainRules(firmware: Firmware, target: Target, survey: Survey): readonly Rule[] {
	const { attempt, flight, wide } = survey;
	const chain = attempt?.seen.chain ?? flight?.chain ?? wide?.chain;
	if (chain === undefined) return [];
	const { credentials, name: host, nowMs } = target;
	const { authorities } = credentials;
	return judgeChain(firmware, { chain, authorities, host, nowMs }).rules;
}

function exchangeRule(survey: Survey): Rule | undefined {
	const { attempt } = survey;
	const refused = survey.suites?.hello !== undefined && survey.curve?.hello === undefined;
	// The flight is an answer to a node's offer where there was any.
	const offered = attempt?.seen.hello === undefined ? survey.curve : survey.flight;
	const exchange = attempt?.seen.exchange ?? (refused ? survey.suites : offered)?.exchange;
	if (attempt === undefined || exchange === undefined) return undefined;
	const { curve, hash, signature } = exchange;
	if (curve !== P256) {
		const found = `on ${CURVES[curve] ?? (curve < 0 ? "DHE" : `curve ${curve}`)}, not P-256`;
		return makeRule("key exchange", "fail", found, changeFor("key exchange is not on P-256"));
	}
	const kind = signature === 1 ? "RSA" : "ECDSA";
	const signed = `signed with ${kind} and ${HASHES[hash] ?? `hash ${hash}`}`;
	// A node goes on from here only when the signature is good.
	const isChecked = attempt.isTrusted || attempt.seen.isHelloDone;
	if (isChecked) {
		return makeRule("key exchange", "ok", `P-256, ${signed} by the key of the certificate`);
	}
	const found = `P-256; whose key signed it is checked when the chain is good`;
	return makeRule("key exchange", "skipped", found);
}

function recordsRule({ recordBytes }: Target, { attempt, flight }: Survey): Rule | undefined {
	// Other offers than a node's ask for no short records.
	if (attempt?.seen.hello === undefined) return undefined;
	const seen = attempt.seen.isHelloDone ? attempt.seen : flight;
	if (seen === undefined || seen.chainBytes === 0) return undefined;
	const longest = Math.max(seen.longestPlain, seen.longestSealed - SEALED_BYTES);
	const found = [
		`Certificate message of ${seen.chainBytes} bytes, longest record ${longest} bytes`,
		`a board takes ${recordBytes} (recordBytes)`,
	];
	// A node that came to the end of the flight took them all.
	const isTaken = attempt.seen.isHelloDone || Math.max(longest, seen.chainBytes) <= recordBytes;
	if (isTaken) return makeRule("records", "ok", found.join("; "));
	return makeRule("records", "fail", found, changeFor("handshake message is too long"));
}

function fragmentRule({ recordBytes }: Target, { attempt, flight }: Survey): Rule | undefined {
	const seen = attempt?.seen.hello === undefined ? undefined : (flight ?? attempt.seen);
	if (seen?.hello === undefined) return undefined;
	const agreed = seen.hello.extensions.get(MAX_FRAGMENT_LENGTH);
	if (agreed !== undefined) {
		return makeRule("fragment length", "ok", "records of 1,024 bytes at most, as a board asks");
	}
	return makeRule(
		"fragment length",
		"warn",
		`not agreed on: a packet of more than ${recordBytes} bytes in one record ends the connection`,
		[
			`max_packet_size, message_size_limit: below ${recordBytes}; or a broker on OpenSSL 1.1.1 ` +
				"or later, which keeps to max_fragment_length (RFC 6066) by itself",
		],
	);
}
