/**
 * Makes docs/boards.md and docs/boards/*.svg from boards/*.json: `node docs/boards.mjs`. A test
 * holds the files against what this gives.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const INTRO = `# Boards

Made from \`boards/*.json\` by \`node docs/boards.mjs\`; edit those.

A board is chosen when an image is built: \`npm run device -- --board NAME\`, or \`BOARD=NAME mcconfig …\`. On a platform that is not its own the build stops with the board's words. The simulator takes any of them: \`npm start -- --board NAME\`.

A site names pins by the label printed on the board. \`GPIO<n>\` works everywhere. \`npm run check -- site.json --board NAME\` says whether all of them fit, \`--picture FILE\` draws them. A site without \`entities\` has the board's own; \`"entities": []\` has none.
`;

const RULES = `
## What is refused

| reason | what to do |
|---|---|
| no such label | the answer names one that is near, and pins that would do: first those without a duty at reset |
| used already, by an entity or a bus | one pin, one entity, one's own included; devices of a bus share its pins |
| must not be used | it is wired to the flash, the PSRAM or USB |
| input only, no PWM, no interrupt, no analog input | another pin. Buttons, contacts and counters need an interrupt |
| no pull-up or pull-down inside | \`"pull": "none"\` and a resistor outside. An ESP8266 has no pull-down |
| one too many with PWM | an image for an ESP32-C3 has six channels, for an ESP32 or an ESP32-S3 four |

On an ESP8266 all pins with PWM have one frequency: the same \`hz\` for all lights.

## At reset

Before the firmware runs, some pins pulse, are pulled high or print the boot log, and the chip looks at others to decide how it starts. A relay there may click; what pulls such a pin the wrong way keeps the board from starting. The build does not refuse it, \`check\` warns. Pins without a sign in the pictures, or with • (a bus or a part is there), do nothing at reset. On an ESP8266 only GPIO4 and GPIO5 are like that; GPIO12 to GPIO14 are pulled high, which a relay module that is on at low does not mind.

From the firmware's first instruction on, a relay's pin has the level that its \`restore\` says before it becomes an output.

## 1 MB of flash

Boards with less than 4 MB bring the SDK's layout for 1 MB along (\`eagle.flash.1m.ld\`, mode \`dout\`): the image from 0x1000, 8 KB of preferences at 0xFB000. \`main.bin\` may have 1,024,000 bytes there, 20,480 less than with 4 MB; the linker only looks at a part of it. An image for the Sonoff Basic R2 was built before entities came from the site: 893,156 bytes. None was flashed: no such board was at hand.

- The SDK's own platform \`esp/8285\` does not build this application (8.2.3: no \`host/provider\` there), so it is \`esp/nodemcu\` with that layout.
- The second half of the preferences is at 0xFC000, where the SDK flashes the radio's data. The image has that data too (core_esp8266_phy.c), so that nothing should be missing when preferences take the place. Read, not tried.
- There is no storage partition and no room for a second image.

To flash one, hold GPIO0 at ground while it starts; none has a USB port. **Never connect a serial adapter while the board is on mains.**

## Analog inputs

Full scale is the second voltage of the table; below the first the reading of an ESP32 stays where it is. Only ADC1 is there: Wi-Fi has ADC2.

## A board of one's own

Copy the file that is nearest in \`boards/\`, rename it and its \`name\`, and change what differs; an editor completes it by \`boards/schema.json\`. \`npm test\` checks the rest. The whole file is in the image: an ESP8266 pays 16 bytes for each property, and its texts.
`;

/** @returns {string[]} */
export function boardNames() {
	const files = readdirSync(join(root, "boards")).filter((file) => file !== "schema.json");
	return files.map((file) => file.slice(0, -5)).sort();
}

const read = (name) => JSON.parse(readFileSync(join(root, "boards", `${name}.json`), "utf8"));

const code = (text) => `\`${text}\``;

function platformOf(board) {
	const good = Object.entries(board.platforms).find(([, value]) => value.error === undefined);
	return good[0];
}

function sizeOf({ flashBytes }) {
	return flashBytes === undefined ? "" : `${flashBytes / 1048576} MB`;
}

function overview(boards) {
	const rows = boards.map((board) => {
		const { name, title, chip, entities } = board;
		const own = entities.map(({ id, pin }) => `${id} on ${pin}`).join(", ");
		const link = `[${name}](#${name})`;
		return `| ${link} | ${title} | ${chip} | ${sizeOf(board)} | ${code(platformOf(board))} | ${own} |`;
	});
	return [
		"",
		"| board | what it is | chip | flash | platform | entities when the site names none |",
		"|---|---|---|---|---|---|",
		...rows,
		"",
	].join("\n");
}

/** What a pin cannot do, in words. */
function limitsOf(pin, pull) {
	const limits = [];
	if (pin.never !== undefined) limits.push(`never: ${pin.never}`);
	if (pin.inputOnly) limits.push("input only");
	if (pin.pwm === false) limits.push("no PWM");
	if (pin.interrupt === false) limits.push("no interrupt");
	if (pin.pull !== undefined && pin.pull !== pull) limits.push(`pull: ${pin.pull}`);
	return limits.join(", ");
}

function pinTable({ pins, pull }) {
	const rows = Object.entries(pins).map(([label, pin]) => {
		const number = pin.gpio === undefined ? "" : `GPIO${pin.gpio}`;
		const analog = pin.adc === undefined ? "" : `ADC${pin.adc}, ${pin.volts.join(" to ")} V`;
		const columns = [label, number, analog, pin.strap ?? "", pin.reset ?? "", limitsOf(pin, pull)];
		return { columns, isPlain: columns.slice(2).every((text) => text === "") };
	});
	const plain = rows.filter(({ isPlain }) => isPlain).map(({ columns }) => columns);
	const special = rows.filter(({ isPlain }) => !isPlain).map(({ columns }) => columns);
	const lines = [];
	if (plain.length > 0) {
		const list = plain.map(([label, number]) =>
			label === number ? label : `${label} (${number})`,
		);
		lines.push(`Without peculiarities: ${list.join(", ")}.`, "");
	}
	if (special.length > 0) {
		lines.push(
			"| pin | GPIO | analog | has to be at reset | at reset it | limits |",
			"|---|---|---|---|---|---|",
		);
		lines.push(...special.map((columns) => `| ${columns.join(" | ")} |`), "");
	}
	return lines;
}

function section(board) {
	const { name, title, parts = {}, buses = {}, sources, pull } = board;
	const { doubts = [], ...kinds } = sources;
	const soldered = Object.entries(parts).map(
		([part, { pin, activeLow }]) => `${part} at ${pin}${activeLow ? ", on at low" : ""}`,
	);
	const lines = [`## ${name}`, "", `![${title}](boards/${name}.svg)`, ""];
	const facts = [`${title}. Platform ${code(platformOf(board))}.`];
	if (soldered.length > 0) facts.push(`On it: ${soldered.join("; ")}.`);
	for (const [bus, { data, clock }] of Object.entries(buses)) {
		facts.push(`Bus ${code(bus)}: data ${data}, clock ${clock}.`);
	}
	if (pull !== undefined) facts.push(`Resistors inside: pull-${pull} only.`);
	lines.push(facts.join(" "), "", ...pinTable(board));
	if (doubts.length > 0) lines.push("Doubtful:", "", ...doubts.map((doubt) => `- ${doubt}`), "");
	lines.push(
		"Sources:",
		"",
		...Object.entries(kinds).map(([kind, text]) => `- ${kind}: ${text}`),
		"",
	);
	return lines.join("\n");
}

/** @returns {Promise<Map<string, string>>} text by path from the root */
export async function files() {
	const { drawBoard } = await tsImport("../device/check/picture.ts", import.meta.url);
	const boards = boardNames().map(read);
	const made = new Map();
	const page = [INTRO, overview(boards), RULES, "\n", boards.map(section).join("\n")].join("");
	made.set("docs/boards.md", `${page.trimEnd()}\n`);
	for (const board of boards) {
		made.set(`docs/boards/${board.name}.svg`, drawBoard(board, board.entities));
	}
	return made;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	mkdirSync(join(root, "docs/boards"), { recursive: true });
	for (const [path, text] of await files()) writeFileSync(join(root, path), text);
}
