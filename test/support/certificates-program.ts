/** A board's program for tests: the certificates of one connection, with text in and out. */

import { Certificates } from "../../firmware/net/certificates";
import type { TextCase } from "./chain-checker";
import { bytesOf } from "./hex";

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
	const name = host;
	const certificates = new Certificates({ authorities: authorities.map(bytesOf), name, nowMs });
	const signature = bytesOf("3006020101020101");
	return {
		keyBefore: attempt(() => certificates.getKey(leaf)),
		verifyBefore: attempt(() => certificates.verify([leaf])),
		registerBefore: attempt(() => certificates.register(leaf)),
		authenticate: attempt(() => certificates.authenticate([leaf, other])),
		verify: attempt(() => certificates.verify([leaf, other])),
		verifyOther: attempt(() => certificates.verify([other])),
		keyUnsigned: attempt(() => certificates.getKey(leaf)),
		wrongKind: attempt(() => certificates.expectExchange(1, signature, 0, signature.length)),
		keyWrongKind: attempt(() => certificates.getKey(leaf)),
		rightKind: attempt(() => certificates.expectExchange(2, signature, 0, signature.length)),
		register: attempt(() => certificates.register(leaf.slice().buffer)),
		key: attempt(() => certificates.getKey(leaf.slice().buffer)),
		keyOther: attempt(() => certificates.getKey(other)),
		again: attempt(() => certificates.authenticate([other])),
		keyAfterFailure: attempt(() => certificates.getKey(leaf)),
		own: attempt(() => certificates.findPreferredCert([0])[0]),
	};
}
