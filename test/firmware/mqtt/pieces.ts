/** A payload of any length that nobody holds: each byte follows from its offset. */

import type { PieceSource } from "../../../firmware/mqtt/session";

/** The byte at an offset: a letter, so that the payload is text as well. */
function byteAt(offset: number): number {
	return 97 + ((offset * 7 + (offset >> 5)) % 26);
}

export class Letters implements PieceSource {
	/** How often a beginning was asked for. */
	begun = 0;

	write(target: Uint8Array, start: number, end: number, offset: number): void {
		if (offset === 0) this.begun += 1;
		for (let at = start; at < end; at++) target[at] = byteAt(offset + at - start);
	}
}

/** The whole payload of so many bytes. */
export function lettersOf(bytes: number): string {
	return Array.from({ length: bytes }, (_, offset) => String.fromCharCode(byteAt(offset))).join("");
}

/** A text that is handed out in pieces. */
export class TextPieces implements PieceSource {
	private readonly bytes: Buffer;

	constructor(text: string) {
		this.bytes = Buffer.from(text);
	}

	write(target: Uint8Array, start: number, end: number, offset: number): void {
		target.set(this.bytes.subarray(offset, offset + end - start), start);
	}
}
