/**
 * The firmware's check of chains for tests, with text in and out: values of one realm are no
 * values of another. Runs on simulated boards and on XS.
 */

import { checkChain } from "../../firmware/net/certificate-chain";

/** A case of the table with DER in hexadecimal. */
export interface TextCase {
	readonly title: string;
	readonly chain: readonly string[];
	readonly authorities: readonly string[];
	readonly host: string;
	readonly nowMs: number;
	readonly reason: string;
}

/** What the firmware says of a case, given as JSON. */
export function checkText(json: string): string {
	return check(JSON.parse(json) as TextCase);
}

export function check({ chain, authorities, host, nowMs }: TextCase): string {
	return checkChain(chain.map(bytesOf), authorities.map(bytesOf), host, nowMs);
}

export function bytesOf(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length / 2);
	for (let i = 0; i < bytes.length; i++)
		bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
