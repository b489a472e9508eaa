/**
 * How fast nodes come back that lost their broker at the same moment: the firmware's own backoff,
 * node by node, with seeded randomness. Run it: `node --import tsx test/brokers/herd.ts [nodes]`.
 * An attempt that fails takes no time here, as where nothing listens on the port.
 */

import { pathToFileURL } from "node:url";
import { Backoff } from "../../firmware/net/backoff";
import { seeded } from "../support/seeded";

/** As in firmware/runtime.ts, which cannot be loaded here; herd.test.ts compares them. */
export const RECONNECT = { baseMs: 1_000, capMs: 120_000, stableMs: 60_000 };
const OUTAGES_S = [0, 10, 60, 600, 3600];

/** Times after the end of the outage at which each node is back, in order, milliseconds. */
export function comeBack(nodes: number, outageMs: number, seed: number): number[] {
	const random = seeded(seed);
	const times: number[] = [];
	for (let node = 0; node < nodes; node++) {
		const backoff = new Backoff(RECONNECT);
		let time = 0;
		do time += backoff.nextDelayMs(random());
		while (time < outageMs);
		times.push(time - outageMs);
	}
	return times.sort((a, b) => a - b);
}

/** The rows of docs/scale.md. */
export function rows(nodes: number): string[] {
	const lines = [
		"| outage | most in one second | half are back after | 99 of 100 | all |",
		"| --- | --- | --- | --- | --- |",
	];
	for (const outage of OUTAGES_S) {
		const times = comeBack(nodes, outage * 1000, 1);
		const perSecond = new Map<number, number>();
		for (const time of times) {
			const second = Math.floor(time / 1000);
			perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
		}
		const at = (part: number) => `${(times[Math.ceil(part * nodes) - 1] / 1000).toFixed(1)} s`;
		const most = Math.max(...perSecond.values());
		const name = outage === 0 ? "none: another broker is there" : `${outage} s`;
		lines.push(`| ${name} | ${most} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`);
	}
	return lines;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	console.log(rows(Number(process.argv[2] ?? 1000)).join("\n"));
}
