/** Modules that the manifest names. */
declare module "vectors" {
	type Module = typeof import("../../vectors/mqtt.json");
	/** Compilers differ in whether JSON has a default. */
	const vectors: Module extends { default: infer Inner } ? Inner : Module;
	export default vectors;
}
