/** The JSON that a test puts into the build's manifest. */
declare module "cases" {
	const cases: readonly object[];
	export default cases;
}
