/**
 * What the firmware says of a chain of certificates, spread over the rules that it is made of.
 * Always holds: the verdict is the firmware's checkChain(); a rule fails only when that does, and
 * the rule that its reason belongs to begins with that reason, word for word. What is said besides
 * is what the firmware would come to next.
 */

import { changeFor } from "./advice";
import type { Facts } from "./firmware";
import type { Firmware } from "./load";
import { makeRule, type Rule, type RuleName } from "./rule";

const DAY_MS = 86_400_000;
/** Sooner than this an end is worth a word. */
const SOON_DAYS = 30;
/** keyUsage (RFC 5280 4.2.1.3). */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;

export interface ChainQuestion {
	/** As the broker sent it, its own certificate first; DER. */
	readonly chain: readonly Uint8Array[];
	/** Trusted ones, DER. */
	readonly authorities: readonly Uint8Array[];
	/** DNS name or IPv4 address. */
	readonly host: string;
	/** Unix milliseconds. */
	readonly nowMs: number;
}

export interface ChainVerdict {
	/** The firmware's; "" when the chain is good. */
	readonly reason: string;
	readonly rules: readonly Rule[];
}

/** The part of a chain that counts: from the broker's own certificate up. */
interface Path {
	/** Sent by the broker. */
	readonly sent: readonly Facts[];
	/** Trusted, and named as the issuer of the last one. */
	readonly anchor: Facts | undefined;
	readonly all: readonly Facts[];
}

type Checks = Partial<Record<RuleName, string[]>>;

/** Judges a chain. */
export function judgeChain(firmware: Firmware, question: ChainQuestion): ChainVerdict {
	const { chain, authorities, host, nowMs } = question;
	const reason = firmware.checkChain(chain, authorities, host, nowMs);
	const path = findPath(firmware, question, reason);
	const complaints = reason === "" ? {} : complain(path, question);
	const put = (text: string) => {
		const name = ruleOf(text, path);
		const others = (complaints[name] ?? []).filter((other) => other !== text);
		complaints[name] = [text, ...others];
	};
	const later = reason === "" ? "" : firmware.checkChain(...relaxed(path, question));
	if (later !== "" && ruleOf(later, path) === "chain") put(later);
	if (reason !== "") put(reason);
	const good = describe(path, question, later === "");
	const rules = (Object.keys(good) as RuleName[]).map((name) => {
		const wrong = complaints[name];
		if (wrong !== undefined && name === "chain")
			wrong.push(...explainChain(firmware, path, question));
		if (wrong !== undefined) return makeRule(name, "fail", wrong, wrong.flatMap(changeFor));
		return good[name] as Rule;
	});
	return { reason, rules };
}

/** The question with a name and a time at which the certificates are good, if there are such. */
function relaxed({ all }: Path, { chain, authorities, host, nowMs }: ChainQuestion) {
	const readable = all.filter(({ error }) => error === "");
	const name = readable[0]?.names[0]?.replace(/^\*/, "any") ?? host;
	const from = Math.max(...readable.map(({ notBeforeMs }) => notBeforeMs));
	const until = Math.min(...readable.map(({ notAfterMs }) => notAfterMs));
	const isOnce = from <= until && (nowMs < from || nowMs > until);
	return [chain, authorities, name, isOnce ? from : nowMs] as const;
}

/** Which rule a reason of the firmware's check belongs to. */
function ruleOf(reason: string, { all }: Path): RuleName {
	if (all.some(({ error }) => error === reason)) return "certificates";
	const found = REASONS.find(([pattern]) => pattern.test(reason));
	return found === undefined ? "chain" : found[1];
}

const REASONS: readonly (readonly [RegExp, RuleName])[] = [
	[/^certificate is not for /, "names"],
	[/^certificate (expired|is not valid before) /, "dates"],
	[/^(RSA key of|RSA exponent|key is|signature algorithm) /, "algorithms"],
	[/^(issuer is no authority|key usage without keyCertSign|path length) /, "CAs"],
	[/^(key usage|extended key usage) /, "usage"],
	[/^(certificate is too long|name constraints|unknown critical|extension )/, "certificates"],
];

/** Follows the names, as the firmware does. */
function findPath(firmware: Firmware, question: ChainQuestion, reason: string): Path {
	const { chain, authorities, host, nowMs } = question;
	// The one by which the chain is good, where there is one: another of its name may be bad.
	const single = authorities.find((one) => firmware.checkChain(chain, [one], host, nowMs) === "");
	const trusted = reason === "" && single !== undefined ? [single] : authorities;
	const anchors = trusted.map((der) => firmware.inspect(der));
	const sent: Facts[] = [];
	let anchor: Facts | undefined;
	for (const der of chain) {
		const facts = firmware.inspect(der);
		const last = sent.at(-1);
		const isOurs = trusted.some((one) => Buffer.from(one).equals(der));
		if (last !== undefined && (isOurs || last.issuerDer !== facts.subjectDer)) {
			if (facts.error !== "") sent.push(facts);
			break;
		}
		sent.push(facts);
		anchor = anchors.findLast((one) => one.error === "" && one.subjectDer === facts.issuerDer);
		if (anchor !== undefined || facts.error !== "") break;
	}
	const damaged = anchors.filter(({ error }) => error !== "");
	return { sent, anchor, all: [...sent, ...(anchor === undefined ? [] : [anchor]), ...damaged] };
}

/** Everything that is wrong, in the firmware's words where it has some. */
function complain(path: Path, { host, nowMs }: ChainQuestion): Checks {
	const checks: Checks = {};
	const add = (name: RuleName, isWrong: boolean, text: string) => {
		if (!isWrong) return;
		checks[name] = [...(checks[name] ?? []), text];
	};
	for (const { error } of path.all) add("certificates", error !== "", error);
	const readable = path.all.filter(({ error }) => error === "");
	for (const [depth, one] of readable.entries()) {
		const who = `(${one.subject})`;
		const isLeaf = depth === 0;
		add("dates", nowMs > one.notAfterMs, `certificate expired ${iso(one.notAfterMs)} ${who}`);
		const early = `certificate is not valid before ${iso(one.notBeforeMs)} ${who}`;
		add("dates", nowMs < one.notBeforeMs, early);
		add("algorithms", one.keyReason !== "", `${one.keyReason} ${who}`);
		const isSigned = one.signatureKind !== "other" && one.hashBits > 0;
		const isSent = path.sent.includes(one);
		add("algorithms", isSent && !isSigned, `signature algorithm is not allowed ${who}`);
		add("usage", one.serverUsage === 0, `extended key usage without serverAuth ${who}`);
		const lacks = (bit: number) => one.keyUsage >= 0 && (one.keyUsage & bit) === 0;
		if (isLeaf) {
			add("usage", lacks(DIGITAL_SIGNATURE), `key usage without digitalSignature ${who}`);
			add("names", !covers(one, host), `certificate is not for ${host} ${who}`);
			continue;
		}
		add("CAs", !one.isAuthority, `issuer is no authority ${who}`);
		add("CAs", lacks(KEY_CERT_SIGN), `key usage without keyCertSign ${who}`);
		const isShort = one.pathLength >= 0 && one.pathLength < depth - 1;
		add("CAs", isShort, `path length exceeded ${who}`);
	}
	return checks;
}

/** As the firmware compares: the wildcard is the first label, and stands for one. */
function covers({ names }: Facts, host: string): boolean {
	const wanted = host.toLowerCase().replace(/\.$/, "");
	return names.some((name) => {
		const known = name.toLowerCase();
		if (!known.startsWith("*.")) return known === wanted;
		const dot = wanted.indexOf(".");
		return dot > 0 && known.slice(1) === wanted.slice(dot);
	});
}

/** What a good chain is like, rule by rule. */
function describe(
	path: Path,
	question: ChainQuestion,
	isVerified: boolean,
): Partial<Record<RuleName, Rule>> {
	const { sent, anchor } = path;
	const leaf = sent[0];
	const readable = path.all.filter(({ error }) => error === "");
	if (leaf === undefined || leaf.error !== "") {
		const unread = (name: RuleName) => makeRule(name, "skipped", "the certificate cannot be read");
		const names = [
			"certificates",
			"chain",
			"CAs",
			"usage",
			"names",
			"dates",
			"algorithms",
		] as const;
		return Object.fromEntries(names.map((name) => [name, unread(name)]));
	}
	const issuers = readable.slice(1);
	return {
		certificates: makeRule("certificates", "ok", countOf(question.chain.length)),
		chain: isVerified
			? makeRule("chain", "ok", describeChain(path, question.chain.length))
			: makeRule("chain", "skipped", "signatures are checked when the rest is good"),
		CAs:
			issuers.length === 0
				? makeRule("CAs", "skipped", "none that is known")
				: makeRule("CAs", "ok", issuers.map(describeAuthority)),
		usage: makeRule("usage", "ok", describeUsage(leaf)),
		names: makeRule("names", "ok", `${question.host}; it is for ${leaf.names.join(", ")}`),
		dates: describeDates(readable, question.nowMs),
		algorithms: makeRule(
			"algorithms",
			"ok",
			readable.map((one) => `${one.subject}: ${describeKey(one, one !== anchor)}`),
		),
	};
}

function countOf(count: number): string {
	return count === 1 ? "1 sent, X.509 version 3" : `${count} sent, X.509 version 3`;
}

function describeChain({ sent, anchor }: Path, count: number): string {
	const names = sent.map(({ subject }) => subject).join(", signed by ");
	const issuer = anchor?.subject ?? sent.at(-1)?.issuer ?? "";
	const extra = count > sent.length ? "; sent with its CA" : "";
	const whole = sent.length === 1 && count === 1 ? "; sent alone, which is enough" : extra;
	return `${names}, signed by ${issuer}, which is trusted${whole}`;
}

/** Where the chain ends, and where it should. */
function explainChain({ inspect }: Firmware, { sent }: Path, { authorities }: ChainQuestion) {
	const trusted = authorities.map((der) => inspect(der).subject).join(", ");
	const known = trusted === "" ? "no CA is trusted: --ca FILE" : `trusted: ${trusted}`;
	const last = sent.at(-1);
	if (last === undefined || last.error !== "") return [known];
	const isSelfSigned = last.subjectDer === last.issuerDer;
	if (isSelfSigned && sent.length === 1) return [`${last.subject} is self-signed; ${known}`];
	if (isSelfSigned) return [`sent up to ${last.subject}; ${known}`];
	return [`sent up to ${last.subject}, signed by ${last.issuer}; ${known}`];
}

function describeAuthority(one: Facts): string {
	const length = one.pathLength < 0 ? "" : `, path length ${one.pathLength}`;
	const usage = one.keyUsage < 0 ? ", no key usage" : ", keyCertSign";
	return `${one.subject}: CA${length}${usage}`;
}

function describeUsage({ serverUsage, keyUsage }: Facts): string {
	const purpose = serverUsage < 0 ? "no extended key usage, so any" : "serverAuth";
	return `${purpose}; ${keyUsage < 0 ? "no key usage, so any" : "digitalSignature"}`;
}

function describeKey(one: Facts, withSignature: boolean): string {
	const key = one.keyKind === "RSA" ? `RSA ${one.keyBits}` : one.keyKind;
	if (!withSignature) return key;
	const kind = one.signatureKind === "RSA" ? "RSA" : "ECDSA";
	return `${key}, signed with ${kind} and SHA-${one.hashBits}`;
}

function describeDates(path: readonly Facts[], nowMs: number): Rule {
	const days = (one: Facts) => Math.floor((one.notAfterMs - nowMs) / DAY_MS);
	const text = (one: Facts) => {
		const end = iso(one.notAfterMs).slice(0, 10);
		return `${one.subject}: until ${end}, ${days(one)} days`;
	};
	const soon = path.filter((one) => days(one) < SOON_DAYS);
	const change = soon.length === 0 ? [] : changeFor("certificate expires soon");
	return makeRule("dates", soon.length === 0 ? "ok" : "warn", path.map(text), change);
}

function iso(unixMs: number): string {
	return new Date(unixMs).toISOString().replace(".000Z", "Z");
}
