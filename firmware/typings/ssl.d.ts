/** Our TLS client (firmware/net/ssl) under the name that manifest.json gives it. */
declare module "ssl/client" {
	const Client: typeof import("../net/ssl/client").default;
	export default Client;
}
