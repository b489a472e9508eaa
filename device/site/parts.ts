/**
 * Which parts of the firmware a site needs in its image: firmware/parts/basic.json or all.json. An
 * ESP8266 has room for one of them at a time; other chips always have all. Pure.
 */

import type { SiteConfig } from "../../firmware/config";

/** What basic.ts has; a kind of the user's own may want any of the rest. */
const BASIC_KINDS = ["relay", "button", "binary"];

/** What of a site is not in basic.ts, as the site calls it; empty: basic is enough. */
export function partsBeyondBasic(site: SiteConfig): string[] {
	const kinds = site.entities.map(({ kind }) => String(kind));
	const found = kinds.filter((kind) => !BASIC_KINDS.includes(kind));
	if (site.discoveryPrefix !== "") found.push("homeAssistant");
	if (site.tasmotaTopic !== "") found.push("tasmota");
	if (site.remoteConfig) found.push("remoteConfig");
	return [...new Set(found)];
}

/** Value of the manifest's PARTS. */
export function partsOf(site: SiteConfig): "basic" | "all" {
	return partsBeyondBasic(site).length === 0 ? "basic" : "all";
}
