/**
 * Makes the tables of docs/configuration.md from site.schema.json: `node docs/configuration.mjs`.
 * A test holds the page against what this gives.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGE = join(root, "docs/configuration.md");
const KINDS = ["relay", "light", "button", "binary", "analog", "pulse", "sensor", "own"];
const COMMON = ["id", "name", "deviceClass", "icon"];
const COMMANDS = ["topics", "payloads", "whileAway", "rate"];
const REPORTING = ["intervalMs", "delta", "minimumMs", "maximumMs"];

const schema = JSON.parse(readFileSync(join(root, "site.schema.json"), "utf8"));

function resolved(node) {
	if (node.$ref === undefined) return node;
	return { ...schema.definitions[node.$ref.replace("#/definitions/", "")], ...node };
}

/** What may stand there, in words. */
function valueText(node) {
	const { type, oneOf, minimum, maximum, exclusiveMinimum, maxLength } = node;
	if (isSecret(node.then)) return `${valueText(node.else)} or \`{"secret"}\``;
	if (node.const !== undefined) return `\`${node.const}\``;
	if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(", ");
	if (oneOf !== undefined) {
		const words = new Set(oneOf.map((one) => valueText(resolved(one))));
		return [...words].join(" or ");
	}
	if (type === undefined) return "";
	if (type === "boolean") return "`true`, `false`";
	if (type === "string") return maxLength === undefined ? "text" : `text, ${maxLength} at most`;
	if (type === "object") return "record";
	if (type === "array")
		return `list${node.maxItems === undefined ? "" : `, ${node.maxItems} at most`}`;
	const number = type === "integer" ? "" : "number ";
	if (exclusiveMinimum !== undefined) return `${number}above ${exclusiveMinimum}`;
	if (node.anyOf !== undefined) return "0, or 10 to 10080";
	return maximum === undefined ? "number" : `${number}${minimum} to ${maximum}`;
}

/** A topic with <names> is no HTML. */
function textOf({ description = "" }) {
	return description.replace(/[\w/]*<\w+>[\w/<>]*/g, (topic) => `\`${topic}\``);
}

const isSecret = (node) => node?.$ref === "#/definitions/secret";

function defaultOf(node) {
	if (node.default === undefined) return "";
	return `\`${JSON.stringify(node.default).replace(/^"|"$/g, "")}\``;
}

/** Rows of a record's keys, and of the keys of records in it. */
function rowsOf(properties, prefix, required = []) {
	const rows = [];
	for (const [key, given] of Object.entries(properties)) {
		const node = resolved(given);
		const must = required.includes(key) ? "needed" : defaultOf(node);
		rows.push([`\`${prefix}${key}\``, valueText(node), must, textOf(node)]);
		const record = node.type === "array" ? resolved(node.items) : node;
		const inner = record.properties ?? node.oneOf?.find((one) => one.properties)?.properties;
		const path = `${prefix}${key}${node.type === "array" ? "[]" : ""}.`;
		if (inner !== undefined && key !== "entities") {
			rows.push(...rowsOf(inner, path, record.required));
		}
		const each = node.additionalProperties;
		if (each?.$ref !== undefined) rows.push(...rowsOf(resolved(each).properties, `${path}*.`));
	}
	return rows;
}

function table(rows) {
	const lines = [["key", "value", "default", "meaning"], ["---", "---", "---", "---"], ...rows];
	return lines
		.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`)
		.join("");
}

function pick(properties, keys) {
	return Object.fromEntries(keys.map((key) => [key, properties[key]]));
}

function kindPart(kind) {
	const { description, properties, required } = schema.definitions[kind];
	const isOwn = kind === "own";
	const left = [...COMMON, ...COMMANDS, ...REPORTING, ...(isOwn ? [] : ["kind"])];
	const own = Object.keys(properties).filter((key) => !left.includes(key));
	const takes = ["common keys"];
	if (properties.payloads !== undefined) takes.push("command keys");
	else takes.push("`topics.state`");
	if (properties.intervalMs !== undefined) takes.push("reporting keys");
	const head = `### ${isOwn ? "an entity of one's own" : kind}\n\n${description} Also: ${takes.join(", ")}.\n\n`;
	return `${head}${table(rowsOf(pick(properties, own), "", required))}`;
}

/** The tables, by the name of their place in the page. */
export function parts() {
	const { relay, sensor } = schema.definitions;
	return {
		site: table(rowsOf(schema.properties, "")),
		common: table(rowsOf(pick(relay.properties, COMMON), "", relay.required)),
		commands: table(rowsOf(pick(relay.properties, COMMANDS), "")),
		reporting: table(rowsOf(pick(sensor.properties, REPORTING), "")),
		kinds: KINDS.map(kindPart).join("\n"),
	};
}

/** The page with its tables as they should be. */
export function pageWithTables(page) {
	let text = page;
	for (const [name, content] of Object.entries(parts())) {
		const begin = `<!-- ${name}: made by docs/configuration.mjs -->\n`;
		const end = `<!-- end of ${name} -->`;
		const from = text.indexOf(begin);
		const to = text.indexOf(end);
		if (from < 0 || to < from) throw new Error(`docs/configuration.md: no place for ${name}`);
		text = `${text.slice(0, from)}${begin}\n${content}\n${text.slice(to)}`;
	}
	return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(PAGE, pageWithTables(readFileSync(PAGE, "utf8")));
}
