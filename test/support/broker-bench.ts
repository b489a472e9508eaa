/**
 * What a broker is tried with: the firmware's engine (`fieldmote client`), the whole firmware on
 * a simulated board, and MQTT.js on the other side. Each has the same user. Waits have a limit;
 * that nothing comes is known by a marker that comes behind it.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { root } from "../../host-sim/build.mjs";
import { readCredentials } from "../../host-sim/key-files";
import { powerOn } from "../../host-sim/loader";
import { AccessPoint } from "../../host-sim/world/access-point";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { buildProgram, makeBoard } from "./board";
import { ClientProcess } from "./client";
import type { User } from "./erlang-brokers";
import { shown } from "./packet-lines";
import { startRecorder, waitFor } from "./packet-recorder";

const LIMIT_MS = 30_000;
const WIFI = { ssid: "garden", password: "eight chars" };

/** A broker to try. */
export interface Tried {
	readonly port: number;
	readonly tlsPort: number;
	/** Where a client certificate takes the password's place; default: tlsPort. */
	readonly certificatePort?: number;
	restart(): Promise<void>;
}

/** Files for TLS, PEM. */
export interface Identity {
	readonly ca: string;
	readonly cert: string;
	readonly key: string;
}

export class Bench {
	readonly broker: Tried;
	readonly who: User;
	readonly identity: Identity;
	readonly node = new ClientProcess();
	/** What MQTT.js has got: `q1 "topic" "payload"`. */
	readonly got: string[] = [];
	private other: MqttClient | undefined;
	private tag = 0;

	constructor(broker: Tried, who: User, identity: Identity) {
		this.broker = broker;
		this.who = who;
		this.identity = identity;
	}

	/** Begins a row of the table with nothing left of the one before. */
	async fresh(): Promise<void> {
		this.node.events.length = 0;
		this.got.length = 0;
		await this.other?.endAsync(true);
		const other = await this.connectOther();
		this.other = other;
		other.on("error", () => undefined);
		other.on("message", (topic, payload, { qos, retain }) => {
			this.got.push(`${retain ? "retain " : ""}q${qos} "${topic}" ${shown(payload)}`);
		});
	}

	/** The event that answers: up, refused or down. */
	async connect(more: object): Promise<Record<string, unknown>> {
		const where = { host: "localhost", port: this.broker.port, connectTimeoutMs: LIMIT_MS };
		this.node.send({ op: "connect", ...where, ...this.who, id: "lamp", ...more });
		const answers = ["up", "refused", "down", "error"];
		await waitFor(
			() => this.node.events.some(({ ev }) => answers.includes(ev)),
			() => `no answer to CONNECT ${this.node.stderr}`,
		);
		const at = this.node.events.findIndex(({ ev }) => answers.includes(ev));
		return this.node.events.splice(at, 1)[0];
	}

	async disconnect(): Promise<void> {
		this.node.send({ op: "disconnect" });
		await this.node.next({ ev: "ended" }, LIMIT_MS);
	}

	async cut(): Promise<void> {
		this.node.send({ op: "abort" });
		await this.node.next({ ev: "down" }, LIMIT_MS);
	}

	async subscribe(topic: string, qos: number): Promise<unknown> {
		this.tag++;
		this.node.send({ op: "subscribe", subs: [{ topic, qos }], tag: this.tag });
		return (await this.node.next({ ev: "done", tag: this.tag }, LIMIT_MS)).granted;
	}

	async publish(topic: string, payload: string, qos: number, retain = false): Promise<void> {
		this.tag++;
		this.node.send({ op: "publish", topic, payload, qos, retain, tag: this.tag });
		const { err } = await this.node.next({ ev: "done", tag: this.tag }, LIMIT_MS);
		if (err !== null) throw new Error(`${err}`);
	}

	async message(payload: string): Promise<Record<string, unknown>> {
		return await this.node.next({ ev: "msg", payload }, LIMIT_MS);
	}

	async otherSubscribes(topic: string): Promise<void> {
		await this.other?.subscribeAsync(topic, { qos: 1 });
	}

	async otherPublishes(topic: string, payload: string, qos: 0 | 1 | 2, retain = false) {
		await this.other?.publishAsync(topic, payload, { qos, retain });
	}

	async otherGot(pattern: RegExp): Promise<string> {
		await waitFor(
			() => this.got.some((line) => pattern.test(line)),
			() => `no ${pattern} in\n${this.got.join("\n")}`,
		);
		return this.got.find((line) => pattern.test(line)) ?? "";
	}

	/** Whether what the firmware's engine gets before the marker holds a payload. */
	async hasBefore(payload: string, topic: string, qos: 0 | 1): Promise<boolean> {
		await this.otherPublishes(topic, `behind ${payload}`, qos);
		await this.message(`behind ${payload}`);
		const at = this.node.events.findIndex(
			(event) => event.ev === "msg" && event.payload === payload,
		);
		if (at >= 0) this.node.events.splice(at, 1);
		return at >= 0;
	}

	/** What the broker answers to a publication, packet by packet. */
	async answersTo(qos: 1 | 2): Promise<string> {
		const recorder = await startRecorder(this.broker.port);
		try {
			await this.connect({ port: recorder.port });
			await this.publish("answers/state", "on", qos);
			await this.disconnect();
			const lines = recorder.recordings[0].lines.filter((line) => /^< (PUB\w+)/.test(line));
			return lines.map((line) => line.split(" ")[1]).join(", ");
		} finally {
			recorder.close();
		}
	}

	/** Another client comes with the id of one that is there. */
	async isTakenOver(): Promise<boolean> {
		await this.connect({ id: "twin" });
		const twin = await this.connectOther("twin");
		await this.node.next({ ev: "down" }, LIMIT_MS);
		const stays = twin.connected;
		await twin.endAsync(true);
		return stays;
	}

	/** The whole firmware over TLS: reports, takes a command, and its will when it loses power. */
	async playNode(): Promise<string> {
		const node = this.who.user;
		const ntp = await NtpServer.start();
		const { ca } = this.identity;
		const { board, lines, crashes } = makeBoard({
			name: node,
			accessPoint: new AccessPoint({ networks: [WIFI] }),
			boardFile: JSON.parse(readFileSync(join(root, "boards", "host.json"), "utf8")) as object,
			credentials: readCredentials({ ca: [ca], cert: undefined, key: undefined }),
			site: {
				node,
				wifi: [WIFI],
				ntp: { servers: [ntp.name] },
				broker: {
					url: `mqtts://localhost:${this.broker.tlsPort}`,
					username: this.who.user,
					password: this.who.pass,
				},
			},
		});
		try {
			const at = `fieldmote/${node}`;
			await this.otherSubscribes(`${at}/#`);
			powerOn(board, await buildProgram("firmware/main.ts"));
			const all = () => [...lines, ...this.got].join("\n");
			await waitFor(() => lines.some((line) => /first report accepted/.test(line)), all);
			await this.otherGot(/availability" "online"/);
			await this.otherPublishes(`${at}/relay/set`, '{"state":"ON","id":"1"}', 2);
			await this.otherGot(/relay\/state" "ON"/);
			await this.otherGot(/result" .*"id":"1"/);
			board.powerOff();
			await this.otherGot(/availability" "offline"/);
			if (crashes.length > 0) throw new Error(`${crashes[0]}`);
			return "yes";
		} finally {
			board.powerOff();
			await ntp.close();
		}
	}

	private async connectOther(clientId?: string): Promise<MqttClient> {
		return await mqtt.connectAsync(`mqtt://127.0.0.1:${this.broker.port}`, {
			...(clientId === undefined ? {} : { clientId }),
			username: this.who.user,
			password: this.who.pass,
			reconnectPeriod: 0,
		});
	}

	async close(): Promise<void> {
		this.node.kill();
		await this.other?.endAsync(true);
	}
}
