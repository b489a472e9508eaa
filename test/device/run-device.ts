/** The command with another checkout than this one: `run-device.ts <root> [words…]`. */

import { main } from "../../device/cli";

const [root, ...words] = process.argv.slice(2);
await main(words, root);
