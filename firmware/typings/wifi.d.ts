/** ECMA-419 Wi-Fi, as far as the firmware uses it (modules/io/wifi/esp, esp32). */
declare module "embedded:network/interface/wifi" {
	import type { WifiConstructor } from "../net/wifi-types";

	const WiFi: WifiConstructor;

	export { WiFi as default };
}
