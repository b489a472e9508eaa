/**
 * The report of `fieldmote check` as text: tables for people. Pure. Always holds: nothing in it is
 * an order to the terminal.
 */

import { printable } from "../site/printable";
import type { EntityFact, PinFact } from "./entity-facts";
import type { MemoryFact, Report } from "./report";

const LARGE_FLASH = 1_048_576;

export function checkText(report: Report): string {
	const parts = [
		table(nodeRows(report)),
		report.entities.length === 0 ? "" : table(entityRows(report.entities), true),
		report.ok ? table(topicRows(report), true) : "",
		report.ok ? table(imageRows(report)) : "",
		report.warnings.map((text) => `warning: ${printable(text)}\n`).join(""),
	];
	return parts.filter((part) => part !== "").join("\n");
}

function nodeRows(report: Report): string[][] {
	const { board, boardTitle, picture, platform, flashBytes } = report;
	const flash = flashBytes === null ? "" : `, ${bytesText(flashBytes)} of flash`;
	return [
		["node", report.node],
		["board", `${board}: ${boardTitle}`],
		["picture", picture],
		["platform", `${platform}${flash}`],
		["Wi-Fi", report.networks.join(", ")],
		["brokers", report.brokers.join(", ")],
		["time", report.timeServers.join(", ")],
	].filter(([, text]) => text !== "");
}

function entityRows(entities: readonly EntityFact[]): string[][] {
	const rows = [["entity", "kind", "pins", "at boot", "without contact", "also"]];
	for (const { id, kind, pins, atBoot, withoutContact, notes } of entities) {
		rows.push([id, kind, pins.map(pinText).join(", "), atBoot, withoutContact, notes.join("; ")]);
	}
	return rows;
}

function pinText({ label, gpio, adc, part }: PinFact): string {
	const number = gpio >= 0 ? `GPIO${gpio}` : adc >= 0 ? `ADC${adc}` : "";
	const shown = number === "" || label === number ? "" : ` (${number})`;
	return `${part === "" ? "" : `${part} `}${label}${shown}`;
}

function topicRows(report: Report): string[][] {
	const rows = [["of", "", "topic"]];
	for (const { id, topics } of report.entities) {
		for (const { what, topic } of topics) rows.push([id, what === "set" ? "in" : "out", topic]);
	}
	for (const { direction, topic } of report.topics) rows.push(["the node", direction, topic]);
	return rows;
}

function imageRows({ image, memory }: Report): string[][] {
	return [
		["memory", memory === null ? "" : memoryText(memory)],
		["modules", image.modules.join(", ")],
		["own", image.own.join(", ")],
	].filter(([, text]) => text !== "");
}

function memoryText({ neededBytes, roomBytes }: MemoryFact): string {
	const needed = neededBytes === null ? "not measured" : `about ${neededBytes} bytes`;
	const room = roomBytes === null ? "" : ` of ${roomBytes} bytes`;
	return `entities and what the site turns on: ${needed}${room}`;
}

function bytesText(bytes: number): string {
	return bytes % LARGE_FLASH === 0 ? `${bytes / LARGE_FLASH} MB` : `${bytes} bytes`;
}

/** Columns side by side; the first row may be a head. */
function table(rows: readonly (readonly string[])[], hasHead = false): string {
	if (rows.length === 0) return "";
	const shown = rows.map((row) => row.map(printable));
	const widths: number[] = [];
	for (const row of shown) {
		row.forEach((cell, i) => {
			widths[i] = Math.max(widths[i] ?? 0, cell.length);
		});
	}
	const line = (row: readonly string[]) => {
		const cells = row.map((cell, i) => cell.padEnd(widths[i]));
		return `${cells.join("  ").trimEnd()}\n`;
	};
	const rule = hasHead ? line(widths.map((width) => "-".repeat(width))) : "";
	return `${line(shown[0])}${rule}${shown.slice(1).map(line).join("")}`;
}
