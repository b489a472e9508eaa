/**
 * Makes the table of drivers in docs/entities.md from device/site/drivers.ts:
 * `node docs/entities.mjs`. A test holds the page against what this gives.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const PAGE = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs/entities.md");
const BEGIN = "<!-- drivers: made by docs/entities.mjs -->\n";
const END = "<!-- end of drivers -->";

function readingText([name, unit]) {
	return unit === "" ? `\`${name}\`` : `\`${name}\` ${unit}`;
}

async function table() {
	const { DRIVERS, readingsOf } = await tsImport("../device/site/drivers.ts", import.meta.url);
	const rows = Object.entries(DRIVERS).map(([name, driver]) => {
		const { address, note = "" } = driver;
		const readings = [...readingsOf(driver)].map(readingText).join(", ");
		const place = address === undefined ? "" : `${address} (0x${address.toString(16)})`;
		return [`\`${name}\``, place, readings, note];
	});
	const all = [["name", "address", "readings", ""], ["---", "---", "---", "---"], ...rows];
	return all.map((row) => `| ${row.join(" | ")} |`.replace(/\| {2}\|/g, "| |")).join("\n");
}

/** @returns {Promise<string>} the page with its table as it should be */
export async function pageWithDrivers(page) {
	const from = page.indexOf(BEGIN);
	const to = page.indexOf(END);
	if (from < 0 || to < from) throw new Error("docs/entities.md: no place for drivers");
	return `${page.slice(0, from)}${BEGIN}\n${await table()}\n\n${page.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	writeFileSync(PAGE, await pageWithDrivers(readFileSync(PAGE, "utf8")));
}
