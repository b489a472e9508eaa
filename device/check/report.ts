/**
 * What `fieldmote check` says, as a record for programs. Pure. Always holds: no password and no
 * name that stands with the secrets is in it; what was not measured is null.
 */

import type { Json } from "../../firmware/checker";
import { isEsp8266 } from "../image-limit";
import { type Cost, ENTITY_COSTS, ENTITY_ROOM_BYTES, FEATURE_COSTS, NOT_MEASURED } from "./costs";
import { type EntityFact, entityFact, takesCommands } from "./entity-facts";
import type { Examined } from "./examine";
import { modulesOf } from "./uses";
import { warningsOf } from "./warnings";

export interface Report {
	readonly ok: boolean;
	readonly site: string;
	readonly board: string;
	readonly boardTitle: string;
	/** Of the page of boards. */
	readonly picture: string;
	readonly platform: string;
	readonly flashBytes: number | null;
	readonly node: string;
	readonly networks: readonly string[];
	readonly brokers: readonly string[];
	readonly timeServers: readonly string[];
	readonly entities: readonly EntityFact[];
	/** Topics of the node itself, and of the dialects. */
	readonly topics: readonly NodeTopic[];
	readonly image: {
		/** Modules beyond the firmware's own that the entities need. */
		readonly modules: readonly string[];
		readonly drivers: readonly string[];
		readonly own: readonly string[];
	};
	/** Of an ESP8266; null: the board has plenty. */
	readonly memory: MemoryFact | null;
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/** XS memory for entities and what the site turns on; null: not measured. */
export interface MemoryFact {
	readonly neededBytes: number | null;
	readonly roomBytes: number | null;
}

export interface NodeTopic {
	readonly direction: "in" | "out";
	readonly topic: string;
}

/** Of what examine() found; without a node id it is the one from the MAC address. */
export function reportOf(examined: Examined, boardName: string): Report {
	const { site, board, files, platform, extras, problems } = examined;
	const ok = problems.length === 0;
	const node = site.node === "" ? "node-<MAC>" : site.node;
	const begin = `${site.base}/${node}/`;
	const scheme = site.broker?.secure ? "mqtts" : "mqtt";
	return {
		ok,
		site: files.name,
		board: boardName,
		boardTitle: String(board.title),
		picture: `docs/boards/${boardName}.svg`,
		platform,
		flashBytes: typeof board.flashBytes === "number" ? board.flashBytes : null,
		node,
		networks: examined.networks,
		brokers: (site.broker?.places ?? []).map(({ host, port }) => `${scheme}://${host}:${port}`),
		timeServers: site.ntpServers,
		entities: ok ? entityFacts(examined, begin) : [],
		topics: ok ? nodeTopics(examined, begin) : [],
		image: {
			modules: modulesOf(site.entities),
			drivers: extras.drivers,
			own: Object.keys(extras.modules),
		},
		memory: isEsp8266(board) ? memoryFact(examined) : null,
		problems,
		warnings: ok ? [...examined.warnings, ...warningsOf(examined)] : examined.warnings,
	};
}

function entityFacts({ site, board }: Examined, begin: string): EntityFact[] {
	const broadcast = site.broadcast ? `${site.base}/all/` : "";
	const tasmota = site.tasmotaTopic;
	const takers = site.entities.filter(takesCommands);
	return site.entities.map((one) => {
		const power = takers.length === 1 ? "POWER" : `POWER${takers.indexOf(one) + 1}`;
		return entityFact(one, board, { begin, broadcast, tasmota, power });
	});
}

function nodeTopics({ site }: Examined, begin: string): NodeTopic[] {
	const out = (topic: string): NodeTopic => ({ direction: "out", topic });
	const into = (topic: string): NodeTopic => ({ direction: "in", topic });
	const t = site.tasmotaTopic;
	const topics = [out(t === "" ? `${begin}availability` : `tele/${t}/LWT`)];
	for (const leaf of ["time", "diag", "result"]) topics.push(out(begin + leaf));
	if (site.entities.some(takesCommands)) topics.push(out(`${begin}sync`), into(`${begin}sync`));
	if (site.remoteConfig) topics.push(into(`${begin}config`));
	if (site.discoveryPrefix !== "") {
		topics.push(out(`${site.discoveryPrefix}/device/${begin.split("/").at(-2)}/config`));
		topics.push(into(`${site.discoveryPrefix}/status`));
	}
	if (t !== "") topics.push(out(`stat/${t}/RESULT`), out(`tele/${t}/STATE`));
	return topics;
}

function memoryFact(examined: Examined): MemoryFact {
	return { neededBytes: neededBytes(examined), roomBytes: ENTITY_ROOM_BYTES ?? null };
}

/** Null as soon as one of them was not measured. */
function neededBytes({ site, files }: Examined): number | null {
	const costs: Cost[] = site.entities.map((one: Json) => {
		return ENTITY_COSTS[one.kind as string] ?? NOT_MEASURED;
	});
	for (const [key, cost] of Object.entries(FEATURE_COSTS)) {
		if (files.json[key] !== undefined && files.json[key] !== false) costs.push(cost);
	}
	let bytes = 0;
	for (const { heapBytes } of costs) {
		if (heapBytes === undefined) return null;
		bytes += heapBytes;
	}
	return bytes;
}
