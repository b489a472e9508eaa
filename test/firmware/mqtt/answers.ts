/** Answers of a broker as bytes, by mqtt-packet. */

import { generate, type Packet } from "mqtt-packet";

export type Answer = "puback" | "pubrec" | "pubcomp" | "suback" | "unsuback";

/** An answer of the broker; SUBACK grants one filter. */
export function bytesOf(cmd: Answer, messageId: number): Uint8Array {
	if (cmd === "suback") return generate({ cmd, messageId, granted: [0] });
	// The typings of mqtt-packet ask for fields of MQTT 5 in UNSUBACK.
	return generate({ cmd, messageId, granted: [] } as Packet);
}
