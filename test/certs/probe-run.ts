/** The command by itself, as the launcher runs it: `probe-run.ts [words…]`. */

import { runProbe } from "../../certs/probe";
import { UsageError } from "../../host-sim/options";

try {
	await runProbe(process.argv.slice(2));
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	process.stderr.write(`fieldmote certs: ${error.message}\n`);
	process.exitCode = 2;
}
