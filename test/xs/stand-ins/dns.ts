/** `node:dns/promises` on XS: a test that asks the machine is for Node only. */
export function lookup(): never {
	throw new Error("the machine's resolver is not to be had on XS");
}
