/** `fieldmote check` with another checkout than this one: `run-check.ts <root> [words…]`. */

import { main } from "../../../device/check/cli";

const [root, ...words] = process.argv.slice(2);
await main(words, root);
