/**
 * One life of a measured node: boot, connect, a burst in both directions, reconnects; figures after
 * each. Always holds: every step is seen (on the node's console or at the broker) before it counts.
 */

import { ClientProcess } from "../support/client";
import type { SiteName } from "./configurations";
import type { Figures, Machine } from "./machine";
import { NODE, type Stage } from "./stage";

const CONNECTED = /^mqtt: subscribed to /;
const SETTLE_MS = 500;
const REST_MS = 20;
/** Commands in a burst; each has a result at QoS 1 that goes out. */
const BURST = 20;
/** Longer than the button's debounceMs. */
const PRESS_MS = 100;
/** What is said of a wrong one takes more stack than to take a right one. */
const CONFIGS: readonly [string, RegExp][] = [
	['{"entities":{"climate":{"minimumMx":5}}}', /did you mean/],
	['{"entities":{"climate":{"minimumMs":10,"maximumMs":900}}}', /must not be less/],
	['{"time":{"intervalMs":5000},"entities":{"tank":{"intervalMs":500}}}', /"done":true/],
];
/** In the TMP117's units. */
const CELSIUS_23 = 2944;

export interface Story {
	readonly figures: readonly Figures[];
	/** Slots in use after the first and after the last reconnect, garbage collected. */
	readonly firstSlots: number;
	readonly lastSlots: number;
	readonly reconnects: number;
}

export interface Setting {
	readonly machine: Machine;
	readonly stage: Stage;
	readonly site: SiteName;
	readonly reconnects: number;
	/** Is told what is going on. */
	readonly note: (text: string) => void;
}

export async function tell(setting: Setting): Promise<Story> {
	const { machine, stage, site, reconnects, note } = setting;
	const figures: Figures[] = [];
	await machine.waitFor(/^boot: node /);
	figures.push(await machine.figures("booted"));
	machine.resetPeaks();
	await machine.waitFor(CONNECTED);
	figures.push(await machine.figures("connecting"));
	await pause(SETTLE_MS);
	if (site === "house") await machine.waitFor(/announced to Home Assistant/);
	figures.push(await machine.figures("connected", true));
	machine.resetPeaks();
	await burst(stage, site === "house" ? ["relay", "light"] : ["relay"]);
	await pause(SETTLE_MS);
	figures.push(await machine.figures("burst"));
	machine.resetPeaks();
	if (site === "house") {
		await live(machine, stage);
		figures.push(await machine.figures("lived"));
		machine.resetPeaks();
	}
	await reconnect(machine, stage);
	await pause(SETTLE_MS);
	const first = await machine.figures("first", true);
	for (let count = 1; count < reconnects; count++) {
		if (count % 100 === 0) note(`${count} reconnects`);
		await reconnect(machine, stage);
	}
	await pause(SETTLE_MS);
	const last = await machine.figures("reconnected", true);
	figures.push(last);
	return { figures, firstSlots: first.slotsUsed, lastSlots: last.slotsUsed, reconnects };
}

/** Cuts the connection and waits for the next, and for what is said after it. */
async function reconnect(machine: Machine, stage: Stage): Promise<void> {
	const from = machine.lines.length;
	stage.cut();
	await machine.waitFor(CONNECTED, 30_000, from);
	await pause(REST_MS);
}

/** The button's relay, and a sensor that fails: each is seen at the broker. */
async function live(machine: Machine, stage: Stage): Promise<void> {
	const client = new ClientProcess();
	const base = `fieldmote/${NODE}`;
	const seen = async (topic: string, pattern: RegExp) => {
		for (;;) {
			const message = await client.next({ ev: "msg", topic: `${base}/${topic}` }, 20_000);
			if (pattern.test(String(message.payload))) return;
		}
	};
	try {
		client.send({ op: "connect", port: stage.clientPort, id: "live" });
		const leaves = ["relay/state", "button/state", "climate/state", "climate/problem", "result"];
		const subs = leaves.map((leaf) => ({ topic: `${base}/${leaf}`, qos: 1 }));
		client.send({ op: "subscribe", subs, tag: "s" });
		await client.next({ ev: "done", tag: "s" });
		await seen("relay/state", /^OFF$/);
		for (const level of [0, 1]) {
			machine.world("level", level);
			await pause(PRESS_MS);
		}
		await seen("relay/state", /^ON$/);
		await seen("button/state", /"event":"single"/);
		machine.world("celsius", CELSIUS_23);
		await seen("climate/state", /"temperature":23,/);
		machine.world("gone", 1);
		await seen("climate/problem", /writeRead failed/);
		machine.world("gone", 0);
		await seen("climate/problem", /"problem":null/);
		const topic = `${base}/config`;
		for (const [payload, result] of CONFIGS) {
			client.send({ op: "publish", topic, payload, qos: 1, retain: true, tag: payload });
			await seen("result", result);
		}
	} finally {
		client.kill();
	}
}

/** BURST commands at QoS 2 at once, and their results at QoS 1. Throws unless all came back. */
async function burst(stage: Stage, entities: readonly string[]): Promise<void> {
	const client = new ClientProcess();
	try {
		client.send({ op: "connect", port: stage.clientPort, id: "burst" });
		const subs = [{ topic: `fieldmote/${NODE}/result`, qos: 1 }];
		client.send({ op: "subscribe", subs, tag: "s" });
		await client.next({ ev: "done", tag: "s" });
		for (let i = 0; i < BURST; i++) {
			const entity = entities[i % entities.length];
			const topic = `fieldmote/${NODE}/${entity}/set`;
			const command = {
				state: Math.floor(i / entities.length) % 2 === 0 ? "ON" : "OFF",
				id: `burst-${i}`,
			};
			const more = entity === "light" ? { brightness: 200, transition: 0.2 } : {};
			const payload = JSON.stringify({ ...command, ...more });
			client.send({ op: "publish", topic, payload, qos: 2, tag: i });
		}
		for (let i = 0; i < BURST; i++) {
			const result = await client.next({ ev: "msg" }, 20_000);
			const { id, done } = JSON.parse(String(result.payload));
			if (id !== `burst-${i}` || done !== true) throw new Error(`burst: ${result.payload}`);
		}
	} finally {
		client.kill();
	}
}

function pause(delayMs: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, delayMs));
}
