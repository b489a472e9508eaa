/** ECMA-419 UDP socket, as far as the firmware uses it (modules/io/socket). */
declare module "embedded:io/socket/udp" {
	const UDP: import("../net/udp").UdpConstructor;

	export { UDP as default };
}
