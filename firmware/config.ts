/**
 * Checks what a site and a board say about a node and fills in the defaults. Pure: objects in,
 * a checked record and a list of problems out. Always holds: a value that is used was checked;
 * an error names file, path, value and what is allowed; no error shows a password.
 * The same shapes, for editors, are in site.schema.json and boards/schema.json.
 */

import { Checker, isObject, type Json } from "./checker";
import { checkEntities } from "./entities/check";
import type { HasModule } from "./parts/parts";
import {
	type BrokerConfig,
	brokerConfig,
	ntpServers,
	override,
	type WifiNetwork,
	wifiNetworks,
} from "./site-network";
import { type SupervisorLimits, supervisorLimits } from "./supervisor";
import { isBase, isId } from "./topics";

export type { BrokerConfig, WifiNetwork } from "./site-network";

/** A checked site. Times in milliseconds. */
export interface SiteConfig {
	/** Empty: from the MAC address. */
	readonly node: string;
	readonly base: string;
	readonly profile: string;
	readonly wifi: readonly WifiNetwork[];
	readonly ntpServers: readonly string[];
	/** Go on without a clock that a server has set. */
	readonly allowUnset: boolean;
	/** Undefined: nothing to connect to. */
	readonly broker: BrokerConfig | undefined;
	readonly keepAliveSeconds: number;
	readonly timeMinimumMs: number;
	readonly timeMaximumMs: number;
	readonly diagIntervalMs: number;
	/** Undefined: it never restarts for want of anything. */
	readonly supervisor: SupervisorLimits | undefined;
	/** The site's, or the board's where the site names none; frozen, in flash, checked. */
	readonly entities: readonly Json[];
	/** First levels of Home Assistant's discovery topics; empty: no discovery. */
	readonly discoveryPrefix: string;
	/** Listen to what is sent to all nodes. */
	readonly broadcast: boolean;
	/** `<t>` of `cmnd/<t>/POWER`; empty: no such topics. */
	readonly tasmotaTopic: string;
	/** Take intervals and names from the topic `config`. */
	readonly remoteConfig: boolean;
}

/** A checked board: what it can bear. Pins are firmware/pins.ts. */
export interface BoardConfig {
	readonly name: string;
	/** Reports in flight, and bytes for them. */
	readonly window: number;
	readonly arenaBytes: number;
	/** Longest TLS record taken. */
	readonly recordBytes: number;
}

export const PROFILES = Object.freeze(["node", "demo"]);

const SITE_KEYS = Object.freeze([
	"$schema",
	"node",
	"base",
	"profile",
	"wifi",
	"ntp",
	"broker",
	"time",
	"diag",
	"supervisor",
	"entities",
	"homeAssistant",
	"broadcast",
	"tasmota",
	"remoteConfig",
]);
const NOTHING = Object.freeze({});
const NO_ENTITIES = Object.freeze([]);
const NTP_KEYS = Object.freeze(["servers", "allowUnset"]);
const TIME_KEYS = Object.freeze(["intervalMs", "minimumMs", "maximumMs"]);
const DIAG_KEYS = Object.freeze(["intervalMs"]);
const DISCOVERY_KEYS = Object.freeze(["prefix"]);
const TASMOTA_PREFIXES = Object.freeze(["cmnd", "stat", "tele"]);
const TASMOTA_KEYS = Object.freeze(["topic"]);
const LEVELS = "must be levels of A-Z, a-z, 0-9, _ and -, 64 at most";
const BOARD_KEYS = Object.freeze([
	"$schema",
	"name",
	"title",
	"sources",
	"platforms",
	"chip",
	"flashBytes",
	"pins",
	"buses",
	"pull",
	"parts",
	"entities",
	"session",
]);
const SESSION_KEYS = Object.freeze(["window", "arenaBytes", "recordBytes"]);

const enum Const {
	DAY_MS = 86_400_000,
}

/** What checkSite() and checkBoard() found: `value` is only to be used when `problems` is empty. */
export interface Checked<T> {
	readonly value: T;
	readonly problems: readonly string[];
}

/**
 * Checks a site (site.json) together with what was given to mcconfig as `name=value`:
 * ssid, password, node, broker (one URL), username, broker_password, ntp, profile.
 * @param secrets secrets.json: what `{"secret": name}` stands for
 * @param board a checked board, with the pins and the entities that a site without has
 * @param hasModule whether the image has a module of that name
 */
export const checkSite = (
	site: Json,
	overrides: Json,
	secrets: Json = NOTHING,
	board: Json = NOTHING,
	hasModule: HasModule = anyModule,
): Checked<SiteConfig> => {
	const check = new Checker("site.json", secrets);
	const value = placeOf(check, site, overrides);
	// Here and not in placeOf(): XS keeps all that a function has while it calls another, and the
	// checks of entities go deep.
	const soldered = site.entities === undefined ? new Checker(`boards/${board.name}.json`) : check;
	value.entities = checkEntities(
		soldered,
		site.entities ?? board.entities ?? NO_ENTITIES,
		board,
		`${value.base}/`,
		hasModule,
	);
	if (soldered !== check) check.adopt(soldered);
	return { problems: check.problems, value };
};

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** All but the entities. */
const placeOf = (check: Checker, site: Json, overrides: Json): Writable<SiteConfig> => {
	check.keys(site, "", SITE_KEYS);
	const node = override(overrides, "node") ?? check.text(site, "", "node", "", 32);
	if (node !== "" && !isId(node)) check.problem("node", node, "must be 1 to 32 of a-z, 0-9 and -");
	// `<base>/all/…` goes to every node that listens to broadcasts.
	else if (node === "all") check.problem("node", node, "stands for all nodes; take another id");
	const base = check.text(site, "", "base", "fieldmote", 64);
	if (!isBase(base)) check.problem("base", base, LEVELS);
	const profile = override(overrides, "profile") ?? check.text(site, "", "profile", "node", 32);
	if (!PROFILES.includes(profile))
		check.problem("profile", profile, `must be one of ${PROFILES.join(", ")}`);
	const ntp = check.object(site, "ntp");
	check.keys(ntp, "ntp", NTP_KEYS);
	const time = check.object(site, "time");
	check.keys(time, "time", TIME_KEYS);
	const intervalMs = check.integer(time, "time", "intervalMs", 10_000, 1_000, Const.DAY_MS);
	const timeMinimumMs = check.integer(time, "time", "minimumMs", intervalMs, 1_000, Const.DAY_MS);
	const timeMaximumMs = check.integer(
		time,
		"time",
		"maximumMs",
		Math.max(intervalMs, timeMinimumMs),
		1_000,
		Const.DAY_MS,
	);
	if (timeMaximumMs < timeMinimumMs) {
		check.problem(
			"time.maximumMs",
			timeMaximumMs,
			`must be at least time.minimumMs (${timeMinimumMs})`,
		);
	}
	const diag = check.object(site, "diag");
	check.keys(diag, "diag", DIAG_KEYS);
	const broker = check.object(site, "broker");
	return {
		node,
		base,
		profile,
		wifi: wifiNetworks(check, site, overrides),
		ntpServers: ntpServers(check, ntp, overrides),
		allowUnset: check.flag(ntp, "ntp", "allowUnset"),
		broker: brokerConfig(check, broker, overrides),
		keepAliveSeconds: check.integer(broker, "broker", "keepAliveSeconds", 60, 5, 65_535),
		timeMinimumMs,
		timeMaximumMs,
		diagIntervalMs: check.integer(diag, "diag", "intervalMs", 60_000, 1_000, Const.DAY_MS),
		supervisor: supervisorLimits(check, check.object(site, "supervisor")),
		entities: NO_ENTITIES,
		discoveryPrefix: discoveryPrefix(check, site),
		broadcast: check.flag(site, "", "broadcast"),
		tasmotaTopic: tasmotaTopic(check, site),
		remoteConfig: check.flag(site, "", "remoteConfig"),
	};
};

/** A simulator's or a test's: every module can be had. */
const anyModule = (): boolean => true;

const discoveryPrefix = (check: Checker, site: Json): string => {
	const given = site.homeAssistant ?? false;
	if (given === false) return "";
	if (given !== true && !isObject(given)) {
		check.problem("homeAssistant", given, 'must be true, false or {"prefix"}');
		return "";
	}
	const record = given === true ? NOTHING : given;
	check.keys(record, "homeAssistant", DISCOVERY_KEYS);
	const prefix = check.text(record, "homeAssistant", "prefix", "homeassistant", 64);
	if (!isBase(prefix)) check.problem("homeAssistant.prefix", prefix, LEVELS);
	return prefix;
};

const tasmotaTopic = (check: Checker, site: Json): string => {
	if (site.tasmota === undefined) return "";
	const tasmota = check.object(site, "tasmota");
	check.keys(tasmota, "tasmota", TASMOTA_KEYS);
	const topic = check.text(tasmota, "tasmota", "topic", "", 64);
	if (!isBase(topic)) check.problem("tasmota.topic", topic, LEVELS);
	// The node would hear what it says itself.
	if (TASMOTA_PREFIXES.includes(String(site.base))) {
		check.problem("base", site.base, "is Tasmota's first level; take another one beside tasmota");
	}
	return topic;
};

/** Checks a board file (boards/<name>.json). */
export const checkBoard = (board: Json): Checked<BoardConfig> => {
	const name = typeof board.name === "string" ? board.name : "";
	const check = new Checker(`boards/${name === "" ? "?" : name}.json`);
	check.keys(board, "", BOARD_KEYS);
	if (!isId(name)) check.problem("name", board.name, "must be 1 to 32 of a-z, 0-9 and -");
	const session = check.object(board, "session");
	check.keys(session, "session", SESSION_KEYS);
	const value = {
		name,
		window: check.integer(session, "session", "window", 4, 1, 64),
		arenaBytes: check.integer(session, "session", "arenaBytes", 1024, 1024, 65_536),
		recordBytes: check.integer(session, "session", "recordBytes", 4608, 1024, 16_384),
	};
	return { problems: check.problems, value };
};
