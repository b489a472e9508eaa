/** ECMA-419 UDP socket, as far as the firmware uses it (modules/io/socket). */
declare module "embedded:io/socket/udp" {
	import type { UdpConstructor } from "../net/udp";

	const UDP: UdpConstructor;

	export { UDP as default };
}
