/**
 * The firmware's check of chains for tests, with text in and out: values of one realm are no
 * values of another. Runs on simulated boards and on XS.
 */

import { checkChain } from "../../firmware/net/certificate-chain";
import { bytesOf } from "./hex";

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
