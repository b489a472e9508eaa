/**
 * One life of a measured node: boot, connect, a burst in both directions, reconnects; figures after
 * each. Always holds: every step is seen (on the node's console or at the broker) before it counts.
 */

import { ClientProcess } from "../support/client";
import type { Figures, Machine } from "./machine";
import { NODE, type Stage } from "./stage";

const CONNECTED = /^mqtt: subscribed to /;
const SETTLE_MS = 500;
/** Commands in a burst; each has a result at QoS 1 that goes out. */
const BURST = 20;

export interface Story {
	readonly figures: readonly Figures[];
	/** Slots in use after the first and after the last reconnect, garbage collected. */
	readonly firstSlots: number;
	readonly lastSlots: number;
	readonly reconnects: number;
}

/** @param note is told what is going on */
export async function tell(
	machine: Machine,
	stage: Stage,
	reconnects: number,
	note: (text: string) => void,
): Promise<Story> {
	const figures: Figures[] = [];
	await machine.waitFor(/^boot: node /);
	figures.push(await machine.figures("booted"));
	machine.resetPeaks();
	await machine.waitFor(CONNECTED);
	figures.push(await machine.figures("connecting"));
	await pause(SETTLE_MS);
	figures.push(await machine.figures("connected", true));
	machine.resetPeaks();
	await burst(stage);
	await pause(SETTLE_MS);
	figures.push(await machine.figures("burst"));
	machine.resetPeaks();
	const before = await reconnect(machine, stage);
	for (let count = 1; count < reconnects; count++) {
		if (count % 100 === 0) note(`${count} reconnects`);
		await reconnect(machine, stage);
	}
	await pause(SETTLE_MS);
	const last = await machine.figures("reconnected", true);
	figures.push(last);
	return { figures, firstSlots: before, lastSlots: last.slotsUsed, reconnects };
}

/** Cuts the connection and waits for the next; the slots in use after it. */
async function reconnect(machine: Machine, stage: Stage): Promise<number> {
	const from = machine.lines.length;
	stage.cut();
	await machine.waitFor(CONNECTED, 30_000, from);
	// What waits to be acknowledged is memory in use.
	await pause(20);
	return (await machine.figures("reconnect", true)).slotsUsed;
}

/** BURST commands at QoS 2 at once, and their results at QoS 1. Throws unless all came back. */
async function burst(stage: Stage): Promise<void> {
	const client = new ClientProcess();
	try {
		client.send({ op: "connect", port: stage.clientPort, id: "burst" });
		const subs = [{ topic: `fieldmote/${NODE}/result`, qos: 1 }];
		client.send({ op: "subscribe", subs, tag: "s" });
		await client.next({ ev: "done", tag: "s" });
		const topic = `fieldmote/${NODE}/relay/set`;
		for (let i = 0; i < BURST; i++) {
			const payload = JSON.stringify({ state: i % 2 === 0 ? "ON" : "OFF", id: `burst-${i}` });
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
