/** A rule that a broker keeps or does not, as a probe reports it. Types and small makers only. */

export type Result = "ok" | "warn" | "fail" | "skipped";

export interface Rule {
	readonly name: RuleName;
	readonly result: Result;
	/** What was found; for a rule that a node refuses by, first the node's own words. */
	readonly found: readonly string[];
	/** What to change at the broker; empty where there is nothing to change. */
	readonly change: readonly string[];
}

/** What is found of a rule that nobody came to. */
export const NOT_REACHED = "not reached";

/** In the order in which they are reported. */
export const RULE_NAMES = [
	"address",
	"TLS",
	"version",
	"cipher",
	"certificates",
	"chain",
	"CAs",
	"usage",
	"names",
	"dates",
	"algorithms",
	"key exchange",
	"order",
	"records",
	"fragment length",
	"client certificate",
	"MQTT",
] as const;

export type RuleName = (typeof RULE_NAMES)[number];

export function makeRule(
	name: RuleName,
	result: Result,
	found: string | readonly string[],
	change: readonly string[] = [],
): Rule {
	return { name, result, found: typeof found === "string" ? [found] : found, change };
}
