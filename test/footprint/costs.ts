/**
 * What one entity of each kind, and each thing that a site turns on, adds to the machine: bytes in
 * use, garbage collected, connected and at rest, above a node without entities. The figures are
 * device/check/costs.ts's. `npm run measure -- costs` prints them.
 */

import { firmwareApplication } from "./applications";
import { measureRest } from "./runs";

const RELAY = { kind: "relay", id: "relay", pin: "D1" };
const READINGS = { temperature: { unit: "°C", deviceClass: "temperature" } };
const TMP117 = "embedded:sensor/Temperature/TMP117";

/** By what it is for; `above`: the row that it is to be compared with. */
const SITES: Readonly<Record<string, { site: object; above?: string }>> = {
	nothing: { site: { entities: [] } },
	relay: { site: { entities: [RELAY] } },
	light: { site: { entities: [{ kind: "light", id: "light", pin: "D5" }] } },
	button: { site: { entities: [{ kind: "button", id: "button", pin: "D6" }] } },
	binary: { site: { entities: [{ kind: "binary", id: "door", pin: "D6" }] } },
	analog: { site: { entities: [{ kind: "analog", id: "tank", pin: "A0" }] } },
	pulse: { site: { entities: [{ kind: "pulse", id: "meter", pin: "D6" }] } },
	sensor: {
		site: { entities: [{ kind: "sensor", id: "air", driver: TMP117, readings: READINGS }] },
	},
	homeAssistant: { site: { entities: [RELAY], homeAssistant: true }, above: "relay" },
	tasmota: { site: { entities: [RELAY], tasmota: { topic: "plug" } }, above: "relay" },
	broadcast: { site: { entities: [RELAY], broadcast: true }, above: "relay" },
	remoteConfig: { site: { entities: [RELAY], remoteConfig: true }, above: "relay" },
};

/** Measures and prints all rows. */
export async function printCosts(): Promise<void> {
	const bytes: Record<string, number> = {};
	for (const [name, { site, above = "nothing" }] of Object.entries(SITES)) {
		const { slotsUsed, chunksUsed } = await measureRest(name, firmwareApplication(site));
		bytes[name] = slotsUsed + chunksUsed;
		const more = bytes[name] - (bytes[above] ?? bytes[name]);
		console.log(`${name.padEnd(14)} ${String(bytes[name]).padStart(6)} ${`+${more}`.padStart(6)}`);
	}
}
