/**
 * The rules about who may come in: the client certificate that a broker asks for, and its answer
 * to a CONNECT without user name and password. Asks nobody anything.
 */

import { changeFor } from "./advice";
import type { Firmware } from "./load";
import { makeRule, type Rule } from "./rule";
import type { Survey, Target } from "./survey";

/** ClientCertificateType rsa_sign (RFC 5246 7.4.4): the only one that a board can. */
const RSA_SIGN = 1;
const SHOWN_AUTHORITIES = 4;

const ASK = "cafile with the devices' CA, require_certificate true";

export function clientRule(firmware: Firmware, target: Target, survey: Survey): Rule | undefined {
	const { attempt, flight } = survey;
	if (attempt === undefined || flight?.isHelloDone !== true) return undefined;
	const rule = (result: "ok" | "warn" | "fail", found: string[], change: readonly string[] = []) =>
		makeRule("client certificate", result, found, change);
	const request = attempt.seen.request ?? flight.request;
	const { certificate } = target.credentials;
	if (request === undefined) {
		if (certificate === undefined) return rule("ok", ["not asked for"]);
		const found = ["not asked for: the one given is not looked at"];
		return rule("warn", found, [`${ASK}: only then does it count`]);
	}
	const named = describeAuthorities(firmware, request.authorities);
	if (!request.types.includes(RSA_SIGN)) {
		const change = ["ciphers, or the broker's settings for clients: RSA keys have to be allowed"];
		return rule("fail", ["asked for, but not one with an RSA key", named], change);
	}
	// Whether a node gets that far: its own refusal came before.
	const isOurTurn = attempt.isTrusted || attempt.seen.isHelloDone;
	if (!isOurTurn) return rule("ok", ["asked for", named]);
	if (certificate === undefined) {
		if (attempt.isTrusted) return rule("ok", ["asked for, not required", named]);
		const device = "--cert, --key: those of a device; npm run certs -- device NODE makes them";
		return rule("fail", [attempt.reason, "required, and none was given", named], [device]);
	}
	if (!attempt.isTrusted) {
		const why = [attempt.reason, `${describeOurs(firmware, certificate)} is not accepted`, named];
		const change = changeFor(attempt.reason);
		const usual = [
			`cafile: the CA of this certificate; crlfile: whether it is revoked, or too old`,
		];
		return rule("fail", why, change.length > 0 ? change : usual);
	}
	const accepted = `${describeOurs(firmware, certificate)} is accepted`;
	if (survey.anonymous?.isTrusted === true) {
		const found = [`${accepted}; without one a client gets in as well`, named];
		return rule("warn", found, ["require_certificate true: keeps out those who have none"]);
	}
	return rule("ok", [`required; ${accepted}`, named]);
}

function describeOurs(firmware: Firmware, certificate: Uint8Array): string {
	const { error, subject, issuer } = firmware.inspect(certificate);
	return error === "" ? `${subject} (issuer ${issuer})` : `the one given (${error})`;
}

/** Names of authorities, which need not be all that are accepted. */
function describeAuthorities(firmware: Firmware, names: readonly Uint8Array[]): string {
	if (names.length === 0) return "the broker names no CA for it";
	const shown = names.slice(0, SHOWN_AUTHORITIES).map((name) => firmware.nameOf(name));
	const more = names.length - shown.length;
	return `CAs for it: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What CONNACK of MQTT 3.1.1 says (3.2.2.3). */
const RETURN_CODES: readonly string[] = [
	"accepted",
	"unacceptable protocol version",
	"identifier rejected",
	"server unavailable",
	"bad user name or password",
	"not authorized",
];

export function mqttRule({ attempt, anonymous }: Survey): Rule | undefined {
	if (attempt === undefined) return undefined;
	const rule = (result: "ok" | "warn" | "fail", found: string, change: readonly string[] = []) =>
		makeRule("MQTT", result, found, change);
	if (!attempt.isTrusted) {
		// A node goes on to the end of the flight only when it trusts what is in it.
		const why = attempt.seen.isHelloDone
			? "the handshake did not end"
			: "nothing is sent to a broker that is not trusted";
		return makeRule("MQTT", "skipped", `not tried: ${why}`);
	}
	const { answer, reason } = attempt;
	const connack = "CONNECT without user name";
	if (answer[0] !== 0x20 || answer[1] !== 2) {
		const came =
			answer.length === 0 ? reason : `no CONNACK but ${Buffer.from(answer).toString("hex")}`;
		const change = [
			"listener: is it MQTT, not WebSockets (protocol mqtt)? With use_identity_as_username: " +
				"is a certificate given?",
		];
		return rule("fail", `${connack}: ${came}`, change);
	}
	const code = answer[3] ?? 0;
	const text = `${connack}: ${RETURN_CODES[code] ?? "unknown"} (return code ${code})`;
	if (code === 0) {
		// A certificate that was asked for and without which nobody gets in is enough.
		if (attempt.seen.request !== undefined && anonymous?.isTrusted === false)
			return rule("ok", text);
		return rule("warn", `${text}: anybody may`, ["allow_anonymous false, password_file"]);
	}
	if (code === 4 || code === 5) {
		const hasProved = attempt.seen.request !== undefined && anonymous !== undefined;
		const or = hasProved ? "; with use_identity_as_username true the certificate is enough" : "";
		return rule("ok", `${text}: a node needs user name and password${or}`);
	}
	return rule("warn", text, ["MQTT 3.1.1 has to be allowed; is the broker's limit reached?"]);
}
