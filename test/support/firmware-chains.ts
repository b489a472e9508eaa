/**
 * The table of chains, and the firmware's check of them on a simulated board, text in and out. On
 * XS test/xs/units/chains.ts takes its place.
 */

import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "./board";
import type { TextCase } from "./chain-checker";
import { asText, makeChains } from "./chains";

interface Program {
	checkText(json: string): string;
	walk(json: string): Record<string, string>;
}

export const table: readonly TextCase[] = (await makeChains()).map(asText);

const { board, crashes } = makeBoard();
const program = await buildProgram("test/support/certificates-program.ts");
export const { checkText, walk } = powerOn(board, program) as Program;
if (crashes.length > 0) throw crashes[0];
