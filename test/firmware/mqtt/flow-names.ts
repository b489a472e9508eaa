/**
 * Names and values of the enums of the QoS flows. In the firmware they are const enums, of which
 * nothing is left on a board; where the tests run they are objects as well.
 */

import * as inflight from "../../../firmware/mqtt/inflight";

const enums = inflight as unknown as Record<string, Record<string, string | number>>;

/** @param name of the enum */
export function namesOf(name: string): Readonly<Record<string, number>> {
	const entries = Object.entries(enums[name] as Record<string, string | number>);
	return Object.fromEntries(entries.filter(([, value]) => typeof value === "number")) as Record<
		string,
		number
	>;
}
