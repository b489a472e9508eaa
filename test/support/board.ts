/**
 * Simulated boards for tests: a program built from a fixture, and a board that keeps its lines.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleForBoard, bundleStandIns } from "../../host-sim/build.mjs";
import { type Program, readProgram } from "../../host-sim/loader";
import type { AccessPoint } from "../../host-sim/world/access-point";
import { type BoardOptions, SimulatedBoard } from "../../host-sim/world/board";
import { liveClock } from "../../host-sim/world/clock";
import { LiveNetwork } from "../../host-sim/world/network";

const HOST = JSON.parse(readFileSync("boards/host.json", "utf8"));

/**
 * Builds a program for boards from a source file, its path relative to the root.
 * @param modules bundles of more modules of the image, by their names
 */
export async function buildProgram(
	entry: string,
	modules?: ReadonlyMap<string, string>,
): Promise<Program> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-program-"));
	try {
		await Promise.all([
			bundleForBoard(entry, join(folder, "firmware.cjs")),
			bundleStandIns(join(folder, "modules.cjs")),
		]);
		return readProgram(folder, "firmware", modules);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** boards/host.json with other entities. */
export function hostBoard(...entities: object[]): object {
	return { ...HOST, entities };
}

/** boards/host.json with a relay on a pin, as every node of tests has. */
export function relayBoard(gpio = 5): object {
	return hostBoard({ kind: "relay", id: "relay", pin: `GPIO${gpio}` });
}

export interface TestBoard {
	readonly board: SimulatedBoard;
	readonly lines: string[];
	readonly crashes: unknown[];
}

/** A board on the machine's clock and network; not powered on yet. */
export function makeBoard(options: Partial<BoardOptions> = {}): TestBoard {
	const lines: string[] = [];
	const crashes: unknown[] = [];
	const board = new SimulatedBoard({
		name: "test",
		clock: liveClock,
		network: new LiveNetwork(),
		// Tests that use Wi-Fi bring one along.
		accessPoint: undefined as unknown as AccessPoint,
		boardFile: {},
		site: {},
		onTrace: (line) => lines.push(line),
		onCrash: (error) => crashes.push(error),
		...options,
	});
	return { board, lines, crashes };
}
