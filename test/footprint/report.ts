/** What was measured, as tables, and what of it is above its budget. Pure but for printing. */

import { BLOCK_BYTES, type Configuration, STACK_RESERVE_BYTES } from "./configurations";
import type { Figures } from "./machine";
import type { Story } from "./story";

const SLOT_BYTES = 16;

export interface Result {
	readonly configuration: Configuration;
	readonly story: Story;
}

export interface Rest {
	readonly name: string;
	readonly what: string;
	/** As the machine stands, garbage included, and what is alive. */
	readonly raw: Figures;
	readonly live: Figures;
}

/** One row per phase: what slots, chunks and stack had grown to, and the most that was in use. */
export function printFirmware(results: readonly Result[]): void {
	const head = ["configuration", "phase", "slots", "most used", "chunks", "most used", "stack"];
	const rows = [[...head, "most used", "together", "budget"]];
	for (const { configuration, story } of results) {
		for (const figures of story.figures) {
			rows.push([
				configuration.name,
				figures.name,
				...[figures.slots, figures.slotsPeak, figures.chunks, figures.chunksPeak].map(String),
				...[figures.stack, figures.stackPeak, figures.block].map(String),
				String(configuration.budgetBytes),
			]);
		}
	}
	printTable(rows);
	for (const { configuration, story } of results) {
		const { firstSlots, lastSlots, reconnects } = story;
		const used = `${firstSlots} bytes of slots in use after the first, ${lastSlots} after the last`;
		console.log(`${configuration.name}: ${reconnects} reconnects: ${used}`);
	}
}

/** Above the program that does nothing. */
export function printRest(rows: readonly Rest[]): void {
	const [nothing] = rows;
	const table = [["at rest, plain TCP", "raw", "alive", "above nothing: raw", "alive"]];
	for (const { what, raw, live } of rows) {
		const sums = [raw, live].map(({ slotsUsed, chunksUsed }) => slotsUsed + chunksUsed);
		const base = [nothing.raw, nothing.live].map(
			({ slotsUsed, chunksUsed }) => slotsUsed + chunksUsed,
		);
		const above = sums.map((sum, index) => sum - base[index]);
		table.push([what, ...[...sums, ...above].map(String)]);
	}
	printTable(table);
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
