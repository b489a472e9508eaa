/** The command by itself, as the launcher runs it: `import-run.ts <store> [words…]`. */

import { runImport } from "../../certs/import";
import { Store, StoreError } from "../../certs/store";
import { UsageError } from "../../host-sim/options";

const [directory = "", ...words] = process.argv.slice(2);
try {
	await runImport(words, {
		store: new Store(directory),
		nowMs: Date.now(),
		say: (line) => process.stdout.write(`${line}\n`),
		isInterrupted: () => false,
	});
} catch (error) {
	if (!(error instanceof UsageError || error instanceof StoreError)) throw error;
	process.stderr.write(`fieldmote certs: ${error.message.split("\n").join("\n  ")}\n`);
	process.exitCode = error instanceof UsageError ? 2 : 1;
}
