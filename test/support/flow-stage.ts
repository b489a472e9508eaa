/**
 * Where a flow is played: the firmware (`fieldmote client`) on one side of a recorder, Mosquitto
 * on the other, and a second client (MQTT.js), which is not recorded, behind Mosquitto. What the
 * firmware is told to do is given step by step; each step ends when its event is there.
 */

import mqtt, { type MqttClient } from "mqtt";
import type { ClientProcess } from "./client";
import type { Mosquitto } from "./mosquitto";
import { shown } from "./packet-lines";
import { type Recorder, startRecorder, waitFor } from "./packet-recorder";

const LIMIT_MS = 20_000;
const END = "end of the flow";

/** How the firmware reaches the broker. */
export interface Way {
	readonly title: string;
	/** More keys of the connect command. */
	readonly access: object;
	/** What they add to CONNECT's line. */
	readonly suffix: string;
	/** File of Node's --tls-keylog, for TLS. */
	readonly keyLog?: string;
	readonly broker: Mosquitto;
	/** Without TLS and password, for the second client. */
	readonly openPort: number;
}

export interface Qos {
	readonly qos: 0 | 1 | 2;
	readonly retain?: boolean;
}

export class Stage {
	readonly node: ClientProcess;
	readonly recorder: Recorder;
	/** What the second client has got: `q1 "topic" "payload"`. */
	readonly got: string[] = [];
	private readonly way: Way;
	private readonly other: MqttClient;
	private tag = 0;

	/** @param topic what the second client subscribes to, at QoS 2 */
	static async open(node: ClientProcess, way: Way, topic: string): Promise<Stage> {
		const recorder = await startRecorder(way.broker.port, way.keyLog);
		const other = await mqtt.connectAsync(`mqtt://127.0.0.1:${way.openPort}`);
		const stage = new Stage(node, way, recorder, other);
		await other.subscribeAsync([topic, END], { qos: 2 });
		return stage;
	}

	private constructor(node: ClientProcess, way: Way, recorder: Recorder, other: MqttClient) {
		this.node = node;
		this.way = way;
		this.recorder = recorder;
		this.other = other;
		other.on("message", (topic, payload, { qos, retain, dup }) => {
			const flags = `${dup ? "dup " : ""}${retain ? "retain " : ""}q${qos}`;
			this.got.push(`${flags} "${topic}" ${shown(payload)}`);
		});
	}

	/** @param more keys of the connect command; @param ev the answer that must come */
	async connect(more: object, ev: "up" | "refused" = "up"): Promise<void> {
		const { access } = this.way;
		const connectTimeoutMs = LIMIT_MS;
		const where = { host: "localhost", port: this.recorder.port, connectTimeoutMs };
		this.node.send({ op: "connect", ...where, ...access, ...more });
		await this.node.next({ ev }, LIMIT_MS);
	}

	async subscribe(topic: string, qos: number): Promise<void> {
		this.tag++;
		this.node.send({ op: "subscribe", subs: [{ topic, qos }], tag: this.tag });
		await this.done();
	}

	async unsubscribe(topic: string): Promise<void> {
		this.tag++;
		this.node.send({ op: "unsubscribe", topics: [topic], tag: this.tag });
		await this.done();
	}

	async publish(topic: string, payload: string, { qos, retain = false }: Qos): Promise<void> {
		this.tag++;
		this.node.send({ op: "publish", topic, payload, qos, retain, tag: this.tag });
		await this.done();
	}

	/** Waits for the message, then for the line on the wire with which its flow is over. */
	async message(payload: string, last: RegExp = /./): Promise<void> {
		await this.node.next({ ev: "msg", payload }, LIMIT_MS);
		await this.recorder.until(last);
	}

	async disconnect(): Promise<void> {
		this.node.send({ op: "disconnect" });
		await this.node.next({ ev: "ended" }, LIMIT_MS);
		await this.recorder.quiet();
	}

	/** Cuts the connection without a word. */
	async cut(): Promise<void> {
		this.node.send({ op: "abort" });
		await this.node.next({ ev: "down" }, LIMIT_MS);
		await this.recorder.quiet();
	}

	/** Waits for the end of the connection that the recorder has cut, and for the next. */
	async back(): Promise<void> {
		await this.node.next({ ev: "down" }, LIMIT_MS);
		await this.node.next({ ev: "up" }, LIMIT_MS);
	}

	/** The second client publishes; resolves when the broker has it. */
	async otherPublishes(topic: string, payload: string, options: Qos): Promise<void> {
		await this.other.publishAsync(topic, payload, { ...options });
	}

	/** Waits until the second client has so many messages. */
	async otherGot(count: number): Promise<void> {
		await waitFor(
			() => this.got.length >= count,
			() => `${count} wanted:\n${this.got.join("\n")}`,
		);
	}

	/** Lets everything that is under way arrive, and gives all lines: the wire's, the other's. */
	async finish(): Promise<{ readonly wire: string; readonly got: string }> {
		await this.recorder.quiet();
		await this.other.publishAsync(END, "", { qos: 2 });
		const end = `q2 "${END}" ""`;
		await waitFor(
			() => this.got.includes(end),
			() => `no end:\n${this.got.join("\n")}`,
		);
		const { suffix } = this.way;
		const flows = this.recorder.recordings.map(({ lines }) =>
			lines.map((line) => withoutSuffix(line, suffix)).join("\n"),
		);
		return {
			wire: flows.join("\n\n"),
			got: this.got.filter((line) => line !== end).join("\n"),
		};
	}

	async close(): Promise<void> {
		this.recorder.close();
		await this.other.endAsync(true);
	}

	/** The answer to the newest request. */
	private async done(): Promise<void> {
		const { err } = await this.node.next({ ev: "done", tag: this.tag }, LIMIT_MS);
		if (err !== null) throw new Error(`${err}`);
	}
}

/** CONNECT's line has to end with what the way adds; without it the flow is the same on each. */
function withoutSuffix(line: string, suffix: string): string {
	if (!line.startsWith("> CONNECT ") || suffix === "") return line;
	if (!line.endsWith(suffix)) return `${line} (without${suffix})`;
	return line.slice(0, -suffix.length);
}
