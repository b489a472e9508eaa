/** Modules that chains.test.ts puts into the build's manifest. */
declare module "cases" {
	const cases: readonly import("../../support/chain-checker").TextCase[];
	export default cases;
}

declare module "test/support/chain-checker" {
	type Checker = typeof import("../../support/chain-checker");
	export type TextCase = import("../../support/chain-checker").TextCase;
	export const check: Checker["check"];
}
