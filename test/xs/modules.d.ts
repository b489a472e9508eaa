/** JSON that a test brings along in the bundle of its program. */
declare module "json:chains" {
	const table: readonly import("../support/chain-checker").TextCase[];
	export default table;
}

declare module "json:cases" {
	const cases: readonly object[];
	export default cases;
}
