/** `fieldmote certs` as the launcher runs it: `run.ts [words…]`. */

import { main } from "../../../certs/cli";

await main(process.argv.slice(2));
