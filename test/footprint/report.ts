/** What was measured, as tables, and what of it is above its budget. Pure but for printing. */

import { readFileSync } from "node:fs";
import type { EspImage } from "../xs/esp-image";
import { readParts } from "../xs/esp-map";
import { type ModuleSize, sizesByFolder } from "./code";
import {
	BIN_BYTES,
	BLOCK_BYTES,
	type Configuration,
	IROM0_BYTES,
	IROM0_DEBUG_BYTES,
	STACK_RESERVE_BYTES,
} from "./configurations";
import type { Figures } from "./machine";
import type { Story } from "./story";

const SLOT_BYTES = 16;

export interface Result {
	readonly configuration: Configuration;
	readonly sizes: readonly ModuleSize[];
	readonly story: Story;
}

export interface PeerResult {
	readonly what: string;
	/** As the machine stands, garbage included, and what is alive. */
	readonly raw: Figures;
	readonly live: Figures;
}

/** One row per phase: what slots, chunks and stack had grown to, and the most that was in use. */
export function printFirmware({ configuration, story }: Result): void {
	const { name, what, budgetBytes } = configuration;
	const head = ["phase", "slots", "most used", "chunks", "most used", "stack", "deepest"];
	const rows = [[...head, "together", "budget", "C stack"]];
	for (const figures of story.figures) {
		const { slots, slotsPeak, chunks, chunksPeak, stack, stackPeak, block, cStackPeak } = figures;
		const heaps = [slots, slotsPeak, chunks, chunksPeak];
		const numbers = [...heaps, stack, stackPeak, block, budgetBytes, cStackPeak];
		rows.push([figures.name, ...numbers.map(String)]);
	}
	console.log(`${name}: ${what}`);
	printTable(rows);
	const { firstSlots, lastSlots, reconnects } = story;
	const used = `${firstSlots} bytes of slots in use after the first, ${lastSlots} after the last`;
	console.log(`${reconnects} reconnects: ${used}\n`);
}

/** What each has grown to, and what it uses at rest above the program that does nothing. */
export function printPeers(rows: readonly PeerResult[]): void {
	const [nothing] = rows;
	const head = ["connected, at rest", "slots", "chunks", "deepest stack", "used", "alive"];
	const table = [[...head, "used above nothing", "alive above nothing"]];
	for (const { what, raw, live } of rows) {
		const grown = [raw.slots, raw.chunks, raw.stackPeak];
		const above = [
			usedBytes(raw) - usedBytes(nothing.raw),
			usedBytes(live) - usedBytes(nothing.live),
		];
		table.push([what, ...[...grown, usedBytes(raw), usedBytes(live), ...above].map(String)]);
	}
	printTable(table);
}

function usedBytes({ slotsUsed, chunksUsed }: Figures): number {
	return slotsUsed + chunksUsed;
}

/** Bytecode by folder, and our largest modules. */
export function printCode(sizes: readonly ModuleSize[]): void {
	const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
	const rows = [["bytecode of", "bytes"]];
	for (const [folder, bytes] of sizesByFolder(sizes)) rows.push([folder, String(bytes)]);
	rows.push(["all modules", String(total)]);
	printTable(rows);
	const own = sizes.filter(({ isOurs }) => isOurs);
	printTable([["module", "bytes"], ...own.map(({ name, bytes }) => [name, String(bytes)])]);
}

/** What an ESP8266's flash and RAM hold of the image, by part. */
export function printImage(image: EspImage, debug: boolean): void {
	console.log(debug ? "image, built with -d" : "image");
	const sections = Object.entries(image.sections).map(([name, bytes]) => [name, String(bytes)]);
	const rest = [
		["main.bin", String(image.binBytes)],
		["left for the C heap", String(image.heapBytes)],
	];
	printTable([["section", "bytes"], ...sections, ...rest]);
	const parts = readParts(readFileSync(image.map, "utf8"), ".irom0.text");
	const rows = Object.entries(parts).map(([part, bytes]) => [part, String(bytes)]);
	printTable([["in .irom0.text", "bytes"], ...rows]);
}

/** Too large an image, one sentence each. */
export function judgeImage(image: EspImage, debug: boolean): string[] {
	const name = debug ? "image with -d" : "image";
	const bytes = image.sections[".irom0.text"];
	const most = debug ? IROM0_DEBUG_BYTES : IROM0_BYTES;
	const problems = bytes < most ? [] : [`${name}: .irom0.text of ${bytes} bytes, aim ${most}`];
	if (image.binBytes >= BIN_BYTES) {
		problems.push(`${name}: main.bin of ${image.binBytes} bytes, must be below ${BIN_BYTES}`);
	}
	return problems;
}

/** What is above its budget, one sentence each. */
export function judge(results: readonly Result[], stackSlots: number): string[] {
	const problems: string[] = [];
	const stackBytes = stackSlots * SLOT_BYTES;
	for (const { configuration, story } of results) {
		const { name, budgetBytes } = configuration;
		const most = Math.max(...story.figures.map(({ block }) => block));
		if (most > budgetBytes) problems.push(`${name}: ${most} bytes, budget ${budgetBytes}`);
		const deepest = Math.max(...story.figures.map(({ stackPeak }) => stackPeak));
		if (deepest + STACK_RESERVE_BYTES > stackBytes) {
			const wanted = `${STACK_RESERVE_BYTES} must be left of ${stackBytes}`;
			problems.push(`${name}: stack of ${deepest} bytes, ${wanted}`);
		}
		if (story.lastSlots > story.firstSlots) {
			const growth = `${story.lastSlots - story.firstSlots} bytes of slots more`;
			problems.push(`${name}: ${growth} after ${story.reconnects} reconnects than after the first`);
		}
		if (most > BLOCK_BYTES) problems.push(`${name}: does not fit the block`);
	}
	return problems;
}

function printTable(rows: readonly (readonly string[])[]): void {
	const widths = rows[0].map((_cell, at) => Math.max(...rows.map((row) => row[at].length)));
	for (const row of rows) {
		const cells = row.map((cell, at) =>
			/^\d/.test(cell) ? cell.padStart(widths[at]) : cell.padEnd(widths[at]),
		);
		console.log(cells.join("  ").trimEnd());
	}
	console.log();
}
