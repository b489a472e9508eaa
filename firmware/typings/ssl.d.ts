/** Modules of firmware/net/ssl under the names that manifest.json gives them. */
declare module "ssl/client" {
	const Client: typeof import("../net/ssl/client").default;
	export default Client;
}

declare module "ssl/numbers" {
	type Numbers = typeof import("../net/ssl/numbers");
	/** firmware/net/ssl/numbers.ts; the simulator has its own. */
	export const power: Numbers["power"];
	export const isOnCurve: Numbers["isOnCurve"];
	export const isSignature: Numbers["isSignature"];
	export const ORDER: Numbers["ORDER"];
}
