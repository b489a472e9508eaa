/**
 * Names and values of the engine's Code. In the firmware it is a const enum, of which nothing is left
 * on a board; where the tests run it is an object as well.
 */

import * as codes from "../../firmware/mqtt/codes";

const { Code } = codes as unknown as { Code: Record<string, string | number> };

export const CODES = Object.fromEntries(
	Object.entries(Code).filter(([, value]) => typeof value === "number"),
) as Readonly<Record<string, number>>;
