/** Modules that the tests put into the build's manifest, under the names of their paths. */
declare module "test/support/tls-attempt" {
	type Attempts = typeof import("../../support/tls-attempt");
	export type AttemptOptions = import("../../support/tls-attempt").AttemptOptions;
	export const attempt: Attempts["attempt"];
}
