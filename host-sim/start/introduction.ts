/**
 * Lines to paste into another shell: where a node's messages are to be seen, and how its first load
 * is switched, in the topics that its site gives it. Pure. Must not know the terminal.
 */

import { type Access, commandLine, watchLine } from "../mosquitto-lines";
import type { Load } from "./things";

type Json = Readonly<Record<string, unknown>>;

/** Kinds that take no commands; one's own may. */
const INPUTS = ["button", "binary", "analog", "pulse", "sensor"];
/** firmware/config.ts */
const DISCOVERY_PREFIX = "homeassistant";

export interface Introduced {
	readonly access: Access;
	/** `fieldmote/<node>` */
	readonly topics: string;
	readonly node: string;
	readonly site: object;
	readonly entities: readonly Json[];
	/** Undefined: nothing to switch. */
	readonly load: Load | undefined;
}

/** A headline, and the lines, indented. */
export function linesToPaste(what: Introduced): string[] {
	const { access, topics, node, site, entities, load } = what;
	const { homeAssistant } = site as { homeAssistant?: unknown };
	const tasmota = textOf((site as Json).tasmota, "topic");
	const filters = [`${topics}/#`, ...ownTopics(entities)];
	if (tasmota !== undefined) filters.push(`+/${tasmota}/#`);
	const switching = load === undefined ? "" : `, and switch its ${load.kind},`;
	const lines = [`Watch it${switching} from another terminal:`];
	lines.push(`  ${watchLine(access, ...filters)}`);
	if (load !== undefined) {
		lines.push(`  ${commandLine(access, load.topic ?? `${topics}/${load.id}/set`, load.toggle)}`);
		// With one of its own kind before it, which of them POWER1 is cannot be known here.
		const taker = entities.find(({ kind }) => !INPUTS.includes(`${kind}`));
		if (tasmota !== undefined && taker?.id === load.id) {
			lines.push(`  ${commandLine(access, `cmnd/${tasmota}/POWER1`, "TOGGLE")}`);
		}
	}
	if (homeAssistant !== undefined && homeAssistant !== false) {
		const prefix = textOf(homeAssistant, "prefix") ?? DISCOVERY_PREFIX;
		lines.push("What Home Assistant is told:");
		lines.push(`  ${watchLine(access, `${prefix}/device/${node}/config`)}`);
	}
	return lines;
}

/** Topics that the site has in the place of the node's own. */
function ownTopics(entities: readonly Json[]): string[] {
	const found = entities.flatMap(({ topics }) => [textOf(topics, "set"), textOf(topics, "state")]);
	return [...new Set(found)].filter((topic) => topic !== undefined);
}

function textOf(record: unknown, key: string): string | undefined {
	if (typeof record !== "object" || record === null) return undefined;
	const value = (record as Json)[key];
	return typeof value === "string" && value !== "" ? value : undefined;
}
