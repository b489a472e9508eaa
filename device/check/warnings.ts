/**
 * What may not be what was meant, or will be noticed too late: pins at reset, flash that wears,
 * commands that will be refused. Pure. Always holds: a warning says where, and what will happen;
 * nothing that is warned of keeps a node from running.
 */

import type { Json } from "../../firmware/checker";
import { pinNumber } from "../../firmware/pins";
import { IMAGE_BYTES, imageLimitBytes, isEsp8266 } from "../image-limit";
import { driverOf, gives, readingsOf } from "../site/drivers";
import { partsBeyondBasic } from "../site/parts";
import { pinFacts } from "./entity-facts";
import type { Examined } from "./examine";
import { isSoldered, pinWarning } from "./pin-warnings";

/** What a relay module that is on at low does not mind. */
const HIGH_AT_RESET = /^at each reset it is (pulled )?high, and the \w+ with it$/;
/** Names of soldered parts, by the kinds of entities that they are for. */
const PARTS: Readonly<Record<string, RegExp>> = {
	relay: /^relay/,
	light: /^led/,
	button: /^button/,
	binary: /^button/,
	pulse: /^button/,
};

/** Of a site and a board without problems. */
export function warningsOf(examined: Examined): string[] {
	const { site, board, files } = examined;
	const warnings: string[] = [];
	const fromSite = files.json.entities !== undefined;
	site.entities.forEach((options, i) => {
		const path = fromSite ? `entities[${i}]` : `boards/${board.name}.json: entities[${i}]`;
		const where = `${path} (${options.id})`;
		const own = (options.topics ?? {}) as { state?: string };
		if (site.tasmotaTopic !== "" && own.state !== undefined) {
			warnings.push(`${where}: topics.state: Tasmota's dialect has a topic of its own`);
		}
		warnings.push(...entityWarnings(options, board).map((text) => `${where}: ${text}`));
	});
	if (site.entities.length === 0) {
		warnings.push("entities: none; the node says the time and its health, and switches nothing");
	}
	if (site.allowUnset) {
		warnings.push(
			"ntp.allowUnset: until a server has set the clock, commands with expires are refused",
		);
	}
	if (site.broker !== undefined && !site.broker.secure) {
		warnings.push("broker.url: mqtt:// is not encrypted: others on the way read the password");
	}
	const beyond = partsBeyondBasic(site);
	if (isEsp8266(board) && beyond.length > 0) {
		warnings.push(
			`${beyond.join(", ")}: with mcconfig by hand say PARTS=all; ` +
				"an ESP8266 has no room for -d then",
		);
	}
	if (isEsp8266(board) && imageLimitBytes(board) < IMAGE_BYTES) {
		warnings.push(
			`board ${board.name}: its image may have ${imageLimitBytes(board)} bytes, ` +
				`${IMAGE_BYTES - imageLimitBytes(board)} less than with 4 MB of flash`,
		);
	}
	return warnings;
}

function entityWarnings(options: Json, board: Json): string[] {
	const warnings: string[] = [];
	const { kind, restore, whileAway } = options;
	for (const { label, use } of pinFacts(options, board)) {
		const text = isForIt(options, board, label) ? "" : pinWarning(board, label, use, String(kind));
		const isHarmless = options.activeLow === true && HIGH_AT_RESET.test(text);
		if (text !== "" && !isHarmless) warnings.push(`pin ${label}: ${text}`);
	}
	if (restore === "last" || restore === "inverted-last") {
		warnings.push(`restore "${restore}" writes flash after each change, every 10 s at most`);
	}
	if (restore === "retained") {
		warnings.push(
			'restore "retained": off until the broker is reached, then what is retained at its set ' +
				"topic switches it, however old that is",
		);
	}
	if (whileAway === "execute") {
		warnings.push('whileAway "execute": commands sent while the node was away switch it later');
	}
	if (kind === "pulse") warnings.push("its count is kept in flash, not pulse by pulse");
	if (kind === "sensor") warnings.push(...sensorWarnings(options));
	return warnings;
}

/** Of drivers that are known. */
function sensorWarnings(options: Json): string[] {
	const driver = driverOf(String(options.driver));
	if (driver === undefined) return [];
	const names = [...readingsOf(driver).keys()].join(", ");
	const warnings = Object.keys(options.readings as Json)
		.filter((reading) => !gives(driver, reading))
		.map((reading) => `readings.${reading}: is null, the driver gives ${names}`);
	if (driver.isBroken) warnings.push(`driver: ${driver.note}`);
	return warnings;
}

/** Whether what is soldered to the pin is what the entity is for: the maker saw to it. */
function isForIt({ kind }: Json, board: Json, label: string): boolean {
	if (!isSoldered(board, label)) return false;
	const parts = Object.entries((board.parts ?? {}) as Record<string, { pin: string }>);
	const gpio = pinNumber(board, label);
	return parts.some(([part, { pin }]) => {
		return pinNumber(board, pin) === gpio && PARTS[String(kind)]?.test(part);
	});
}
