/**
 * From reset to the first report that the broker accepted, step by step: the whole firmware on XS
 * (release build, 32 bit, an ESP8266's creation values) over mutual TLS, times from the lines of its
 * console as they come. Wi-Fi and the round trips are this machine's own: what the rows show is what
 * the firmware does with the time. The median of several starts.
 */

import { firmwareApplication } from "../footprint/applications";
import { build32, type Program } from "../footprint/build32";
import { BLOCK_BYTES } from "../footprint/configurations";
import { Machine } from "../footprint/machine";
import { Stage } from "../footprint/stage";
import { median, type Row } from "./table";
import { canMeasure } from "./xs/program";

const STARTS = 7;
const LIMIT_MS = 60_000;

/** Each ends with a line. */
const STEPS: readonly (readonly [what: string, end: RegExp])[] = [
	["reset to boot", /^boot: node /],
	["Wi-Fi", /^wifi: joined/],
	["time", /^clock: set/],
	["DNS and TCP", /^tcp: connected/],
	["TLS", /^tls: broker authenticated/],
	["CONNACK", /^mqtt: connected/],
	["first report accepted", /^node: first report accepted/],
];

/** All of it; the SDK has no such program to compare with. */
const WANTED_MS = 1000;

export async function rows(): Promise<readonly Row[]> {
	if (!canMeasure()) return [];
	const stage = await Stage.open("mutual-ec");
	process.env.CREDENTIALS = stage.credentials;
	const application = firmwareApplication();
	try {
		const program = await build32(application.folder, stage.values, false);
		try {
			const starts: number[][] = [];
			for (let i = 0; i < STARTS; i++) starts.push(await start(program));
			return table(starts);
		} finally {
			program.discard();
		}
	} finally {
		delete process.env.CREDENTIALS;
		application.discard();
		await stage.close();
	}
}

/** Milliseconds that each step took. */
async function start(program: Program): Promise<number[]> {
	let last = performance.now();
	const machine = new Machine(program, 2 * BLOCK_BYTES);
	try {
		const took: number[] = [];
		for (const [, end] of STEPS) {
			await machine.waitFor(end, LIMIT_MS);
			const now = performance.now();
			took.push(now - last);
			last = now;
		}
		return took;
	} finally {
		await machine.stop();
	}
}

function table(starts: readonly (readonly number[])[]): Row[] {
	const row = (name: string, values: readonly number[]): Row => ({
		name,
		ours: median(values),
		peer: undefined,
		unit: "ms",
		peerName: "",
		target: WANTED_MS,
		lessIsBetter: true,
	});
	const sums = starts.map((took) => took.reduce((sum, ms) => sum + ms, 0));
	return [
		row("XS: reset to first report accepted, mutual TLS", sums),
		...STEPS.map(([what], i) =>
			row(
				`    ${what}`,
				starts.map((took) => took[i] as number),
			),
		),
	];
}
