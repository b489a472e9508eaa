/** Runs the table of certificate chains on XS. */

import cases from "cases" with { type: "json" };
import { check, type TextCase } from "test/support/chain-checker";
import Time from "time";

for (const row of cases as unknown as TextCase[]) {
	const start = Time.ticks;
	trace(`${row.title}: ${check(row)}\n`);
	trace(`ms ${Time.ticks - start}\n`);
}
trace("end of the table\n");
