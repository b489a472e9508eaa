/**
 * MQTT packets as lines that read like the picture in a tutorial: `PUBLISH q1 id=1 "a" "hello"`.
 * The packets are parsed by mqtt-packet, never by the firmware's decoder. No line shows a
 * password, only how many bytes it has.
 */

import { type Packet, parser } from "mqtt-packet";

/** CONNACK's return codes (MQTT 3.1.1, table 3.1). */
const RETURN_CODES = [
	"accepted",
	"refused 1: protocol version",
	"refused 2: client identifier",
	"refused 3: server unavailable",
	"refused 4: bad user name or password",
	"refused 5: not authorized",
];

/** Takes the bytes of one direction in pieces; gives the lines of the packets that are complete. */
export class PacketLines {
	private readonly parser = parser({ protocolVersion: 4 });
	private lines: string[] = [];

	constructor() {
		this.parser.on("packet", (packet) => this.lines.push(lineOf(packet)));
		this.parser.on("error", (error: Error) => this.lines.push(`no MQTT: ${error.message}`));
	}

	push(bytes: Buffer): string[] {
		this.lines = [];
		this.parser.parse(bytes);
		return this.lines;
	}
}

export function lineOf(packet: Packet): string {
	const name = packet.cmd.toUpperCase();
	switch (packet.cmd) {
		case "connect": {
			const { clean, clientId, keepalive, will, username, password } = packet;
			const words = [`${clean ? "clean" : "lasting"} id=${clientId} keepalive=${keepalive}`];
			if (will !== undefined) {
				const flags = `${will.retain ? "retain " : ""}q${will.qos}`;
				words.push(`will ${flags} "${will.topic}" ${shown(will.payload)}`);
			}
			if (username !== undefined) words.push(`user=${username}`);
			if (password !== undefined) words.push(`password of ${password?.length} bytes`);
			return `${name} ${words.join(" ")}`;
		}
		case "connack": {
			const code = RETURN_CODES[packet.returnCode ?? 0] ?? `${packet.returnCode}`;
			return `${name} ${code}${packet.sessionPresent ? ", session present" : ""}`;
		}
		case "publish": {
			const { qos, messageId, dup, retain, topic, payload } = packet;
			const flags = `${dup ? "dup " : ""}${retain ? "retain " : ""}q${qos}`;
			const id = qos > 0 ? ` id=${messageId}` : "";
			return `${name} ${flags}${id} "${topic}" ${shown(payload)}`;
		}
		case "subscribe": {
			const filters = packet.subscriptions.map(({ topic, qos }) => `"${topic}" q${qos}`);
			return `${name} ${packet.messageId} ${filters.join(", ")}`;
		}
		case "suback":
			return `${name} ${packet.messageId} granted ${packet.granted.join(", ")}`;
		case "unsubscribe":
			return `${name} ${packet.messageId} "${packet.unsubscriptions.join('", "')}"`;
		case "puback":
		case "pubrec":
		case "pubrel":
		case "pubcomp":
		case "unsuback":
			return `${name} ${packet.messageId}`;
		default:
			return name;
	}
}

/** Text in quotes; long or binary payloads by their size. */
export function shown(payload: string | Uint8Array): string {
	const text = Buffer.from(payload).toString();
	return /^[\x20-\x7e]{0,80}$/.test(text) ? `"${text}"` : `(${Buffer.from(payload).length} bytes)`;
}
