/** What a board takes of a broker's handshake where its file says nothing else. */

import { checkBoard } from "../../firmware/config";

/** The longest message, in bytes. */
export const RECORD_BYTES = checkBoard({ name: "any" }).value.recordBytes;

/**
 * Length of the Certificate message that carries a chain (RFC 5246 7.4.2), in bytes.
 * @param chain DER of each
 */
export function certificateMessageBytes(chain: readonly Uint8Array[]): number {
	// Type and length of the message, length of the list, length of each.
	return chain.reduce((sum, { length }) => sum + 3 + length, 4 + 3);
}
