/**
 * What an image has where flash is short: relays, buttons, contacts, and commands in fieldmote's
 * own way. `PARTS=all` builds the rest as well. Stands in the place of all.ts.
 */

import { Binary, checkBinary } from "../entities/binary";
import { Button, checkButton } from "../entities/button";
import { checkRelay, Relay } from "../entities/relay";
import type { ImageParts } from "./parts";

const PARTS: ImageParts = Object.freeze({
	classes: Object.freeze({ relay: Relay, button: Button, binary: Binary }),
	checks: Object.freeze({ relay: checkRelay, button: checkButton, binary: checkBinary }),
	makeDialect: undefined,
	Discovery: undefined,
	RemoteConfig: undefined,
});

export default PARTS;
