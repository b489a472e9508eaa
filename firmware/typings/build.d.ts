/**
 * What a build by mcconfig needs besides the SDK's own typings: the modules that the build makes
 * (the board and the site as JSON), and what the SDK has but does not declare.
 */

/** XS takes offset and length as well. */
interface StringConstructor {
	fromArrayBuffer(buffer: ArrayBuffer, byteOffset?: number, byteLength?: number): string;
}

declare module "embedded:io/socket/tcp/tls" {
	const TLSSocket: import("../net/tls-guard").TlsConstructor;
	export default TLSSocket;
}

declare module "board" {
	const board: Readonly<Record<string, unknown>>;
	export default board;
}

declare module "secrets" {
	const secrets: Readonly<Record<string, unknown>>;
	export default secrets;
}

declare module "site" {
	const site: Readonly<Record<string, unknown>>;
	export default site;
}

/** The SDK does not declare process(). */
declare module "crypt" {
	interface Digest {
		/** Digest of all the data given. */
		process(...data: (ArrayBuffer | Uint8Array)[]): ArrayBuffer;
	}
}
