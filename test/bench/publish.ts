/**
 * Publishing through a local Mosquitto, QoS 0, 1 and 2, 64 bytes, window 20: the firmware's engine
 * and link on Node against MQTT.js. Both keep 20 publishes open; a round ends when the broker
 * has acknowledged one more, at QoS 1, behind them all. The peers take turns, and the median of
 * the rounds counts.
 */

import mqtt, { type MqttClient } from "mqtt";
import { ensureBuilt } from "../../host-sim/build.mjs";
import type { Engine } from "../../host-sim/client/environment";
import { powerOn, readProgram } from "../../host-sim/loader";
import { SimulatedBoard } from "../../host-sim/world/board";
import { liveClock } from "../../host-sim/world/clock";
import { LiveNetwork } from "../../host-sim/world/network";
import { startMosquitto } from "../support/mosquitto";
import { median, type Row } from "./table";

const WINDOW = 20;
const MESSAGES = 5000;
const ROUNDS = 5;
const PAYLOAD = new Uint8Array(64).fill(0x61);
const TOPIC = "bench/publish";
const FENCE = "bench/fence";

type Round = (qos: 0 | 1 | 2) => Promise<void>;

export async function rows(): Promise<Row[]> {
	const broker = await startMosquitto(["allow_anonymous true"], ["log_type none"]);
	const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { clientId: "peer" });
	const ours = await connectOurs(broker.port);
	try {
		const result: Row[] = [];
		for (const qos of [0, 1, 2] as const) {
			const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
			for (let round = 0; round <= ROUNDS; round++) {
				const our = await perSecond(ours.round, qos);
				const their = await perSecond((level) => peerRound(client, level), qos);
				// The first round only warms up.
				if (round > 0) {
					times.ours.push(our);
					times.peer.push(their);
				}
			}
			result.push({
				name: `publish QoS ${qos}, window ${WINDOW}`,
				ours: median(times.ours),
				peer: median(times.peer),
				unit: "msg/s",
				peerName: "MQTT.js 5",
				target: 1,
			});
		}
		return result;
	} finally {
		await client.endAsync();
		await ours.close();
		await broker.discard();
	}
}

async function perSecond(round: Round, qos: 0 | 1 | 2): Promise<number> {
	const start = performance.now();
	await round(qos);
	return (MESSAGES * 1000) / (performance.now() - start);
}

function peerRound(client: MqttClient, qos: 0 | 1 | 2): Promise<void> {
	return new Promise((resolve, reject) => {
		let sent = 0;
		let done = 0;
		const payload = Buffer.from(PAYLOAD);
		const next = (): void => {
			sent++;
			client.publish(TOPIC, payload, { qos }, (error) => {
				if (error) reject(error);
				else if (++done === MESSAGES) client.publish(FENCE, "", { qos: 1 }, () => resolve());
				else if (sent < MESSAGES) next();
			});
		};
		for (let i = 0; i < WINDOW; i++) next();
	});
}

async function connectOurs(port: number): Promise<{ round: Round; close: () => Promise<void> }> {
	const network = new LiveNetwork({ sendBytes: 1 << 20, receiveBytes: 1 << 20 });
	const board = new SimulatedBoard({
		name: "bench",
		clock: liveClock,
		network,
		accessPoint: undefined as never,
		boardFile: {},
		site: {},
		onTrace: () => undefined,
		onCrash: (error) => {
			throw error;
		},
	});
	const { Session, Link, Event, Code, TCP } = powerOn(
		board,
		readProgram(await ensureBuilt(), "link"),
	) as Engine;
	const session = new Session({
		clientId: "ours",
		cleanSession: true,
		keepAliveSeconds: 60,
		window: WINDOW,
		arenaBytes: 1 << 16,
		transmitBytes: 1 << 16,
	});
	let resume = (): void => undefined;
	let done = 0;
	const up = new Promise<void>((resolve, reject) => {
		const link = new Link({
			session,
			host: "127.0.0.1",
			port,
			tls: undefined,
			TCP,
			TLSSocket: undefined,
			resolver: {
				resolve: (host, target, done) => {
					setImmediate(() => done.call(target, "", [host]));
				},
				cancel: () => undefined,
			},
			stepTimeoutMs: 3000,
			readBytes: 1 << 16,
			writeBytes: 1 << 16,
			owner: {
				handleLinkEvent: (event) => {
					if (event === Event.Connected) resolve();
					else if (event === Event.Published) {
						done++;
						resume();
					}
				},
				handleLinkDown: (step, reason) => reject(new Error(`${step}: ${reason}`)),
				certificateTimeMs: () => Date.now(),
			},
		});
		link.open();
		state.link = link;
	});
	await up;
	return { round: (qos) => ourRound(qos), close };

	function ourRound(qos: 0 | 1 | 2): Promise<void> {
		return new Promise((resolve) => {
			let sent = 0;
			done = 0;
			const more = (): void => {
				while (sent < MESSAGES && sent - done < WINDOW) {
					if (session.publish(TOPIC, PAYLOAD, qos, false, board.ticks()) === Code.Full) break;
					sent++;
					// QoS 0 is done when the socket has it, as MQTT.js counts it.
					if (qos === 0) done++;
				}
				if (done >= MESSAGES) {
					resume = resolve;
					session.publish(FENCE, "", 1, false, board.ticks());
				} else if (qos === 0) setImmediate(more);
				state.link?.pump();
			};
			resume = more;
			more();
		});
	}

	async function close(): Promise<void> {
		state.link?.close();
		board.powerOff();
		await network.close();
	}
}

/** The link of the one connection; set while it is being made. */
const state: { link: InstanceType<Engine["Link"]> | undefined } = { link: undefined };
