/** A board's program for tests: certificates, with text in and out. */

import { Certificates } from "../../firmware/net/certificates";
import type { TextCase } from "./chain-checker";
import { bytesOf } from "./hex";

export { checkText } from "./chain-checker";

/** What authenticate() says, or "". */
function attempt(step: () => unknown): string {
	try {
		return `${step() === undefined ? "" : "done"}`;
	} catch (error) {
		return (error as Error).message;
	}
}

/** Goes the way of a handshake, and off it. @param json a case of the table */
export function walk(json: string): Record<string, string> {
	const { chain, authorities, host, nowMs } = JSON.parse(json) as TextCase;
	const [leaf, other] = chain.map(bytesOf);
	if (leaf === undefined || other === undefined) throw new Error("two certificates are needed");
	const certificates = new Certificates({ authorities: authorities.map(bytesOf) }, host, nowMs);
	const digest = new ArrayBuffer(32);
	const exchange = (isRsa: boolean, signature: string) =>
		attempt(() => certificates.verifyExchange(isRsa, digest, bytesOf(signature)));
	const ones = "3006020101020101";
	return {
		before: exchange(false, ones),
		authenticate: attempt(() => certificates.authenticate([leaf, other])),
		wrongKind: exchange(true, ones),
		outOfRange: exchange(false, "3006020100020101"),
		malformed: exchange(false, "30060201010201"),
		wrong: exchange(false, ones),
		again: attempt(() => certificates.authenticate([other])),
		afterFailure: exchange(false, ones),
		own: attempt(() => certificates.certificate),
		key: attempt(() => certificates.keyNumber(1)),
	};
}
