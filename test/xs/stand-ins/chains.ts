/** Takes the place of test/support/firmware-chains.ts on XS, where no board is between. */
import table from "json:chains";

export { walk } from "../../support/certificates-program";
export { checkText } from "../../support/chain-checker";
export { table };
