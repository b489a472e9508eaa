/** Modules that the tests put into the build's manifest, under the names of their paths. */
declare module "test/support/hex" {
	type Hex = typeof import("../../support/hex");
	export const bytesOf: Hex["bytesOf"];
}

declare module "firmware/net/tls-guard" {
	type Guard = typeof import("../../../firmware/net/tls-guard");
	export const openTls: Guard["openTls"];
}

declare module "firmware/net/socket" {
	export type ByteSocket = import("../../../firmware/net/socket").ByteSocket;
	export type SocketTarget = import("../../../firmware/net/socket").SocketTarget;
	export type TcpConstructor = import("../../../firmware/net/socket").TcpConstructor;
}
