/**
 * Checks what a site says about networks, time servers and brokers. Pure. Always holds: no error
 * shows a password, in whichever file it stands; all brokers are reached over TLS, or none is.
 * Must not know boards and entities.
 */

import { type Checker, isObject, type Json, type Place, splitAddress, utf8Bytes } from "./checker";

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

const WIFI_KEYS = Object.freeze(["ssid", "password"]);
const BROKER_KEYS = Object.freeze(["url", "username", "password", "keepAliveSeconds"]);

const enum Const {
	BROKER_LIMIT = 4,
}

/** What was given to mcconfig as `key=value`; undefined for nothing. */
export const override = (overrides: Json, key: string): string | undefined => {
	const value = overrides[key];
	return typeof value === "string" && value !== "" ? value : undefined;
};

export const wifiNetworks = (check: Checker, site: Json, overrides: Json): WifiNetwork[] => {
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
	const ssid = check.secret(network, path, "ssid", 32);
	const isSecret = isObject(network.ssid);
	if ((ssid === "" && !isSecret) || utf8Bytes(ssid) > 32) {
		check.problem(`${path}.ssid`, isSecret ? undefined : ssid, "must be text of 1 to 32 bytes");
	}
	const password = check.secret(network, path, "password", 63);
	// Counted in bytes: that is what the radio is given.
	if (password !== "" && (utf8Bytes(password) < 8 || utf8Bytes(password) > 63)) {
		check.problem(`${path}.password`, undefined, "must have 8 to 63 bytes");
	}
	return password === "" ? { ssid } : { ssid, password };
};

export const ntpServers = (check: Checker, ntp: Json, overrides: Json): string[] => {
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

export const brokerConfig = (
	check: Checker,
	broker: Json,
	overrides: Json,
): BrokerConfig | undefined => {
	check.keys(broker, "broker", BROKER_KEYS);
	const url = override(overrides, "broker") ?? broker.url ?? "";
	if (url === "") return undefined;
	const places = brokerPlaces(check, url);
	if (places.length === 0) return undefined;
	const username =
		override(overrides, "username") ?? check.secret(broker, "broker", "username", 255);
	const password =
		override(overrides, "broker_password") ?? check.secret(broker, "broker", "password", 255);
	if (password !== "" && username === "" && !isObject(broker.username)) {
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
