/** Moddable's `net`, as far as the firmware uses it (modules/network/net). */
declare module "net" {
	const Net: {
		/**
		 * Name servers of the network joined (DHCP), best first: IPv4 addresses on the ESP8266,
		 * maybe IPv6 ones too on the ESP32; empty while there are none; undefined on Linux.
		 */
		get(what: "DNS"): string[] | undefined;
	};

	export { Net as default };
}
