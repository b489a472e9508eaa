/**
 * Checks what a site and a board say about a node and fills in the defaults. Pure: objects in,
 * a checked record and a list of problems out. Always holds: a value that is used was checked;
 * an error names file, path, value and what is allowed; no error shows a password.
 * The same shapes, for editors, are in site.schema.json and boards/schema.json.
 */

import { Checker, type Json, type Place, splitAddress, utf8Bytes } from "./checker";
import { type SupervisorLimits, supervisorLimits } from "./supervisor";
import { isBase, isId } from "./topics";

/** A network to join; `password` is missing for an open one. */
export interface WifiNetwork {
	readonly ssid: string;
	readonly password?: string;
}

/** Where the brokers are and who we are there. */
export interface BrokerConfig {
	/** All over TLS, or none. */
	readonly secure: boolean;
	/** At least one, in the order in which they are tried. */
	readonly places: readonly Place[];
	readonly username?: string;
	readonly password?: string;
}

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
}

/** A checked board: what the firmware drives. */
export interface BoardConfig {
	readonly name: string;
	/** Undefined: the board has no relay. */
	readonly relay: { readonly pin: number; readonly activeLow: boolean } | undefined;
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
]);
const WIFI_KEYS = Object.freeze(["ssid", "password"]);
const NTP_KEYS = Object.freeze(["servers", "allowUnset"]);
const BROKER_KEYS = Object.freeze(["url", "username", "password", "keepAliveSeconds"]);
const TIME_KEYS = Object.freeze(["intervalMs", "minimumMs", "maximumMs"]);
const DIAG_KEYS = Object.freeze(["intervalMs"]);
const BOARD_KEYS = Object.freeze([
	"$schema",
	"name",
	"title",
	"source",
	"platforms",
	"relay",
	"session",
]);
const RELAY_KEYS = Object.freeze(["pin", "activeLow", "source"]);
const SESSION_KEYS = Object.freeze(["window", "arenaBytes", "recordBytes"]);

const enum Const {
	DAY_MS = 86_400_000,
	BROKER_LIMIT = 4,
}

/** What checkSite() and checkBoard() found: `value` is only to be used when `problems` is empty. */
export interface Checked<T> {
	readonly value: T;
	readonly problems: readonly string[];
}

/**
 * Checks a site (site.json) together with what was given to mcconfig as `name=value`:
 * ssid, password, node, broker (one URL), username, broker_password, ntp, profile.
 */
export const checkSite = (site: Json, overrides: Json): Checked<SiteConfig> => {
	const check = new Checker("site.json");
	check.keys(site, "", SITE_KEYS);
	const node = override(overrides, "node") ?? check.text(site, "", "node", "", 32);
	if (node !== "" && !isId(node)) check.problem("node", node, "must be 1 to 32 of a-z, 0-9 and -");
	const base = check.text(site, "", "base", "fieldmote", 64);
	if (!isBase(base))
		check.problem("base", base, "must be levels of A-Z, a-z, 0-9, _ and -, 64 at most");
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
		problems: check.problems,
		value: {
			node,
			base,
			profile,
			wifi: wifiNetworks(check, site, overrides),
			ntpServers: servers(check, ntp, overrides),
			allowUnset: check.flag(ntp, "ntp", "allowUnset"),
			broker: brokerConfig(check, broker, overrides),
			keepAliveSeconds: check.integer(broker, "broker", "keepAliveSeconds", 60, 5, 65_535),
			timeMinimumMs,
			timeMaximumMs,
			diagIntervalMs: check.integer(diag, "diag", "intervalMs", 60_000, 1_000, Const.DAY_MS),
			supervisor: supervisorLimits(check, check.object(site, "supervisor")),
		},
	};
};

const override = (overrides: Json, key: string): string | undefined => {
	const value = overrides[key];
	return typeof value === "string" && value !== "" ? value : undefined;
};

const wifiNetworks = (check: Checker, site: Json, overrides: Json): WifiNetwork[] => {
	const networks: WifiNetwork[] = [];
	if (override(overrides, "ssid") !== undefined) {
		networks.push(wifiNetwork(check, overrides, "mcconfig"));
	}
	const list = site.wifi ?? [];
	if (!Array.isArray(list)) {
		check.problem("wifi", undefined, 'must be a list of {"ssid", "password"}');
		return networks;
	}
	for (let i = 0; i < list.length; i++) {
		const path = `wifi[${i}]`;
		const entry = list[i] as unknown;
		if (typeof entry !== "object" || entry === null) {
			check.problem(path, undefined, 'must be {"ssid", "password"}');
			continue;
		}
		check.keys(entry as Json, path, WIFI_KEYS);
		networks.push(wifiNetwork(check, entry as Json, path));
	}
	return networks;
};

/** IEEE 802.11: an SSID has at most 32 bytes; WPA2: a passphrase 8 to 63 characters. */
const wifiNetwork = (check: Checker, network: Json, path: string): WifiNetwork => {
	const ssid = check.text(network, path, "ssid", "", 32);
	if (ssid === "" || utf8Bytes(ssid) > 32) {
		check.problem(`${path}.ssid`, ssid, "must be text of 1 to 32 bytes");
	}
	const password = check.text(network, path, "password", "", 63);
	if (password !== "" && password.length < 8) {
		check.problem(`${path}.password`, undefined, "must have 8 to 63 characters");
	}
	return password === "" ? { ssid } : { ssid, password };
};

const servers = (check: Checker, ntp: Json, overrides: Json): string[] => {
	const given = override(overrides, "ntp");
	if (given !== undefined) return [given];
	const list = ntp.servers ?? ["pool.ntp.org"];
	const good: string[] = [];
	if (Array.isArray(list)) {
		for (const server of list as unknown[]) {
			if (typeof server === "string" && splitAddress(server, 123) !== undefined) good.push(server);
			else check.problem("ntp.servers", server, 'must be "host" or "host:port"');
		}
	}
	if (good.length === 0 || good.length > 4) {
		check.problem("ntp.servers", undefined, 'must be a list of 1 to 4 "host" or "host:port"');
	}
	return good;
};

const brokerConfig = (check: Checker, broker: Json, overrides: Json): BrokerConfig | undefined => {
	check.keys(broker, "broker", BROKER_KEYS);
	const url = override(overrides, "broker") ?? broker.url ?? "";
	if (url === "") return undefined;
	const places = brokerPlaces(check, url);
	if (places.length === 0) return undefined;
	const username =
		override(overrides, "username") ?? check.text(broker, "broker", "username", "", 255);
	const password =
		override(overrides, "broker_password") ?? check.text(broker, "broker", "password", "", 255);
	if (password !== "" && username === "") {
		// [MQTT-3.1.2-22]
		check.problem("broker.password", undefined, "needs broker.username");
	}
	return {
		secure: isSecure(Array.isArray(url) ? url[0] : url),
		places,
		username: username === "" ? undefined : username,
		password: password === "" ? undefined : password,
	};
};

/** @param given a URL or a list of them */
const brokerPlaces = (check: Checker, given: unknown): Place[] => {
	const isList = Array.isArray(given);
	const urls: unknown[] = isList ? given : [given];
	const places: Place[] = [];
	let secure = 0;
	for (let i = 0; i < urls.length; i++) {
		const url = urls[i];
		const text = typeof url === "string" ? url : "";
		const start = isSecure(text) ? 8 : text.startsWith("mqtt://") ? 7 : text.length;
		if (start === 8) secure++;
		const place = splitAddress(text.slice(start), start === 8 ? 8883 : 1883);
		// A password inside the URL must not be shown.
		const shown = text.includes("@") ? undefined : url;
		const path = isList ? `broker.url[${i}]` : "broker.url";
		if (place !== undefined) places.push(place);
		else check.problem(path, shown, "must be mqtt://host[:port] or mqtts://host[:port]");
	}
	if (urls.length === 0 || urls.length > Const.BROKER_LIMIT) {
		const limit = Const.BROKER_LIMIT;
		check.problem("broker.url", undefined, `must be one broker or a list of 1 to ${limit}`);
	} else if (secure > 0 && secure < urls.length) {
		// Whoever can cut the connections over TLS would be given what is said on the others.
		check.problem("broker.url", undefined, "must be all mqtts:// or all mqtt://");
	}
	return places;
};

const isSecure = (url: unknown): boolean => typeof url === "string" && url.startsWith("mqtts://");

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
		relay: boardRelay(check, board),
		window: check.integer(session, "session", "window", 4, 1, 64),
		arenaBytes: check.integer(session, "session", "arenaBytes", 1024, 1024, 65_536),
		recordBytes: check.integer(session, "session", "recordBytes", 4608, 1024, 16_384),
	};
	return { problems: check.problems, value };
};

const boardRelay = (check: Checker, board: Json): BoardConfig["relay"] => {
	if (board.relay === undefined) return undefined;
	const relay = check.object(board, "relay");
	check.keys(relay, "relay", RELAY_KEYS);
	const pin = check.integer(relay, "relay", "pin", -1, 0, 48);
	if (relay.pin === undefined) check.problem("relay.pin", undefined, "is missing");
	return { pin, activeLow: check.flag(relay, "relay", "activeLow") };
};
