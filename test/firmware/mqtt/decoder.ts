/** The decoder alone: what it needs of a session's record, and what came of the last call. */

import { Code } from "../../../firmware/mqtt/codes";
import { Decoded, decode } from "../../../firmware/mqtt/decode";
import { Packet, type PacketHolder } from "../../../firmware/mqtt/parse";
import { Place } from "../../../firmware/mqtt/record";

export class Decoder implements PacketHolder {
	readonly numbers = new Int32Array(Place.RecordPlaces);
	source: Uint8Array | undefined = undefined;
	readonly packet = new Packet(this);

	/** @param receiveBytes length of the largest packet that is taken whole */
	constructor(receiveBytes: number) {
		this.numbers[Place.ReceiveBytes] = receiveBytes;
	}

	get complete(): boolean {
		return this.numbers[Place.DecodeResult] === Decoded.Packet;
	}

	get held(): boolean {
		return this.numbers[Place.DecodeResult] === Decoded.Held;
	}

	/** The rule that the bytes broke. */
	get code(): number {
		return Math.min(this.numbers[Place.DecodeResult] as number, Code.None);
	}

	/** Takes bytes up to the end of one packet; returns how many of buffer[start, end). */
	decode(buffer: Uint8Array, start: number, end: number, hold: boolean): number {
		return decode(this, buffer, start, end, hold);
	}
}
