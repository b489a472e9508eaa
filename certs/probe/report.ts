/** A probe's result for people, as a table, and for programs, as JSON. */

import { NOT_REACHED, type Rule } from "./rule";
import type { Target } from "./survey";

const MARKS: Readonly<Record<Rule["result"], string>> = {
	ok: "ok",
	warn: "warn",
	fail: "FAIL",
	skipped: "-",
};
const MARK_WIDTH = 6;
const NAME_WIDTH = 20;
const TEXT_WIDTH = 74;

export interface Report {
	readonly target: Target;
	/** Where the CAs came from: paths. */
	readonly authorities: readonly string[];
	/** The node's own; "" when it connects. */
	readonly reason: string;
	readonly rules: readonly Rule[];
}

export function isGood({ rules }: Report): boolean {
	return rules.every(({ result }) => result !== "fail");
}

/** Lines of the table, and what it comes to. */
export function tableOf(report: Report): string {
	const { target, authorities, rules } = report;
	const { host, port, name, credentials } = target;
	const trusts = authorities.length === 0 ? "no CA" : authorities.join(", ");
	const named = name === host ? "" : `, as ${name}`;
	const own = credentials.certificate === undefined ? "without" : "with";
	const head = `mqtts://${host}:${port}${named}; trusted: ${trusts}; ${own} client certificate`;
	const isReached = ({ found }: Rule) => found[0] !== NOT_REACHED;
	const lines = rules.filter(isReached).flatMap(linesOf);
	const missed = rules.filter((rule) => !isReached(rule)).map((rule) => rule.name);
	if (missed.length > 0) lines.push(...row("-", NOT_REACHED, [missed.join(", ")]));
	return [head, "", ...lines, "", ...summaryOf(report), ""].join("\n");
}

function linesOf({ name, result, found, change }: Rule): string[] {
	const changes = [...new Set(change)].map((text) => `change: ${text}`);
	return row(MARKS[result], name, [...found, ...changes]);
}

function row(mark: string, name: string, texts: readonly string[]): string[] {
	const start = mark.padEnd(MARK_WIDTH) + name.padEnd(NAME_WIDTH);
	const [first = "", ...others] = texts.flatMap(wrapped);
	return [start + first, ...others.map((text) => " ".repeat(start.length) + text)];
}

/** A text in lines that fit, those behind the first a little further in. */
function wrapped(text: string): string[] {
	const lines = [""];
	for (const word of text.split(" ")) {
		const line = lines.at(-1) as string;
		if (line.trim() === "") lines[lines.length - 1] = line + word;
		else if (line.length + 1 + word.length <= TEXT_WIDTH)
			lines[lines.length - 1] = `${line} ${word}`;
		else lines.push(`  ${word}`);
	}
	return lines;
}

function summaryOf(report: Report): string[] {
	const count = (result: Rule["result"]) => {
		const found = report.rules.filter((rule) => rule.result === result).length;
		return `${found} ${found === 1 ? "rule" : "rules"}`;
	};
	const warned = report.rules.some(({ result }) => result === "warn");
	const warnings = warned ? `; ${count("warn")} with a warning` : "";
	if (isGood(report)) return [`a node connects to this broker${warnings}`];
	const said = report.reason === "" ? [] : [`a node says: tls failed: ${report.reason}`];
	return [...said, `${count("fail")} failed${warnings}`];
}

/** One object. */
export function jsonOf(report: Report): string {
	const { target, authorities, reason, rules } = report;
	const { host, port, name } = target;
	const good = isGood(report);
	const object = { host, port, name, authorities, good, reason, rules };
	return `${JSON.stringify(object, undefined, "\t")}\n`;
}
