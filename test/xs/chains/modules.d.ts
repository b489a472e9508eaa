/** Modules that the tests put into the build's manifest, under the names of their paths. */
declare module "test/support/chain-checker" {
	type Checker = typeof import("../../support/chain-checker");
	export type TextCase = import("../../support/chain-checker").TextCase;
	export const check: Checker["check"];
}
